"""Rows of co-occurrences as bytes: the twin, laws of merging, and bytes that are damaged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.embeddings.cooccurrence_entries import ENTRY
from seqtools.kernels.cooccurrence_rows import (
    DAMAGED,
    EXCEEDED,
    decode_rows,
    hop_rows,
    longest_row,
    make_row_scratch,
    merge_rows,
    take_row,
)
from tests.reference import cooccurrence_rows as twin

SIZE = 70  # more than one block of words
LARGEST = 2**63 - 1

entries_of_rows = st.dictionaries(
    st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)).map(
        lambda cell: (max(cell), min(cell))
    ),
    st.one_of(st.integers(1, 300), st.integers(1, LARGEST)),
    max_size=40,
).map(lambda cells: [(*cell, weight) for cell, weight in sorted(cells.items())])


def as_bytes(content):
    return np.frombuffer(bytes(content), np.uint8)


def encode(entries):
    """Write entries with the kernel; return bytes and totals."""
    scratch, out = make_row_scratch(SIZE), np.zeros(SIZE * (8 + 14 * SIZE), np.uint8)
    place, totals = np.uint64(0), np.zeros(2, np.uint64)
    with np.errstate(over="ignore"):
        for row in range(SIZE):
            for _, column, weight in (entry for entry in entries if entry[0] == row):
                scratch.sums[column] = weight
                scratch.marks[column // 8] = 1
            place = np.uint64(take_row(row, scratch, out, place, totals))
    assert not any(part.any() for part in scratch)
    return out[: int(place)].tobytes(), totals.tolist()


def read(content, size=SIZE, previous=-1):
    """Read rows; return what the kernel returns, the entries and the totals."""
    content, totals = as_bytes(content), np.zeros(2, np.uint64)
    entries = np.zeros(len(content) // 2, ENTRY)
    with np.errstate(over="ignore"):
        number, place = decode_rows(content, size, np.array([previous]), entries, totals)
    return int(number), int(place), entries[: max(0, number)].tolist(), totals.tolist()


def decode(content):
    """Return the entries of sound rows."""
    number, place, entries, totals = read(content)
    assert (number, place) == (len(entries), len(content))
    assert totals[0] == number
    return entries


def merge_all(parts, size=SIZE):
    """Add up lists of rows; return status, bytes, and what the kernel tells of each list."""
    content, ends = as_bytes(b"".join(bytes(part) for part in parts)), [0]
    for part in parts:
        ends.append(ends[-1] + len(part))
    cursors, stops = np.array(ends[:-1], np.uint64), np.array(ends[1:], np.uint64)
    previous, totals = np.full(len(parts), -1), np.zeros((len(parts), 2), np.uint64)
    out, scratch = np.zeros(len(content), np.uint8), make_row_scratch(size)
    with np.errstate(over="ignore"):
        status = merge_rows(
            content, cursors, stops, previous, size, scratch, out, totals, np.zeros(2, np.uint64)
        )
    assert not any(part.any() for part in scratch)
    return int(status), out[: max(0, status)].tobytes(), cursors, previous, totals


def merge(parts):
    """Return the sum of sound lists of rows."""
    return merge_all(parts)[1]


@given(entries=entries_of_rows)
def test_rows_are_written_as_the_format_says_and_read_back(entries):
    content, totals = encode(entries)
    assert content == twin.encode(entries)
    assert decode(content) == entries
    assert read(content)[3] == totals
    assert merge([content]) == content
    assert merge_all([content])[4].tolist() == [totals]


@given(parts=st.lists(entries_of_rows, min_size=1, max_size=4))
def test_merging_adds_the_weights_of_each_cell_in_any_order(parts):
    sums = {}
    for entries in parts:
        for row, column, weight in entries:
            sums[row, column] = sums.get((row, column), 0) + weight
    lists = [twin.encode(entries) for entries in parts]
    status, merged, *_ = merge_all(lists)
    if max(sums.values(), default=0) > LARGEST:
        assert status == EXCEEDED
        return
    assert merged == twin.encode([(*cell, weight) for cell, weight in sorted(sums.items())])
    assert merge(lists[::-1]) == merged
    assert merge([merge(lists[:1]), *lists[1:]]) == merged
    assert len(merged) <= sum(map(len, lists))


@pytest.mark.small
def test_a_sum_beyond_64_bits_is_noticed():
    half = twin.encode([(3, 1, 2**62)])
    assert merge_all([half, half])[0] == EXCEEDED
    assert merge_all([half, b""])[0] > 0


@pytest.mark.small
def test_hopping_stops_behind_a_row_and_before_a_row_that_is_cut():
    content = twin.encode([(2, 0, 300), (2, 2, 1), (5, 1, 7), (9, 9, 2**40)])
    ends = [0, 13, 23]
    places = [hop_rows(as_bytes(content), row) for row in (1, 2, 4, 5, 8)]
    assert [(int(end), row) for end, row in places] == [(0, -1), *[(13, 2)] * 2, *[(23, 5)] * 2]
    for size in range(len(content)):
        end, row = hop_rows(as_bytes(content[:size]), SIZE)
        assert int(end) == max(place for place in ends if place <= size)
        assert row == {0: -1, 13: 2, 23: 5}[int(end)]
        longest = tuple(map(int, longest_row(as_bytes(content[:size]))))
        assert longest == (int(end), {0: 0, 13: 13, 23: 13}[int(end)])


def row(number, body, length=None):
    length = len(body) if length is None else length
    return number.to_bytes(4, "little") + length.to_bytes(4, "little") + bytes(body)


DAMAGED_ROWS = {
    "of a row that is no word": row(SIZE, [0, 1]),
    "of a row far beyond": row(2**32 - 1, [0, 1]),
    "of the row before": row(3, [0, 1]),
    "of an earlier row": row(2, [0, 1]),
    "of a column behind the row": row(9, [10, 1]),
    "of a second column behind the row": row(9, [8, 1, 1, 1]),
    "of a column beyond all": row(9, [0x80] * 8 + [0x7F, 1]),
    "without a weight": row(9, [0]),
    "of weight 0": row(9, [0, 0]),
    "without an entry": row(9, []),
    "of a weight without an end": row(9, [0, 0x81]),
    "of a weight of more than 63 bits": row(9, [0, *[0xFF] * 9, 1]),
    "longer than its bytes": row(9, [0, 1], 3),
    "longer than anything": row(9, [0, 1], 2**32 - 1),
}


@pytest.mark.small
@pytest.mark.parametrize("damaged", DAMAGED_ROWS.values(), ids=DAMAGED_ROWS)
def test_a_damaged_row_is_found(damaged):
    first, last = twin.encode([(3, 0, 1)]), twin.encode([(40, 0, 1)])
    number, place, *_ = read(first + damaged)
    assert (number, place) == (DAMAGED, len(first))
    status, _, cursors, previous, _ = merge_all([last, first + damaged])  # empties its scratch
    assert status == DAMAGED
    assert (int(np.argmin(previous)), previous[1]) == (1, -2)
    assert int(cursors[1]) - len(last) == len(first)


@pytest.mark.small
def test_a_row_header_that_is_cut_is_damaged():
    content = twin.encode([(3, 0, 1)])
    assert read(content + content[:7])[:2] == (DAMAGED, len(content))


def test_any_changed_bit_is_damage_or_changes_the_checksum():
    generator = np.random.default_rng(1)
    cells = sorted({tuple(sorted(pair)[::-1]) for pair in generator.integers(0, SIZE, (400, 2))})
    entries = [(int(a), int(b), int(generator.integers(1, 10**6))) for a, b in cells]
    content, totals = encode(entries)
    for _ in range(400):
        changed = bytearray(content)
        changed[generator.integers(len(content))] ^= 1 << int(generator.integers(8))
        number, _, _, found = read(bytes(changed))
        assert number == DAMAGED or found[1] != totals[1]
