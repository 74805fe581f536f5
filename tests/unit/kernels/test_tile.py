"""Tiles: explicit vectors and plain loops against the float64 twin."""

import numpy as np
import pytest

from seqtools.kernels import tile, vector
from tests.reference import tile as twin

DIM = 37


def matrices(seed, rows=20):
    generator = np.random.default_rng(seed)
    x, u = tile.aligned_zeros(rows, DIM), tile.aligned_zeros(rows, DIM)
    x[:, :DIM] = generator.normal(size=(rows, DIM)) * 0.3
    u[:, :DIM] = generator.normal(size=(rows, DIM)) * 0.3
    return x, u


def signs_of(num_targets, seed):
    signs = np.ones(num_targets + 16, np.float32)
    signs[:num_targets] = np.random.default_rng(seed).choice([-1.0, 1.0], num_targets)
    return signs


def run(process, base_of, step, x, u, x_rows, u_rows, signs, rate=0.1, limit=tile.NO_LIMIT):
    scratch = tile.make_scratch(len(x_rows))
    xs = np.array([base_of(x) + row * step for row in x_rows], np.int64)
    us = np.array([base_of(u) + row * step for row in u_rows], np.int64)
    rates = np.float32(rate), np.float32(limit)
    process(x, xs, x, xs, len(xs), u, us, len(us), signs, *rates, x.shape[1], scratch)
    return tile.loss_of(scratch)


def assert_close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=2e-6)


