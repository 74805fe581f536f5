"""Packed matrix products against the twin, and the laws that recurrent models rest on."""

import numpy as np
import pytest

from seqtools.kernels.product import (
    PANEL,
    new_packed,
    pack,
    pack_transposed,
    plain_product,
    product,
)
from tests.reference import product as twin

SHAPES = [(1, 1, 1), (3, 7, 5), (9, 2, PANEL), (13, 4, PANEL + 3), (8, 3, 2 * PANEL - 1)]
DTYPES = [np.float32, np.float64]


def make(rows, steps, columns, dtype):
    """Return two matrices and the second one packed."""
    generator = np.random.default_rng([rows, steps, columns])
    a = generator.standard_normal((rows, steps)).astype(dtype)
    b = generator.standard_normal((steps, columns)).astype(dtype)
    packed = new_packed(steps, columns, dtype)
    pack(b, packed)
    return a, b, packed


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_product_is_that_of_the_twin(shape, dtype):
    a, b, packed = make(*shape, dtype)
    out = np.full((a.shape[0], b.shape[1]), 7, dtype)
    product(a, packed, 0, out)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(out, twin.product(a, b), rtol=tolerance, atol=tolerance)
    product(a, packed, 1, out)
    expected = twin.product(a, b, twin.product(a, b))
    np.testing.assert_allclose(out, expected, rtol=tolerance, atol=2 * tolerance)


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
def test_transposed_matrix_is_packed_like_the_matrix(dtype):
    _, b, packed = make(2, 19, PANEL + 5, dtype)
    again = np.ones_like(packed)
    pack_transposed(np.ascontiguousarray(b.T), again)
    np.testing.assert_array_equal(again, packed)


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
def test_transposed_rows_and_parts_of_wider_rows_are_allowed(dtype):
    a, b, packed = make(6, 5, 9, dtype)
    wide = np.full((6, 14), 3, dtype)
    product(np.ascontiguousarray(a.T).T, packed, 0, wide[:, 2:11])
    np.testing.assert_allclose(wide[:, 2:11], twin.product(a, b), rtol=1e-5, atol=1e-5)
    assert (wide[:, :2] == 3).all()
    assert (wide[:, 11:] == 3).all()


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(0, 3, 4), (3, 0, 4)])
def test_empty_sums_are_zero_and_empty_results_are_left_alone(shape, dtype):
    a, _, packed = make(*shape, dtype)
    out = np.full((shape[0], 4), 5, dtype)
    product(a, packed, 1, out)
    assert (out == 5).all()
    product(a, packed, 0, out)
    assert (out == 0).all()


@pytest.mark.parametrize("columns", [1, 16, 17, 33, PANEL, PANEL + 1, 3 * PANEL])
@pytest.mark.parametrize("steps", [1, 256, 257, 600])
def test_large_products_equal_numpy(steps, columns):
    a, b, packed = make(21, steps, columns, np.float32)
    out = np.zeros((21, columns), np.float32)
    product(a, packed, 0, out)
    np.testing.assert_allclose(out, a.astype(float) @ b.astype(float), rtol=1e-4, atol=1e-4)


def test_rows_do_not_depend_on_the_rows_beside_them():
    a, _, packed = make(40, 300, 2 * PANEL + 7, np.float32)
    whole = np.zeros((40, 2 * PANEL + 7), np.float32)
    product(a, packed, 0, whole)
    for first, stop in [(0, 1), (1, 4), (4, 11), (11, 40)]:
        part = np.zeros((stop - first, whole.shape[1]), np.float32)
        product(a[first:stop], packed, 0, part)
        np.testing.assert_array_equal(part, whole[first:stop])


def test_plain_loops_do_the_same_in_float32():
    a, _, packed = make(11, 50, PANEL + 20, np.float32)
    fast, plain = np.zeros((2, 11, PANEL + 20), np.float32)
    product(a, packed, 0, fast)
    plain_product(a, packed, 0, plain)
    np.testing.assert_allclose(fast, plain, rtol=1e-5, atol=1e-5)
