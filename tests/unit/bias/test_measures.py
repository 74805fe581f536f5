"""Direct and indirect bias, RND, ECT, MAC, RIPA, clusters, neighbours and probe."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from seqtools.bias.clusters import cluster_accuracy, k_means, labels_of
from seqtools.bias.direct_bias import direct_bias, indirect_bias, word_biases
from seqtools.bias.group_measures import (
    average_cosine_distances,
    embedding_coherence,
    relational_products,
    relative_norm_distances,
)
from seqtools.bias.neighborhood import leaning_neighbors
from seqtools.bias.probe import probe_accuracy
from seqtools.bias.subspace import bias_subspace
from tests.reference import bias as twin


@pytest.fixture
def direction(units):
    return bias_subspace([units(2, 15) for _ in range(4)]).basis


def test_direct_bias_is_the_mean_absolute_cosine(units, direction):
    words = units(40, 15)
    cosines = [abs(twin.cosine(w, direction[0])) for w in words.astype(float)]
    assert direct_bias(words, direction) == pytest.approx(np.mean(cosines), abs=1e-7)
    assert direct_bias(words, direction, 2) == pytest.approx(np.mean(np.square(cosines)), abs=1e-7)
    assert direct_bias(words, direction, 0) == 1.0


def test_bias_in_a_plane_is_the_length_of_the_part_within(units):
    basis = np.eye(15)[:2]
    words = units(10, 15)
    np.testing.assert_allclose(
        word_biases(words, basis), np.linalg.norm(words[:, :2], axis=1), atol=1e-7
    )


def test_indirect_bias_is_the_papers_beta(units, direction):
    w, v = units(2, 15).astype(np.float64)
    found = indirect_bias(w, v, direction)
    assert found == pytest.approx(twin.indirect_bias(w, v, direction[0]), abs=1e-9)


def test_indirect_bias_of_neutral_words_is_nothing(units, direction):
    w, v = (twin.neutralize(word, direction) for word in units(2, 15))
    assert indirect_bias(w, v, direction) == pytest.approx(0, abs=1e-9)
    assert indirect_bias(direction[0], w, direction) is None


def test_rnd_summed_is_the_papers(units):
    words, first, second = (units(n, 15).astype(np.float64) for n in (20, 6, 5))
    found = relative_norm_distances(words, first.mean(axis=0), second.mean(axis=0))
    assert found.sum() == pytest.approx(twin.relative_norm_distance(words, first, second))
    opposite = relative_norm_distances(words, second.mean(axis=0), first.mean(axis=0))
    np.testing.assert_allclose(found, -opposite)


def test_ect_is_spearmans_correlation_of_cosines(units):
    words, first, second = units(30, 15), units(6, 15).mean(axis=0), units(5, 15).mean(axis=0)
    expected = spearmanr(
        [twin.cosine(w, first) for w in words], [twin.cosine(w, second) for w in words]
    ).statistic
    assert embedding_coherence(words, first, second) == pytest.approx(expected, abs=1e-9)
    assert embedding_coherence(words, first, 3 * first) == pytest.approx(1)


def test_mac_is_the_papers(units):
    targets, groups = units(8, 15), [units(3, 15), units(5, 15), units(2, 15)]
    found = average_cosine_distances(targets, groups)
    assert found.mean() == pytest.approx(twin.mean_average_cosine(targets, groups), abs=1e-6)


def test_ripa_takes_every_pair_of_a_set_and_vectors_as_they_are(rng):
    words, pairs = rng.normal(size=(5, 9)), rng.normal(size=(4, 2, 9))
    found = relational_products(words, list(pairs))
    np.testing.assert_allclose(found, [twin.ripa(w, pairs) for w in words])
    triple = rng.normal(size=(3, 9))
    x, y, z = triple
    expected = [twin.ripa(w, [(x, y), (x, z), (y, z)])
                for w in words]  # fmt: skip
    np.testing.assert_allclose(relational_products(words, [triple]), expected)
    assert relational_products(words, [np.ones((2, 9))]).shape == (5, 0)


def test_separated_groups_are_clustered_and_mixed_ones_are_not(rng):
    labels = labels_of((np.arange(300), np.arange(300)))
    noise = rng.normal(size=(600, 10)).astype(np.float32)
    apart = noise + 6 * labels[:, None] * np.eye(10, dtype=np.float32)[0]
    assert cluster_accuracy(apart, labels, rng) > 0.99
    assert cluster_accuracy(noise, labels, rng) < 0.6


def test_three_groups_are_matched_to_clusters_as_well_as_can_be(rng):
    labels = labels_of(tuple(np.arange(100) for _ in range(3)))
    vectors = rng.normal(size=(300, 8)).astype(np.float32)
    vectors[:, :3] += 8 * np.eye(3, dtype=np.float32)[labels]
    order = rng.permutation(300)
    assert cluster_accuracy(vectors[order], labels[order], rng) > 0.98


def test_more_groups_than_can_be_permuted_are_matched_too(rng):
    labels = labels_of(tuple(np.arange(30) for _ in range(8)))
    vectors = 0.1 * rng.normal(size=(240, 8)) + 8 * np.eye(8)[labels]
    assert cluster_accuracy(vectors.astype(np.float32), labels, rng) > 0.85


def test_clusters_are_as_tight_as_scikit_learns(rng):
    from sklearn.cluster import KMeans

    vectors = rng.normal(size=(500, 6)).astype(np.float32)
    for num_clusters in (2, 3):
        clusters = k_means(vectors, num_clusters, rng)
        inertia = sum(
            ((vectors[clusters == c] - vectors[clusters == c].mean(axis=0)) ** 2).sum()
            for c in range(num_clusters)
        )
        theirs = KMeans(num_clusters, n_init=10, random_state=1).fit(vectors).inertia_
        assert inertia <= theirs * 1.005


def test_identical_rows_can_be_clustered(rng):
    assert cluster_accuracy(np.ones((10, 3), np.float32), np.arange(10) % 2, rng) == 0.5


@pytest.mark.parametrize("size", [101, 1500, 5000])
def test_neighbours_are_the_nearest_words_but_the_word_itself(units, size):
    vocabulary = units(size, 10)
    targets, k = vocabulary[:20], 100
    leans = np.random.default_rng(3).random((size, 2)) < 0.4
    own = np.arange(20)
    own[10:] = -1
    found = leaning_neighbors(targets, own, vocabulary, leans, k)
    cosines = targets.astype(np.float64) @ vocabulary.T
    cosines[np.arange(10), np.arange(10)] = -9
    nearest = np.argsort(-cosines, axis=1)[:, :k]
    np.testing.assert_allclose(found, leans[nearest].mean(axis=1), atol=0.0101)


def test_the_probe_reads_a_linear_and_a_curved_border_but_no_noise(rng):
    vectors = rng.normal(size=(2000, 5)).astype(np.float32)
    linear = (vectors[:, 0] > 0).astype(np.int64)
    curved = ((vectors[:, :2] ** 2).sum(axis=1) > 1.4).astype(np.int64)
    noise = rng.integers(0, 2, 2000)
    accuracies = [probe_accuracy(vectors, labels, rng) for labels in (linear, curved, noise)]
    assert [tested for _, tested in accuracies] == [1600] * 3
    assert accuracies[0][0] > 0.9
    assert accuracies[1][0] > 0.85
    assert accuracies[2][0] < 0.6


def test_the_probe_is_as_good_as_a_support_vector_machine(rng):
    from sklearn.svm import SVC

    vectors = rng.normal(size=(2500, 12)).astype(np.float32)
    labels = (vectors[:, :3].sum(axis=1) + vectors[:, 3] * vectors[:, 4] > 0).astype(np.int64)
    found, _ = probe_accuracy(vectors, labels, np.random.default_rng(5))
    order = np.random.default_rng(5).permutation(2500)
    machine = SVC().fit(vectors[order[:500]], labels[order[:500]])
    theirs = (machine.predict(vectors[order[500:]]) == labels[order[500:]]).mean()
    assert found == pytest.approx(theirs, abs=0.02)


def test_the_probe_tells_three_groups(rng):
    labels = np.arange(900) % 3
    vectors = (rng.normal(size=(900, 6)) + 3 * np.eye(6)[labels]).astype(np.float32)
    assert probe_accuracy(vectors, labels, rng)[0] > 0.9
