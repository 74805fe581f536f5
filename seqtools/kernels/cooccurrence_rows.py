"""Rows of co-occurrences as bytes: writing one that was added up, adding up and reading many.

A row is its number (uint32), the number of bytes that follow (uint32), and for each entry, in the
order of the columns, two numbers: the columns left out since the entry before (or since column 0),
and the weight. Each of them is written seven bits a byte, the lowest first, and a byte of 128 and
more is followed by another (LEB128). Both are small, so that an entry takes 4 to 5 bytes in place
of the 16 of its three numbers, and the disk keeps up with two threads that count.
"""

from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from seqtools.kernels.random import GOLDEN_GAMMA, mix
from seqtools.kernels.tile import JIT_ENABLED
from seqtools.types import Int64Array, Uint8Array

ROW_HEADER_BYTES = 8
# A column has at most 32 bits and a weight 63.
LARGEST_ENTRY_BYTES = 14
# What `merge_rows` and `decode_rows` return in place of a number of bytes.
EXCEEDED, DAMAGED = -1, -2

_BLOCK = np.uint64(64)
# Indices are unsigned: Numba then leaves out the check for negative ones.
_ZERO, _ONE, _EIGHT = np.uint64(0), np.uint64(1), np.uint64(8)
_BYTE_SHIFT, _BLOCK_SHIFT, _ROW_SHIFT = np.uint64(3), np.uint64(6), np.uint64(32)
_SEVEN, _LOW_SEVEN, _CONTINUED = np.uint64(7), np.uint64(127), np.uint64(128)
_LOW_EIGHT, _LENGTH_OFFSET, _HEADER = np.uint64(255), np.uint64(4), np.uint64(ROW_HEADER_BYTES)
_MOST_BITS = np.uint64(63)
_LARGEST = np.int64(2**63 - 1)


class RowScratch(NamedTuple):
    """A row of the matrix while it is being added up; all zeros between rows.

    Attributes
    ----------
    sums : int64 array, shape (V + 1 rounded up to a multiple of 64,)
        The weights. The column behind the row's own is for what is thrown away.
    marks : uint8 array, shape (an eighth of that,)
        1 where one of eight columns was touched.
    """

    sums: Int64Array
    marks: Uint8Array


def make_row_scratch(vocabulary_size: int) -> RowScratch:
    """Return an empty row."""
    num_blocks = vocabulary_size // 64 + 1
    return RowScratch(
        np.zeros(64 * num_blocks, np.int64),
        np.zeros(8 * num_blocks, np.uint8),
    )


@njit(cache=True, nogil=True)
def take_row(row, scratch, out_bytes, place, out_totals):
    """Append the columns up to `row` to the bytes, and empty the row.

    Parameters
    ----------
    row : int64
        Its own number; no column behind ``row + 1`` is set.
    scratch : RowScratch
    out_bytes : uint8 array
    place : uint64
        Where to write.
    out_totals : uint64 array, shape (2,)
        The number of entries and the sum of their mixed bits, modulo 2**64, are added. Each weight
        of a cell has bits of its own, so that one changed bit changes the sum; and the sum does not
        depend on any order.

    Returns
    -------
    uint64
        Where the bytes end; `place` if no entry is left.
    """
    sums, marks = scratch
    blocks, last_column, next_column = marks.view(np.uint64), np.uint64(row), _ZERO
    start, place, checksum, num_entries = place, place + _HEADER, _ZERO, _ZERO
    for block in range((last_column + _ONE >> _BLOCK_SHIFT) + _ONE):
        touched = blocks[block]
        blocks[block] = 0
        while touched != 0:
            first = np.uint64(block) * _BLOCK + lowest_bit(touched)
            touched &= touched - _ONE
            bits = _ZERO
            for index in range(_EIGHT):
                bits |= np.uint64(sums[first + index] != 0) << index
            while bits != 0:
                column = first + lowest_bit(bits)
                bits &= bits - _ONE
                if column <= last_column:
                    weight = np.uint64(sums[column])
                    place = _put_number(column - next_column, out_bytes, place)
                    place = _put_number(weight, out_bytes, place)
                    next_column = column + _ONE
                    checksum += _mix_entry(last_column, column, weight)
                    num_entries += _ONE
                sums[column] = 0
    if num_entries == _ZERO:
        return start
    _put_four_bytes(last_column, out_bytes, start)
    _put_four_bytes(place - start - _HEADER, out_bytes, start + _LENGTH_OFFSET)
    out_totals[0] += num_entries
    out_totals[1] += checksum
    return place


