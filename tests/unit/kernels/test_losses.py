"""Softmax and cross-entropy kernels against the twin."""

import numpy as np
import pytest

from seqtools.kernels import losses as kernel
from tests.reference import losses as twin

DTYPES = [np.float32, np.float64]
SIZES = [1, 5, 16, 37]


def make(size, dtype, rows=4):
    """Return logits, bias and targets."""
    generator = np.random.default_rng(size)
    logits = (3 * generator.standard_normal((rows, size))).astype(dtype)
    bias = generator.standard_normal(size).astype(dtype)
    return logits, bias, generator.integers(0, size, rows).astype(np.int32)


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_and_gradient_are_those_of_the_twin(smoothing, size, dtype):
    logits, bias, targets = make(size, dtype)
    d_logits, d_bias, sums = logits.copy(), np.ones_like(bias), np.zeros(2)
    kernel.cross_entropy_rows(d_logits, bias, targets, smoothing, 0.5, d_bias, sums)
    expected = 0.5 * twin.gradient(logits, bias, targets, smoothing)
    tolerance = 1e-12 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(d_logits, expected, atol=tolerance)
    np.testing.assert_allclose(d_bias, 1 + expected.sum(0), atol=4 * tolerance)
    np.testing.assert_allclose(
        sums[0], twin.losses(logits, bias, targets, smoothing).sum(), rtol=10 * tolerance,
        atol=10 * tolerance,
    )  # fmt: skip
    log_p = twin.log_softmax(logits, bias)[np.arange(len(targets)), targets]
    np.testing.assert_allclose(sums[1], log_p.sum(), atol=50 * tolerance)


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_log_probabilities_are_those_of_the_twin(size, dtype):
    logits, bias, targets = make(size, dtype)
    expected = twin.log_softmax(logits, bias)
    out, picked = np.empty_like(logits), np.empty(len(targets))
    kernel.log_softmax_rows(logits.copy(), bias, out)
    kernel.target_log_probabilities(logits.copy(), bias, targets, picked)
    tolerance = 1e-12 if dtype == np.float64 else 5e-6
    np.testing.assert_allclose(out, expected, atol=tolerance)
    np.testing.assert_allclose(picked, expected[np.arange(len(targets)), targets], atol=tolerance)


@pytest.mark.small
def test_gradient_equals_finite_differences():
    logits, bias, targets = make(5, np.float64)
    d_logits, step = logits.copy(), 1e-6
    kernel.cross_entropy_rows(d_logits, bias, targets, 0.2, 1.0, np.zeros(5), np.zeros(2))
    for place in np.ndindex(logits.shape):
        sides = []
        for sign in (1, -1):
            moved, sums = logits.copy(), np.zeros(2)
            moved[place] += sign * step
            kernel.cross_entropy_rows(moved, bias, targets, 0.2, 1.0, np.zeros(5), sums)
            sides.append(sums[0])
        assert d_logits[place] == pytest.approx((sides[0] - sides[1]) / (2 * step), abs=1e-8)


def test_large_logits_do_not_overflow_and_nan_is_seen():
    logits = np.array([[1e4, -1e4, 0.0]], np.float32)
    sums = np.zeros(2)
    targets = np.array([1], np.int32)
    bias = np.zeros(3, np.float32)
    kernel.cross_entropy_rows(logits.copy(), bias, targets, 0.0, 1.0, bias.copy(), sums)
    assert sums[0] == pytest.approx(2e4)
    logits[0, 2] = np.nan
    kernel.cross_entropy_rows(logits, bias, targets, 0.0, 1.0, bias.copy(), sums)
    assert np.isnan(sums[0])


def test_a_row_does_not_depend_on_other_rows():
    logits, bias, targets = make(1000, np.float32, rows=6)
    whole, alone = logits.copy(), logits[2:3].copy()
    kernel.cross_entropy_rows(whole, bias, targets, 0.1, 1.0, bias.copy(), np.zeros(2))
    kernel.cross_entropy_rows(alone, bias, targets[2:3], 0.1, 1.0, bias.copy(), np.zeros(2))
    np.testing.assert_array_equal(alone[0], whole[2])
