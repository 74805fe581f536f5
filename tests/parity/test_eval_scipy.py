"""Rank correlation against SciPy 1.17."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from seqtools.evaluation.rank_correlation import spearman


@given(st.integers(0, 2**32 - 1), st.integers(2, 400), st.sampled_from([3, 50, 10**6]))
def test_rank_correlation_equals_scipys(seed, n, num_values):
    x, y = np.random.default_rng(seed).integers(0, num_values, size=(2, n)).astype(np.float64)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert np.isnan(spearman(x, y))
    else:
        assert spearman(x, y) == pytest.approx(scipy.stats.spearmanr(x, y).statistic, abs=1e-12)
