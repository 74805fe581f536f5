"""The transformation of rows: laws of neutralizing."""

import numpy as np
import pytest

from seqtools.bias.debiasing import Debiasing, to_unit_length
from seqtools.bias.subspace import bias_subspace
from tests.reference import bias as twin


@pytest.fixture
def basis(units):
    return bias_subspace([units(2, 30) for _ in range(6)], 3).basis.astype(np.float32)


@pytest.fixture
def vectors(rng):
    return (5 * rng.normal(size=(3000, 30))).astype(np.float32)


def free(vectors, basis, **kwargs):
    return Debiasing(np.zeros(len(vectors), dtype=np.bool_), basis, **kwargs)


@pytest.mark.parametrize("num_components", [1, 3])
def test_neutral_words_are_orthogonal_to_the_subspace_and_of_length_one(
    vectors, basis, num_components
):
    changed = free(vectors, basis[:num_components]).apply(vectors)
    assert np.abs(changed.astype(np.float64) @ basis[:num_components].T).max() < 1e-6
    np.testing.assert_allclose(np.linalg.norm(changed, axis=1), 1, atol=1e-6)
    assert changed.dtype == np.float32


def test_words_nearly_within_the_subspace_become_orthogonal_too(rng, basis):
    inside = rng.normal(size=(500, 3)) @ basis + 0.02 * rng.normal(size=(500, 30))
    changed = free(inside, basis).apply(inside.astype(np.float32))
    assert np.abs(changed.astype(np.float64) @ basis.T).max() < 1e-6


def test_it_agrees_with_the_formula(vectors, basis):
    changed = free(vectors, basis).apply(vectors)
    for row in range(20):
        unit = vectors[row].astype(np.float64) / np.linalg.norm(vectors[row])
        np.testing.assert_allclose(changed[row], twin.neutralize(unit, basis), atol=1e-6)


def test_debiasing_again_changes_nothing(vectors, basis):
    debiasing = free(vectors, basis)
    once = debiasing.apply(vectors)
    np.testing.assert_allclose(debiasing.apply(once), once, atol=3e-7)


def test_kept_words_are_only_scaled(vectors, basis):
    kept = np.zeros(len(vectors), dtype=np.bool_)
    kept[::7] = True
    changed = Debiasing(kept, basis).apply(vectors)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(changed[kept], units[kept], atol=2e-7)


def test_in_place_uses_the_array_given(vectors, basis):
    debiasing = free(vectors, basis)
    expected = debiasing.apply(vectors)
    before = vectors.copy()
    np.testing.assert_array_equal(vectors, before)
    assert debiasing.apply(vectors, in_place=True) is vectors
    np.testing.assert_array_equal(vectors, expected)


def test_rows_and_slices_are_those_of_the_whole(rng, vectors, basis):
    replaced = rng.choice(3000, 40, replace=False)
    vectors_of = rng.normal(size=(40, 30)).astype(np.float32)
    debiasing = free(vectors, basis, replaced_rows=replaced, replaced=vectors_of)
    whole = debiasing.apply(vectors)
    some = rng.permutation(3000)[:2500]
    np.testing.assert_allclose(debiasing.rows(vectors, some), whole[some], atol=2e-7)
    np.testing.assert_array_equal(whole[replaced], vectors_of)
    on_demand = debiasing.on_demand(vectors)
    assert on_demand.shape == vectors.shape
    assert len(on_demand) == 3000
    np.testing.assert_allclose(on_demand[100:2200], whole[100:2200], atol=2e-7)
    np.testing.assert_array_equal(np.asarray(on_demand), whole)


def test_a_linear_map_and_an_offset_come_first(vectors, basis, rng):
    matrix = rng.normal(size=(30, 30)).astype(np.float32)
    offset = rng.normal(size=30).astype(np.float32)
    changed = free(vectors, basis, matrix=matrix, offset=offset).apply(vectors)
    units = vectors.astype(np.float64) / np.linalg.norm(vectors, axis=1, keepdims=True)
    for row in range(10):
        moved = units[row] @ matrix - offset
        expected = twin.neutralize(moved / np.linalg.norm(moved), basis)
        np.testing.assert_allclose(changed[row], expected, atol=2e-6)


def test_zero_rows_and_rows_within_the_subspace_become_zeros(basis):
    rows = np.concatenate([np.zeros((1, 30)), basis, np.full((1, 30), np.nan)])
    changed = free(rows, basis).apply(rows.astype(np.float32))
    np.testing.assert_array_equal(changed, 0)


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1.0, 1e18])
def test_lengths_that_float32_cannot_square_are_scaled_right(rng, scale):
    rows = rng.normal(size=(50, 8))
    block = (rows * scale).astype(np.float32)
    to_unit_length(block)
    expected = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(block, expected, atol=1e-6)
