"""Counting kernels against brute force over all pairs of places, and laws of the counts."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.embeddings.cooccurrence_settings import distance_weights
from seqtools.io.entry_reader import ENTRY
from seqtools.kernels.cooccurrence import (
    checksum_entries,
    count_rows,
    count_words,
    inspect_entries,
    list_places,
    make_row_scratch,
    merge_entries,
)
from tests.reference import glove as twin

SIZE = 70  # more than one block of words


def flatten(sentences):
    """Return sentences as ids with their ends marked."""
    return np.array([place for sentence in sentences for place in [*sentence, -1]], np.int32)


def count(ids, window, first=0, stop=None, size=SIZE):
    """Count the places first to stop of a corpus; return sorted entries."""
    stop = len(ids) if stop is None else stop
    counts = np.zeros(size, np.int64)
    count_words(ids[first:stop], counts)
    starts = np.concatenate(([0], np.cumsum(counts)))
    places = np.empty(starts[-1], np.int32)
    list_places(ids[first:stop], 0, starts[:-1].copy(), places)
    entries = np.zeros(size * size, ENTRY)
    weights = distance_weights(window)[1]
    scratch = make_row_scratch(size)
    number = count_rows(ids, first, starts, places, 0, size, weights, scratch, entries)
    assert not scratch.sums.any()
    assert not scratch.marks.any()
    assert not scratch.blocks.any()
    return entries[:number]


def random_sentences(seed, num_sentences=30, longest=25):
    generator = np.random.default_rng(seed)
    lengths = generator.integers(0, longest, num_sentences)
    return [generator.zipf(1.3, n).clip(max=SIZE) - 1 for n in lengths]


sentences_of_words = st.lists(
    st.lists(st.integers(0, SIZE - 1), max_size=12).map(lambda words: np.array(words, np.int32)),
    max_size=6,
)


@pytest.mark.small
@pytest.mark.parametrize("window", [1, 2, 5, 15, 22])
def test_counts_are_the_sums_of_one_over_the_distance(window):
    sentences = random_sentences(window)
    scale = distance_weights(window)[0]
    expected = twin.cooccurrences(sentences, SIZE, window)
    entries = count(flatten(sentences), window)
    found = {(e["row"], e["column"]): Fraction(int(e["weight"]), scale) for e in entries}
    wanted = {
        (i, j): expected[i][j] for i in range(SIZE) for j in range(i + 1) if expected[i][j] > 0
    }
    assert found == wanted
    assert list(found) == sorted(found)


@pytest.mark.small
def test_a_wide_window_is_rounded_to_fixed_point():
    sentences = random_sentences(3, num_sentences=4, longest=60)
    scale, weights = distance_weights(40)
    assert scale == 2**32
    assert all(abs(Fraction(int(weights[d]), scale) * d - 1) <= d / 2**33 for d in range(1, 41))
    expected = twin.cooccurrences(sentences, SIZE, 40)
    for entry in count(flatten(sentences), 40):
        exact = float(expected[entry["row"]][entry["column"]])
        assert entry["weight"] / scale == pytest.approx(exact, rel=1e-8)


@given(sentences=sentences_of_words, window=st.integers(1, 6))
def test_each_row_of_the_symmetric_matrix_sums_to_the_weights_around_the_word(sentences, window):
    entries, weights = count(flatten(sentences), window), distance_weights(window)[1]
    sums = np.zeros(SIZE, np.int64)
    for row, column, weight in entries.tolist():
        sums[row] += weight
        sums[column] += weight if column != row else 0
    around = np.zeros(SIZE, np.int64)
    for sentence in sentences:
        for place, word in enumerate(sentence):
            left, right = place, len(sentence) - 1 - place
            around[word] += weights[: min(left, window) + 1].sum()
            around[word] += weights[: min(right, window) + 1].sum()
    np.testing.assert_array_equal(sums, around)


@given(sentences=sentences_of_words, cuts=st.lists(st.integers(0, 60), max_size=3))
def test_a_corpus_cut_anywhere_adds_up_to_the_whole(sentences, cuts):
    ids = flatten(sentences)
    borders = [0, *sorted(min(cut, len(ids)) for cut in cuts), len(ids)]
    parts = [count(ids, 4, *pair) for pair in itertools.pairwise(borders)]
    whole, merged = count(ids, 4), merge(parts)
    np.testing.assert_array_equal(merged, whole)


def merge(parts):
    """Merge sorted entries."""
    joined = np.concatenate(parts) if parts else np.zeros(0, ENTRY)
    stops = np.cumsum([len(part) for part in parts])
    cursors = stops - [len(part) for part in parts]
    out = np.zeros(len(joined), ENTRY)
    number = merge_entries(joined, cursors, stops, make_row_scratch(SIZE), out)
    return out[:number] if number >= 0 else None


@pytest.mark.small
def test_merging_takes_no_order():
    parts = [count(flatten(random_sentences(seed)), 3) for seed in (1, 2, 3)]
    np.testing.assert_array_equal(merge(parts), merge(parts[::-1]))
    np.testing.assert_array_equal(merge([merge(parts[:2]), parts[2]]), merge(parts))


@pytest.mark.small
def test_a_sum_beyond_64_bits_is_noticed():
    half = np.array([(3, 1, 2**62)], ENTRY)
    with np.errstate(over="ignore"):
        assert merge([half, half]) is None
    assert merge([half, half[:0]]) is not None


def inspect(entries, size=SIZE):
    """Inspect entries from the start."""
    checksum = np.zeros(1, np.uint64)
    with np.errstate(over="ignore"):
        return inspect_entries(entries, size, np.array([-1, -1]), checksum), int(checksum[0])


@pytest.mark.small
def test_sound_entries_pass_with_their_checksum():
    entries = count(flatten(random_sentences(5)), 3)
    faulty, checksum = inspect(entries)
    assert faulty == -1
    with np.errstate(over="ignore"):
        assert checksum == int(checksum_entries(entries))


@pytest.mark.small
@pytest.mark.parametrize(
    ("row", "column", "weight"),
    [(1, 0, 0), (1, 0, -5), (1, 2, 1), (1, -1, 1), (-1, -1, 1), (0, 0, 9), (SIZE, 0, 1), (0, 1, 1)],
)
def test_an_entry_out_of_order_or_range_is_named(row, column, weight):
    entries = np.array([(0, 0, 1), (row, column, weight), (SIZE - 1, 1, 1)], ENTRY)
    assert inspect(entries)[0] == 1


def test_any_changed_bit_changes_the_checksum():
    entries = count(flatten(random_sentences(6)), 2)
    checksum = int(checksum_entries(entries))
    generator = np.random.default_rng(1)
    for _ in range(200):
        content = bytearray(entries.tobytes())
        content[generator.integers(len(content))] ^= 1 << int(generator.integers(8))
        changed = np.frombuffer(bytes(content), ENTRY)
        assert int(checksum_entries(changed)) != checksum
