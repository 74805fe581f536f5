"""Private copies of the rows that every thread writes, merged by adding differences.

A row that another core has written since must first come over from its cache. With two threads
that is every second visit to a frequent row, and two threads were only 1.4 times as fast as one. So
each thread works on copies of the most frequent rows, and every few visits adds to the shared row
what its copy has gained::

    shared += own - seen      own = seen = shared

This is lock-free training (Niu et al. 2011, arXiv 1106.5730) in which some updates are seen a
little later. Measured with 2,048 rows a matrix: 1.9 times (benchmarks/word2vec_speed.py).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from seqtools.types import Int64Array


class RowCopies(NamedTuple):
    """Which rows of a matrix a thread has copies of; they lie in the matrix, behind its own rows.

    Attributes
    ----------
    first, num_rows : int
        Rows `first` up to `first + num_rows` are copied; none if `num_rows` is 0.
    shift : int
        The copy of row r is row r + shift; row r + shift + num_rows is the shared row as last seen.
    masks : int64 array, shape (num_rows,)
        2**n - 1 where a row is merged every 2**n turns.
    """

    first: int
    num_rows: int
    shift: int
    masks: Int64Array


NO_COPIES = RowCopies(0, 0, 0, np.zeros(0, np.int64))


class Copies(NamedTuple):
    """The copies of a thread that trains two matrices.

    Attributes
    ----------
    x, u : RowCopies
        Those of the input and of the output rows.
    """

    x: RowCopies
    u: RowCopies


@njit(cache=True, nogil=True)
def own_row(row, copies):
    """Return the row that a thread works on in place of a shared one."""
    place = np.uint64(np.int64(row) - copies.first)
    return np.int64(row) + copies.shift * np.int64(place < np.uint64(copies.num_rows))


@njit(cache=True, nogil=True)
def own_rows(rows, start, stop, copies, out_rows):
    """Write the rows that a thread works on in place of rows[start:stop].

    Parameters
    ----------
    rows : int32 array, shape (N,)
        Negative numbers stay.
    start, stop : int64
    copies : RowCopies
    out_rows : int32 array, shape (N,)
        May be `rows`.
    """
    for index in range(start, stop):
        out_rows[index] = own_row(rows[index], copies)


@njit(cache=True, nogil=True)
def copy_rows(matrix, copies):
    """Take copies of the shared rows of a matrix."""
    for place in range(copies.num_rows):
        row = copies.first + place
        own, seen = row + copies.shift, row + copies.shift + copies.num_rows
        for d in range(matrix.shape[1]):
            value = matrix[row, d]
            matrix[own, d], matrix[seen, d] = value, value


@njit(cache=True, nogil=True)
def merge_turn(matrix, copies, turn):
    """Merge the rows whose turn it is; neighbours take different turns.

    Parameters
    ----------
    matrix : float32 array, shape (N, row_floats)
        With the copies behind its rows; updated.
    copies : RowCopies
    turn : int64
        Counts up from call to call.
    """
    for place in range(copies.num_rows):
        if (turn + place) & copies.masks[place] == 0:
            _merge_row(matrix, copies, place)


@njit(cache=True, nogil=True)
def merge_all(matrix, copies):
    """Merge every row, so that the shared rows hold all that this thread has learned."""
    for place in range(copies.num_rows):
        _merge_row(matrix, copies, place)


@njit(cache=True, nogil=True)
def _merge_row(matrix, copies, place):
    """Add what a copy has gained to the shared row, and take over the sum."""
    row = copies.first + place
    own, seen = row + copies.shift, row + copies.shift + copies.num_rows
    for d in range(matrix.shape[1]):
        merged = matrix[row, d] + (matrix[own, d] - matrix[seen, d])
        matrix[row, d], matrix[own, d], matrix[seen, d] = merged, merged, merged