@njit(cache=True, nogil=True)
def hop_rows(content, last_row):
    """Hop over the whole rows up to a row, without reading them.

    Parameters
    ----------
    content : uint8 array
        Begins with a row; its end may be cut anywhere.
    last_row : int64

    Returns
    -------
    uint64
        Where the last of these rows ends.
    int64
        Its number; -1 if there is none.
    """
    stop, place, found = np.uint64(content.shape[0]), _ZERO, np.int64(-1)
    while place + _HEADER <= stop:
        row, row_stop = _row_at(content, place)
        if np.int64(row) > last_row or row_stop > stop:
            break
        place, found = row_stop, np.int64(row)
    return place, found


@njit(cache=True, nogil=True)
def longest_row(content):
    """Measure whole rows without reading them.

    Parameters
    ----------
    content : uint8 array
        Begins with a row; its end may be cut anywhere.

    Returns
    -------
    uint64
        Where the last whole row ends, or the last before one that is longer than its columns allow.
    uint64
        Bytes of the longest of them; 0 if there is none.
    """
    stop, place, longest = np.uint64(content.shape[0]), _ZERO, _ZERO
    while place + _HEADER <= stop:
        row, row_stop = _row_at(content, place)
        most = _HEADER + np.uint64(LARGEST_ENTRY_BYTES) * (row + _ONE)
        if row_stop > stop or row_stop - place > most:
            break
        longest = max(longest, row_stop - place)
        place = row_stop
    return place, longest


@njit(cache=True, nogil=True)
def merge_rows(
    content, cursors, stops, previous, vocabulary_size, scratch, out_bytes, out_totals, out_sums
):
    """Add up several lists of rows, and check them.

    Parameters
    ----------
    content : uint8 array
        The lists.
    cursors, stops : uint64 arrays, shape (number of lists,)
        Where each list begins, moved to its end or to the damaged row, and where it ends.
    previous : int64 array, same shape
        The row before each list's first, -1 for none; moved on.
    vocabulary_size : int64
    scratch : RowScratch
    out_bytes : uint8 array
        As long as all lists together.
    out_totals : uint64 array, shape (number of lists, 2)
        Entries and checksum of each list are added.
    out_sums : uint64 array, shape (2,)
        Entries and checksum of the rows written are added.

    Returns
    -------
    int64
        Bytes written; EXCEEDED if a sum exceeds 64 bits, DAMAGED if a row is out of order or out of
        range: it is that of the list whose row before, in `previous`, is -2.
    """
    num_bytes, is_exceeded = _ZERO, False
    while True:
        row = _LARGEST
        for index in range(cursors.shape[0]):
            if cursors[index] < stops[index]:
                row = min(row, np.int64(_row_at(content, cursors[index])[0]))
        if row == _LARGEST:
            return np.int64(EXCEEDED) if is_exceeded else np.int64(num_bytes)
        for index in range(cursors.shape[0]):
            place = cursors[index]
            if place >= stops[index] or np.int64(_row_at(content, place)[0]) != row:
                continue
            row_stop = _row_at(content, place)[1]
            is_sound = previous[index] < row < vocabulary_size and row_stop <= stops[index]
            status = np.int64(DAMAGED)
            if is_sound:
                status = _add_row(content, place, row_stop, scratch, out_totals[index])
            if status == DAMAGED:
                previous[index] = -2
                scratch.sums[:], scratch.marks[:] = 0, 0
                return status
            is_exceeded |= status == EXCEEDED
            previous[index], cursors[index] = row, row_stop
        num_bytes = take_row(row, scratch, out_bytes, num_bytes, out_sums)


@njit(cache=True, nogil=True)
def _add_row(content, place, row_stop, scratch, out_totals):
    """Add an encoded row to the row that is being added up; return 0, EXCEEDED or DAMAGED."""
    sums, marks = scratch
    row, _ = _row_at(content, place)
    place, next_column, checksum, num_entries = place + _HEADER, _ZERO, _ZERO, _ZERO
    status = np.int64(DAMAGED) if place == row_stop else np.int64(0)  # a row has an entry
    while place < row_stop:
        column, weight, place = _next_entry(content, place, row_stop, next_column)
        if place > row_stop or column > row or weight == _ZERO:
            return np.int64(DAMAGED)
        if np.uint64(sums[column]) > np.uint64(_LARGEST) - weight:
            status = np.int64(EXCEEDED)
        sums[column] += np.int64(weight)
        marks[column >> _BYTE_SHIFT] = 1
        next_column = column + _ONE
        checksum += _mix_entry(row, column, weight)
        num_entries += _ONE
    out_totals[0] += num_entries
    out_totals[1] += checksum
    return status


