"""Exponentials of logits, less the largest of each frame: a softmax before its division."""

import numpy as np
from numba import njit

from seqtools.kernels.activations import exp
from seqtools.kernels.tile import base_of, prefetch

_SIGN_SHIFT, _ALL_BUT_SIGN = np.int32(31), np.int32(2**31 - 1)
_ZERO = np.float32(0)
# Frames of an utterance lie far apart, so the processor does not foresee the next: fetching it
# ahead takes 15 to 40% off the whole kernel.
FRAMES_AHEAD = 8
LINE_FLOATS = 16
_LEAST = np.int32(-(2**31))


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
def exponentials(x, b, length, bits, floats, rest_flat, rest, out_flat, out_y, out_normalizers):
    """Write e^(x - max x) of the frames of an utterance, and their sums.

    Parameters
    ----------
    x : float32 or float64 array, shape (T, B, V), C-contiguous
    b, length : int64
        The utterance and its frames.
    bits, floats : int32 and float32 arrays of the same memory, shape (1,)
        Scratch.
    rest_flat, rest : arrays like `x` of the same memory, shapes (at least T V,) and (T, V)
        Scratch: what rounding took from the differences.
    out_flat, out_y : arrays like `x` of the same memory, shapes (at least T V,) and (T, V)
    out_normalizers : float64 array, shape (T,)
    """
    # Frames are short, and a vectorised loop leaves a rest of each: the exponentials of the whole
    # utterance are one loop, in about half the time.
    number = np.uint64(length * x.shape[2])
    if x.itemsize == 4:
        _subtract_largest_fast(x, x.view(np.int32), b, length, bits, floats, rest, out_y)
        for j in range(number):
            y = exp(out_flat[j])
            out_flat[j] = y + y * rest_flat[j]
    else:
        _subtract_largest(x, b, length, out_y)
        for j in range(number):
            out_flat[j] = exp(out_flat[j])
    _sum_rows(out_y, length, out_normalizers)


@njit(cache=True, nogil=True)
def _subtract_largest(x, b, length, out_y):
    """Write the logits less the largest of their frame."""
    for t in range(length):
        largest = x[t, b, 0]
        for k in range(1, x.shape[2]):
            largest = max(largest, x[t, b, k])
        for k in range(x.shape[2]):
            out_y[t, k] = x[t, b, k] - largest


# The compiler makes vector instructions of the maximum of integers, but not of floats: 10 rather
# than 56 ns for 100 symbols. Bits of floats are in their order when those of negatives are flipped.
# A difference may be wrong by 2.4e-7, which many frames add up: what rounding took is kept (Knuth's
# exact sum) and given back after the exponential, which halves the error of the gradient or better.
@njit(cache=True, nogil=True)
def _subtract_largest_fast(x, x_bits, b, length, bits, floats, out_rest, out_y):
    """Write float32 logits less the largest of their frame; `floats` are `bits` seen so."""
    num_bytes = x.itemsize * x.shape[2]
    base, step = base_of(x) + b * num_bytes, x.shape[1] * num_bytes
    for t in range(length):
        prefetch(base + (t + FRAMES_AHEAD) * step, x.shape[2] + LINE_FLOATS - 1)
        largest = _LEAST
        for k in range(np.uint64(x.shape[2])):
            key = x_bits[t, b, k]
            key = np.int32(key ^ (np.int32(key >> _SIGN_SHIFT) & _ALL_BUT_SIGN))
            largest = max(largest, key)
        bits[0] = largest ^ (np.int32(largest >> _SIGN_SHIFT) & _ALL_BUT_SIGN)
        subtracted = -floats[0]
        for k in range(np.uint64(x.shape[2])):
            number = x[t, b, k]
            difference = number + subtracted
            share = difference - number
            rest = (number - (difference - share)) + (subtracted - share)
            out_y[t, k] = difference
            # Minus infinity leaves NaN; its exponential is 0 without help.
            out_rest[t, k] = rest if rest == rest else _ZERO


@njit(cache=True, nogil=True, fastmath={"reassoc", "nsz"})
def _sum_rows(y, length, out_sums):
    """Write the sum of each frame."""
    for t in range(length):
        total = 0.0
        for k in range(np.uint64(y.shape[1])):
            total += y[t, k]
        out_sums[t] = total
