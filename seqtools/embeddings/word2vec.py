"""Training word vectors with skip-gram or CBOW: the parts of the model.

Sources: Mikolov et al. 2013, "Efficient estimation of word representations in vector space" (arXiv
1301.3781) and "Distributed representations of words and phrases and their compositionality" (arXiv
1310.4546).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias

import numpy as np

from seqtools.embeddings.distributions import (
    keep_limits,
    keep_probabilities,
    make_codes,
    make_noise,
    noise_weights,
    output_visits,
)
from seqtools.embeddings.lock_free import Model
from seqtools.embeddings.private_rows import CopyRules, plan_copies, rows_with_copies
from seqtools.embeddings.settings import Word2VecSettings
from seqtools.embeddings.walks import BUFFER_WORDS, Walk, let_go, make_walks
from seqtools.kernels import cbow, skipgram, tile
from seqtools.kernels.row_copies import Copies, own_rows
from seqtools.kernels.windows import CONSUMED, PAIRS, POSITION, Codes, Corpus, Noise
from seqtools.seeding import numpy_generator
from seqtools.types import Float32Array, Float64Array, Int32Array, Int64Array

# A kernel call takes about a twentieth of a second: signals and checkpoints wait no longer.
_PRODUCTS_A_CALL = 5e8
_ROWS_AT_ONCE = 4_096
# Two threads are 1.89 times as fast as one, with 512 rows and 16 visits 1.78 to 1.85 times, with
# 8,192 rows 1.6 times (wiki.txt, medians of 7 rounds; benchmarks/word2vec_speed.py).
_COPY_RULES = CopyRules(most_rows=2_048, visits_a_merge=64)

Step: TypeAlias = Callable[[Walk, int], bool]


@dataclass
class Word2VecModel(Model):
    """The parameters and walks of a run.

    Attributes
    ----------
    settings : Word2VecSettings
    x : float32 array, shape (V, padded dim)
        Input vectors: the word vectors that are sought. Copies of the threads lie behind them, in
        the same matrix; see ``private_rows``.
    u : float32 array, shape (V, padded dim), or (V - 1, padded dim) with hierarchical softmax
        Output vectors of words, or of the inner nodes of the Huffman tree.
    walks : list of Walk
        One a thread.
    ids : int32 array
        The id cache.
    """

    settings: Word2VecSettings
    x: Float32Array
    u: Float32Array
    walks: list[Walk]
    step: Step
    ids: Int32Array

    unit: ClassVar[str] = "tokens"

    @property
    def words_done(self) -> int:
        """Words consumed so far over all epochs and threads."""
        return int(sum(walk.state[CONSUMED] for walk in self.walks))

    @property
    def work_done(self) -> int:
        """Words consumed so far over all epochs and threads."""
        return self.words_done

    @property
    def work_in_all(self) -> int:
        """Words to consume over all epochs."""
        return self.settings.epochs * sum(walk.num_words for walk in self.walks)

    def parameters(self) -> dict[str, Float32Array]:
        """Return input and output vectors."""
        return {"x": self.x, "u": self.u}

    def word_vectors(self) -> Float32Array:
        """Return the input vectors without padding, shape (V, dim)."""
        return self.x[:, : self.settings.dim]

    def context_vectors(self) -> Float32Array | None:
        """Return the output vectors; None with hierarchical softmax, whose rows are not words."""
        return self.u[:, : self.settings.dim] if self.settings.loss == "ns" else None

    def advance(self, walk: Walk) -> bool:
        """Train on some words of a walk, and say whether its epoch goes on."""
        start = int(walk.state[POSITION])
        has_more = self.step(walk, _budget(self.settings, walk))
        let_go(self.ids, start, int(walk.state[POSITION]))
        has_more = has_more or walk.begin_slice()
        if not has_more:
            walk.begin_epoch()
        walk.losses[walk.epoch] += tile.loss_of(walk.scratch)
        walk.pairs[walk.epoch] += walk.state[PAIRS]
        walk.state[PAIRS] = 0
        return has_more


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
    codes = make_codes(counts, ids) if settings.loss == "hs" else None
    walks = make_walks(
        ids,
        settings.threads,
        settings.seed,
        settings.epochs,
        settings.window,
        settings.negative,
        1 if codes is None else int(np.diff(codes.starts).max()),
    )
    x = tile.aligned_zeros(rows_with_copies(size, len(walks), _COPY_RULES), dim)
    generator = numpy_generator(settings.seed, "initial vectors")
    # Uniform in (-1, 1) / dim, as gensim and fastText; word2vec.c takes half of that, with which
    # CBOW learns slower (Google analogies after 5 epochs on 9 M words: 0.179 against 0.184).
    for start in range(0, size, _ROWS_AT_ONCE):
        stop = min(size, start + _ROWS_AT_ONCE)
        random = generator.random((stop - start, dim), np.float32)
        x[start:stop, :dim] = (2 * random - 1) / dim
    if initial_vectors is not None:
        rows, vectors = initial_vectors
        x[rows, :dim] = vectors
    keep = keep_probabilities(counts, settings.subsample, settings.subsample_rule)
    corpus = Corpus(ids, keep_limits(keep))
    num_outputs = size if codes is None else size - 1
    u = tile.aligned_zeros(rows_with_copies(num_outputs, len(walks), _COPY_RULES), dim)
    _plan_copies(walks, counts, counts * keep, codes, settings)
    noise = make_noise(counts, settings.noise_exponent)
    step = _bind(settings, corpus, noise, x, u)
    return Word2VecModel(settings, x[:size], u[:num_outputs], walks, step, ids)


def load_kernel(settings: Word2VecSettings) -> None:
    """Compile the settings' kernel, or load it from the cache on disk."""
    ids = np.array([0, 1, -1], np.int32)
    ids.setflags(write=False)  # like those of a cache
    model = make_model(ids, np.array([1, 1]), replace(settings, threads=1))
    model.advance(model.walks[0])


