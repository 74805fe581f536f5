"""Training word vectors with skip-gram or CBOW: the model's parts and the threads that train it.

Sources: Mikolov et al. 2013, "Efficient estimation of word representations in vector space" (arXiv
1301.3781) and "Distributed representations of words and phrases and their compositionality" (arXiv
1310.4546).
"""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TypeAlias

import numpy as np

from seqtools.embeddings.distributions import (
    keep_limits,
    keep_probabilities,
    make_codes,
    make_noise,
)
from seqtools.embeddings.settings import Word2VecSettings
from seqtools.embeddings.walks import Walk, make_walks
from seqtools.errors import TrainingError
from seqtools.kernels import cbow, skipgram, tile
from seqtools.kernels.windows import CONSUMED, PAIRS, Corpus
from seqtools.monitor import Monitor, Progress, StopRequest
from seqtools.seeding import numpy_generator
from seqtools.types import Float32Array, Int32Array, Int64Array

# A kernel call takes about a twentieth of a second: signals and checkpoints wait no longer.
_PRODUCTS_A_CALL = 5e8
_SECONDS_BETWEEN_LOOKS = 0.1
_ROWS_AT_ONCE = 65_536

Step: TypeAlias = Callable[[Walk, int], bool]


@dataclass
class Word2VecModel:
    """The parameters and walks of a run.

    Attributes
    ----------
    settings : Word2VecSettings
    x : float32 array, shape (V, padded dim)
        Input vectors: the word vectors that are sought.
    u : float32 array, shape (V, padded dim), or (V - 1, padded dim) with hierarchical softmax
        Output vectors of words, or of the inner nodes of the Huffman tree.
    walks : list of Walk
        One a thread.
    """

    settings: Word2VecSettings
    x: Float32Array
    u: Float32Array
    walks: list[Walk]
    step: Step

    @property
    def words_done(self) -> int:
        """Words consumed so far over all epochs and threads."""
        return int(sum(walk.state[CONSUMED] for walk in self.walks))

    @property
    def words_in_all(self) -> int:
        """Words to consume over all epochs."""
        return self.settings.epochs * sum(walk.num_words for walk in self.walks)

    @property
    def finished_epochs(self) -> int:
        """Epochs that every thread has finished."""
        return min(walk.epoch for walk in self.walks)

    def check_finite(self) -> None:
        """Make sure that no parameter is NaN or infinite.

        Raises
        ------
        TrainingError
            If one is.
        """
        for matrix in (self.x, self.u):
            for start in range(0, len(matrix), _ROWS_AT_ONCE):
                if not np.isfinite(matrix[start : start + _ROWS_AT_ONCE]).all():
                    raise TrainingError(
                        "the vectors are no longer finite numbers; "
                        f"use a learning rate below {self.settings.learning_rate:g}"
                    )

    def mean_loss(self, epoch: int) -> float | None:
        """Return the mean loss a training pair in an epoch, in nats; None before its first pair."""
        pairs = sum(int(walk.pairs[epoch]) for walk in self.walks)
        return sum(float(walk.losses[epoch]) for walk in self.walks) / pairs if pairs else None


def make_model(
    ids: Int32Array,
    counts: Int64Array,
    settings: Word2VecSettings,
    initial_vectors: tuple[Int64Array, Float32Array] | None = None,
) -> Word2VecModel:
    """Prepare a run: parameters, distributions, walks.

    Parameters
    ----------
    ids : int32 array
        The id cache; negative values end sentences.
    counts : int64 array, shape (V,)
        Counts of the vocabulary, never rising; V is at least 2.
    settings : Word2VecSettings
    initial_vectors : (int64 array (N,), float32 array (N, dim)), optional
        Rows to start from in place of random ones.
    """
    size, dim = len(counts), settings.dim
    x = tile.aligned_zeros(size, dim)
    random = numpy_generator(settings.seed, "initial vectors").random((size, dim), np.float32)
    x[:, :dim] = (random - 0.5) / dim
    if initial_vectors is not None:
        rows, vectors = initial_vectors
        x[rows, :dim] = vectors
    keep = keep_probabilities(counts, settings.subsample, settings.subsample_rule)
    corpus = Corpus(ids, keep_limits(keep))
    codes = make_codes(counts) if settings.loss == "hs" else None
    u = tile.aligned_zeros(size if codes is None else size - 1, dim)
    walks = make_walks(
        ids,
        settings.threads,
        settings.seed,
        settings.epochs,
        settings.window,
        settings.negative,
        1 if codes is None else int(np.diff(codes.starts).max()),
    )
    target = codes or make_noise(counts, settings.noise_exponent)
    return Word2VecModel(settings, x, u, walks, _bind(settings, corpus, target, x, u))


