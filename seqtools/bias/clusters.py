"""Whether biased words still fall into their groups when they are clustered.

Source: Gonen and Goldberg 2019, "Lipstick on a Pig: Debiasing Methods Cover up Systematic Gender
Biases in Word Embeddings But do not Remove Them" (arXiv 1903.03862), section 4.1.
"""

from itertools import permutations

import numpy as np

from seqtools.types import Float32Array, Int64Array

_STARTS = 10
_MOST_ROUNDS = 300
_MOST_PERMUTED = 6


def cluster_accuracy(
    units: Float32Array, labels: Int64Array, generator: np.random.Generator
) -> float:
    """Divide words into as many clusters as groups, and return how well they agree.

    Parameters
    ----------
    units : float32 array, shape (N, D)
        Vectors of the words that leaned most to each group before debiasing.
    labels : int64 array, shape (N,)
        Their groups, 0 and up.
    generator : numpy.random.Generator
        Starts the clusters.

    Returns
    -------
    float
        Share of words in the cluster of their group, clusters being matched to groups as well as
        can be. For two groups of equal size 0.5 is the least there can be, and best.
    """
    num_groups = int(labels.max()) + 1
    clusters = k_means(units, num_groups, generator)
    table = np.zeros((num_groups, num_groups), dtype=np.int64)
    np.add.at(table, (labels, clusters), 1)
    return float(_best_match(table) / len(labels))


def k_means(vectors: Float32Array, num_clusters: int, generator: np.random.Generator) -> Int64Array:
    """Divide rows by k-means and return their clusters, int64 array, shape (N,).

    Notes
    -----
    Lloyd 1982 with k-means++ starts (Arthur and Vassilvitskii 2007), the best of ten. A few lines
    here spare the default report the second that importing scikit-learn takes; a test holds that
    both find clusters of the same inertia.
    """
    centred = vectors.astype(np.float32) - vectors.mean(axis=0, dtype=np.float32)
    squares = np.einsum("nd,nd->n", centred, centred)
    best = np.zeros(len(vectors), dtype=np.int64)
    least = np.inf
    for _ in range(_STARTS):
        centres = _start(centred, squares, num_clusters, generator)
        clusters, inertia = _settle(centred, squares, centres)
        if inertia < least:
            best, least = clusters, inertia
    return best


def _start(
    vectors: Float32Array,
    squares: Float32Array,
    num_clusters: int,
    generator: np.random.Generator,
) -> Float32Array:
    """Draw centres that lie far apart, shape (clusters, D)."""
    chosen = [int(generator.integers(len(vectors)))]
    nearest = np.full(len(vectors), np.inf, dtype=np.float32)
    while len(chosen) < num_clusters:
        centre = vectors[chosen[-1]]
        distances = squares - 2 * (vectors @ centre) + squares[chosen[-1]]
        nearest = np.minimum(nearest, np.maximum(distances, 0))
        weights = np.cumsum(nearest, dtype=np.float64)
        drawn = np.searchsorted(weights, generator.random() * weights[-1], side="right")
        chosen.append(min(int(drawn), len(vectors) - 1))
    return vectors[chosen]


def _settle(
    vectors: Float32Array, squares: Float32Array, centres: Float32Array
) -> tuple[Int64Array, float]:
    """Move centres to the means of their rows until no row changes its cluster."""
    clusters: Int64Array = np.full(len(vectors), -1, dtype=np.int64)
    for _ in range(_MOST_ROUNDS):
        distances = np.einsum("kd,kd->k", centres, centres) - 2 * (vectors @ centres.T)  # (N, k)
        found = distances.argmin(axis=1)
        if np.array_equal(found, clusters):
            break
        clusters = found
        members = np.zeros((len(vectors), len(centres)), dtype=np.float32)
        members[np.arange(len(vectors)), clusters] = 1
        sizes = members.sum(axis=0)[:, None]
        centres = np.where(sizes > 0, (members.T @ vectors) / np.maximum(sizes, 1), centres)
    rest = distances[np.arange(len(vectors)), clusters]
    return clusters, float((squares + rest).sum(dtype=np.float64))


def _best_match(table: Int64Array) -> int:
    """Return the words in the right cluster, when clusters are matched to groups best."""
    size = len(table)
    if size <= _MOST_PERMUTED:
        groups = np.arange(size)
        return max(int(table[groups, list(order)].sum()) for order in permutations(range(size)))
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(table, maximize=True)
    return int(table[rows, columns].sum())


def labels_of(groups: tuple[Int64Array, ...]) -> Int64Array:
    """Return 0 for each word of the first group, 1 for each of the second, and so on."""
    return np.repeat(np.arange(len(groups), dtype=np.int64), [len(rows) for rows in groups])
