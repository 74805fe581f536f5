"""Counting which words stand near which, row by row, in integers.

Every occurrence of a word adds the weight of the distance to each neighbour within the window and
the sentence. Instead of sorting or hashing pairs, the places of a word are listed first (a counting
sort), and the neighbours of all its places are added into one dense row, whose touched columns are
then read in order. The rows come out sorted, nothing is kept twice, and the cost of a neighbour is
an addition to a row that stays in the cache. Measured with window 15: 6 to 8 times the tokens a
second of our skip-gram, the file written (benchmarks/glove.py).

The matrix is symmetric, so that only columns up to the row's own word are kept: of two words the
rarer one has the row. What a rarer neighbour adds goes to one column behind the row's own, which is
thrown away: rows of common words, whose neighbours are mostly rarer, then touch little memory.
Weights are integers, so that sums do not depend on any order.
"""

import numpy as np
from numba import njit

from seqtools.kernels.cooccurrence_rows import take_row
from seqtools.kernels.tile import base_of, prefetch

_AHEAD = 8
_FLOATS_A_LINE = 16
# Indices are unsigned where speed counts: Numba then leaves out the check for negative ones, which
# makes counting a tenth faster.
_HALF_RANGE, _EIGHT_SHIFT = np.uint64(1 << 31), np.uint64(3)


@njit(cache=True, nogil=True)
def count_words(ids, out_counts):
    """Add the number of occurrences of each word to `out_counts`; negative ids are no words."""
    for place in range(ids.shape[0]):
        if ids[place] >= 0:
            out_counts[ids[place]] += 1


@njit(cache=True, nogil=True)
def list_places(ids, offset, out_starts, out_places):
    """List the places of each word of a part of the corpus, in order.

    Parts have lists of their own: threads that wrote to one list would fetch its lines of the cache
    from each other, as most words have only a few places.

    Parameters
    ----------
    ids : int32 array, shape (N,)
        The part; a negative id is no word.
    offset : int64
        The place of ids[0].
    out_starts : int64 array, shape (V + 1,)
        Zeros, and then where the places of each word begin, and where those of the last end.
    out_places : int32 array
        The places are written from ``offset`` on.
    """
    count_words(ids, out_starts)
    stop = offset
    for word in range(out_starts.shape[0]):
        stop += out_starts[word]
        out_starts[word] = stop
    for place in range(ids.shape[0] - 1, -1, -1):
        word = ids[place]
        if word >= 0:
            out_starts[word] -= 1
            out_places[out_starts[word]] = offset + place


@njit(cache=True, nogil=True)
def count_rows(
    ids, start, starts, places, first_row, last_row, weights, scratch, out_bytes, out_totals
):
    """Add up the rows of some words over their places.

    Parameters
    ----------
    ids : int32 array
        The corpus; a negative id ends a sentence.
    start : int64
        The place in `ids` from which `places` count. Neighbours may lie before it.
    starts : int64 array, shape (number of parts, V + 1)
        The places of word w in part p are places[starts[p, w]:starts[p, w + 1]].
    places : int32 array
    first_row, last_row : int64
        Words whose rows to add up, the last one excluded.
    weights : int64 array, shape (window + 1,)
        What a neighbour at each distance adds; weights[0] is not used.
    scratch : RowScratch
    out_bytes : uint8 array
        Room for all these rows; the caller bounds their length.
    out_totals : uint64 array, shape (2,)
        Number of entries and their checksum are added.

    Returns
    -------
    uint64
        Bytes written; see ``seqtools.kernels.cooccurrence_rows``.
    """
    window, num_bytes = weights.shape[0] - 1, np.uint64(0)
    base = base_of(ids) + 4 * (start - window)
    line_floats = _FLOATS_A_LINE * min(8, (2 * window + 1) // _FLOATS_A_LINE + 2)
    for row in range(first_row, last_row):
        for part in range(starts.shape[0]):
            last_index = starts[part, starts.shape[1] - 1] - 1
            for index in range(starts[part, row], starts[part, row + 1]):
                # Places of a word lie far apart: without fetching ahead 2.5 times as slow.
                prefetch(base + 4 * places[min(index + _AHEAD, last_index)], line_floats)
                _add_neighbours(row, ids, start + places[index], window, weights, scratch)
        num_bytes = take_row(row, scratch, out_bytes, num_bytes, out_totals)
    return num_bytes


@njit(cache=True, nogil=True)
def _add_neighbours(row, ids, center, window, weights, scratch):
    """Add the neighbours of one place to the row; rarer ones go to the column behind it."""
    sums, marks = scratch
    lowest, highest = max(0, center - window), min(ids.shape[0], center + window + 1)
    behind = np.uint64(row + 1)
    place = center - 1
    while place >= lowest:
        word = _word_at(ids, place)
        if word >= _HALF_RANGE:
            break
        column = min(word, behind)
        sums[column] += weights[np.uint64(center - place)]
        marks[column >> _EIGHT_SHIFT] = 1
        place -= 1
    place = center + 1
    while place < highest:
        word = _word_at(ids, place)
        if word >= _HALF_RANGE:
            break
        column = min(word, behind)
        sums[column] += weights[np.uint64(place - center)]
        marks[column >> _EIGHT_SHIFT] = 1
        place += 1


@njit(cache=True, nogil=True)
def _word_at(ids, place):
    """Return an id as an unsigned number; a negative one is then at least _HALF_RANGE."""
    return np.uint64(np.uint32(ids[np.uint64(place)]))