@njit(cache=True, nogil=True)
def decode_rows(content, vocabulary_size, previous, out_entries, out_totals):
    """Read rows and check them.

    Parameters
    ----------
    content : uint8 array
        Whole rows.
    vocabulary_size : int64
    previous : int64 array, shape (1,)
        The row before the first, -1 for none; moved on.
    out_entries : structured array (row, column, weight)
        Half as long as `content`, or longer.
    out_totals : uint64 array, shape (2,)
        Number of entries and checksum are added; see `take_row`.

    Returns
    -------
    int64
        Entries written; DAMAGED if a row is out of order or out of range.
    uint64
        Where the rows end, or the damaged one begins.
    """
    place, stop, num_entries, checksum = _ZERO, np.uint64(content.shape[0]), _ZERO, _ZERO
    while place < stop:
        start = place
        if start + _HEADER > stop:
            return np.int64(DAMAGED), start
        row, row_stop = _row_at(content, start)
        is_sound = previous[0] < np.int64(row) < vocabulary_size and row_stop <= stop
        if not is_sound or row_stop == start + _HEADER:  # a row has an entry
            return np.int64(DAMAGED), start
        place, next_column = start + _HEADER, _ZERO
        while place < row_stop:
            column, weight, place = _next_entry(content, place, row_stop, next_column)
            if place > row_stop or column > row or weight == _ZERO:
                return np.int64(DAMAGED), start
            entry = out_entries[num_entries]
            entry["row"], entry["column"], entry["weight"] = row, column, weight
            next_column = column + _ONE
            checksum += _mix_entry(row, column, weight)
            num_entries += _ONE
        previous[0] = np.int64(row)
    out_totals[0] += num_entries
    out_totals[1] += checksum
    return np.int64(num_entries), place


@njit(cache=True, nogil=True)
def _row_at(content, place):
    """Return the number of the row at a place, and where the row ends."""
    return _four_bytes(content, place), place + _HEADER + _four_bytes(
        content, place + _LENGTH_OFFSET
    )


@njit(cache=True, nogil=True)
def _next_entry(content, place, stop, next_column):
    """Return column, weight and the end of an entry; the end lies behind `stop` if it is cut."""
    gap, place = _number_at(content, place, stop)
    weight, place = _number_at(content, place, stop)
    return next_column + gap, weight, place


@njit(cache=True, nogil=True)
def _put_number(number, out_bytes, place):
    """Write a number seven bits a byte; return where it ends."""
    while number >= _CONTINUED:
        out_bytes[place] = number & _LOW_SEVEN | _CONTINUED
        number >>= _SEVEN
        place += _ONE
    out_bytes[place] = number
    return place + _ONE


@njit(cache=True, nogil=True)
def _number_at(content, place, stop):
    """Return a number of at most 63 bits and its end, which is behind `stop` if it is cut."""
    number, shift = _ZERO, _ZERO
    while place < stop and shift < _MOST_BITS:
        byte = np.uint64(content[place])
        place += _ONE
        number |= (byte & _LOW_SEVEN) << shift
        if byte < _CONTINUED:
            return number, place
        shift += _SEVEN
    return number, stop + _ONE


@njit(cache=True, nogil=True)
def _put_four_bytes(number, out_bytes, place):
    """Write a number of 32 bits, the lowest byte first."""
    for _ in range(4):
        out_bytes[place] = number & _LOW_EIGHT
        number >>= _EIGHT
        place += _ONE


@njit(cache=True, nogil=True)
def _four_bytes(content, place):
    """Return a number of 32 bits, the lowest byte first."""
    number = _ZERO
    for index in range(4):
        number |= np.uint64(content[place + np.uint64(index)]) << np.uint64(8 * index)
    return number


@njit(cache=True, nogil=True)
def _mix_entry(row, column, weight):
    """Return 64 bits of an entry: for a given cell each weight has its own, and vice versa."""
    return mix(mix((row << _ROW_SHIFT | column) + GOLDEN_GAMMA) + weight)


@intrinsic
def _count_trailing_zeros(_, bits):
    """Return the index of the lowest bit that is set."""

    def codegen(_, builder, __, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), codegen


@njit(cache=True, nogil=True)
def _vector_lowest_bit(bits):
    """Return the index of the lowest bit that is set."""
    return _count_trailing_zeros(bits)


def _plain_lowest_bit(bits):
    """Return the index of the lowest bit that is set."""
    return np.uint64((int(bits) & -int(bits)).bit_length() - 1)


# Intrinsics exist only in compiled code.
lowest_bit = _vector_lowest_bit if JIT_ENABLED else _plain_lowest_bit
