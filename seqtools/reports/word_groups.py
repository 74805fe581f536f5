"""Groups of alike words, which give a map its colours."""

from dataclasses import dataclass

import numpy as np

from seqtools.reports.one_thread import one_thread
from seqtools.types import Float32Array, Int64Array

_TYPICAL_WORDS = 4


@dataclass(frozen=True)
class WordGroups:
    """A division of words by their vectors.

    Attributes
    ----------
    group_of : int64 array, shape (N,)
        Each row's group; groups are numbered by their first row.
    typical : tuple of tuple of int
        For each group the rows nearest to its middle, nearest first.
    """

    group_of: Int64Array
    typical: tuple[tuple[int, ...], ...]


def group_words(
    unit_vectors: Float32Array, num_groups: int, generator: np.random.Generator
) -> WordGroups:
    """Divide rows into groups by k-means.

    Parameters
    ----------
    unit_vectors : float32 array, shape (N, D)
        Rows of length 1, so that distance follows the cosine.
    num_groups : int
        Groups wanted; fewer come out if there are fewer different rows. Below 2, all rows are one
        group.
    generator : numpy.random.Generator
        Seeds scikit-learn.

    Notes
    -----
    Lloyd (1982) with k-means++ starts, on one thread so that a seed gives the same groups.
    """
    from sklearn.cluster import KMeans

    num_different = len(np.unique(unit_vectors, axis=0))
    num_groups = min(num_groups, num_different)
    if num_groups < 2:
        return WordGroups(np.zeros(len(unit_vectors), dtype=np.int64), ((),))
    with one_thread():
        model = KMeans(num_groups, n_init=4, random_state=int(generator.integers(2**31)))
        found = model.fit_predict(unit_vectors.astype(np.float64))
    # Numbered by their first row, which is stable where the order of centres is not.
    _, firsts = np.unique(found, return_index=True)
    order = np.argsort(firsts)
    group_of: Int64Array = np.argsort(order)[found].astype(np.int64)
    middles = model.cluster_centers_[order]
    return WordGroups(
        group_of,
        tuple(_nearest(unit_vectors, group_of, i, middle) for i, middle in enumerate(middles)),
    )


def _nearest(
    unit_vectors: Float32Array, group_of: Int64Array, group: int, middle: Float32Array
) -> tuple[int, ...]:
    """Return the rows of a group that are nearest to its middle."""
    rows = np.flatnonzero(group_of == group)
    cosines = unit_vectors[rows] @ middle
    best = np.argsort(-cosines, kind="stable")[:_TYPICAL_WORDS]
    return tuple(rows[best].tolist())
