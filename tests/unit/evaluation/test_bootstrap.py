import numpy as np
import pytest

from seqtools.evaluation import bootstrap
from seqtools.evaluation.bootstrap import (
    bootstrap_interval,
    percentile_interval,
    proportion_interval,
    resample_counts,
)


def mean_of(values):
    return lambda counts: counts @ values / len(values)


def test_a_resample_draws_as_many_items_as_there_are(monkeypatch):
    monkeypatch.setattr(bootstrap, "_BLOCK_CELLS", 70)
    blocks = list(resample_counts(np.random.default_rng(0), 20, 10))
    assert [block.shape for block in blocks] == [(3, 20), (3, 20), (3, 20), (1, 20)]
    assert all((block.sum(axis=1) == 20).all() for block in blocks)
    assert all((block >= 0).all() for block in blocks)


def test_the_interval_of_a_mean_is_near_the_normal_one():
    values = np.random.default_rng(1).normal(5.0, 2.0, size=1000)
    low, high = bootstrap_interval(mean_of(values), 1000, resamples=4000)
    half_width = 1.96 * values.std() / np.sqrt(1000)
    assert low == pytest.approx(values.mean() - half_width, abs=0.01)
    assert high == pytest.approx(values.mean() + half_width, abs=0.01)


def test_intervals_cover_the_truth_about_as_often_as_promised():
    generator = np.random.default_rng(2)
    hits = 0
    for _ in range(300):
        low, high = bootstrap_interval(
            mean_of(generator.normal(size=60)), 60, resamples=200, confidence=0.9
        )
        hits += low <= 0 <= high
    assert 0.84 < hits / 300 < 0.95


def test_a_proportion_drawn_as_binomial_agrees_with_resampled_items():
    items = np.array([1.0] * 30 + [0.0] * 70)
    drawn = bootstrap_interval(mean_of(items), 100, resamples=20000)
    binomial = proportion_interval(30, 100, resamples=20000)
    assert binomial == pytest.approx(drawn, abs=0.011)


def test_the_seed_decides_the_interval():
    values = np.arange(50.0)
    first, again, other = (
        bootstrap_interval(mean_of(values), 50, resamples=100, seed=seed) for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


def test_more_confidence_is_a_wider_interval():
    intervals = [proportion_interval(40, 100, confidence=c) for c in (0.5, 0.9, 0.99)]
    widths = [high - low for low, high in intervals]
    assert widths == sorted(widths)


def test_no_items_or_no_values_have_no_interval():
    assert bootstrap_interval(mean_of(np.zeros(0)), 0) is None
    assert proportion_interval(0, 0) is None
    assert percentile_interval(np.array([np.nan, np.inf]), 0.95) is None


def test_resamples_without_a_value_are_left_out():
    assert percentile_interval(np.array([np.nan, 1.0, 1.0]), 0.95) == (1.0, 1.0)


@pytest.mark.parametrize("successes", [0, 7])
def test_a_certain_proportion_has_a_point_for_an_interval(successes):
    assert proportion_interval(successes, 7) == (successes / 7, successes / 7)
