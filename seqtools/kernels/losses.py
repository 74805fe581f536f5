"""Softmax and cross-entropy of rows of logits, fused with the bias and the gradient.

For a row of logits x with bias added, log Z = m + ln sum_v exp(x_v - m) with m the largest x_v. The
loss of a target y with label smoothing s over V symbols (Szegedy et al. 2016, section 7) is::

    (1 - s) (log Z - x_y) + s (log Z - mean_v x_v)

and its gradient p_v - (1 - s) [v = y] - s / V with p = exp(x - log Z). Sums are taken in float64.
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
    fma,
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
def cross_entropy_rows(logits, bias, targets, smoothing, scale, d_bias, out_sums):
    """Replace logits by the gradient of scale x loss.

    Parameters
    ----------
    logits : float array, shape (N, V)
        Without the bias; overwritten.
    bias : float array, shape (V,)
    targets : int32 array, shape (N,)
    smoothing, scale : float64
    d_bias : float array, shape (V,)
        Added to.
    out_sums : float64 array, shape (2,)
        Added to: the losses, and the log-probabilities of the targets, both unscaled, in nats.
    """
    size = logits.shape[1]
    for n in range(logits.shape[0]):
        row, y = logits[n], targets[n]
        largest, total = _plain_add_bias(row, bias)
        log_p = float(row[y]) - largest
        mass = _plain_exponentiate(row, largest)
        log_mass = math.log(mass)
        log_p -= log_mass
        mean_log_p = total / size - largest - log_mass
        out_sums[0] -= (1.0 - smoothing) * log_p + smoothing * mean_log_p
        out_sums[1] += log_p
        hit = scale * (1.0 - smoothing)
        _plain_finish(row, scale / mass, scale * smoothing / size, d_bias)
        row[y] -= hit
        d_bias[y] -= hit


@njit(cache=True, nogil=True)
def target_log_probabilities(logits, bias, targets, out):
    """Write ln p of each row's target, float64; the logits are overwritten."""
    for n in range(logits.shape[0]):
        row = logits[n]
        largest, _ = _plain_add_bias(row, bias)
        log_p = float(row[targets[n]]) - largest
        out[n] = log_p - math.log(_plain_exponentiate(row, largest))


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
        largest, _ = _plain_add_bias(row, bias)
        out[n, :] = row
        log_mass = largest + math.log(_plain_exponentiate(row, largest))
        _plain_subtract(out[n], log_mass)


def _plain_add_bias(row, bias):
    """Add the bias to a row, and return the largest element and the sum of all, as float64."""
    largest, total = -np.inf, 0.0
    for v in range(row.shape[0]):
        row[v] += bias[v]
        total += row[v]
        largest = max(largest, row[v])
    return largest, total


def _plain_exponentiate(row, largest):
    """Replace a row by exp(row - largest), and return its sum as float64."""
    total = 0.0
    for v in range(row.shape[0]):
        row[v] = exp(row[v] - largest)
        total += row[v]
    return total


def _plain_finish(row, factor, share, d_bias):
    """Replace a row by factor x row - share, and add that to `d_bias`."""
    for v in range(row.shape[0]):
        row[v] = factor * row[v] - share
        d_bias[v] += row[v]


def _plain_subtract(row, amount):
    """Subtract a number from a row."""
    for v in range(row.shape[0]):
        row[v] -= amount


@njit(cache=True, nogil=True)
def _vector_add_bias(row, bias):
    """Do what `_plain_add_bias` does with explicit vectors."""
    size, first, first_bias = row.shape[0], row.ctypes.data, bias.ctypes.data
    largest, total = broadcast(_MINUS_INFINITY), 0.0
    for start in range(0, size, _BLOCK):
        part = broadcast(_ZERO)
        for v in range(start, min(start + _BLOCK, size), LANES):
            left, place = size - v, 4 * v
            x = load(first + place, left) + load(first_bias + place, left)
            store(x, first + place, left)
            part = part + keep_lanes(x, left, _ZERO)
            x = keep_lanes(x, left, _MINUS_INFINITY)
            largest = select_less(largest, x, x, largest)
        total += add_lanes(part)
    return np.float64(largest_lane(largest)), total


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
def _vector_finish(row, factor, share, d_bias):
    """Do what `_plain_finish` does with explicit vectors."""
    size, first, first_bias = row.shape[0], row.ctypes.data, d_bias.ctypes.data
    narrow_factor, narrow_share = np.float32(factor), np.float32(-share)
    for v in range(0, size, LANES):
        left, place = size - v, 4 * v
        x = fma(load(first + place, left), narrow_factor, narrow_share)
        store(x, first + place, left)
        store(load(first_bias + place, left) + x, first_bias + place, left)


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


@overload(_plain_finish)
def _choose_finish(row, factor, share, d_bias):
    return _vector_finish.py_func if row.dtype == types.float32 else _plain_finish


@overload(_plain_subtract)
def _choose_subtract(row, amount):
    return _vector_subtract.py_func if row.dtype == types.float32 else _plain_subtract
