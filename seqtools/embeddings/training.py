"""From text files to word vectors: read, train, checkpoint, collect."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seqtools.embeddings.checkpoint import Checkpoint
from seqtools.embeddings.settings import Word2VecSettings
from seqtools.embeddings.vector_files import load_vectors
from seqtools.embeddings.word2vec import Word2VecModel, is_compiled, make_model, train
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import FileAccessError, SettingsError, TrainingInterrupted
from seqtools.monitor import Monitor, NullMonitor, StopRequest
from seqtools.text.id_cache import IdCache, TextSettings, TextStatistics, build_id_cache
from seqtools.text.vocabulary import Vocabulary
from seqtools.types import Float32Array, Int64Array

_RECORDED_SETTINGS = (
    "model",
    "loss",
    "window",
    "window_mode",
    "negative",
    "noise_exponent",
    "subsample",
    "epochs",
    "learning_rate",
    "seed",
    "threads",
)


@dataclass(frozen=True)
class TrainingPlan:
    """What to train, from what, and where to keep what is needed on the way.

    Attributes
    ----------
    text : TextSettings
        How text becomes words.
    word2vec : Word2VecSettings
        How vectors are trained.
    vocabulary : path-like or None
        Take the words and counts of this file.
    initial_vectors : path-like or None
        Start from the vectors of this file, for the words that it holds.
    work_directory : path-like
        Where the encoded corpus lies while it is needed.
    checkpoint_directory : path-like or None
        Where checkpoints are kept; None keeps none.
    checkpoint_every : float
        Seconds between checkpoints.
    is_resumed : bool
        Go on from the checkpoint if there is one.
    """

    text: TextSettings = field(default_factory=TextSettings)
    word2vec: Word2VecSettings = field(default_factory=Word2VecSettings)
    vocabulary: str | os.PathLike[str] | None = None
    initial_vectors: str | os.PathLike[str] | None = None
    work_directory: str | os.PathLike[str] = "."
    checkpoint_directory: str | os.PathLike[str] | None = None
    checkpoint_every: float = 600.0
    is_resumed: bool = False


@dataclass(frozen=True)
class Training:
    """The outcome of a run.

    Attributes
    ----------
    vectors : WordVectors
        Input vectors, the most frequent word first.
    context : WordVectors or None
        Output vectors; None with hierarchical softmax, whose output rows are not words.
    vocabulary : Vocabulary
    statistics : TextStatistics
    losses : list of float
        Mean loss a training pair of each epoch, in nats.
    words_trained : int
        Words consumed by this process over all epochs.
    train_seconds : float
        Time spent training, without reading text.
    threads : int
        Threads that trained; fewer than asked for if the corpus is short.
    """

    vectors: WordVectors
    context: WordVectors | None
    vocabulary: Vocabulary
    statistics: TextStatistics
    losses: list[float]
    words_trained: int
    train_seconds: float
    threads: int


def train_on_text(
    paths: Sequence[str],
    plan: TrainingPlan,
    monitor: Monitor | None = None,
    stop: StopRequest | None = None,
) -> Training:
    """Train word vectors on text files.

    Parameters
    ----------
    paths : sequence of str
        Text files, plain or compressed; "-" is standard input.
    plan : TrainingPlan
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
    is_resumed = checkpoint is not None and plan.is_resumed and checkpoint.exists()
    if plan.is_resumed and not is_resumed:
        monitor.message("no checkpoint to resume from: starting at the beginning")
    with _open_cache(paths, plan, checkpoint, is_resumed, monitor) as cache:
        initial = _initial_vectors(plan, cache.vocabulary, monitor)
        model = make_model(cache.ids, cache.vocabulary.counts, plan.word2vec, initial)
        if checkpoint is not None and is_resumed:
            checkpoint.restore(model, cache.fingerprint)
            share = 100 * model.words_done / max(1, model.words_in_all)
            monitor.message(f"resumed from {checkpoint.directory} at {share:.1f}%")
        return _train(model, cache, plan, checkpoint, monitor, stop)