def train(
    model: Word2VecModel,
    monitor: Monitor,
    stop: StopRequest,
    save: Callable[[], None] | None = None,
    save_every: float = float("inf"),
) -> None:
    """Train until all epochs are done or a stop is requested.

    Parameters
    ----------
    model : Word2VecModel
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
        If a parameter is not finite at the end of an epoch; the model is then of no use.
    """
    watch = _Watch(model, monitor)
    pause = Event()
    with ThreadPoolExecutor(len(model.walks)) as pool:
        last_save = time.monotonic()
        running = _start(pool, model, pause)
        try:
            while running:
                done, _ = wait(running, _SECONDS_BETWEEN_LOOKS, FIRST_EXCEPTION)
                _raise_errors(done)
                running = [future for future in running if not future.done()]
                watch.report()
                is_due = save is not None and time.monotonic() - last_save >= save_every
                if running and (stop.signal_number or is_due):
                    pause.set()
                    _raise_errors(wait(running).done)
                    if stop.signal_number:
                        return
                    if save is not None:
                        save()
                    last_save = time.monotonic()
                    pause.clear()
                    running = _start(pool, model, pause)
        finally:
            pause.set()
    watch.report()


def _bind(
    settings: Word2VecSettings,
    corpus: Corpus,
    target: object,
    x: Float32Array,
    u: Float32Array,
) -> Step:
    """Return the function that moves a walk on by some words with the settings' kernel."""
    options = np.array(
        [
            settings.window,
            settings.window_mode == "shrink",
            tile.row_step(x.shape[1]),
            settings.cbow_combine == "mean",
        ],
        np.int64,
    )
    kernels: dict[tuple[str, str], Callable[..., bool]] = {
        ("skipgram", "ns"): skipgram.skipgram_negative_sampling,
        ("skipgram", "hs"): skipgram.skipgram_hierarchical_softmax,
        ("cbow", "ns"): cbow.cbow_negative_sampling,
        ("cbow", "hs"): cbow.cbow_hierarchical_softmax,
    }
    kernel = kernels[settings.model, settings.loss]
    rates = settings.learning_rate, settings.min_learning_rate

    def step(walk: Walk, budget: int) -> bool:
        schedule = np.array([*rates, float(max(1, settings.epochs * walk.num_words))])
        walked = walk.state, walk.rng_state, walk.buffers, walk.scratch
        if settings.model == "cbow":
            hidden = tile.aligned_zeros(2, settings.dim)
            return bool(kernel(corpus, target, schedule, options, x, u, hidden, budget, *walked))
        return bool(kernel(corpus, target, schedule, options, x, u, budget, *walked))

    return step


def _start(pool: ThreadPoolExecutor, model: Word2VecModel, pause: Event) -> "list[Future[None]]":
    """Set all walks going."""
    return [pool.submit(_go, model, walk, pause) for walk in model.walks]


def _go(model: Word2VecModel, walk: Walk, pause: Event) -> None:
    """Train on a walk until it ends or a pause is called."""
    budget = _budget(model.settings, walk)
    while walk.epoch < model.settings.epochs and not pause.is_set():
        has_more = model.step(walk, budget)
        walk.losses[walk.epoch] += tile.loss_of(walk.scratch)
        walk.pairs[walk.epoch] += walk.state[PAIRS]
        walk.state[PAIRS] = 0
        if not has_more:
            model.check_finite()
            walk.epoch += 1
            walk.begin_epoch()


def _budget(settings: Word2VecSettings, walk: Walk) -> int:
    """Return the words that one kernel call trains on, the same in every run."""
    targets = settings.negative + 1 if settings.loss == "ns" else 16
    rows = settings.window + 1 if settings.model == "skipgram" else 2
    words = _PRODUCTS_A_CALL / (settings.dim * targets * rows)
    return int(min(max(words, 1_000), 200_000, max(1, walk.num_words)))


def _raise_errors(done: "set[Future[None]]") -> None:
    """Raise what a thread raised."""
    for future in done:
        future.result()


class _Watch:
    """Turns the state of a model into progress reports."""

    def __init__(self, model: Word2VecModel, monitor: Monitor) -> None:
        self._model, self._monitor = model, monitor
        self._start_words, self._start_time = model.words_done, time.monotonic()
        self._told = model.finished_epochs

    def report(self) -> None:
        """Report speed and loss, and the loss of each epoch when it is done."""
        model, epochs = self._model, self._model.settings.epochs
        while self._told < model.finished_epochs:
            loss = model.mean_loss(self._told)
            self._told += 1
            if loss is not None:
                self._monitor.message(f"epoch {self._told}/{epochs}: mean loss a pair {loss:.4f}")
        done, elapsed = model.words_done, time.monotonic() - self._start_time
        running = min(self._told, epochs - 1)
        self._monitor.update(
            Progress(
                done=done,
                total=model.words_in_all,
                unit="tokens",
                per_second=(done - self._start_words) / elapsed if elapsed else None,
                loss=model.mean_loss(running),
                note=f"epoch {running + 1}/{epochs}",
            )
        )


def is_compiled(settings: Word2VecSettings) -> bool:
    """Say whether the settings' kernel lies in Numba's cache on disk already."""
    module = skipgram if settings.model == "skipgram" else cbow
    suffix = "negative_sampling" if settings.loss == "ns" else "hierarchical_softmax"
    kernel = getattr(module, f"{settings.model}_{suffix}")
    folder = getattr(getattr(kernel, "stats", None), "cache_path", None)
    return folder is not None and any(Path(folder).glob(f"*{settings.model}_{suffix}-*.nbc"))
