"""Spearman's rank correlation, for one sample or for many resamples at once."""

from collections.abc import Callable

import numpy as np

from seqtools.types import Float64Array, Int64Array


def spearman(x: Float64Array, y: Float64Array) -> float:
    """Return the rank correlation of two samples, ties sharing their average rank.

    Parameters
    ----------
    x, y : float64 array, shape (N,)
        Paired values.

    Returns
    -------
    float
        In [-1, 1]; NaN for fewer than two pairs or if either sample is constant.

    Notes
    -----
    Spearman, C. (1904), with Pearson's correlation of the average ranks.

    Examples
    --------
    >>> round(spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 9.0, 27.0])), 6)
    1.0
    """
    if len(x) == 0:
        return float("nan")
    counts = np.ones((1, len(x)), dtype=np.int64)
    return float(resampled_spearman(x, y)(counts)[0])


def resampled_spearman(x: Float64Array, y: Float64Array) -> Callable[[Int64Array], Float64Array]:
    """Return the function that maps resamples, given as counts, to their rank correlations.

    Parameters
    ----------
    x, y : float64 array, shape (N,)
        Paired values, N at least 1.

    Notes
    -----
    The values are sorted once. In a resample, a value drawn c times with m draws below it has the
    average rank m + (c + 1) / 2, so that ranks are running sums of counts.
    """
    ranks_x, ranks_y = _resampled_ranks(x), _resampled_ranks(y)
    middle = (len(x) + 1) / 2

    def statistic(counts: Int64Array) -> Float64Array:
        d_x, d_y = ranks_x(counts) - middle, ranks_y(counts) - middle
        covariance = np.einsum("rn,rn,rn->r", counts, d_x, d_y)
        variance_x = np.einsum("rn,rn,rn->r", counts, d_x, d_x)
        variance_y = np.einsum("rn,rn,rn->r", counts, d_y, d_y)
        scale = np.sqrt(variance_x * variance_y)
        correlations = np.full(len(counts), np.nan)
        np.divide(covariance, scale, out=correlations, where=scale > 0)
        return correlations

    return statistic


def _resampled_ranks(values: Float64Array) -> Callable[[Int64Array], Float64Array]:
    """Return the function from counts to average ranks, float64 array of shape (block, N)."""
    _, group_of = np.unique(values, return_inverse=True)
    order = np.argsort(group_of, kind="stable")
    starts = np.flatnonzero(np.diff(group_of[order], prepend=-1))

    def ranks(counts: Int64Array) -> Float64Array:
        drawn = np.add.reduceat(counts[:, order], starts, axis=1)
        below = np.cumsum(drawn, axis=1) - drawn
        average: Float64Array = below + (drawn + 1) / 2
        return average[:, group_of]

    return ranks
