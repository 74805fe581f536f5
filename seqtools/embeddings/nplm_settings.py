"""The settings of the neural probabilistic language model, checked when they are made."""

from dataclasses import dataclass
from typing import Literal

from seqtools.errors import SettingsError
from seqtools.training.settings import OptimizerSettings, TrainingSettings, check_range

# One less than the largest order of ``NgramSettings``.
LARGEST_WINDOW = 63


@dataclass(frozen=True)
class NPLMSettings:
    """How word vectors are trained by predicting each word from those before it.

    Attributes
    ----------
    model : "nplm"
    dim : int
        Numbers a word vector, D.
    window : int
        Words before that a word is predicted from: n-1 for an n-gram.
    hidden_size : int
        Units of the tanh layer, H.
    has_direct : bool
        Connect the word vectors also directly to the output.
    optimizer : str
        As in ``OptimizerSettings``.
    learning_rate : float
    weight_decay : float
        On word vectors and weights, not on biases.
    clip_norm : float
        The norm of the gradient of all parameters is scaled down to this; 0 does not clip.
    batch_size : int
        Words predicted at a time.
    valid_share : float
        This share of the text's end is set apart to choose the best epoch by, unless a validation
        text is given; 0 sets nothing apart.
    epochs : int
        Passes over the text.
    patience : int
        Epochs without improvement after which training ends; 0 trains all epochs.
    shards : int
        Parts of a batch that threads can work on. The result depends on it, not on the threads.
    seed : int
        Seed of every random choice.

    Raises
    ------
    SettingsError
        If a value is outside its range; the message names it.
    """

    model: Literal["nplm"] = "nplm"
    dim: int = 100
    window: int = 4
    hidden_size: int = 100
    has_direct: bool = False
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    clip_norm: float = 5.0
    batch_size: int = 256
    valid_share: float = 0.05
    epochs: int = 10
    patience: int = 0
    shards: int = 2
    seed: int = 1

    def __post_init__(self) -> None:
        if self.model != "nplm":
            raise SettingsError(f"model must be nplm, got {self.model!r}")
        check_range("dim", self.dim, 1, 65_536)
        check_range("window", self.window, 1, LARGEST_WINDOW)
        check_range("hidden_size", self.hidden_size, 1, 65_536)
        check_range("batch_size", self.batch_size, 1, 1 << 20)
        check_range("valid_share", self.valid_share, 0.0, 0.9)
        self.training()  # checks the rest

    @property
    def vector_size(self) -> int:
        """Numbers a word vector that the run returns."""
        return self.dim

    def training(
        self, threads: int = 1, checkpoint_seconds: float = float("inf")
    ) -> TrainingSettings:
        """Return the settings of the training loop."""
        optimizer = OptimizerSettings(
            name=self.optimizer,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            clip_norm=self.clip_norm,
        )
        return TrainingSettings(
            optimizer=optimizer,
            epochs=self.epochs,
            patience=self.patience,
            shards=self.shards,
            threads=threads,
            seed=self.seed,
            checkpoint_seconds=checkpoint_seconds,
        )
