"""Resampling by weights."""

import itertools

import numpy as np
import pytest

from seqtools.errors import SettingsError
from seqtools.evaluation.significance import (
    paired_bootstrap,
    paired_randomization,
    resampled_totals,
    score_interval,
)


def mean_score(totals):
    """Score by a ratio of sums."""
    return 100 * totals[:, 0] / totals[:, 1]


def system(seed, shift=0.0, size=30):
    generator = np.random.default_rng(seed)
    counts = generator.integers(5, 9, size=size).astype(float)
    return np.stack([np.clip(np.round(counts * (0.5 + shift)), 0, counts), counts], axis=1)


def test_totals_are_sums_over_the_drawn_segments():
    statistics = system(1)
    drawn = np.random.default_rng(5).choice(30, size=(40, 30), replace=True)
    assert np.array_equal(resampled_totals(statistics, 40, seed=5), statistics[drawn].sum(axis=1))


def test_blocks_do_not_change_the_draws(monkeypatch):
    from seqtools.evaluation import bootstrap, significance

    statistics, other = system(1, size=33), system(2, 0.1, size=33)
    whole = resampled_totals(statistics, 600)
    tested = paired_randomization([statistics, other], mean_score, 600)
    monkeypatch.setattr(bootstrap, "_BLOCK_CELLS", 100)
    monkeypatch.setattr(significance, "_SHUFFLE_ROWS", 128)
    assert np.array_equal(resampled_totals(statistics, 600), whole)
    assert paired_randomization([statistics, other], mean_score, 600) == tested


@pytest.mark.parametrize(("num_segments", "num_trials"), [(3, 7), (64, 64), (33, 300), (1, 1)])
def test_coin_falls_are_those_of_numpy(num_segments, num_trials):
    from seqtools.evaluation.significance import _coin_falls

    falls = np.concatenate(list(_coin_falls(num_segments, num_trials, seed=9)))
    drawn = np.random.default_rng(9).integers(2, size=(num_trials, num_segments), dtype=bool)
    assert np.array_equal(falls, drawn)


def test_whole_numbers_too_large_for_float32_stay_exact():
    first, second = system(1) * 2.0**22, system(2, 0.1) * 2.0**22 + 1
    [large] = paired_randomization([first, second], mean_score, 200)
    falls = np.random.default_rng(12345).integers(2, size=(200, 30), dtype=bool).astype(float)
    kept = falls @ (first - second)
    a, b = second.sum(0) + kept, first.sum(0) - kept
    beyond = np.abs(mean_score(a) - mean_score(b)) > abs(large.difference)
    assert large.p_value == (beyond.sum() + 1) / 201


def test_interval_cuts_off_a_fortieth_on_either_side():
    interval = score_interval(np.arange(1000.0)[::-1])
    assert (interval.low, interval.high, interval.mean) == (25.0, 974.0, 499.5)
    assert interval.half_width == 474.5
    assert score_interval(np.array([3.0])).half_width == 0.0


def test_randomization_approaches_the_exact_test():
    first, second = system(1, size=8), system(3, 0.12, size=8)
    observed = abs(mean_score(second.sum(0)[None])[0] - mean_score(first.sum(0)[None])[0])
    beyond = 0
    for keeps in itertools.product((False, True), repeat=8):
        kept = np.array(keeps)[:, None]
        a, b = np.where(kept, first, second).sum(0), np.where(kept, second, first).sum(0)
        beyond += abs(mean_score(a[None])[0] - mean_score(b[None])[0]) > observed + 1e-12
    [comparison] = paired_randomization([first, second], mean_score, 20_000)
    assert comparison.p_value == pytest.approx(beyond / 2**8, abs=0.01)


def test_clear_difference_is_significant_and_none_is_not():
    same, better = system(4, size=200), system(4, 0.2, size=200)
    other = system(5, size=200)
    for test in (lambda s: paired_bootstrap(s, mean_score, 500)[1], randomize):
        clear, unclear = test([same, better, other])
        assert clear.difference > 0
        assert clear.p_value < 0.01
        assert unclear.p_value > 0.05


def randomize(systems):
    return paired_randomization(systems, mean_score, 500)


def test_order_of_systems_turns_the_sign_alone():
    first, second = system(6), system(7, 0.1)
    [forward] = paired_randomization([first, second], mean_score, 500)
    [backward] = paired_randomization([second, first], mean_score, 500)
    assert forward.difference == -backward.difference
    assert forward.p_value == pytest.approx(backward.p_value, abs=0.05)


@pytest.mark.parametrize("test", [paired_bootstrap, paired_randomization])
def test_what_cannot_be_paired_is_refused(test):
    with pytest.raises(SettingsError, match="at least 2 systems, got 1"):
        test([system(1)], mean_score, 10)
    with pytest.raises(SettingsError, match=r"same segments, got \(30, 2\), \(29, 2\)"):
        test([system(1), system(1, size=29)], mean_score, 10)
    with pytest.raises(SettingsError, match="at least 1, got 0"):
        test([system(1), system(2)], mean_score, 0)
