"""From text files to word vectors: read, train, checkpoint, collect."""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from seqtools.embeddings.checkpoint import Checkpoint, StoredState
from seqtools.embeddings.lock_free import Model, train
from seqtools.embeddings.plans import (
    LockFreePlan,
    NPLMPlan,
    Plan,
    Source,
    Statistics,
    TrainingPlan,
)
from seqtools.embeddings.vector_files import load_vectors
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SettingsError, TrainingInterrupted
from seqtools.io.temporary import temporary_directory
from seqtools.kernels.compiler_code import let_go_of_compiler_code
from seqtools.monitor import Monitor, NullMonitor, StopRequest
from seqtools.text.vocabulary import Vocabulary
from seqtools.types import Float32Array, Int64Array

__all__ = ["Training", "TrainingPlan", "train_on_text"]


@dataclass(frozen=True)
class Training:
    """The outcome of a run.

    Attributes
    ----------
    vectors : WordVectors
        Word vectors, the most frequent word first.
    context : WordVectors or None
        Vectors of the words as contexts; None if the model has none.
    vocabulary : Vocabulary
    statistics : Statistics
    losses : list of float
        Mean loss a training pair of each epoch.
    words_trained : int
        Words consumed by this process over all epochs.
    work_done : int
        The same in the model's own unit.
    work_an_epoch : int
        Units in a whole epoch.
    unit : str
        That unit: "tokens" or "entries".
    train_seconds : float
        Time spent training, without reading text.
    threads : int
        Threads that trained; fewer than asked for if the corpus is short.
    valid_perplexities : list of float or None
        Perplexity of the validation text after each epoch; None if the model has none.
    best_epoch : int or None
        The epoch, counted from 1, whose vectors were chosen by it.
    """

    vectors: WordVectors
    context: WordVectors | None
    vocabulary: Vocabulary
    statistics: Statistics
    losses: list[float]
    words_trained: int
    work_done: int
    work_an_epoch: int
    unit: str
    train_seconds: float
    threads: int
    valid_perplexities: list[float] | None = None
    best_epoch: int | None = None

    @property
    def perplexities(self) -> list[float]:
        """Perplexity of the text while it was trained on, an epoch each; of language models."""
        with np.errstate(over="ignore"):
            return [float(np.exp(loss)) for loss in self.losses]


def train_on_text(
    paths: Sequence[str],
    plan: LockFreePlan | NPLMPlan,
    monitor: Monitor | None = None,
    stop: StopRequest | None = None,
) -> Training:
    """Train word vectors on text files.

    Parameters
    ----------
    paths : sequence of str
        Text files, plain or compressed; "-" is standard input.
    plan : TrainingPlan, GloVePlan or NPLMPlan
    monitor : Monitor, optional
        Hears of the progress.
    stop : StopRequest, optional
        A signal handler asks here for an early end.

    Returns
    -------
    Training

    Raises
    ------
    CorpusError, FileAccessError, SettingsError
        If text, vocabulary or initial vectors cannot be used.
    CheckpointError
        If the run cannot be resumed from the checkpoint.
    TrainingError
        If training leaves the finite numbers; the last checkpoint stays.
    TrainingInterrupted
        If a stop was requested; a checkpoint was saved if the plan keeps any.
    """
    monitor, stop = monitor or NullMonitor(), stop or StopRequest()
    checkpoint = None
    if plan.checkpoint_directory is not None:
        checkpoint = Checkpoint(plan.checkpoint_directory, list(paths))
    state = None
    if checkpoint is not None and plan.is_resumed and checkpoint.exists():
        state = checkpoint.load(plan.settings)
    elif plan.is_resumed:
        monitor.message("no checkpoint to resume from: starting at the beginning")
    given = _given_vectors(plan)
    with _open_source(paths, plan, checkpoint, state is not None, monitor) as source:
        initial = None if given is None else _initial_vectors(given, source.vocabulary, monitor)
        if isinstance(plan, NPLMPlan):
            return _train_nplm(source, plan, initial, checkpoint, state, monitor, stop)
        # Before there are parameters: loading the kernel takes memory that is then free again.
        plan.load_kernel()
        let_go_of_compiler_code()
        model = plan.make_model(source, initial)
        if state is not None:
            state.restore(model, source.fingerprint)
            share = 100 * model.work_done / max(1, model.work_in_all)
            monitor.message(f"resumed from {state.directory} at {share:.1f}%")
        return _train(model, source, plan, checkpoint, monitor, stop)


def _train_nplm(
    source: Any,
    plan: NPLMPlan,
    initial: tuple[Int64Array, Float32Array] | None,
    checkpoint: Checkpoint | None,
    state: StoredState | None,
    monitor: Monitor,
    stop: StopRequest,
) -> Training:
    """Train by the loop of the sequence models."""
    from seqtools.embeddings.nplm_run import train_nplm

    run = train_nplm(source, plan, initial, checkpoint, state, monitor, stop)
    outcome, num_words = run.outcome, len(source.vocabulary)
    vectors = _collect(run.model.word_vectors()[:num_words], source.vocabulary, plan)
    metrics = [epoch["metrics"] for epoch in outcome.history]
    has_metric = bool(outcome.metrics)
    return Training(
        vectors=vectors,
        context=vectors.with_vectors(run.model.output_vectors()[:num_words]),
        vocabulary=source.vocabulary,
        statistics=source.statistics,
        losses=[epoch["loss"] for epoch in outcome.history],
        words_trained=outcome.targets,
        work_done=outcome.targets,
        work_an_epoch=run.tokens_an_epoch,
        unit="tokens",
        train_seconds=outcome.seconds,
        threads=min(plan.threads, plan.settings.shards),
        valid_perplexities=[m["perplexity"] for m in metrics] if has_metric else None,
        best_epoch=outcome.best_epochs[0] if has_metric else None,
    )


