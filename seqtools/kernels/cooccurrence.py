"""Counting which words stand near which, row by row, in integers.

Every occurrence of a word adds the weight of the distance to each neighbour within the window and
the sentence. Instead of sorting or hashing pairs, the places of a word are listed first (a counting
sort), and the neighbours of all its places are added into one dense row, whose touched columns are
then read in order. The rows come out sorted, nothing is kept twice, and the cost of a neighbour is
an addition to a row that stays in the cache. Measured with window 15: 3 to 6 times the tokens a
second of our skip-gram, the file written (benchmarks/glove.py). A dense square for pairs of the 256
commonest words would save a sixth of the time, and is left out because it is a second way to count.

The matrix is symmetric, so that only columns up to the row's own word are kept: of two words the
rarer one has the row. Weights are integers, so that sums do not depend on any order.
"""

from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from seqtools.kernels.random import GOLDEN_GAMMA, mix
from seqtools.kernels.tile import JIT_ENABLED, base_of, prefetch
from seqtools.types import Int64Array, Uint8Array

_BLOCK = 64
_AHEAD = 8
_FLOATS_A_LINE = 16
# Indices are unsigned where speed counts: Numba then leaves out the check for negative ones, which
# makes counting a tenth faster.
_ONE, _EIGHT, _HALF_RANGE = np.uint64(1), np.uint64(8), np.uint64(1 << 31)
_BYTE_SHIFT, _BLOCK_SHIFT, _ROW_SHIFT = np.uint64(3), np.uint64(6), np.uint64(32)
_LARGEST = np.int64(2**63 - 1)


class RowScratch(NamedTuple):
    """A row of the matrix while it is being added up; all zeros between rows.

    Attributes
    ----------
    sums : int64 array, shape (V rounded up to a multiple of 64,)
        The weights.
    marks : uint8 array, same shape
        1 where the row was touched.
    blocks : uint8 array, shape (number of 64-word blocks,)
        1 where a mark of the block may be set.
    """

    sums: Int64Array
    marks: Uint8Array
    blocks: Uint8Array


