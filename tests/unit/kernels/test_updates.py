"""Optimiser kernels against the twin, and the laws that threads and clipping rest on."""

import numpy as np
import pytest

from seqtools.kernels import updates as kernel
from tests.reference import updates as twin

DTYPES = [np.float32, np.float64]
DECAYS = [0.0, 0.3]


def make(dtype, size=37):
    """Return gradient, values and two states that could be met in training."""
    generator = np.random.default_rng(size)
    gradient, values, means = generator.standard_normal((3, size)).astype(dtype)
    return gradient, values, means, generator.random(size).astype(dtype)


def scalars(dtype, *numbers):
    return [dtype(number) for number in numbers]


def close(actual, expected):
    tolerance = 1e-12 if actual.dtype == np.float64 else 1e-5
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def doubled(*arrays):
    return [array.astype(np.float64) for array in arrays]


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("decay", DECAYS)
def test_sgd_is_that_of_the_twin(dtype, decay):
    gradient, values, _, _ = make(dtype)
    expected = twin.sgd(0.5 * gradient.astype(float), values.astype(float), 0.1, decay)
    kernel.sgd(gradient, *scalars(dtype, 0.5, 0.1, decay), values)
    close(values, expected)


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("decay", DECAYS)
@pytest.mark.parametrize("is_nesterov", [False, True])
def test_momentum_is_that_of_the_twin(dtype, decay, is_nesterov):
    gradient, values, velocity, _ = make(dtype)
    expected = twin.momentum(
        0.5 * gradient.astype(float), *doubled(values, velocity), 0.1, 0.9, decay, is_nesterov
    )
    step = kernel.nesterov if is_nesterov else kernel.momentum
    step(gradient, *scalars(dtype, 0.5, 0.1, decay, 0.9), values, velocity)
    close(values, expected[0])
    close(velocity, expected[1])


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("decay", DECAYS)
def test_adagrad_is_that_of_the_twin(dtype, decay):
    gradient, values, _, squares = make(dtype)
    expected = twin.adagrad(
        0.5 * gradient.astype(float), *doubled(values, squares), 0.1, 1e-3, decay
    )
    kernel.adagrad(gradient, *scalars(dtype, 0.5, 0.1, decay, 1e-3), values, squares)
    close(values, expected[0])
    close(squares, expected[1])


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("decay", DECAYS)
def test_rmsprop_is_that_of_the_twin(dtype, decay):
    gradient, values, _, squares = make(dtype)
    expected = twin.rmsprop(
        0.5 * gradient.astype(float), *doubled(values, squares), 0.1, 0.9, 1e-3, decay
    )
    kernel.rmsprop(gradient, *scalars(dtype, 0.5, 0.1, decay, 0.9, 0.1, 1e-3), values, squares)
    close(values, expected[0])
    close(squares, expected[1])


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("decay", "decoupled"), [(0, 0), (0.3, 0), (0, 0.3)])
def test_adam_is_that_of_the_twin(dtype, decay, decoupled):
    gradient, values, means, squares = make(dtype)
    expected = twin.adam(
        0.5 * gradient.astype(float), *doubled(values, means, squares),
        3, 0.1, (0.9, 0.99), 1e-3, decay, decoupled,
    )  # fmt: skip
    rate, root = 0.1 / (1 - 0.9**3), np.sqrt(1 - 0.99**3)
    numbers = (0.5, rate, root, decay, 1 - 0.1 * decoupled, 0.9, 0.1, 0.99, 0.01, 1e-3)
    kernel.adam(gradient, *scalars(dtype, *numbers), values, means, squares)
    for actual, wanted in zip((values, means, squares), expected, strict=True):
        close(actual, wanted)


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
def test_average_is_that_of_the_twin(dtype):
    values, average, _, _ = make(dtype)
    expected = twin.move_average(*doubled(values, average), 0.8)
    kernel.move_average(values, *scalars(dtype, 0.8, 0.2), average)
    close(average, expected)


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
def test_added_gradients_are_cleared(dtype):
    gradient, total, _, _ = make(dtype)
    expected = total + gradient
    kernel.add_gradient(gradient, total)
    np.testing.assert_array_equal(total, expected)
    assert not gradient.any()


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [0, 1, 5, kernel.BLOCK + 3])
def test_squared_norm_is_that_of_the_twin(dtype, size):
    values = make(dtype, size)[0]
    sums = np.zeros(-(-size // kernel.BLOCK))
    kernel.squared_sums(values, sums)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    assert sums.sum() == pytest.approx(twin.squared_norm(values), rel=tolerance)


def test_squared_norm_sees_what_is_not_finite():
    for bad in (np.nan, np.inf):
        values = np.ones(3 * kernel.BLOCK, np.float32)
        values[kernel.BLOCK + 1] = bad
        sums = np.zeros(3)
        kernel.squared_sums(values, sums)
        assert not np.isfinite(sums.sum())


@pytest.mark.parametrize("cut", [1, 16, 1000, 4097])
def test_steps_are_the_same_bytes_wherever_a_vector_is_cut(cut):
    gradient, values, means, squares = make(np.float32, 9000)
    numbers = scalars(np.float32, 0.7, 0.1, 0.4, 0.01, 0.99, 0.9, 0.1, 0.99, 0.01, 1e-8)
    whole = [values.copy(), means.copy(), squares.copy()]
    kernel.adam(gradient, *numbers, *whole)
    for part in (slice(0, cut), slice(cut, None)):
        kernel.adam(gradient[part], *numbers, values[part], means[part], squares[part])
    for actual, expected in zip((values, means, squares), whole, strict=True):
        np.testing.assert_array_equal(actual, expected)