def _train(
    model: Model,
    source: Source,
    plan: Plan,
    checkpoint: Checkpoint | None,
    monitor: Monitor,
    stop: StopRequest,
) -> Training:
    """Train, and save a checkpoint when stopped."""
    save = None if checkpoint is None else lambda: checkpoint.save(model, source.fingerprint)
    started, work_before, words_before = time.monotonic(), model.work_done, model.words_done
    monitor.start("training", model.work_in_all, model.unit)
    stop.is_heeded = True
    try:
        train(model, monitor, stop, save, plan.checkpoint_every)
    finally:
        monitor.finish()
    if stop.signal_number:
        raise _interrupted(save, checkpoint, stop)
    stop.is_heeded = False
    model.check_finite()
    losses = [model.mean_loss(epoch) for epoch in range(plan.settings.epochs)]
    vectors = _collect(model.word_vectors(), source.vocabulary, plan)
    context = model.context_vectors()
    return Training(
        vectors=vectors,
        context=None if context is None else vectors.with_vectors(context),
        vocabulary=source.vocabulary,
        statistics=source.statistics,
        losses=[float("nan") if loss is None else loss for loss in losses],
        words_trained=model.words_done - words_before,
        work_done=model.work_done - work_before,
        work_an_epoch=model.work_in_all // plan.settings.epochs,
        unit=model.unit,
        train_seconds=time.monotonic() - started,
        threads=len(model.walks),
    )


def _interrupted(
    save: object, checkpoint: Checkpoint | None, stop: StopRequest
) -> TrainingInterrupted:
    """Save a checkpoint if any are kept, and say what became of the work."""
    if checkpoint is None or not callable(save):
        return TrainingInterrupted(
            "interrupted; nothing was saved, because no checkpoint was asked for "
            "(--checkpoint-every)",
            stop.signal_number,
        )
    save()
    return TrainingInterrupted(
        f"interrupted; saved a checkpoint in {checkpoint.directory}; go on with --resume",
        stop.signal_number,
    )


@contextlib.contextmanager
def _open_source(
    paths: Sequence[str],
    plan: Plan,
    checkpoint: Checkpoint | None,
    is_resumed: bool,
    monitor: Monitor,
) -> Iterator[Source]:
    """Read the corpus, or open what the checkpoint holds of it; a temporary one goes at the end."""
    vocabulary = None if plan.vocabulary is None else Vocabulary.load(plan.vocabulary)
    with contextlib.ExitStack() as stack:
        if checkpoint is not None:
            if is_resumed:
                yield plan.reopen(checkpoint.corpus_directory)
                return
            stack.enter_context(_begun(checkpoint))
            directory = checkpoint.corpus_directory
        else:
            directory = stack.enter_context(temporary_directory(plan.work_directory, "corpus"))
        source = plan.read(paths, vocabulary, directory, monitor)
        if checkpoint is not None:
            checkpoint.drop_state()
            # From now on the text need not be read again: a run killed early resumes here.
            monitor.message(f"checkpoints go to {checkpoint.directory}")
        yield source


@contextlib.contextmanager
def _begun(checkpoint: Checkpoint) -> Iterator[None]:
    """Make the directory of a checkpoint; it goes again if the run fails without a state."""
    is_new = not checkpoint.directory.exists()
    checkpoint.begin()
    try:
        yield
    except BaseException:
        if is_new and not checkpoint.exists():
            checkpoint.remove()
        raise


def _given_vectors(plan: Plan) -> WordVectors | None:
    """Load the vectors to start from, before the corpus is read: they may not fit the run."""
    if plan.initial_vectors is None:
        return None
    given = load_vectors(plan.initial_vectors)
    settings = plan.settings
    if given.dim != settings.vector_size:
        raise SettingsError(
            f"{os.fspath(plan.initial_vectors)}: its vectors have {given.dim} dimensions, "
            f"the run {settings.vector_size}; use --dim "
            f"{given.dim * settings.dim // settings.vector_size}"
        )
    return given


def _initial_vectors(
    given: WordVectors, vocabulary: Vocabulary, monitor: Monitor
) -> tuple[Int64Array, Float32Array]:
    """Return the rows and vectors to start from."""
    shared = [
        (row, given.index(word)) for row, word in enumerate(vocabulary.words) if word in given
    ]
    monitor.message(f"starting from given vectors for {len(shared)} of {len(vocabulary)} words")
    rows = np.array([row for row, _ in shared], np.int64)
    return rows, given.vectors[[index for _, index in shared]].astype(np.float32)


def _collect(vectors: Float32Array, vocabulary: Vocabulary, plan: Plan) -> WordVectors:
    """Return the vectors of the words with the settings that made them."""
    metadata = {name: str(value) for name, value in asdict(plan.settings).items()}
    return WordVectors(vocabulary.words, vectors, vocabulary.counts, metadata)
