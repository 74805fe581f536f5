"""Which group a word leans to, and the words that lean most."""

from collections.abc import Sequence

import numpy as np

from seqtools.bias.axis_vectors import Direction, unit_vectors_of
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.types import BoolArray, Float32Array, Float64Array, Int64Array

_LONGEST_WORD = 20


def leanings(units: Float32Array, direction: Direction, group_means: Float64Array) -> Float32Array:
    """Return how far each word leans to each group, float32 array, shape (N, groups).

    Parameters
    ----------
    units : float32 array, shape (N, D)
        Unit vectors of the words.
    direction : Direction
        The bias subspace.
    group_means : float64 array, shape (groups, D)
        Mean unit vectors of the groups.

    Notes
    -----
    For two groups it is the cosine with the first bias direction, and its negative. For more it
    is the product with the group's mean less the mean of the others.
    """
    num_groups = len(group_means)
    if num_groups == 2:
        cosines = units @ direction.basis[0].astype(np.float32)
        return np.stack([cosines, -cosines], axis=1)
    products = units @ group_means.T.astype(np.float32)
    others = (products.sum(axis=1, keepdims=True) - products) / (num_groups - 1)
    apart: Float32Array = products - others
    return apart


def group_means(vectors: WordVectors, direction: Direction) -> Float64Array:
    """Return the mean unit vector of each group, float64 array, shape (groups, D)."""
    return np.stack(
        [unit_vectors_of(vectors, rows).mean(axis=0, dtype=np.float64) for rows in direction.groups]
    )


def plain_words(words: Sequence[str], num_words: int, excluded: BoolArray) -> Int64Array:
    """Return rows of ordinary words: letters only, in lower case, 20 at most, not excluded.

    Parameters
    ----------
    words : sequence of str
        The vocabulary, most frequent first.
    num_words : int
        Words looked at, from the top.
    excluded : bool array, shape (V,)
        Rows left out.

    Notes
    -----
    Gonen and Goldberg 2019, section 4, from which the limit of 50,000 words comes too. Scripts
    without case are in lower case by this rule.
    """
    found = [
        row
        for row, word in enumerate(words[:num_words])
        if word.isalpha() and len(word) <= _LONGEST_WORD and word == word.lower()
    ]
    rows = np.array(found, dtype=np.int64)
    return rows[~excluded[rows]]


def extremes(leaning: Float32Array, per_group: int) -> tuple[Int64Array, ...]:
    """Return the places of the words that lean most to each group, the most extreme first.

    Parameters
    ----------
    leaning : float32 array, shape (N, groups)
    per_group : int
        Words wanted for each group; all groups get as many as the smallest has.

    Returns
    -------
    tuple of int64 arrays, one a group
        Places among the N. A word stands in the group that it leans to most.
    """
    own = leaning.argmax(axis=1)
    members = []
    for group in range(leaning.shape[1]):
        places = np.flatnonzero((own == group) & (leaning[:, group] > 0))
        order = np.argsort(-leaning[places, group], kind="stable")
        members.append(places[order][:per_group])
    fewest = min(len(places) for places in members)
    return tuple(places[:fewest] for places in members)
