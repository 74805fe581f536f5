"""Training without locks: each thread walks over its own part of the data, all update one model.

Source: Niu et al. 2011, "Hogwild!" (arXiv 1106.5730). A kernel call lasts a fraction of a second;
between calls a thread looks whether it is to pause, so that checkpoints see all threads at rest.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from seqtools.errors import TrainingError
from seqtools.monitor import Monitor, Progress, StopRequest
from seqtools.types import Float32Array, Float64Array, Int64Array

_SECONDS_BETWEEN_LOOKS = 0.1
_ROWS_AT_ONCE = 4_096


class RunSettings(Protocol):
    """What every model's settings hold; a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def model(self) -> str:
        """Name of the model."""

    @property
    def dim(self) -> int:
        """Numbers a row of parameters."""

    @property
    def vector_size(self) -> int:
        """Numbers a word vector that the run returns."""

    @property
    def epochs(self) -> int:
        """Passes over the data."""

    @property
    def learning_rate(self) -> float:
        """Learning rate at the start."""


class Walk(Protocol):
    """One thread's way through its part of the data, epoch by epoch.

    Attributes
    ----------
    epoch : int
        Epochs finished.
    losses, pairs : float64 and int64 arrays, shape (epochs,)
        Sum of the losses and number of training pairs of each epoch so far.
    """

    epoch: int
    losses: Float64Array
    pairs: Int64Array

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that a checkpoint stores."""

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint."""


class Model(ABC):
    """Parameters in training, and the walks that train them.

    Attributes
    ----------
    unit : str
        What the walks consume ("tokens", "entries").
    settings : RunSettings
        The settings of the run.
    walks : sequence of Walk
        One a thread.
    """

    unit: ClassVar[str]
    settings: RunSettings
    walks: Sequence[Walk]

    @property
    @abstractmethod
    def work_done(self) -> int:
        """Units consumed so far over all epochs and threads."""

    @property
    @abstractmethod
    def work_in_all(self) -> int:
        """Units to consume over all epochs."""

    @property
    @abstractmethod
    def words_done(self) -> int:
        """Words of text that the work done so far amounts to."""

    @abstractmethod
    def parameters(self) -> dict[str, Float32Array]:
        """Return all that is trained, optimiser state included; a checkpoint stores it."""

    def shared_state(self) -> dict[str, NDArray[Any]]:
        """Return what the walks share beside the parameters; a checkpoint stores and fills it."""
        return {}

    @abstractmethod
    def word_vectors(self) -> Float32Array:
        """Return the vectors that are sought, float32, shape (V, vector_size)."""

    @abstractmethod
    def context_vectors(self) -> Float32Array | None:
        """Return the vectors of the words as contexts, or None if the model has none."""

    @abstractmethod
    def advance(self, walk: Any) -> bool:
        """Train for a fraction of a second on a walk, and say whether its epoch goes on.

        If not, the next call begins another epoch.
        """

    @property
    def finished_epochs(self) -> int:
        """Epochs that every thread has finished."""
        return min(walk.epoch for walk in self.walks)

    def mean_loss(self, epoch: int) -> float | None:
        """Return the mean loss a training pair in an epoch; None before its first pair."""
        pairs = sum(int(walk.pairs[epoch]) for walk in self.walks)
        return sum(float(walk.losses[epoch]) for walk in self.walks) / pairs if pairs else None

    def check_finite(self) -> None:
        """Make sure that no parameter is NaN or infinite.

        Raises
        ------
        TrainingError
            If one is.
        """
        for matrix in self.parameters().values():
            for start in range(0, len(matrix), _ROWS_AT_ONCE):
                if not np.isfinite(matrix[start : start + _ROWS_AT_ONCE]).all():
                    raise self.not_finite()

    def not_finite(self) -> TrainingError:
        """Return the error for parameters that have left the finite numbers."""
        return TrainingError(
            "the vectors are no longer finite numbers; "
            f"use a learning rate below {self.settings.learning_rate:g}"
        )


