import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.evaluation.rank_correlation import resampled_spearman, spearman

paired = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=30)


def columns(pairs):
    x, y = np.array(pairs, dtype=np.float64).T
    return x, y


@given(paired)
def test_rising_transformations_change_nothing(pairs):
    x, y = columns(pairs)
    plain, changed = spearman(x, y), spearman(np.exp(x), 3 * y - 7)
    assert plain == pytest.approx(changed, nan_ok=True)


@given(paired)
def test_the_correlation_is_symmetric_and_turns_its_sign(pairs):
    x, y = columns(pairs)
    assert spearman(x, y) == pytest.approx(spearman(y, x), nan_ok=True)
    assert spearman(x, -y) == pytest.approx(-spearman(x, y), nan_ok=True)


@given(paired, st.integers(0, 2**32 - 1))
def test_counting_draws_equals_writing_the_resample_out(pairs, seed):
    x, y = columns(pairs)
    draws = np.random.default_rng(seed).integers(0, len(x), size=(4, len(x)))
    counts = np.stack([np.bincount(row, minlength=len(x)) for row in draws])
    written_out = [spearman(x[row], y[row]) for row in draws]
    assert resampled_spearman(x, y)(counts) == pytest.approx(written_out, nan_ok=True)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_pairs_have_no_correlation(n):
    assert np.isnan(spearman(np.arange(n, dtype=float), np.arange(n, dtype=float)))


def test_a_constant_has_no_correlation():
    assert np.isnan(spearman(np.ones(5), np.arange(5.0)))
