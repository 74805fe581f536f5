"""Rows looked up and added to, and dropout of elements, against NumPy."""

import numpy as np
import pytest

from seqtools.kernels.dropout import drop_elements
from seqtools.kernels.rows import add_rows, gather_rows
from tests.reference.splitmix import GAMMA, MASK, SplitMix


@pytest.mark.small
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_gathered_and_added(dtype):
    table = np.arange(12, dtype=dtype).reshape(4, 3)
    ids = np.array([2, 0, 2], np.int32)
    out = np.empty((3, 3), dtype)
    gather_rows(table, ids, out)
    np.testing.assert_array_equal(out, table[ids])
    total = np.zeros_like(table)
    add_rows(out, ids, total)
    expected = np.zeros_like(table)
    np.add.at(expected, ids, out)
    np.testing.assert_array_equal(total, expected)


@pytest.mark.small
@pytest.mark.parametrize("period", [12, 4])
def test_elements_are_dropped_by_the_random_numbers_of_their_places(period):
    starts = [(5 + (place - 1) * GAMMA) & MASK for place in range(period)]
    draws = [SplitMix(start).bits() >> 32 for start in starts]
    kept = np.array([draw >= 0.5 * 2**32 for draw in draws] * (12 // period))
    out = np.empty(12)
    with np.errstate(over="ignore"):
        drop_elements(np.ones(12), np.uint64(5), 0.5, period, out)
    np.testing.assert_array_equal(out, np.where(kept, 2.0, 0.0))