def _train(
    model: Word2VecModel,
    cache: IdCache,
    plan: TrainingPlan,
    checkpoint: Checkpoint | None,
    monitor: Monitor,
    stop: StopRequest,
) -> Training:
    """Train, and save a checkpoint when stopped."""
    save = None if checkpoint is None else lambda: checkpoint.save(model, cache.fingerprint)
    if not is_compiled(plan.word2vec):
        monitor.message("compiling kernels (first run only)")
    started, words_before = time.monotonic(), model.words_done
    monitor.start("training", model.words_in_all, "tokens")
    stop.is_heeded = True
    try:
        train(model, monitor, stop, save, plan.checkpoint_every)
    finally:
        monitor.finish()
    if stop.signal_number:
        raise _interrupted(save, checkpoint, stop)
    stop.is_heeded = False
    model.check_finite()
    losses = [model.mean_loss(epoch) for epoch in range(plan.word2vec.epochs)]
    return Training(
        vectors=_collect(model.x, cache.vocabulary, plan),
        context=_collect(model.u, cache.vocabulary, plan) if plan.word2vec.loss == "ns" else None,
        vocabulary=cache.vocabulary,
        statistics=cache.statistics,
        losses=[float("nan") if loss is None else loss for loss in losses],
        words_trained=model.words_done - words_before,
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
def _open_cache(
    paths: Sequence[str],
    plan: TrainingPlan,
    checkpoint: Checkpoint | None,
    is_resumed: bool,
    monitor: Monitor,
) -> Iterator[IdCache]:
    """Encode the corpus, or map the one of the checkpoint; a temporary one goes at the end."""
    vocabulary = None if plan.vocabulary is None else Vocabulary.load(plan.vocabulary)
    with contextlib.ExitStack() as stack:
        if checkpoint is not None:
            if is_resumed:
                yield IdCache.open(checkpoint.corpus_directory)
                return
            checkpoint.begin()
            directory = checkpoint.corpus_directory
        else:
            directory = Path(stack.enter_context(_temporary_directory(plan.work_directory)))
        cache = build_id_cache(paths, directory, plan.text, vocabulary, monitor)
        if checkpoint is not None:
            # From now on the text need not be read again: a run killed early resumes here.
            monitor.message(f"checkpoints go to {checkpoint.directory}")
        yield cache


@contextlib.contextmanager
def _temporary_directory(parent: str | os.PathLike[str]) -> Iterator[str]:
    """Make a directory for the encoded corpus and remove it at the end."""
    try:
        directory = tempfile.TemporaryDirectory(prefix=".seqtools-corpus-", dir=parent)
    except OSError as error:
        raise FileAccessError.from_os_error(error, parent, "write") from error
    with directory as name:
        yield name


def _initial_vectors(
    plan: TrainingPlan, vocabulary: Vocabulary, monitor: Monitor
) -> tuple[Int64Array, Float32Array] | None:
    """Return the rows and vectors to start from."""
    if plan.initial_vectors is None:
        return None
    given = load_vectors(plan.initial_vectors)
    if given.dim != plan.word2vec.dim:
        raise SettingsError(
            f"{os.fspath(plan.initial_vectors)}: its vectors have {given.dim} dimensions, "
            f"the run {plan.word2vec.dim}; use --dim {given.dim}"
        )
    shared = [
        (row, given.index(word)) for row, word in enumerate(vocabulary.words) if word in given
    ]
    monitor.message(f"starting from given vectors for {len(shared)} of {len(vocabulary)} words")
    rows = np.array([row for row, _ in shared], np.int64)
    return rows, given.vectors[[index for _, index in shared]].astype(np.float32)


def _collect(matrix: Float32Array, vocabulary: Vocabulary, plan: TrainingPlan) -> WordVectors:
    """Return the vectors of the words, without padding, with the settings that made them."""
    metadata = {name: str(getattr(plan.word2vec, name)) for name in _RECORDED_SETTINGS}
    vectors = matrix[:, : plan.word2vec.dim]
    return WordVectors(vocabulary.words, vectors, vocabulary.counts, metadata)
