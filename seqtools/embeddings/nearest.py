"""Exact search for the nearest rows of a table, in bounded memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from seqtools.errors import SettingsError
from seqtools.types import BoolArray, Float32Array, Float64Array, FloatArray, Int64Array

# Scores held at once: 16 million float32 are 64 MB.
_SCORES_AT_ONCE = 1 << 24

# Within these lengths a float32 product can neither overflow nor vanish.
_SAFE_NORMS = (1e-12, 1e15)

_MUL_EPSILON = np.float32(1e-6)


@dataclass(frozen=True)
class SearchTable:
    """Vectors as a search uses them, made once for a table.

    Attributes
    ----------
    matrix : float32 array, shape (V, D)
        The rows whose products with a direction give the scores.
    scale : float32 array, shape (V,)
        What makes cosines of the scores; 0 for rows without a direction.
    """

    matrix: Float32Array
    scale: Float32Array

    @classmethod
    def of(cls, vectors: Float32Array, norms: Float64Array) -> "SearchTable":
        """Take the rows as they are, or scaled to length 1 where float32 could not bear it."""
        usable = has_direction(norms)
        low, high = _SAFE_NORMS
        if ((norms[usable] < low) | (norms[usable] > high)).any():
            return cls(unit_rows(vectors, norms), usable.astype(np.float32))
        inverse = np.divide(1.0, norms, out=np.zeros_like(norms), where=usable)
        return cls(vectors, inverse.astype(np.float32))

    def first(self, restrict: int | None) -> "SearchTable":
        """Return the table of the first rows."""
        if restrict is None:
            return self
        if restrict < 1:
            raise SettingsError(f"restrict must be at least 1, got {restrict}")
        return SearchTable(self.matrix[:restrict], self.scale[:restrict])


def unit_rows(vectors: Float32Array, norms: FloatArray) -> Float32Array:
    """Scale rows to length 1; rows without a direction become zero.

    Parameters
    ----------
    vectors : float32 array, shape (N, D)
    norms : float array, shape (N,)
        The rows' lengths.

    Returns
    -------
    float32 array, shape (N, D)
    """
    lengths = np.where(has_direction(norms), norms, np.inf)[:, None]
    units = np.empty_like(vectors, order="C")
    # Dividing in float64 keeps rows of extreme length right; blocks keep that copy small.
    for start in range(0, len(vectors), 16384):
        block = slice(start, start + 16384)
        with np.errstate(invalid="ignore"):
            units[block] = vectors[block] / lengths[block]
    return units


def has_direction(norms: FloatArray) -> BoolArray:
    """Say which rows have a direction: those whose length is neither zero nor infinite nor NaN."""
    return np.isfinite(norms) & (norms > 0)


def nearest_rows(
    table: SearchTable,
    directions: Float32Array,
    k: int,
    excluded: Sequence[Int64Array],
    restrict: int | None = None,
) -> tuple[Int64Array, Float32Array]:
    """Return the rows with the highest cosine to each direction.

    Parameters
    ----------
    table : SearchTable
        The vectors to search.
    directions : float32 array, shape (N, D)
        Unit vectors.
    k : int
        Number of rows for each direction, at least 1.
    excluded : sequence of int64 arrays, length N
        Rows that must not be answers.
    restrict : int, optional
        Search the first `restrict` rows only.

    Returns
    -------
    rows : int64 array, shape (N, k)
        Highest first, equal scores in row order; -1 where there are fewer than `k`.
        Rows without a direction, such as zeros, are never answers, and no row is the answer to a
        direction of zeros.
    scores : float32 array, shape (N, k)
    """
    table = table.first(restrict)

    def scores_of(block: slice) -> Float32Array:
        scores = directions[block] @ table.matrix.T  # (block, V)
        scores *= table.scale
        np.clip(scores, -1.0, 1.0, out=scores)
        scores[~directions[block].any(axis=1)] = -np.inf
        return scores

    return _best_in_blocks(scores_of, table.scale, k, excluded)


def analogy_by_product(
    table: SearchTable,
    units: Float32Array,
    k: int,
    excluded: Sequence[Int64Array],
    restrict: int | None = None,
) -> tuple[Int64Array, Float32Array]:
    """Return the best answers to analogies by 3CosMul.

    Parameters
    ----------
    table, k, excluded, restrict
        As for ``nearest_rows``.
    units : float32 array, shape (N, 3, D)
        Unit vectors of a, b and c in "a is to b as c is to ?".

    Returns
    -------
    rows : int64 array, shape (N, k)
    scores : float32 array, shape (N, k)

    Notes
    -----
    Levy and Goldberg 2014, equation 4, with cosines moved to 0..1 (their note 7) and gensim's
    epsilon of 1e-6 instead of the paper's 0.001.
    """
    table = table.first(restrict)

    def shifted(directions: Float32Array) -> Float32Array:
        scores = directions @ table.matrix.T
        scores *= table.scale
        scores += 1
        scores *= np.float32(0.5)
        return scores

    def scores_of(block: slice) -> Float32Array:
        scores = shifted(units[block, 1])
        scores *= shifted(units[block, 2])
        scores /= shifted(units[block, 0]) + _MUL_EPSILON
        return scores

    return _best_in_blocks(scores_of, table.scale, k, excluded, arrays_held=3)


def _best_in_blocks(
    scores_of: "_ScoreFunction",
    scale: Float32Array,
    k: int,
    excluded: Sequence[Int64Array],
    arrays_held: int = 1,
) -> tuple[Int64Array, Float32Array]:
    """Score queries block by block and keep the best rows of each."""
    if k < 1:
        raise SettingsError(f"k must be at least 1, got {k}")
    num_rows = len(scale)
    width = min(k, num_rows)
    rows = np.full((len(excluded), width), -1, dtype=np.int64)
    scores = np.full((len(excluded), width), -np.inf, dtype=np.float32)
    zero_rows = np.flatnonzero(scale == 0)
    step = max(1, _SCORES_AT_ONCE // (arrays_held * max(1, num_rows)))
    for start in range(0, len(excluded), step):
        with np.errstate(invalid="ignore"):
            block = scores_of(slice(start, start + step))
        block[:, zero_rows] = -np.inf
        for offset, values in enumerate(block):
            query = start + offset
            unwanted = excluded[query]
            values[unwanted[unwanted < num_rows]] = -np.inf
            best = _best(values, width)
            rows[query, : len(best)] = best
            scores[query, : len(best)] = values[best]
    return rows, scores


def _best(scores: Float32Array, k: int) -> Int64Array:
    """Return the indices of the `k` highest finite scores, equal ones in order of index."""
    if k < len(scores):
        threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
        candidates = np.flatnonzero(scores >= threshold)
    else:
        candidates = np.arange(len(scores))
    candidates = candidates[np.isfinite(scores[candidates])]
    return candidates[np.lexsort((candidates, -scores[candidates]))][:k]


class _ScoreFunction(Protocol):
    def __call__(self, block: slice, /) -> Float32Array:
        """Return the scores of a block of queries, shape (block, V)."""
