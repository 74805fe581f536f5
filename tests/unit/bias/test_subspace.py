"""The bias direction."""

import numpy as np
import pytest

from seqtools.bias.subspace import bias_subspace, pair_direction, same_vector
from seqtools.errors import SettingsError
from tests.reference import bias as twin


def noisy_pairs(rng, num_pairs=10, dim=50, noise=0.07):
    """Return pairs of unit vectors that differ along one direction, and the direction."""
    truth = rng.normal(size=dim)
    truth /= np.linalg.norm(truth)
    pairs = []
    for _ in range(num_pairs):
        shared = rng.normal(size=dim) / np.sqrt(dim)
        pair = np.array([shared + 0.5 * truth, shared - 0.5 * truth])
        pair += noise * rng.normal(size=pair.shape)
        pairs.append(pair / np.linalg.norm(pair, axis=1, keepdims=True))
    return pairs, truth


def test_pair_centring_finds_the_direction_that_mean_centred_differences_lose(rng):
    pairs, truth = noisy_pairs(rng)
    found = bias_subspace(pairs).basis[0]
    assert abs(found @ truth) > 0.95
    differences = np.array([a - b for a, b in pairs])
    _, _, wrong = np.linalg.svd(differences - differences.mean(axis=0), full_matrices=False)
    assert abs(wrong[0] @ truth) < 0.5


def test_it_is_the_first_eigenvector_of_the_covariance_within_sets(units):
    sets = [units(size, 7).astype(np.float64) for size in (2, 3, 2, 4)]
    subspace = bias_subspace(sets, 3)
    direction, shares = twin.first_direction(sets)
    assert abs(subspace.basis[0] @ direction) == pytest.approx(1, abs=1e-12)
    rank = len(subspace.explained_variance)
    np.testing.assert_allclose(subspace.explained_variance, shares[:rank], atol=1e-12)
    np.testing.assert_allclose(subspace.basis @ subspace.basis.T, np.eye(3), atol=1e-12)


def test_one_pair_gives_its_difference_pointing_to_the_first_word(units):
    a, b = units(2, 9).astype(np.float64)
    subspace = bias_subspace([np.array([a, b])], components=5)
    np.testing.assert_allclose(subspace.basis, [(a - b) / np.linalg.norm(a - b)], atol=1e-12)
    np.testing.assert_allclose(subspace.explained_variance, [1.0])
    np.testing.assert_allclose(pair_direction(a, b), subspace.basis[0], atol=1e-12)


def test_components_are_no_more_than_the_rank(units):
    sets = [units(2, 8), units(2, 8)]
    assert bias_subspace(sets, components=10).num_components == 2


@pytest.mark.parametrize(
    ("sets", "components", "message"),
    [
        ([], 1, "at least one definitional set"),
        ([np.ones((2, 3))], 1, "the same vector"),
        ([np.eye(3)[:2]], 0, "components must be at least 1"),
    ],
)
def test_what_has_no_direction_is_refused(sets, components, message):
    with pytest.raises(SettingsError, match=message):
        bias_subspace(sets, components)


def test_equal_vectors_are_found_by_their_places():
    rows = np.array([[1.0, 0], [0, 1], [1, 0]])
    assert same_vector(rows) == (0, 2)
    assert same_vector(rows[:2]) is None
    with pytest.raises(SettingsError, match="same vector"):
        pair_direction(rows[0], rows[2])
