"""The settings of training, whatever the model; checked when they are made."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from seqtools.errors import SettingsError

OPTIMIZERS = ("sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw")
SCHEDULES = ("constant", "step", "decay-after", "plateau", "inverse-sqrt", "cosine")
# Where a search for a better one begins.
LEARNING_RATES = {
    "sgd": 1.0,
    "momentum": 0.1,
    "adagrad": 0.1,
    "rmsprop": 1e-3,
    "adam": 1e-3,
    "adamw": 1e-3,
}
LOSS_SCALES = ("token", "sequence")

# What a resumed run may change: it has no influence on the bytes, or only on when to end.
_FREE_SETTINGS = ("threads", "checkpoint_seconds", "log_every", "patience", "epochs")


@dataclass(frozen=True)
class OptimizerSettings:
    """How a gradient becomes a step.

    Attributes
    ----------
    name : str
        "sgd", "momentum", "adagrad", "rmsprop", "adam" or "adamw".
    learning_rate : float
        Before the schedule.
    momentum : float
        Share of the velocity that stays, with "momentum".
    is_nesterov : bool
        Look one step ahead, with "momentum".
    beta1, beta2 : float
        Share of the means of gradients and of their squares that stays, with "adam", "adamw" and,
        the second, "rmsprop".
    epsilon : float
        Added to the root of squares.
    weight_decay : float
        Applied to weights, not to biases: decoupled with "adamw", else as a part of the gradient.
    clip_norm : float
        The norm of the gradient of all parameters is scaled down to this; 0 does not clip.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    name: str = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    is_nesterov: bool = False
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    clip_norm: float = 5.0

    def __post_init__(self) -> None:
        check_choice("optimizer", self.name, OPTIMIZERS)
        check_range("learning_rate", self.learning_rate, 1e-12, 1e4)
        check_range("momentum", self.momentum, 0.0, 0.9999)
        check_range("beta1", self.beta1, 0.0, 0.999999)
        check_range("beta2", self.beta2, 0.0, 0.999999)
        check_range("epsilon", self.epsilon, 1e-30, 1.0)
        check_range("weight_decay", self.weight_decay, 0.0, 10.0)
        check_range("clip_norm", self.clip_norm, 0.0, 1e9)


@dataclass(frozen=True)
class ScheduleSettings:
    """How the learning rate changes.

    Attributes
    ----------
    name : str
        "constant"; "step": times `decay` every `decay_every` epochs; "decay-after": times `decay`
        each epoch after the first `decay_after` (Zaremba et al. 2014); "plateau": times `decay`
        when the metric has not improved for `decay_every` epochs; "inverse-sqrt": falls as
        1/sqrt(updates) after the warm-up (Vaswani et al. 2017); "cosine": falls to `min_factor`
        along half a cosine until the last update (Loshchilov and Hutter 2017).
    warmup : int
        Updates during which the rate rises linearly from 0, before any of these.
    decay : float
        Factor at each fall.
    decay_every : int
        Epochs.
    decay_after : int
        Epochs.
    min_factor : float
        The rate never falls below this share of the learning rate.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    name: str = "constant"
    warmup: int = 0
    decay: float = 0.5
    decay_every: int = 1
    decay_after: int = 4
    min_factor: float = 0.0

    def __post_init__(self) -> None:
        check_choice("schedule", self.name, SCHEDULES)
        check_range("warmup", self.warmup, 0, 2**31)
        check_range("decay", self.decay, 1e-6, 1.0)
        check_range("decay_every", self.decay_every, 1, 1_000_000)
        check_range("decay_after", self.decay_after, 0, 1_000_000)
        check_range("min_factor", self.min_factor, 0.0, 1.0)


@dataclass(frozen=True)
class TrainingSettings:
    """How long to train, on how many threads, and which weights to keep.

    Attributes
    ----------
    optimizer : OptimizerSettings
    schedule : ScheduleSettings
    epochs : int
        Passes over the training data.
    loss_scale : "token" or "sequence"
        A batch's gradient is that of its summed loss over its number of targets, or of rows.
    patience : int
        Epochs without improvement after which training ends; 0 trains all epochs.
    min_delta : float
        What the metric must improve by to count.
    average_best : int
        The weights of so many best epochs are averaged, if that is better than the best alone.
    moving_average : float
        Share of an exponential moving average of the weights that stays at each update; the average
        is what is evaluated and saved. 0 keeps none.
    shards : int
        Parts of a batch that can be worked on at once. The result depends on it.
    threads : int
        Threads that work on the shards. The result does not depend on them.
    seed : int
        Seed of initial weights, order and dropout.
    checkpoint_seconds : float
        Seconds between checkpoints; infinite saves only when a signal ends the run.
    log_every : int
        Updates between lines of the log.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    epochs: int = 10
    loss_scale: Literal["token", "sequence"] = "token"
    patience: int = 0
    min_delta: float = 0.0
    average_best: int = 1
    moving_average: float = 0.0
    shards: int = 2
    threads: int = 1
    seed: int = 1
    checkpoint_seconds: float = math.inf
    log_every: int = 100

    def __post_init__(self) -> None:
        check_range("epochs", self.epochs, 1, 1_000_000)
        check_choice("loss_scale", self.loss_scale, LOSS_SCALES)
        check_range("patience", self.patience, 0, 1_000_000)
        check_range("min_delta", self.min_delta, 0.0, 1e9)
        check_range("average_best", self.average_best, 1, 100)
        check_range("moving_average", self.moving_average, 0.0, 0.999999)
        check_range("shards", self.shards, 1, 256)
        check_range("threads", self.threads, 1, 1_024)
        check_range("seed", self.seed, 0, 2**63 - 1)
        if not self.checkpoint_seconds > 0:
            raise SettingsError(
                f"checkpoint_seconds must be above 0, got {self.checkpoint_seconds}"
            )
        check_range("log_every", self.log_every, 1, 1_000_000_000)

    def fixed(self) -> dict[str, Any]:
        """Return what a resumed run must share with the run that it goes on with."""
        values = asdict(self)
        if self.schedule.name == "cosine":
            values["schedule"]["epochs"] = self.epochs
        for name in _FREE_SETTINGS:
            del values[name]
        return values

    def described(self) -> dict[str, Any]:
        """Return what a model's configuration says: all on which the bytes of a model depend."""
        return {**self.fixed(), "epochs": self.epochs, "patience": self.patience}


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a value that is none of the choices.

    Raises
    ------
    SettingsError
        If it is none.
    """
    if value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse a value outside a range, or not a number.

    Raises
    ------
    SettingsError
        If it is outside; the message names the range.
    """
    if not low <= value <= high:
        raise SettingsError(f"{name} must be between {low:g} and {high:g}, got {value}")
