"""Training the neural probabilistic language model on an encoded corpus."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtools.embeddings.checkpoint import Checkpoint, StoredState
from seqtools.embeddings.nplm import NPLM
from seqtools.embeddings.nplm_settings import NPLMSettings
from seqtools.embeddings.nplm_task import NPLMTask
from seqtools.embeddings.plans import NPLMPlan
from seqtools.errors import CheckpointError
from seqtools.io.model_directory import ModelDirectory
from seqtools.io.temporary import temporary_directory
from seqtools.layers.parameters import Parameters
from seqtools.monitor import Monitor, StopRequest
from seqtools.text.id_cache import SENTENCE_END, IdCache, build_id_cache
from seqtools.text.splits import split_stream
from seqtools.training.loop import Outcome, train
from seqtools.training.run_store import RunStore, StoredRun
from seqtools.types import Float32Array, Int32Array, Int64Array

# A text shorter than this has nothing to set apart.
_LEAST_DIVIDED = 8


@dataclass(frozen=True)
class NPLMRun:
    """A finished run.

    Attributes
    ----------
    model : NPLM
        With the weights of the best epoch.
    outcome : Outcome
    tokens_an_epoch : int
        Words and ends of sentences that are predicted in an epoch.
    """

    model: NPLM
    outcome: Outcome
    tokens_an_epoch: int


def train_nplm(
    cache: IdCache,
    plan: NPLMPlan,
    initial_vectors: tuple[Int64Array, Float32Array] | None,
    checkpoint: Checkpoint | None,
    state: StoredState | None,
    monitor: Monitor,
    stop: StopRequest,
) -> NPLMRun:
    """Train the model.

    Parameters
    ----------
    cache : IdCache
    plan : NPLMPlan
    initial_vectors : (int64 array (N,), float32 array (N, dim)), optional
        Rows to start from in place of random ones.
    checkpoint : Checkpoint, optional
        Where checkpoints go.
    state : StoredState, optional
        What to go on with.
    monitor : Monitor
    stop : StopRequest

    Raises
    ------
    TrainingInterrupted, TrainingError, CheckpointError
        As ``seqtools.training.loop.train``.
    CorpusError, FileAccessError
        If the validation text cannot be used.
    """
    settings = plan.settings
    model = NPLM(settings, len(cache.vocabulary) + 1)
    if initial_vectors is not None:
        rows, vectors = initial_vectors
        model.words.weights.value[rows] = vectors
    task = NPLMTask(model, *_divide(cache, plan, monitor))
    store = None
    if checkpoint is not None:
        store = CheckpointStore(checkpoint, settings, task.fingerprint, state)
        if state is not None:
            state.check_corpus(task.fingerprint)
            share = state.progress["state"]["targets"] / (settings.epochs * task.num_targets)
            monitor.message(f"resumed from {state.directory} at {100 * share:.1f}%")
    training = settings.training(plan.threads, plan.checkpoint_every)
    outcome = train(task, training, monitor, stop, store, state is not None)
    stop.is_heeded = False
    return NPLMRun(model, outcome, task.num_targets)


class CheckpointStore(RunStore):
    """What the training loop keeps of a run of word vectors: its state, and nothing else.

    The state outlives the loop; it is deleted when the vectors have been saved.

    Parameters
    ----------
    checkpoint : Checkpoint
    settings : NPLMSettings
    fingerprint : str
        Of the text.
    state : StoredState or None
        What the checkpoint held at the start.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        settings: NPLMSettings,
        fingerprint: str,
        state: StoredState | None,
    ) -> None:
        super().__init__(ModelDirectory(checkpoint.directory))
        self._checkpoint, self._settings = checkpoint, settings
        self._fingerprint, self._state = fingerprint, state

    @property
    def state_path(self) -> Path:
        """The file of the checkpoint."""
        return self._checkpoint.state_path

    def save(
        self,
        tensors: Mapping[str, NDArray[Any]],
        progress: Mapping[str, Any],
        run: Mapping[str, Any],
    ) -> None:
        """Store a checkpoint; the run's identity follows from settings and text."""
        del run
        self._checkpoint.write(tensors, self._settings, self._fingerprint, progress)

    def load(self, run: Mapping[str, Any]) -> StoredRun:
        """Return the state, which was compared with this run when it was read."""
        del run
        if self._state is None:
            raise CheckpointError(f"{self._checkpoint.directory}: no state was read")
        return StoredRun(self._state.tensors, self._state.progress)

    def save_weights(self, parameters: Parameters) -> None:
        """Do nothing: vectors are saved at the end."""

    def log(self, event: str, **values: Any) -> None:
        """Do nothing: there is no log."""

    def begin_log(self) -> None:
        """Do nothing: there is no log."""

    def remove_checkpoint(self) -> None:
        """Do nothing: vectors have not been saved yet."""


def _divide(cache: IdCache, plan: NPLMPlan, monitor: Monitor) -> tuple[Int32Array, Int32Array]:
    """Return the ids to train on, and those to choose the best epoch by."""
    if plan.valid:
        with temporary_directory(plan.work_directory, "valid") as folder:
            valid = build_id_cache(plan.valid, folder, plan.text, cache.vocabulary, monitor)
            return cache.ids, np.array(valid.ids)
    share = plan.settings.valid_share
    if share and cache.ids.size >= _LEAST_DIVIDED:
        return split_stream(cache.ids, share, SENTENCE_END)
    return cache.ids, np.empty(0, np.int32)
