"""Exponentials of logits, less the largest of each frame: a softmax before its division."""

import numpy as np
from numba import njit

from seqtools.kernels.ctc_scratch import CHUNK

_ONE_OVER_LN_2 = np.float32(1.44269504)
# ln 2 in two parts, the first exact in few bits: n times it has no rounding error.
_LN_2_HIGH = np.float32(0.693359375)
_LN_2_LOW = np.float32(-2.12194440e-4)
_SMALLEST = np.float32(-87.0)
_EXPONENT_BIAS, _MANTISSA_BITS = np.int32(127), np.int32(23)
_SIGN_SHIFT, _ALL_BUT_SIGN = np.int32(31), np.int32(2**31 - 1)
_LEAST = np.int32(-(2**31))
_HALF, _ONE = np.float32(0.5), np.float32(1.0)
# Minimax polynomial of (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2.
_C0 = np.float32(5.0000001201e-1)
_C1 = np.float32(1.6666665459e-1)
_C2 = np.float32(4.1665795894e-2)
_C3 = np.float32(8.3334519073e-3)
_C4 = np.float32(1.3981999507e-3)
_C5 = np.float32(1.9875691500e-4)


# Frames are short and the vectorised loop leaves a rest of each, so the polynomial runs over the
# whole utterance at once: 37 rather than 67 ns a frame of 32 symbols.
_ZERO, _STEP = np.uint64(0), np.uint64(CHUNK)


@njit(cache=True, nogil=True)
def exponentials(x, b, length, bits, powers, out_flat, out_y, out_normalizers):
    """Write e^(x - max x) of the frames of an utterance, and their sums.

    A float32 row goes through a polynomial that the compiler turns into vector instructions:
    relative error below 1.2e-7, and 1.6e-38 for everything more than 87 below the largest. A
    float64 row is exact.

    Parameters
    ----------
    x : float32 or float64 array, shape (T, B, V)
    b, length : int64
        The utterance and its frames.
    bits, powers : int32 and float32 arrays of the same memory, shape (CHUNK,)
        Scratch.
    out_flat, out_y : arrays like `x` of the same memory, shapes (at least T V,) and (T, V)
    out_normalizers : float64 array, shape (T,)
    """
    if x.itemsize == 4:
        _subtract_largest_fast(x, x.view(np.int32), b, length, bits, powers, out_y)
        _exponentiate_fast(length * x.shape[2], bits, powers, out_flat)
    else:
        _subtract_largest(x, b, length, out_y)
        for j in range(length * x.shape[2]):
            out_flat[j] = np.exp(out_flat[j])
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
@njit(cache=True, nogil=True)
def _subtract_largest_fast(x, x_bits, b, length, bits, powers, out_y):
    """Write float32 logits less the largest of their frame; `powers` are `bits` seen as floats."""
    for t in range(length):
        largest = _LEAST
        for k in range(np.uint64(x.shape[2])):
            key = x_bits[t, b, k]
            key = np.int32(key ^ (np.int32(key >> _SIGN_SHIFT) & _ALL_BUT_SIGN))
            largest = max(largest, key)
        bits[0] = largest ^ (np.int32(largest >> _SIGN_SHIFT) & _ALL_BUT_SIGN)
        number = powers[0]
        for k in range(np.uint64(x.shape[2])):
            out_y[t, k] = x[t, b, k] - number


# No "reassoc": it would join the two parts of ln 2 again.
@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
def _exponentiate_fast(number, bits, powers, y):
    """Replace the first numbers of a float32 array by their exponentials; none is above 0."""
    for start in range(_ZERO, np.uint64(number), _STEP):
        size = min(_STEP, np.uint64(number) - start)
        for j in range(size):
            z = np.float32(y[start + j])
            z = max(z, _SMALLEST)  # a NaN stays
            n = np.floor(z * _ONE_OVER_LN_2 + _HALF)
            r = (z - n * _LN_2_HIGH) - n * _LN_2_LOW
            p = ((((_C5 * r + _C4) * r + _C3) * r + _C2) * r + _C1) * r + _C0
            y[start + j] = p * (r * r) + r + _ONE
            bits[j] = (np.int32(n) + _EXPONENT_BIAS) << _MANTISSA_BITS
        for j in range(size):
            y[start + j] *= powers[j]


@njit(cache=True, nogil=True, fastmath={"reassoc", "nsz"})
def _sum_rows(y, length, out_sums):
    """Write the sum of each frame."""
    for t in range(length):
        total = 0.0
        for k in range(np.uint64(y.shape[1])):
            total += y[t, k]
        out_sums[t] = total
