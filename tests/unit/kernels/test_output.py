"""The output layer's kernels against the twin, and what they promise about rows."""

import numpy as np
import pytest

from seqtools.kernels import output as kernel
from seqtools.kernels.product import PANEL, new_packed
from seqtools.kernels.vector_code import LANES
from tests.reference import losses as twin

DTYPES = [np.float32, np.float64]
# Rows, width, symbols.
SHAPES = [(1, 1, 1), (3, 2, 5), (2, 3, kernel.TILE + 3), (LANES, 4, 2 * kernel.TILE)]


def make(shape, dtype):
    """Return hidden rows, weights, bias and targets."""
    num_rows, width, size = shape
    generator = np.random.default_rng(shape)
    x = generator.standard_normal((num_rows, width)).astype(dtype)
    weights = (2 * generator.standard_normal((size, width))).astype(dtype)
    bias = generator.standard_normal(size).astype(dtype)
    return x, weights, bias, generator.integers(0, size, num_rows).astype(np.int32)


def garbage(dtype, *shape):
    """Return scratch whose content must not matter."""
    return np.full(shape, np.nan, dtype)


def train(x, weights, bias, targets, smoothing=0.0, scale=1.0):
    """Return the gradients of weights, bias and x, and the two sums."""
    (num_rows, width), size, dtype = x.shape, len(weights), x.dtype.type
    columns = -(-num_rows // LANES) * LANES
    d_weights, d_bias = np.ones_like(weights), np.ones_like(bias)
    d_x, sums = garbage(dtype, *x.shape), np.zeros(2)
    kernel.train_rows(
        x, weights, bias, targets, smoothing, scale,
        new_packed(width, num_rows, dtype), new_packed(num_rows, width, dtype),
        garbage(dtype, -(-num_rows // PANEL) * kernel.TILE * PANEL),
        garbage(dtype, size, columns), garbage(dtype, -(-size // kernel.TILE), columns),
        garbage(dtype, 3, columns), garbage(np.float64, 2, columns),
        garbage(dtype, width, columns), d_weights, d_bias, d_x, sums,
    )  # fmt: skip
    return d_weights - 1, d_bias - 1, d_x, sums


def score(x, weights, bias, targets):
    """Return ln p of the targets."""
    (num_rows, width), dtype = x.shape, x.dtype.type
    columns, out = -(-num_rows // LANES) * LANES, np.zeros(num_rows)
    kernel.score_rows(
        x, weights, bias, targets, new_packed(width, num_rows, dtype),
        garbage(dtype, kernel.TILE, columns), garbage(dtype, columns), garbage(dtype, columns),
        garbage(np.float64, 2, columns), out,
    )  # fmt: skip
    return out


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_losses_and_gradients_are_those_of_the_twin(smoothing, shape, dtype):
    x, weights, bias, targets = make(shape, dtype)
    d_weights, d_bias, d_x, sums = train(x, weights, bias, targets, smoothing, 0.5)
    wide_x, wide_weights = x.astype(np.float64), weights.astype(np.float64)
    logits = wide_x @ wide_weights.T
    d_logits = 0.5 * twin.gradient(logits, bias, targets, smoothing)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(d_weights, d_logits.T @ wide_x, atol=tolerance)
    np.testing.assert_allclose(d_bias, d_logits.sum(0), atol=tolerance)
    np.testing.assert_allclose(d_x, d_logits @ wide_weights, atol=tolerance)
    expected = twin.losses(logits, bias, targets, smoothing).sum()
    np.testing.assert_allclose(sums[0], expected, rtol=tolerance, atol=tolerance)
    log_p = twin.log_softmax(logits, bias)[np.arange(len(targets)), targets]
    np.testing.assert_allclose(sums[1], log_p.sum(), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(
        score(x, weights, bias, targets), log_p, rtol=tolerance, atol=tolerance
    )


@pytest.mark.small
def test_gradient_equals_finite_differences():
    x, weights, bias, targets = make((3, 2, 5), np.float64)
    *slopes, _ = train(x, weights, bias, targets, 0.2)
    step = 1e-6
    for array, slope in zip((weights, bias, x), slopes, strict=True):
        for place in np.ndindex(array.shape):
            sides, value = [], array[place]
            for moved in (value + step, value - step):
                array[place] = moved
                sides.append(train(x, weights, bias, targets, 0.2)[-1][0])
            array[place] = value
            assert slope[place] == pytest.approx((sides[0] - sides[1]) / (2 * step), abs=1e-8)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_does_not_depend_on_the_rows_beside_it(dtype):
    x, weights, bias, targets = make((2 * PANEL + 5, 7, kernel.TILE + 30), dtype)
    d_x, scores = train(x, weights, bias, targets)[2], score(x, weights, bias, targets)
    for part in (slice(0, 1), slice(3, 20), slice(PANEL - 1, None)):
        alone = train(x[part], weights, bias, targets[part])[2]
        np.testing.assert_array_equal(alone, d_x[part])
        np.testing.assert_array_equal(score(x[part], weights, bias, targets[part]), scores[part])


def test_large_logits_do_not_overflow_wherever_they_stand():
    size = kernel.TILE + 2
    for place in (0, size - 1):
        weights, bias = np.zeros((size, 1), np.float32), np.zeros(size, np.float32)
        weights[place], weights[1] = 1e4, -1e4
        x, targets = np.ones((1, 1), np.float32), np.array([1], np.int32)
        d_weights, _, _, sums = train(x, weights, bias, targets)
        assert sums[0] == pytest.approx(2e4)
        expected = np.zeros((size, 1))
        expected[place], expected[1] = 1, -1
        np.testing.assert_allclose(d_weights, expected, atol=1e-6)


def test_nan_reaches_the_loss():
    x, weights, bias, targets = make((2, 3, 9), np.float32)
    weights[4, 1] = np.nan
    assert np.isnan(train(x, weights, bias, targets)[-1]).all()
