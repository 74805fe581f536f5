"""Activation functions against float64 over the whole range, and the edges."""

import numpy as np
import pytest
from numba import njit

from seqtools.kernels.activations import exp, sigmoid, tanh
from seqtools.kernels.vector_numbers import (
    LANES,
    add_lanes,
    broadcast,
    keep_lanes,
    largest_lane,
    load,
    store,
)

EXACT = {
    exp: np.exp,
    sigmoid: lambda x: np.exp(-np.logaddexp(0, -x)),
    tanh: np.tanh,
}
FUNCTIONS = list(EXACT)


@njit
def _apply(function, x, out):
    for index in range(x.shape[0]):
        out[index] = function(x[index])


@njit
def _apply_vectors(function, x, out):
    source, target = np.int64(x.ctypes.data), np.int64(out.ctypes.data)
    for index in range(0, x.shape[0], LANES):
        left = x.shape[0] - index
        store(function(load(source + 4 * index, left)), target + 4 * index, left)


@njit
def _reduce(x, out):
    values = load(np.int64(x.ctypes.data), x.shape[0])
    out[0] = add_lanes(values)
    out[1] = largest_lane(keep_lanes(values, x.shape[0], np.float32(-np.inf)))
    out[2] = add_lanes(broadcast(x[0]) - values / values)


def everywhere():
    """Return float32 over the whole range and close to zero."""
    generator = np.random.default_rng(1)
    near = generator.standard_normal(20_000) * 10.0 ** generator.uniform(-9, 1, 20_000)
    return np.concatenate([np.linspace(-100, 100, 200_001), near]).astype(np.float32)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_float32_is_within_2e7_of_the_exact_value(function):
    x = everywhere()
    out = np.empty_like(x)
    _apply(function, x, out)
    with np.errstate(over="ignore"):
        exact = EXACT[function](x.astype(np.float64))
    is_normal = (x > -86) & (x < 88.7)
    np.testing.assert_allclose(out[is_normal], exact[is_normal], rtol=2e-7)
    below, above = x <= -86, x >= 88.73
    np.testing.assert_allclose(out[below], exact[below], atol=1e-37)
    np.testing.assert_array_equal(out[above], np.inf if function is exp else 1)


@pytest.mark.small
@pytest.mark.parametrize("function", FUNCTIONS)
def test_float64_is_exact_to_rounding(function):
    x = np.linspace(-40, 40, 33)
    out = np.empty_like(x)
    _apply(function, x, out)
    np.testing.assert_allclose(out, EXACT[function](x), rtol=1e-14)


@pytest.mark.small
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_infinities_have_their_limits_and_nan_stays(dtype):
    x = np.array([-np.inf, 0, np.inf, np.nan], dtype)
    out = np.empty_like(x)
    for function, limits in ((exp, (0, 1, np.inf)), (sigmoid, (0, 0.5, 1)), (tanh, (-1, 0, 1))):
        _apply(function, x, out)
        np.testing.assert_array_equal(out, [*limits, np.nan])


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("length", [1, LANES - 1, LANES, LANES + 1, 1000])
def test_vectors_and_scalars_give_the_same_bits_wherever_they_stand(function, length):
    x = np.random.default_rng(length).normal(0, 30, length + 9).astype(np.float32)
    x[:4] = -np.inf, np.inf, np.nan, 0
    one_by_one, out = np.empty_like(x), np.full_like(x, 7)
    _apply(function, x, one_by_one)
    _apply_vectors(function, x[:length], out[3 : 3 + length])
    np.testing.assert_array_equal(out[3 : 3 + length], one_by_one[:length])
    assert (out[:3] == 7).all()
    assert (out[3 + length :] == 7).all()


@pytest.mark.parametrize("length", [1, LANES - 1, LANES])
def test_lanes_are_summed_and_compared(length):
    x = -np.abs(np.random.default_rng(1).standard_normal(length)).astype(np.float32)
    out = np.zeros(3)
    _reduce(x, out)
    np.testing.assert_allclose(out[0], x.astype(np.float64).sum(), rtol=1e-12)
    assert out[1] == x.max()
    if length == LANES:
        np.testing.assert_allclose(out[2], LANES * (x[0] - np.float32(1)), rtol=1e-6)
