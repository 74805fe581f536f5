"""The best extensions of hypotheses."""

import numpy as np
import pytest

from seqtools.kernels.top_k import best_extensions
from tests.reference import top_k as twin

pytestmark = pytest.mark.small


def run(log_probs, totals, starts, widths, room=None):
    """Return what the kernel found, and check that it wrote nothing else."""
    num_sentences = len(widths)
    size = room or max([1, *widths])
    values = np.full((num_sentences, size), 7.0)
    rows = np.full((num_sentences, size), -7, dtype=np.int64)
    tokens = np.full((num_sentences, size), -7, dtype=np.int32)
    counts = np.zeros(num_sentences, dtype=np.int64)
    best_extensions(
        log_probs,
        np.array(totals, dtype=np.float64),
        np.array(starts, dtype=np.int64),
        np.array(widths, dtype=np.int64),
        values,
        rows,
        tokens,
        counts,
    )
    for sentence, count in enumerate(counts.tolist()):
        assert (values[sentence, widths[sentence] :] == 7.0).all()
        assert (rows[sentence, count:] == -7).all()
    return [
        list(zip(values[m, :c].tolist(), rows[m, :c].tolist(), tokens[m, :c].tolist(), strict=True))
        for m, c in enumerate(counts.tolist())
    ]


def log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("vocabulary_size", [1, 3, 64, 65, 130])
@pytest.mark.parametrize("seed", range(3))
def test_kernel_finds_what_sorting_finds(dtype, vocabulary_size, seed):
    generator = np.random.default_rng(seed)
    starts = [0, 3, 3, 4, 9]
    log_probs = log_softmax(generator.normal(size=(9, vocabulary_size)) * 3).astype(dtype)
    totals = -generator.exponential(size=9)
    widths = generator.integers(0, 7, size=4).tolist()
    assert run(log_probs, totals, starts, widths) == twin.best_extensions(
        log_probs, totals, starts, widths
    )


def test_of_equal_sums_the_earlier_row_and_the_smaller_symbol_come_first():
    log_probs = np.full((2, 5), -1.0, dtype=np.float32)
    [found] = run(log_probs, [0.0, 0.0], [0, 2], [7])
    assert [(row, token) for _, row, token in found] == [(r, t) for r in (0, 1) for t in range(5)][
        :7
    ]


def test_impossible_symbols_are_never_found():
    log_probs = np.array([[-np.inf, -1.0, np.nan, -np.inf]], dtype=np.float32)
    assert run(log_probs, [-2.0], [0, 1], [3]) == [[(-3.0, 0, 1)]]
    assert run(log_probs, [-np.inf], [0, 1], [3]) == [[]]


def test_a_rounding_error_above_zero_counts_as_zero():
    log_probs = np.array([[1e-6, -1.0], [2e-6, -1.0]], dtype=np.float32)
    [found] = run(log_probs, [-1.0, -1.0], [0, 2], [2])
    assert found == [(-1.0, 0, 0), (-1.0, 1, 0)]


def test_sentences_without_rows_or_places_find_nothing():
    log_probs = np.zeros((1, 4), dtype=np.float32)
    assert run(log_probs, [0.0], [0, 0, 1], [2, 0], room=2) == [[], []]
