"""Softmax of rows of logits, with the bias.

For a row of logits x with bias added, log Z = m + ln sum_v exp(x_v - m) with m the largest x_v, and
the log-probability of v is x_v - log Z. Sums are taken in float64. Training does not come here: its
softmax is a part of ``output``.
"""

import math

import numpy as np
from numba import njit, types
from numba.extending import overload

from seqtools.kernels.activations import exp
from seqtools.kernels.vector_code import LANES
from seqtools.kernels.vector_numbers import (
    add_lanes,
    broadcast,
    keep_lanes,
    largest_lane,
    load,
    select_less,
    store,
)

_MINUS_INFINITY = np.float32(-np.inf)
_ZERO = np.float32(0)
# Elements whose sum is taken in float32, 64 a lane, before it goes into the float64 sum.
_BLOCK = 64 * LANES


@njit(cache=True, nogil=True)
def log_softmax_rows(logits, bias, out):
    """Write the log-probabilities of each row.

    Parameters
    ----------
    logits : float array, shape (N, V)
        Without the bias; overwritten.
    bias : float array, shape (V,)
    out : float array, shape (N, V)
    """
    for n in range(logits.shape[0]):
        row = logits[n]
        largest = _plain_add_bias(row, bias)
        out[n, :] = row
        log_mass = largest + math.log(_plain_exponentiate(row, largest))
        _plain_subtract(out[n], log_mass)


def _plain_add_bias(row, bias):
    """Add the bias to a row, and return the largest element as float64."""
    largest = -np.inf
    for v in range(row.shape[0]):
        row[v] += bias[v]
        largest = max(largest, row[v])
    return largest


def _plain_exponentiate(row, largest):
    """Replace a row by exp(row - largest), and return its sum as float64."""
    total = 0.0
    for v in range(row.shape[0]):
        row[v] = exp(row[v] - largest)
        total += row[v]
    return total


def _plain_subtract(row, amount):
    """Subtract a number from a row."""
    for v in range(row.shape[0]):
        row[v] -= amount


@njit(cache=True, nogil=True)
def _vector_add_bias(row, bias):
    """Do what `_plain_add_bias` does with explicit vectors."""
    size, first, first_bias = row.shape[0], row.ctypes.data, bias.ctypes.data
    largest = broadcast(_MINUS_INFINITY)
    for v in range(0, size, LANES):
        left, place = size - v, 4 * v
        x = load(first + place, left) + load(first_bias + place, left)
        store(x, first + place, left)
        x = keep_lanes(x, left, _MINUS_INFINITY)
        largest = select_less(largest, x, x, largest)
    return np.float64(largest_lane(largest))


@njit(cache=True, nogil=True)
def _vector_exponentiate(row, largest):
    """Do what `_plain_exponentiate` does with explicit vectors."""
    size, first, shift = row.shape[0], row.ctypes.data, np.float32(largest)
    total = 0.0
    for start in range(0, size, _BLOCK):
        part = broadcast(_ZERO)
        for v in range(start, min(start + _BLOCK, size), LANES):
            left, place = size - v, first + 4 * v
            e = keep_lanes(exp(load(place, left) - shift), left, _ZERO)
            store(e, place, left)
            part = part + e
        total += add_lanes(part)
    return total


@njit(cache=True, nogil=True)
def _vector_subtract(row, amount):
    """Do what `_plain_subtract` does with explicit vectors."""
    size, first, narrow = row.shape[0], row.ctypes.data, np.float32(amount)
    for v in range(0, size, LANES):
        left, place = size - v, first + 4 * v
        store(load(place, left) - narrow, place, left)


@overload(_plain_add_bias)
def _choose_add_bias(row, bias):
    return _vector_add_bias.py_func if row.dtype == types.float32 else _plain_add_bias


@overload(_plain_exponentiate)
def _choose_exponentiate(row, largest):
    return _vector_exponentiate.py_func if row.dtype == types.float32 else _plain_exponentiate


@overload(_plain_subtract)
def _choose_subtract(row, amount):
    return _vector_subtract.py_func if row.dtype == types.float32 else _plain_subtract
