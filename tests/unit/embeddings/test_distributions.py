"""Subsampling, noise and Huffman codes."""

import heapq

import numpy as np
import pytest

from seqtools.embeddings.distributions import (
    keep_limits,
    keep_probabilities,
    make_codes,
    make_noise,
)

COUNTS = np.array([50_000, 9_000, 900, 400, 77, 77, 12, 5, 5, 5], np.int64)
IDS = np.arange(len(COUNTS), dtype=np.int32)


def drawn_probabilities(slots):
    """Return the exact probability of each word under an alias table."""
    size = len(slots)
    probabilities = np.zeros(size)
    for slot, (limit, alias) in enumerate(slots.tolist()):
        probabilities[slot] += limit / 2**32 / size
        probabilities[alias] += (1 - limit / 2**32) / size
    return probabilities


@pytest.mark.parametrize("exponent", [0.75, 0.0, 1.0, -0.5, 10.0])
def test_the_alias_table_draws_the_noise_distribution(exponent):
    weights = COUNTS.astype(np.float64) ** exponent
    expected = weights / weights.sum()
    np.testing.assert_allclose(
        drawn_probabilities(make_noise(COUNTS, exponent).slots), expected, atol=1e-8
    )


def test_one_word_is_always_drawn():
    np.testing.assert_allclose(drawn_probabilities(make_noise(COUNTS[:1], 0.75).slots), [1.0])


def test_subsampling_follows_word2vec_by_default_and_the_paper_on_request():
    counts = np.array([50, 5, 945], np.int64)  # frequencies 0.05, 0.005, 0.945
    np.testing.assert_allclose(
        keep_probabilities(counts, 1e-3, "word2vec")[:2], [0.161, 0.647], atol=5e-4
    )
    np.testing.assert_allclose(
        keep_probabilities(counts, 1e-3, "paper")[:2], [0.141, 0.447], atol=5e-4
    )


def test_a_threshold_of_zero_keeps_every_word():
    limits = keep_limits(keep_probabilities(COUNTS, 0.0, "word2vec"))
    assert (limits == 2**32).all()


def cost_of_an_optimal_code(counts):
    """Return the least possible sum of count times code length, by a heap."""
    heap, cost = [int(count) for count in counts], 0
    heapq.heapify(heap)
    while len(heap) > 1:
        pair = heapq.heappop(heap) + heapq.heappop(heap)
        cost += pair
        heapq.heappush(heap, pair)
    return cost


@pytest.mark.parametrize("size", [2, 3, 7, 10])
def test_huffman_codes_are_optimal_and_prefix_free(size):
    counts = COUNTS[:size]
    codes = make_codes(counts, IDS)
    lengths = np.diff(codes.starts)
    assert int((lengths * counts).sum()) == cost_of_an_optimal_code(counts)
    assert sum(2.0 ** -int(length) for length in lengths) == 1.0
    paths = set()
    for word in range(size):
        path = slice(codes.starts[word], codes.starts[word + 1])
        assert codes.nodes[path][0] == size - 2  # the root
        paths.add(tuple(zip(codes.nodes[path], codes.signs[path], strict=True)))
    assert len(paths) == size


def test_probabilities_along_the_paths_sum_to_one():
    codes, generator = make_codes(COUNTS, IDS), np.random.default_rng(1)
    scores = generator.normal(size=len(COUNTS) - 1)
    total = 0.0
    for word in range(len(COUNTS)):
        path = slice(codes.starts[word], codes.starts[word + 1])
        total += np.prod(1 / (1 + np.exp(-codes.signs[path] * scores[codes.nodes[path]])))
    assert total == pytest.approx(1.0, rel=1e-12)
