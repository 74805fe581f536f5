"""Matrix products of rows with a packed matrix.

The second matrix of a product is packed once, into panels of PANEL columns that lie step after step
as the product reads them, and then serves many products: the recurrent weights of a layer are
packed once for all time steps of a batch. At 8 to 64 rows this is 1.5 to 3 times as fast as
OpenBLAS and level with MKL (benchmarks/products.py), and unlike them a row's result does not
depend on the rows beside it: every element is one sum over k in order, in any batch, on any number
of threads. So padding, batch composition and sharding cannot change a result.

float32 uses explicit vectors (``vector_product``), float64, which gradients are checked in, plain
loops over the same layout. Block sizes follow Goto and van de Geijn 2008, "Anatomy of
high-performance matrix multiplication", section 4: a panel of b stays in the first-level cache.
"""

import numpy as np
from numba import njit, types
from numba.extending import overload

from seqtools.kernels.vector_product import LARGEST_ROWS, PANEL, make_block
from seqtools.types import FloatArray

_LANES = PANEL // 3
# Steps taken before the next panel: 256 of them fill the first-level cache.
_STEPS = 256


def new_packed(num_steps: int, num_columns: int, dtype: type = np.float32) -> FloatArray:
    """Return room for a packed matrix.

    Parameters
    ----------
    num_steps, num_columns : int
        Shape (K, N) of the matrix.
    dtype : type
        np.float32 or np.float64.

    Returns
    -------
    array, shape (number of panels, K, PANEL)
        Aligned to 64 bytes.
    """
    num_panels = -(-num_columns // PANEL)
    size = num_panels * num_steps * PANEL
    itemsize = np.dtype(dtype).itemsize
    room: FloatArray = np.zeros(size + 64 // itemsize, dtype)
    start = (-room.ctypes.data % 64) // itemsize
    return room[start : start + size].reshape(num_panels, num_steps, PANEL)


@njit(cache=True, nogil=True)
def pack(b, out_packed):
    """Pack a matrix whose rows are contiguous.

    Parameters
    ----------
    b : array, shape (K, N)
    out_packed : array, shape (number of panels, K, PANEL)
        Columns beyond N become zero.
    """
    num_steps = b.shape[0]
    # A few rows at a time: both sides are then read and written in long runs.
    for start in range(0, num_steps, 8):
        stop = min(start + 8, num_steps)
        for panel in range(out_packed.shape[0]):
            for k in range(start, stop):
                _copy_piece(b[k], panel * PANEL, out_packed[panel, k])


@njit(cache=True, nogil=True)
def _copy_piece(row, first, out_piece):
    """Copy PANEL numbers of a row, or those that are left and zeros."""
    width = row.shape[0] - first
    if width >= PANEL:
        for column in range(PANEL):
            out_piece[column] = row[first + column]
    else:
        for column in range(width):
            out_piece[column] = row[first + column]
        for column in range(width, PANEL):
            out_piece[column] = 0


@njit(cache=True, nogil=True)
def pack_transposed(b, out_packed):
    """Pack the transpose of a matrix whose rows are contiguous.

    Parameters
    ----------
    b : array, shape (N, K)
        The product will be with b.T, of shape (K, N).
    out_packed : array, shape (number of panels, K, PANEL)
    """
    num_columns, num_steps = b.shape
    for panel in range(out_packed.shape[0]):
        first = panel * PANEL
        width = min(PANEL, num_columns - first)
        for start in range(0, num_steps, 16):
            stop = min(start + 16, num_steps)
            for column in range(width):
                for k in range(start, stop):
                    out_packed[panel, k, column] = b[first + column, k]
        if width < PANEL:
            out_packed[panel, :, width:] = 0


@njit(cache=True, nogil=True)
def product(a, packed, accumulate, out):
    """Multiply rows with a packed matrix: out (+)= a @ b.

    Parameters
    ----------
    a : array, shape (M, K)
        Any strides; ``x.T`` of a matrix x of shape (K, M) gives x.T @ b.
    packed : array, shape (number of panels, K, PANEL)
        b, of shape (K, N), from `pack`, or from `pack_transposed` of b.T.
    accumulate : int
        1 to add to `out`, 0 to overwrite it.
    out : array, shape (M, N)
        Its rows must be contiguous; they may be a part of wider rows.
    """
    _plain_choice(a, packed, accumulate, out)


@njit(cache=True, nogil=True)
def plain_product(a, packed, accumulate, out):
    """Do what `product` does, in plain loops."""
    for panel in range(packed.shape[0]):
        first = panel * PANEL
        _plain_sweep(a, packed[panel], accumulate, out[:, first : first + PANEL])


@njit(cache=True, nogil=True)
def _plain_sweep(a, b, accumulate, out):
    """Go over all rows of one panel."""
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            total = out[row, column] if accumulate else out.dtype.type(0)
            for k in range(a.shape[1]):
                total += a[row, k] * b[k, column]
            out[row, column] = total


def _plain_choice(a, packed, accumulate, out):
    """Choose the product by element type; compiled code has the choice below."""
    plain_product(a, packed, accumulate, out)


@overload(_plain_choice)
def _vector_choice(a, packed, accumulate, out):
    if a.dtype != types.float32:
        return plain_product.py_func

    def multiply(a, packed, accumulate, out):
        vector_product(
            a.shape[0], a.shape[1], out.shape[1], a.ctypes.data, a.strides[0], a.strides[1],
            packed.ctypes.data, packed.strides[0], packed.strides[1],
            np.int64(accumulate), out.ctypes.data, out.strides[0],
        )  # fmt: skip

    return multiply


@njit(cache=True, nogil=True)
def vector_product(
    num_rows, num_steps, num_columns, a, a_row, a_step, b, b_panel, b_step, accumulate, out, out_row
):
    """Multiply by blocks; matrices are given by address and strides in bytes, all int64."""
    start = np.int64(0)
    while start < num_steps or (start == 0 and accumulate == 0):
        steps = min(np.int64(_STEPS), num_steps - start)
        adds = np.int64(1) if start > 0 else accumulate
        x = a + start * a_step
        for panel in range((num_columns + PANEL - 1) // PANEL):
            y = b + panel * b_panel + start * b_step
            z = out + panel * (PANEL * 4)
            left = num_columns - panel * PANEL
            if left >= PANEL:
                _vector_full(num_rows, x, a_row, a_step, y, b_step, steps, z, out_row, adds, left)
            elif left > 2 * _LANES:
                left -= 2 * _LANES
                _vector_three(num_rows, x, a_row, a_step, y, b_step, steps, z, out_row, adds, left)
            elif left > _LANES:
                left -= _LANES
                _vector_two(num_rows, x, a_row, a_step, y, b_step, steps, z, out_row, adds, left)
            else:
                _vector_one(num_rows, x, a_row, a_step, y, b_step, steps, z, out_row, adds, left)
        start += max(steps, np.int64(1))


def _vector_sweep(num_vectors, is_last):
    """Return a kernel that goes over all rows of one panel in blocks.

    A full panel is read once for the last rows, however many. A partial one, of which a matrix has
    one at most, makes do with blocks of 4, 2 and 1 rows, which compile sooner.
    """
    height = LARGEST_ROWS
    block_7, block_6, block_5, block_4, block_3, block_2, block_1 = (
        make_block(min(rows, height), num_vectors, is_last) for rows in range(7, 0, -1)
    )
    block_all = make_block(height, num_vectors, is_last)

    @njit(cache=True, nogil=True)
    def finish_full(left, a, a_row, a_step, b, b_step, steps, out, out_row, adds, valid):
        if left == 7:
            block_7(a, a_row, a_step, b, b_step, steps, out, out_row, adds, valid)
        elif left == 6:
            block_6(a, a_row, a_step, b, b_step, steps, out, out_row, adds, valid)
        elif left == 5:
            block_5(a, a_row, a_step, b, b_step, steps, out, out_row, adds, valid)
        elif left == 4:
            block_4(a, a_row, a_step, b, b_step, steps, out, out_row, adds, valid)
        elif left == 3:
            block_3(a, a_row, a_step, b, b_step, steps, out, out_row, adds, valid)
        elif left == 2:
            block_2(a, a_row, a_step, b, b_step, steps, out, out_row, adds, valid)
        elif left == 1:
            block_1(a, a_row, a_step, b, b_step, steps, out, out_row, adds, valid)

    @njit(cache=True, nogil=True)
    def finish_partial(left, a, a_row, a_step, b, b_step, steps, out, out_row, adds, valid):
        if left & 4:
            block_4(a, a_row, a_step, b, b_step, steps, out, out_row, adds, valid)
            a, out = a + 4 * a_row, out + 4 * out_row
        if left & 2:
            block_2(a, a_row, a_step, b, b_step, steps, out, out_row, adds, valid)
            a, out = a + 2 * a_row, out + 2 * out_row
        if left & 1:
            block_1(a, a_row, a_step, b, b_step, steps, out, out_row, adds, valid)

    finish = finish_partial if is_last else finish_full

    @njit(cache=True, nogil=True)
    def sweep(num_rows, a, a_row, a_step, b, b_step, steps, out, out_row, adds, valid):
        row = np.int64(0)
        while row + height <= num_rows:
            now, place = a + row * a_row, out + row * out_row
            block_all(now, a_row, a_step, b, b_step, steps, place, out_row, adds, valid)
            row += height
        now, place = a + row * a_row, out + row * out_row
        finish(num_rows - row, now, a_row, a_step, b, b_step, steps, place, out_row, adds, valid)

    return sweep


_vector_full = _vector_sweep(3, False)
_vector_three = _vector_sweep(3, True)
_vector_two = _vector_sweep(2, True)
_vector_one = _vector_sweep(1, True)
