import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.errors import SettingsError
from seqtools.reports.projection import principal_components, tsne, unit_square
from seqtools.seeding import numpy_generator


def distances(points):
    return np.linalg.norm(points[:, None] - points[None], axis=2)


@given(st.integers(0, 2**32 - 1))
def test_a_plane_hidden_in_many_dimensions_is_found(seed):
    generator = np.random.default_rng(seed)
    flat = generator.normal(size=(20, 2))
    basis, _ = np.linalg.qr(generator.normal(size=(7, 2)))
    points, explained = principal_components((flat @ basis.T + 3).astype(np.float32))
    assert distances(points) == pytest.approx(distances(flat), abs=1e-4)
    assert explained.sum() == pytest.approx(1.0)
    assert explained[0] >= explained[1]


@given(st.integers(0, 2**32 - 1))
def test_the_first_component_has_the_larger_variance_and_both_are_uncorrelated(seed):
    vectors = np.random.default_rng(seed).normal(size=(30, 8)).astype(np.float32)
    points, _ = principal_components(vectors)
    covariance = np.cov(points.T)
    assert covariance[0, 0] >= covariance[1, 1]
    assert covariance[0, 1] == pytest.approx(0.0, abs=1e-9)


def test_the_sign_does_not_depend_on_the_order_of_rows():
    vectors = np.random.default_rng(3).normal(size=(30, 8)).astype(np.float32)
    points, _ = principal_components(vectors)
    backwards, _ = principal_components(vectors[::-1])
    assert backwards[::-1] == pytest.approx(points, abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1), (2, 3)])
def test_few_rows_or_dimensions_still_have_places(shape):
    points, explained = principal_components(np.ones(shape, dtype=np.float32))
    assert points.shape == (shape[0], 2)
    assert np.isfinite(points).all()
    assert (explained == 0).all()


def test_tsne_keeps_clusters_apart():
    generator = np.random.default_rng(0)
    middles = np.repeat(np.eye(3, 12) * 8, 20, axis=0)
    vectors = (middles + generator.normal(size=middles.shape)).astype(np.float32)
    spread = distances(tsne(vectors, 10, generator)) + np.diag(np.full(60, np.inf))
    cluster = np.arange(60) // 20
    assert (cluster[spread.argmin(axis=1)] == cluster).all()


def test_tsne_depends_on_the_seed_alone():
    vectors = np.random.default_rng(1).normal(size=(40, 6)).astype(np.float32)
    first, again, other = (tsne(vectors, 5, numpy_generator(seed, "layout")) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_tsne_spreads_equal_vectors():
    points = tsne(np.ones((6, 4), dtype=np.float32), 1.5, numpy_generator(1, "layout"))
    assert np.isfinite(points).all()


def test_tsne_refuses_what_it_cannot_lay_out():
    with pytest.raises(SettingsError, match="at least 4 words, got 3; use method pca"):
        tsne(np.eye(3, dtype=np.float32), 1, numpy_generator(1, "layout"))
    with pytest.raises(SettingsError, match="below the number of words, 5, got 5"):
        tsne(np.eye(5, dtype=np.float32), 5, numpy_generator(1, "layout"))


@given(st.integers(0, 2**32 - 1), st.integers(1, 20))
def test_the_unit_square_keeps_proportions(seed, n):
    points = np.random.default_rng(seed).normal(size=(n, 2)) * [3, 0.1]
    square = unit_square(points)
    assert square.min() >= -1e-12
    assert square.max() <= 1 + 1e-12
    extent = (points.max(axis=0) - points.min(axis=0)).max()
    if n > 1:
        assert distances(square) * extent == pytest.approx(distances(points))
