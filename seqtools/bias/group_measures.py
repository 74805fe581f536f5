"""Measures that compare words with groups of words: RND, ECT, MAC and RIPA."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from seqtools.evaluation.rank_correlation import spearman
from seqtools.types import Float64Array, FloatArray

_SMALLEST_DIFFERENCE = 1e-6


def relative_norm_distances(
    units: FloatArray, first: FloatArray, second: FloatArray
) -> Float64Array:
    """Return |w - mu_1| - |w - mu_2| of each word, float64 array, shape (N,).

    Parameters
    ----------
    units : float array, shape (N, D)
        Unit vectors of words that should be neutral.
    first, second : float arrays, shape (D,)
        Mean unit vectors of two groups.

    Notes
    -----
    Garg et al. 2018, "Word embeddings quantify 100 years of gender and ethnic stereotypes". The
    measure (RND) is the sum over words in that paper and the mean in WEFE; below 0 the words are
    nearer to the first group.
    """
    words = np.asarray(units, dtype=np.float64)
    to_first: Float64Array = np.linalg.norm(words - first, axis=1)
    to_second: Float64Array = np.linalg.norm(words - second, axis=1)
    return to_first - to_second


def embedding_coherence(units: FloatArray, first: FloatArray, second: FloatArray) -> float:
    """Return the rank correlation of the words' cosines with two groups (ECT); 1 is best.

    Parameters
    ----------
    units : float array, shape (N, D)
        Unit vectors of words that should be neutral.
    first, second : float arrays, shape (D,)
        Means of the groups' vectors, of any length.

    Notes
    -----
    Dev and Phillips 2019, "Attenuating Bias in Word Vectors".
    """
    return spearman(*mean_cosines(units, first, second))


def mean_cosines(units: FloatArray, *means: FloatArray) -> tuple[Float64Array, ...]:
    """Return the cosines of words with each mean vector, float64 arrays, shape (N,)."""
    words = np.asarray(units, dtype=np.float64)
    return tuple(words @ mean / max(float(np.linalg.norm(mean)), 1e-300) for mean in means)


def average_cosine_distances(
    targets: FloatArray, attribute_sets: Sequence[FloatArray]
) -> Float64Array:
    """Return the mean cosine distance of each target to the attribute sets, shape (N,).

    Parameters
    ----------
    targets : float array, shape (N, D)
        Unit vectors of the groups' words.
    attribute_sets : sequence of float arrays, each of shape (words, D)
        Unit vectors of the words ascribed to each group.

    Notes
    -----
    Manzini et al. 2019, "Black is to Criminal as Caucasian is to Police": MAC is the mean over
    targets and sets of the mean of 1 - cos(t, a) over a set; 1 is best.
    """
    words = np.asarray(targets, dtype=np.float64)
    means = np.stack([np.asarray(words_of, np.float64).mean(axis=0) for words_of in attribute_sets])
    distances: Float64Array = 1.0 - (words @ means.T).mean(axis=1)
    return distances


def relational_products(vectors: FloatArray, sets: Sequence[FloatArray]) -> Float64Array:
    """Return the relational inner product of each word with each pair (RIPA), shape (N, pairs).

    Parameters
    ----------
    vectors : float array, shape (N, D)
        Vectors of words that should be neutral, as they are stored.
    sets : sequence of float arrays, each of shape (words, D)
        Vectors of the definitional sets; larger sets give a pair for any two of their words. Words
        with the same vector give none.

    Notes
    -----
    w . (x - y) / |x - y|: Ethayarajh, Duvenaud and Hirst 2019, "Understanding Undesirable Word
    Embedding Associations".
    """
    words = np.asarray(vectors, dtype=np.float64)
    relations = []
    for group in sets:
        members = np.asarray(group, dtype=np.float64)
        for x, y in combinations(members, 2):
            length = float(np.linalg.norm(x - y))
            if length > _SMALLEST_DIFFERENCE:
                relations.append((x - y) / length)
    if not relations:
        return np.empty((len(words), 0))
    products: Float64Array = words @ np.stack(relations).T
    return products
