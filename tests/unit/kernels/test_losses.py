"""The softmax kernel against the twin."""

import numpy as np
import pytest

from seqtools.kernels import losses as kernel
from tests.reference import losses as twin

DTYPES = [np.float32, np.float64]
SIZES = [1, 5, 16, 37]


def make(size, dtype, rows=4):
    """Return logits and bias."""
    generator = np.random.default_rng(size)
    logits = (3 * generator.standard_normal((rows, size))).astype(dtype)
    bias = generator.standard_normal(size).astype(dtype)
    return logits, bias


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_log_probabilities_are_those_of_the_twin(size, dtype):
    logits, bias = make(size, dtype)
    out = np.empty_like(logits)
    kernel.log_softmax_rows(logits.copy(), bias, out)
    tolerance = 1e-12 if dtype == np.float64 else 5e-6
    np.testing.assert_allclose(out, twin.log_softmax(logits, bias), atol=tolerance)


def test_large_logits_do_not_overflow_and_nan_is_seen():
    logits = np.array([[1e4, -1e4, 0.0], [1.0, 2.0, np.nan]], np.float32)
    out = np.empty_like(logits)
    kernel.log_softmax_rows(logits, np.zeros(3, np.float32), out)
    np.testing.assert_array_equal(out[0], [0, -2e4, -1e4])
    assert np.isnan(out[1]).all()


def test_a_row_does_not_depend_on_the_rows_beside_it():
    logits, bias = make(37, np.float32)
    whole, alone = np.empty_like(logits), np.empty_like(logits[2:3])
    kernel.log_softmax_rows(logits[2:3].copy(), bias, alone)
    kernel.log_softmax_rows(logits.copy(), bias, whole)
    np.testing.assert_array_equal(alone[0], whole[2])
