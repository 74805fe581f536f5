"""Sums of w w^T over many unit vectors, taken block by block."""

import numpy as np

from seqtools.bias.debiasing import to_unit_length
from seqtools.types import BoolArray, Float32Array, Float64Array

_ROWS_AT_ONCE = 8192


def sum_of_products(vectors: Float32Array, mask: BoolArray | None = None) -> Float64Array:
    """Return the sum of w w^T over rows scaled to length 1, float64 array, shape (D, D).

    Parameters
    ----------
    vectors : float32 array, shape (V, D)
    mask : bool array, shape (V,), optional
        Rows to take; all by default.
    """
    dim = vectors.shape[1]
    total = np.zeros((dim, dim))
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        block = np.array(vectors[start : start + _ROWS_AT_ONCE], dtype=np.float32)
        to_unit_length(block)
        if mask is not None:
            block = block[mask[start : start + _ROWS_AT_ONCE]]
        total += block.T @ block
    return total


def count_zero_rows(vectors: Float32Array) -> int:
    """Return how many rows are all zeros."""
    found = 0
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        found += int((~np.any(vectors[start : start + _ROWS_AT_ONCE], axis=1)).sum())
    return found


def sum_of_rows(vectors: Float32Array) -> Float64Array:
    """Return the sum of rows scaled to length 1, float64 array, shape (D,)."""
    total = np.zeros(vectors.shape[1])
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        block = np.array(vectors[start : start + _ROWS_AT_ONCE], dtype=np.float32)
        to_unit_length(block)
        total += block.sum(axis=0, dtype=np.float64)
    return total