def _plan_copies(
    walks: list[Walk],
    counts: Int64Array,
    kept: Float64Array,
    codes: Codes | None,
    settings: Word2VecSettings,
) -> None:
    """Say which rows each thread works on, from the counts that subsampling leaves."""
    shares, noise = kept / kept.sum(), noise_weights(counts, settings.noise_exponent)
    contexts = settings.window * 2 if settings.window_mode == "fixed" else settings.window + 1
    visits = contexts * shares, output_visits(shares, noise, settings.negative, codes)
    planned = (plan_copies(BUFFER_WORDS * rows, len(walks), _COPY_RULES) for rows in visits)
    for walk, x_copies, u_copies in zip(walks, *planned, strict=True):
        walk.copies = Copies(x_copies, u_copies)
        walk.codes = codes
        if codes is not None and len(walks) > 1:
            nodes = np.empty_like(codes.nodes)
            own_rows(codes.nodes, 0, len(nodes), u_copies, nodes)
            walk.codes = codes._replace(nodes=nodes)


def _bind(
    settings: Word2VecSettings,
    corpus: Corpus,
    noise: Noise,
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
        target = walk.codes or noise
        walked = walk.state, walk.rng_state, walk.buffers, walk.scratch
        if settings.model == "cbow":
            hidden = tile.aligned_zeros(2, settings.dim)
            return bool(
                kernel(
                    corpus, target, schedule, options, x, u, hidden, walk.copies, budget, *walked
                )
            )
        return bool(kernel(corpus, target, schedule, options, x, u, walk.copies, budget, *walked))

    return step


def _budget(settings: Word2VecSettings, walk: Walk) -> int:
    """Return the words that one kernel call trains on, the same in every run."""
    targets = settings.negative + 1 if settings.loss == "ns" else 16
    rows = settings.window + 1 if settings.model == "skipgram" else 2
    words = _PRODUCTS_A_CALL / (settings.dim * targets * rows)
    return int(min(max(words, 1_000), 200_000, max(1, walk.num_words)))
