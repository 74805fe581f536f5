"""Activation functions that kernels inline: exp, sigmoid and tanh.

Each takes a float64, a float32, or a vector of floats (``vector_numbers``), and returns the same
kind. float64 is exact to rounding, for checks of gradients. float32 is a polynomial, the same for
scalars and vectors, because calls of the C library cannot be made for 16 lanes at once: within
2e-7 of the exact value relative to it, for tanh and exp everywhere, for sigmoid above exp(-86).

exp reduces x = n ln 2 + r with |r| <= ln 2 / 2 and n found by adding 1.5 * 2**23, which leaves n in
the last bits of the sum (Cody and Waite 1980, chapter 6). exp(r) = 1 + r + r**2 q(r) with a q of
degree 4 whose largest error of exp(r) - 1, relative, is 1.4e-8 (a weighted least-squares fit of
ours after Lawson). NaN stays NaN, so that training notices it.
"""

import numpy as np
from numba import njit, types
from numba.extending import overload, register_jitable

from seqtools.kernels.vector_numbers import fma, half_power, is_vector, select_less

_INVERSE_LOG_2 = np.float32(1.4426950408889634)
_SHIFT = np.float32(1.5 * 2**23)
# ln 2 in two parts, the first with so few bits that its product with n is exact.
_LOG_2_HIGH, _LOG_2_LOW = np.float32(-0.693359375), np.float32(2.12194440e-4)
_Q0, _Q1, _Q2, _Q3, _Q4 = (
    np.float32(q)
    for q in (0.5000000062, 0.1666654299, 0.04166628202, 0.008366583961, 0.001394645061)
)
# Below, exp is 0: its value would be less than 2e-38. Above, float32 has no number for it.
_LOWEST, _HIGHEST = np.float32(-86.6), np.float32(88.72283)
# From here on tanh is 1 in float32.
_FLAT = np.float32(9.5)
_ZERO, _HALF, _ONE, _TWO, _INFINITY = (np.float32(x) for x in (0.0, 0.5, 1.0, 2.0, np.inf))


@njit(cache=True, nogil=True, forceinline=True)
def exp(x):
    """Return e**x; infinity where it is too large, 0 for minus infinity."""
    return _plain_exp(x)


@njit(cache=True, nogil=True, forceinline=True)
def sigmoid(x):
    """Return 1 / (1 + exp(-x))."""
    return _plain_sigmoid(x)


@njit(cache=True, nogil=True, forceinline=True)
def tanh(x):
    """Return the hyperbolic tangent."""
    return _plain_tanh(x)


def _plain_exp(x):
    """Return e**x by the C library."""
    return _plain_shifted_exp(x, 0)


@register_jitable
def _plain_shifted_exp(x, half_shift):
    """Return e**x - 2 half_shift by the C library."""
    return np.exp(x) - 2 * half_shift


def _plain_sigmoid(x):
    """Return the logistic function without overflow on either side."""
    e = np.exp(-abs(x))
    return (e if x < 0 else 1) / (1 + e)


def _plain_tanh(x):
    """Return the hyperbolic tangent by the C library."""
    return np.tanh(x)


@njit(cache=True, nogil=True, forceinline=True)
def _vector_shifted_exp(x, half_shift):
    """Return e**x - 2 half_shift by the polynomial, for x that is not too large."""
    shifted = fma(x, _INVERSE_LOG_2, _SHIFT)
    n = shifted - _SHIFT
    r = fma(n, _LOG_2_LOW, fma(n, _LOG_2_HIGH, x))
    q = fma(fma(fma(fma(r, _Q4, _Q3), r, _Q2), r, _Q1), r, _Q0)
    half = half_power(shifted)
    y = fma(fma(q * r, r, r), half, half - half_shift)
    return y + y


@njit(cache=True, nogil=True, forceinline=True)
def _vector_exp(x):
    """Return e**x by the polynomial."""
    y = select_less(x, _LOWEST, _ZERO, _vector_shifted_exp(x, _ZERO))
    return select_less(_HIGHEST, x, _INFINITY, y)


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy")
def _vector_sigmoid(x):
    """Return the logistic function by the polynomial."""
    return _ONE / (_ONE + _vector_exp(_ZERO - x))


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy")
def _vector_tanh(x):
    """Return e / (e + 2) with e = exp(2 x) - 1, whose small values keep all their digits."""
    x = select_less(x, -_FLAT, -_FLAT, select_less(_FLAT, x, _FLAT, x))
    e = _vector_shifted_exp(x + x, _HALF)
    return e / (e + _TWO)


def _choose(plain, vector):
    """Let compiled code take the polynomial for float32 and vectors."""

    def call_vector(x):
        return vector(x)

    @overload(plain)
    def choice(x):
        return call_vector if is_vector(x) or x == types.float32 else plain


for _plain, _vector in (
    (_plain_exp, _vector_exp),
    (_plain_sigmoid, _vector_sigmoid),
    (_plain_tanh, _vector_tanh),
):
    _choose(_plain, _vector)