@pytest.mark.small
@pytest.mark.parametrize("num_contexts", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("num_targets", [1, 2, 3, 4, 5, 6, 7, 11, 13, 16])
def test_active_tiles_agree_with_the_float64_twin(num_contexts, num_targets):
    x, u = matrices(num_contexts * 31 + num_targets)
    x_rows = np.random.default_rng(1).integers(0, 20, num_contexts)
    u_rows = np.random.default_rng(2).permutation(20)[:num_targets]
    signs = signs_of(num_targets, 3)
    x64, u64 = x.astype(np.float64), u.astype(np.float64)
    expected = twin.process_tiles(x64, x_rows, x64, x_rows, u64, u_rows, signs, np.float32(0.1))
    step = tile.row_step(x.shape[1])
    loss = run(tile.process_tiles, tile.base_of, step, x, u, x_rows, u_rows, signs)
    assert_close(x, x64)
    assert_close(u, u64)
    assert loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.small
@pytest.mark.parametrize("num_targets", [1, 3, 6, 13])
def test_plain_tiles_in_float64_agree_with_the_twin_to_rounding(num_targets):
    x, u = (matrix.astype(np.float64) for matrix in matrices(5))
    x64, u64 = x.copy(), u.copy()
    x_rows, u_rows = np.array([3, 3, 8, 1, 3]), np.arange(num_targets)
    signs = signs_of(num_targets, 4).astype(np.float64)
    expected = twin.process_tiles(x64, x_rows, x64, x_rows, u64, u_rows, signs, 0.1)
    scratch = tile.TileScratch(np.zeros(200), np.ones(vector.LANES), np.zeros(vector.LANES, int))
    xs, us = x_rows.astype(np.int64), u_rows.astype(np.int64)
    tile.plain_tiles(x, xs, x, xs, 5, u, us, num_targets, signs, 0.1, np.inf, x.shape[1], scratch)
    np.testing.assert_allclose(x, x64, atol=1e-12)
    np.testing.assert_allclose(u, u64, atol=1e-12)
    assert tile.loss_of(scratch) == pytest.approx(expected, rel=1e-12)


@pytest.mark.skipif(not tile.JIT_ENABLED, reason="explicit vectors exist only in compiled code")
def test_vector_tiles_agree_with_plain_tiles():
    x, u = matrices(9)
    x_plain, u_plain = x.copy(), u.copy()
    x_rows, u_rows, signs = np.array([1, 4, 4, 2, 0]), np.arange(3, 14), signs_of(11, 6)
    step = tile.row_step(x.shape[1])
    loss = run(tile.vector_tiles, tile.base_of, step, x, u, x_rows, u_rows, signs)
    plain = run(tile.plain_tiles, lambda _: 0, 1, x_plain, u_plain, x_rows, u_rows, signs)
    assert_close(x, x_plain)
    assert_close(u, u_plain)
    assert loss == pytest.approx(plain, rel=1e-5)


@pytest.mark.small
def test_products_beyond_the_limit_change_nothing_but_count_in_the_loss():
    x, u = matrices(19)
    x[:4] *= 6.0  # some products beyond 1, some not
    signs = signs_of(6, 2)
    x64, u64 = x.astype(np.float64), u.astype(np.float64)
    rows = np.arange(4), np.arange(6)
    limited = twin.process_tiles(x64, rows[0], x64, rows[0], u64, rows[1], signs, 0.1, 1.0)
    assert not np.array_equal(x, x64.astype(np.float32))
    step = tile.row_step(x.shape[1])
    loss = run(tile.process_tiles, tile.base_of, step, x, u, *rows, signs, limit=1.0)
    assert_close(x, x64)
    assert_close(u, u64)
    assert loss == pytest.approx(limited, rel=1e-5)


@pytest.mark.small
def test_padding_stays_zero():
    x, u = matrices(11)
    step = tile.row_step(x.shape[1])
    run(tile.process_tiles, tile.base_of, step, x, u, np.arange(4), np.arange(6), signs_of(6, 1))
    assert not x[:, DIM:].any()
    assert not u[:, DIM:].any()


@pytest.mark.small
@pytest.mark.parametrize("logit", [-1000.0, -31.0, 0.0, 5.0, 31.0, 1000.0])
def test_extreme_products_stay_finite_and_the_loss_is_clipped_at_thirty(logit):
    x, u = tile.aligned_zeros(1, 16), tile.aligned_zeros(1, 16)
    x[0, 0], u[0, 0] = logit, 1.0
    signs = np.ones(17, np.float32)
    step = tile.row_step(16)
    loss = run(tile.process_tiles, tile.base_of, step, x, u, np.array([0]), np.array([0]), signs)
    expected = np.log1p(np.exp(-np.clip(logit, -30, 30)))
    assert loss == pytest.approx(expected, rel=1e-5, abs=1e-7)
    assert np.isfinite(x).all()
    assert np.isfinite(u).all()


@pytest.mark.small
def test_the_update_is_the_gradient_of_the_loss():
    x, u = (matrix.astype(np.float64) for matrix in matrices(13))
    signs = np.array([1.0, -1.0, -1.0])

    def loss(x, u):
        return np.log1p(np.exp(-(x[:1] @ u[:3].T) * signs)).sum()

    step, rows = 1e-5, np.arange(3)
    x_new, u_new = x.copy(), u.copy()
    twin.process_tiles(x_new, np.array([0]), x_new, np.array([0]), u_new, rows[:1], signs[:1], 1.0)
    for d in range(3):
        higher, lower = u.copy(), u.copy()
        higher[0, d] += step
        lower[0, d] -= step
        slope = (loss(x, higher) - loss(x, lower)) / (2 * step)
        assert u_new[0, d] - u[0, d] == pytest.approx(-slope, rel=1e-6)


@pytest.mark.small
def test_average_and_spread_visit_every_row_even_a_repeated_one():
    x, _ = matrices(17)
    start = x.copy()
    out, change = tile.aligned_zeros(1, DIM), tile.aligned_zeros(1, DIM)
    change[0, :DIM] = 1.0
    step = tile.row_step(x.shape[1])
    rows = np.array([tile.base_of(x) + row * step for row in (2, 5, 2)], np.int64)
    tile.average(x, rows, 3, np.float32(0.5), x.shape[1], out)
    np.testing.assert_allclose(out[0], 0.5 * (2 * start[2] + start[5]), rtol=1e-5, atol=1e-6)
    tile.spread(change, x, rows, 3, np.float32(0.25), x.shape[1])
    np.testing.assert_allclose(x[2, :DIM], start[2, :DIM] + 0.5, rtol=1e-5)
    np.testing.assert_allclose(x[5, :DIM], start[5, :DIM] + 0.25, rtol=1e-5)
