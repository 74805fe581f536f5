"""Equalizing pairs and larger sets."""

import numpy as np
import pytest

from seqtools.bias.equalizing import (
    equalize,
    equalize_pair_as_taught,
    equalize_set,
    find_equalize_sets,
)
from seqtools.bias.found_words import WordFinder
from seqtools.bias.subspace import bias_subspace
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SeqtoolsWarning, SettingsError
from tests.reference import bias as twin


@pytest.fixture
def direction(units):
    return bias_subspace([units(2, 25) for _ in range(5)]).basis


def test_equalized_pairs_are_equally_far_from_every_neutral_word(units, direction):
    pair = equalize_set(units(2, 25), direction)
    neutral = np.array([twin.neutralize(w, direction) for w in units(500, 25)])
    distances = np.linalg.norm(neutral[:, None] - pair, axis=2)
    np.testing.assert_allclose(distances[:, 0], distances[:, 1], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(pair, axis=1), 1, atol=1e-12)


def test_a_pair_comes_out_as_from_the_authors_program(units, direction):
    for _ in range(20):
        a, b = units(2, 25).astype(np.float64)
        found = equalize_set(np.array([a, b]), direction)
        np.testing.assert_allclose(found, twin.equalize_pair(a, b, direction[0]), atol=1e-12)


def test_equalizing_a_pair_again_changes_nothing(units, direction):
    once = equalize_set(units(2, 25), direction)
    np.testing.assert_allclose(equalize_set(once, direction), once, atol=1e-9)


@pytest.mark.parametrize(("size", "components"), [(3, 2), (4, 3), (5, 2), (2, 2)])
def test_larger_sets_differ_within_the_subspace_only(units, size, components):
    basis = bias_subspace([units(4, 25) for _ in range(3)], components).basis
    words = equalize_set(units(size, 25), basis)
    np.testing.assert_allclose(np.linalg.norm(words, axis=1), 1, atol=1e-12)
    neutral = np.array([twin.neutralize(w, basis) for w in units(200, 25)])
    np.testing.assert_allclose(np.ptp(neutral @ words.T, axis=1), 0, atol=1e-9)
    outside = words - (words @ basis.T) @ basis
    np.testing.assert_allclose(np.ptp(outside, axis=0), 0, atol=1e-12)


def test_words_without_a_difference_along_the_direction_stay_as_they_are(direction, units):
    neutral = np.array([twin.neutralize(w, direction) for w in units(2, 25)])
    assert equalize_set(neutral, direction) is None
    vectors = WordVectors(["a", "b", "c", "d"], np.concatenate([neutral, units(2, 25)]))
    sets = find_equalize_sets([("a", "b"), ("c", "d")], WordFinder(vectors))
    with pytest.warns(SeqtoolsWarning, match="1 sets are not equalized.*a b"):
        rows, changed, num_sets = equalize(sets, [vectors.vectors[r] for r in sets.rows], direction)
    assert rows.tolist() == [2, 3]
    assert changed.shape == (2, 25)
    assert num_sets == 1


def test_nothing_to_equalize_is_no_error(direction):
    sets = find_equalize_sets([], WordFinder(WordVectors(["a"], np.ones((1, 25)))))
    rows, changed, num_sets = equalize(sets, [], direction)
    assert (len(rows), changed.shape, num_sets) == (0, (0, 25), 0)


def test_every_case_in_which_a_pair_occurs_is_found(units):
    words = ["he", "she", "He", "She", "HE", "uncle", "Aunt", "King", "queen"]
    finder = WordFinder(WordVectors(words, units(9, 4)))
    sets = find_equalize_sets([("he", "she"), ("uncle", "aunt"), ("King", "queen")], finder)
    assert sets.words == (("he", "she"), ("He", "She"), ("King", "queen"))
    assert sets.lost == ()
    assert find_equalize_sets([("king", "prince")], finder).lost == ("prince",)


def test_of_a_larger_set_what_is_found_is_equalized(units):
    finder = WordFinder(WordVectors(["black", "asian", "x"], units(3, 4)))
    sets = find_equalize_sets([("black", "caucasian", "asian")], finder)
    assert sets.words == (("black", "asian"),)
    assert sets.lost == ("caucasian",)


def test_the_courses_form_is_the_courses_form(rng):
    a, b, axis = rng.normal(size=(3, 50))
    found = equalize_pair_as_taught(a, b, axis)
    np.testing.assert_allclose(found, twin.taught_equalize(a, b, axis), atol=1e-12)
    with pytest.raises(SettingsError, match="same vector"):
        equalize_pair_as_taught(a, a, axis)
