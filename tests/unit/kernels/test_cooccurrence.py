"""Counting kernels against brute force over all pairs of places, and laws of the counts."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.embeddings.cooccurrence_settings import distance_weights, most_row_bytes
from seqtools.kernels.cooccurrence import count_rows, list_places
from seqtools.kernels.cooccurrence_rows import make_row_scratch
from tests.reference import glove as twin
from tests.unit.kernels.test_cooccurrence_rows import decode, merge

SIZE = 70  # more than one block of words


def flatten(sentences):
    """Return sentences as ids with their ends marked."""
    return np.array([place for sentence in sentences for place in [*sentence, -1]], np.int32)


def count(ids, window, first=0, stop=None, size=SIZE, num_parts=1):
    """Count the places first to stop of a corpus; return sorted entries as bytes."""
    stop = len(ids) if stop is None else stop
    borders = np.linspace(first, stop, num_parts + 1).astype(int)
    starts, places = np.zeros((num_parts, size + 1), np.int64), np.zeros(stop - first, np.int32)
    for part, (low, high) in enumerate(itertools.pairwise(borders)):
        list_places(ids[low:high], low - first, starts[part], places)
    out = np.zeros(size * (8 + 14 * size), np.uint8)
    weights = distance_weights(window)[1]
    scratch = make_row_scratch(size)
    with np.errstate(over="ignore"):
        number = count_rows(
            ids, first, starts, places, 0, size, weights, scratch, out, np.zeros(2, np.uint64)
        )
    assert not scratch.sums.any()
    assert not scratch.marks.any()
    return out[:number]


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
    entries = decode(count(flatten(sentences), window))
    found = {(row, column): Fraction(weight, scale) for row, column, weight in entries}
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
    for row, column, weight in decode(count(flatten(sentences), 40)):
        assert weight / scale == pytest.approx(float(expected[row][column]), rel=1e-8)


@given(sentences=sentences_of_words, window=st.integers(1, 6))
def test_each_row_of_the_symmetric_matrix_sums_to_the_weights_around_the_word(sentences, window):
    entries, weights = decode(count(flatten(sentences), window)), distance_weights(window)[1]
    sums = np.zeros(SIZE, np.int64)
    for row, column, weight in entries:
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
    assert merge(parts) == count(ids, 4).tobytes()


@given(sentences=sentences_of_words, num_parts=st.integers(2, 5))
def test_the_number_of_lists_of_places_changes_nothing(sentences, num_parts):
    ids = flatten(sentences)
    assert count(ids, 4, num_parts=num_parts).tobytes() == count(ids, 4).tobytes()


@pytest.mark.small
def test_each_place_is_listed_once_in_order():
    ids, starts = flatten(random_sentences(4)), np.zeros(SIZE + 1, np.int64)
    places = np.full(len(ids) + 5, -1, np.int32)
    list_places(ids, 5, starts, places)
    for word in range(SIZE):
        listed = places[starts[word] : starts[word + 1]]
        np.testing.assert_array_equal(listed, np.flatnonzero(ids == word) + 5)
    assert starts[0] == 5
    assert starts[SIZE] == 5 + (ids >= 0).sum()


@given(sentences=sentences_of_words, window=st.sampled_from([1, 2, 15, 22, 30]))
def test_no_row_is_longer_than_the_words_occurrences_allow(sentences, window):
    words = np.concatenate([np.zeros(0, np.int64), *sentences]).astype(np.int64)
    most = most_row_bytes(np.bincount(words, minlength=SIZE), distance_weights(window)[1])
    content, place = count(flatten(sentences), window), 0
    while place < len(content):
        row, length = content[place : place + 8].view("<u4").tolist()
        assert 8 + length <= most[row]
        place += 8 + length
