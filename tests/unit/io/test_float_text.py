"""Text of float32 numbers equals NumPy's shortest text, number by number."""

import numpy as np
import pytest

from seqtools.io.float_text import format_rows


def _check(rows):
    lines = format_rows(rows)
    assert len(lines) == len(rows)
    expected = [" ".join(map(str, row)).encode() for row in rows]
    for line, text, row in zip(lines, expected, rows, strict=True):
        if line != text:  # 0.0001 is the one number that NumPy writes as 1e-04
            assert line.replace(b"0.0001 ", b"1e-04 ").rstrip() == text, row
    back = np.array([[float(field) for field in line.split()] for line in lines])
    assert (back.astype(np.float32).view(np.uint32) == rows.view(np.uint32)).all()


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 0.1, 1.0, 30.0, 1e4, 1e12])
def test_normal_numbers_of_any_scale_are_written_as_short_as_possible(scale):
    rng = np.random.default_rng(5)
    _check((rng.standard_normal((200, 23)) * scale).astype(np.float32))


def test_all_bit_patterns_read_back_the_same():
    bits = np.random.default_rng(6).integers(0, 2**32, (300, 17), dtype=np.uint32)
    rows = bits.view(np.float32).copy()
    rows[~np.isfinite(rows)] = 0.5
    _check(rows)


def test_numbers_around_powers_of_two_and_ten_read_back_the_same():
    edges = np.array([2.0**e for e in range(-20, 20)] + [10.0**e for e in range(-8, 9)], np.float32)
    around = [edges, np.nextafter(edges, np.float32(0)), np.nextafter(edges, np.float32(np.inf))]
    rows = np.concatenate([*around, *(-edge for edge in around)])[:, None]
    back = [float(line) for line in format_rows(rows)]
    assert (np.array(back).astype(np.float32) == rows[:, 0]).all()


def test_zeros_keep_their_sign():
    assert format_rows(np.array([[0.0, -0.0, 1.0]], np.float32)) == [b"0.0 -0.0 1.0"]


def test_rows_of_many_blocks_stay_in_order():
    rows = np.arange(70_000, dtype=np.float32).reshape(-1, 2) / 8
    lines = format_rows(rows)
    assert lines[-1] == b"8749.75 8749.875"
    assert len(lines) == 35_000


def test_strided_and_transposed_arrays_are_written_by_row():
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert format_rows(matrix.T)[1] == b"1.0 5.0 9.0"
    assert format_rows(matrix[::2, ::2]) == [b"0.0 2.0", b"8.0 10.0"]
