"""What word counts decide: which words stay, which are drawn as noise, how their codes run."""

import numpy as np

from seqtools.embeddings.walks import let_go
from seqtools.kernels.alias import build_alias_table
from seqtools.kernels.huffman import (
    build_tree,
    find_first_places,
    measure_paths,
    write_paths,
)
from seqtools.kernels.windows import Codes, Noise
from seqtools.types import Float64Array, Int32Array, Int64Array, Uint64Array

_TOKENS_AT_ONCE = 1 << 20


def keep_probabilities(counts: Int64Array, threshold: float, rule: str) -> Float64Array:
    """Return the probability with which each word survives subsampling.

    Parameters
    ----------
    counts : int64 array, shape (V,)
    threshold : float
        Relative frequency t above which words are dropped at random; 0 drops none.
    rule : "word2vec" or "paper"
        min(1, sqrt(t/f) + t/f) as word2vec.c, gensim and fastText compute it, or min(1, sqrt(t/f)).

    Returns
    -------
    float64 array, shape (V,)

    Notes
    -----
    Mikolov et al. 2013 (arXiv 1310.4546), eq. 5, states the second; their program the first, which
    starts to drop words at f > 2.618 t.
    """
    if threshold == 0:
        return np.ones(len(counts))
    ratio: Float64Array = threshold * counts.sum() / counts
    keep = np.sqrt(ratio) + (ratio if rule == "word2vec" else 0.0)
    kept: Float64Array = np.minimum(keep, 1.0)
    return kept


def keep_limits(probabilities: Float64Array) -> Uint64Array:
    """Turn probabilities into the limits that kernels compare 32 random bits with."""
    return np.round(probabilities * 2.0**32).astype(np.uint64)


def noise_weights(counts: Int64Array, exponent: float) -> Float64Array:
    """Return count(w) ** exponent for each word, divided by that of the first."""
    weights: Float64Array = np.exp(exponent * np.log(counts / counts[0]))
    return weights


def make_noise(counts: Int64Array, exponent: float) -> Noise:
    """Return the alias table of the noise distribution P(w) ~ count(w) ** exponent.

    Notes
    -----
    Mikolov et al. 2013, section 2.2. The table is exact to 2**-32, where word2vec.c rounds to
    slots of a long array.
    """
    size = len(counts)
    weights = noise_weights(counts, exponent)
    slots = np.zeros((size, 2), np.uint32)
    scratch = np.zeros(size), np.zeros(size, np.int64), np.zeros(size, np.int64)
    build_alias_table(weights, weights.sum(), *scratch, slots)
    return Noise(slots)


def make_codes(counts: Int64Array, ids: Int32Array) -> Codes:
    """Return the Huffman codes of words.

    Parameters
    ----------
    counts : int64 array, shape (V,)
        V is at least 2.
    ids : int32 array
        The id cache; among words of equal count the one that comes up later stands first.

    Notes
    -----
    That order and that of ``build_tree`` are gensim's, and the same tree gives the same quality:
    with one and the same tree both programs' scores agree, while others move WordSim-353 by up to
    0.03 whatever the seed (wiki.txt; benchmarks/word2vec_quality.py).
    """
    size = len(counts)
    parents = np.empty(2 * size - 1, np.int64)
    bits = np.zeros(2 * size - 1, np.uint8)
    heap = np.lexsort((-_first_places(ids, size), -counts))
    build_tree(counts, heap, np.zeros(2 * size - 1, np.int64), parents, bits)
    starts = np.empty(size + 1, np.int64)
    measure_paths(parents, size, starts)
    nodes, signs = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.float32)
    write_paths(parents, bits, starts, nodes, signs)
    return Codes(starts, nodes, signs)


def _first_places(ids: Int32Array, size: int) -> Int64Array:
    """Return where each word stands first; words that never come up have the place -1."""
    places = np.full(size, -1, np.int64)
    for start in range(0, len(ids), _TOKENS_AT_ONCE):
        stop = min(start + _TOKENS_AT_ONCE, len(ids))
        find_first_places(ids[start:stop], start, places)
        let_go(ids, start, stop)
    return places


def output_visits(
    shares: Float64Array, noise: Float64Array, negative: int, codes: Codes | None
) -> Float64Array:
    """Return how often a word of text visits each output row.

    Parameters
    ----------
    shares : float64 array, shape (V,)
        Share of each word in the text.
    noise : float64 array, shape (V,)
        Weight of each word as a negative sample.
    negative : int
        Negative samples a word of text.
    codes : Codes or None
        Huffman codes, with hierarchical softmax.
    """
    visits: Float64Array
    if codes is None:
        visits = shares + negative * noise / noise.sum()
    else:
        visits = np.zeros(len(shares) - 1)
        np.add.at(visits, codes.nodes, np.repeat(shares, np.diff(codes.starts)))
    return visits