def train(
    model: Model,
    monitor: Monitor,
    stop: StopRequest,
    save: Callable[[], None] | None = None,
    save_every: float = float("inf"),
) -> None:
    """Train until all epochs are done or a stop is requested.

    Parameters
    ----------
    model : Model
        Trained in place; a model restored from a checkpoint goes on where it stood.
    monitor : Monitor
        Hears speed and loss ten times a second.
    stop : StopRequest
        Looked at ten times a second.
    save : callable, optional
        Stores the model; called while all threads rest.
    save_every : float
        Seconds between calls of `save`.

    Raises
    ------
    TrainingError
        If a parameter is not finite at the end of an epoch, or if there was nothing to learn from;
        the model is then of no use.
    """
    watch = _Watch(model, monitor)
    pause = Event()
    with ThreadPoolExecutor(len(model.walks)) as pool:
        last_save, running = time.monotonic(), list[Future[None]]()
        try:
            while model.finished_epochs < model.settings.epochs:
                running = running or _start(pool, model, pause)
                done, _ = wait(running, _SECONDS_BETWEEN_LOOKS, FIRST_EXCEPTION)
                _raise_errors(done)
                running = [future for future in running if not future.done()]
                watch.report()
                is_due = save is not None and time.monotonic() - last_save >= save_every
                if stop.signal_number or is_due:
                    pause.set()
                    _raise_errors(wait(running).done)
                    if stop.signal_number:
                        return
                    if save is not None:
                        save()
                    last_save, running = time.monotonic(), []
                    pause.clear()
        finally:
            pause.set()
    watch.report()
    if not any(int(walk.pairs.sum()) for walk in model.walks):
        raise TrainingError(
            "no two words of a line were left to learn from; put more text or longer lines into "
            "the corpus, or use --subsample 0"
        )


def _start(pool: ThreadPoolExecutor, model: Model, pause: Event) -> "list[Future[None]]":
    """Set the walks going that have not finished the running epoch.

    Without this order a thread that the system favours could be epochs ahead, and the others would
    train on what it left: measurably worse on a busy machine.
    """
    epoch = model.finished_epochs
    walks = [walk for walk in model.walks if walk.epoch == epoch]
    return [pool.submit(_go, model, walk, pause) for walk in walks]


def _go(model: Model, walk: Walk, pause: Event) -> None:
    """Train on a walk until its epoch ends or a pause is called."""
    while not pause.is_set():
        if not model.advance(walk):
            walk.epoch += 1
            if model.finished_epochs == walk.epoch:  # the last to end it
                model.check_finite()
            return


def _raise_errors(done: "set[Future[None]]") -> None:
    """Raise what a thread raised."""
    for future in done:
        future.result()


class _Watch:
    """Turns the state of a model into progress reports."""

    def __init__(self, model: Model, monitor: Monitor) -> None:
        self._model, self._monitor = model, monitor
        self._start_work, self._start_time = model.work_done, time.monotonic()
        self._told = model.finished_epochs

    def report(self) -> None:
        """Report speed and loss, and the loss of each epoch when it is done."""
        model, epochs = self._model, self._model.settings.epochs
        while self._told < model.finished_epochs:
            loss = model.mean_loss(self._told)
            self._told += 1
            if loss is not None:
                self._monitor.message(f"epoch {self._told}/{epochs}: mean loss a pair {loss:.4f}")
        done, elapsed = model.work_done, time.monotonic() - self._start_time
        running = min(self._told, epochs - 1)
        self._monitor.update(
            Progress(
                done=done,
                total=model.work_in_all,
                unit=model.unit,
                per_second=(done - self._start_work) / elapsed if elapsed else None,
                loss=model.mean_loss(running),
                note=f"epoch {running + 1}/{epochs}",
            )
        )