def make_row_scratch(vocabulary_size: int) -> RowScratch:
    """Return an empty row."""
    num_blocks = -(-vocabulary_size // _BLOCK)
    return RowScratch(
        np.zeros(_BLOCK * num_blocks, np.int64),
        np.zeros(_BLOCK * num_blocks, np.uint8),
        np.zeros(num_blocks, np.uint8),
    )


@njit(cache=True, nogil=True)
def count_words(ids, out_counts):
    """Add the number of occurrences of each word to `out_counts`; negative ids are no words."""
    for place in range(ids.shape[0]):
        if ids[place] >= 0:
            out_counts[ids[place]] += 1


@njit(cache=True, nogil=True)
def list_places(ids, offset, cursors, out_places):
    """Write the places of each word, in order, from where its cursor stands.

    Parameters
    ----------
    ids : int32 array, shape (N,)
    offset : int64
        The place of ids[0].
    cursors : int64 array, shape (V,)
        Where each word's places begin; moved to where they end.
    out_places : int32 array
    """
    for place in range(ids.shape[0]):
        word = ids[place]
        if word >= 0:
            out_places[cursors[word]] = offset + place
            cursors[word] += 1


@njit(cache=True, nogil=True)
def count_rows(ids, start, starts, places, first_row, last_row, weights, scratch, out_entries):
    """Add up the rows of some words over their places.

    Parameters
    ----------
    ids : int32 array
        The corpus; a negative id ends a sentence.
    start : int64
        The place in `ids` from which `places` count. Neighbours may lie before it.
    starts : int64 array, shape (V + 1,)
        The places of word w are places[starts[w]:starts[w + 1]].
    places : int32 array
    first_row, last_row : int64
        Words whose rows to add up, the last one excluded.
    weights : int64 array, shape (window + 1,)
        What a neighbour at each distance adds; weights[0] is not used.
    scratch : RowScratch
    out_entries : structured array (row, column, weight)
        Room for all entries of these rows; the caller bounds their number.

    Returns
    -------
    int64
        Entries written, sorted by row and column.
    """
    window, num_entries = weights.shape[0] - 1, 0
    base = base_of(ids) + 4 * (start - window)
    line_floats = _FLOATS_A_LINE * min(8, (2 * window + 1) // _FLOATS_A_LINE + 2)
    last_place = starts[starts.shape[0] - 1] - 1
    for row in range(first_row, last_row):
        for index in range(starts[row], starts[row + 1]):
            # Places of a word lie far apart: without fetching ahead 2.5 times as slow.
            prefetch(base + 4 * places[min(index + _AHEAD, last_place)], line_floats)
            _add_neighbours(ids, start + places[index], window, weights, scratch)
        num_entries = _take_row(row, scratch, out_entries, num_entries)
    return num_entries


@njit(cache=True, nogil=True)
def _add_neighbours(ids, center, window, weights, scratch):
    """Add the neighbours of one place to the row."""
    sums, marks, blocks = scratch
    lowest, highest = max(0, center - window), min(ids.shape[0], center + window + 1)
    place = center - 1
    while place >= lowest:
        word = _word_at(ids, place)
        if word >= _HALF_RANGE:
            break
        sums[word] += weights[np.uint64(center - place)]
        marks[word] = 1
        blocks[word >> _BLOCK_SHIFT] = 1
        place -= 1
    place = center + 1
    while place < highest:
        word = _word_at(ids, place)
        if word >= _HALF_RANGE:
            break
        sums[word] += weights[np.uint64(place - center)]
        marks[word] = 1
        blocks[word >> _BLOCK_SHIFT] = 1
        place += 1


@njit(cache=True, nogil=True)
def _word_at(ids, place):
    """Return an id as an unsigned number; a negative one is then at least _HALF_RANGE."""
    return np.uint64(np.uint32(ids[np.uint64(place)]))


@njit(cache=True, nogil=True)
def _take_row(row, scratch, out_entries, num_entries):
    """Append the columns up to `row` to the entries, and empty the row."""
    sums, marks, blocks = scratch
    eights, last_column = marks.view(np.uint64), np.uint64(row)
    for block in range(np.uint64(blocks.shape[0])):
        if blocks[block] == 0:
            continue
        blocks[block] = 0
        first = np.uint64(block) * _EIGHT
        for eight in range(first, first + _EIGHT):
            bits = eights[eight]
            eights[eight] = 0
            while bits != 0:
                column = np.uint64(eight) * _EIGHT + (lowest_bit(bits) >> _BYTE_SHIFT)
                bits &= bits - _ONE
                if column <= last_column:
                    entry = out_entries[num_entries]
                    entry["row"], entry["column"] = row, column
                    entry["weight"] = sums[column]
                    num_entries += 1
                sums[column] = 0
    return num_entries


@njit(cache=True, nogil=True)
def merge_entries(entries, cursors, stops, scratch, out_entries):
    """Add up several sorted lists of entries.

    Parameters
    ----------
    entries : structured array (row, column, weight)
        The lists, one after the other.
    cursors, stops : int64 arrays, shape (number of lists,)
        Where each list begins, moved to its end, and where it ends.
    scratch : RowScratch
    out_entries : structured array, as long as all lists together

    Returns
    -------
    int64
        Entries written, sorted by row and column; -1 if a sum exceeds 64 bits.
    """
    sums, marks, blocks = scratch
    num_entries, is_exceeded = 0, False
    while True:
        row = _LARGEST
        for index in range(cursors.shape[0]):
            if cursors[index] < stops[index]:
                row = min(row, np.int64(entries[cursors[index]]["row"]))
        if row == _LARGEST:
            return -1 if is_exceeded else num_entries
        for index in range(cursors.shape[0]):
            place = cursors[index]
            while place < stops[index] and entries[place]["row"] == row:
                column = np.uint64(entries[place]["column"])
                weight = entries[place]["weight"]
                is_exceeded |= sums[column] > _LARGEST - weight
                sums[column] += weight
                marks[column] = 1
                blocks[column >> _BLOCK_SHIFT] = 1
                place += 1
            cursors[index] = place
        num_entries = _take_row(row, scratch, out_entries, num_entries)


@njit(cache=True, nogil=True)
def inspect_entries(entries, vocabulary_size, previous, checksum):
    """Check that entries are in order and in range, and add them to a checksum.

    Parameters
    ----------
    entries : structured array (row, column, weight)
    vocabulary_size : int64
    previous : int64 array, shape (2,)
        Row and column of the entry before, (-1, -1) at first; moved on.
    checksum : uint64 array, shape (1,)
        The sum so far, modulo 2**64: see `checksum_entries`.

    Returns
    -------
    int64
        The index of the first faulty entry, or -1.
    """
    row, column, total = previous[0], previous[1], checksum[0]
    for index in range(entries.shape[0]):
        entry = entries[index]
        new_row, new_column = np.int64(entry["row"]), np.int64(entry["column"])
        is_after = new_row > row or (new_row == row and new_column > column)
        is_inside = 0 <= new_column <= new_row < vocabulary_size
        if not (is_after and is_inside and entry["weight"] > 0):
            return index
        row, column = new_row, new_column
        total += _mix_entry(entry)
    previous[0], previous[1], checksum[0] = row, column, total
    return -1


@njit(cache=True, nogil=True)
def checksum_entries(entries):
    """Return the sum of mixed entries modulo 2**64; one that changes in any bit changes it.

    The terms do not depend on their place, so that parts may be summed in any order.
    """
    total = np.uint64(0)
    for index in range(entries.shape[0]):
        total += _mix_entry(entries[index])
    return total


@njit(cache=True, nogil=True)
def _mix_entry(entry):
    """Return 64 bits of an entry: for a given cell each weight has its own, and vice versa."""
    cell = (np.uint64(entry["row"]) << _ROW_SHIFT) | np.uint64(entry["column"])
    return mix(mix(cell + GOLDEN_GAMMA) + np.uint64(entry["weight"]))


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
