"""Attention kernels against the twin, and their backward passes against finite differences."""

import numpy as np
import pytest

from seqtools.kernels import attention as kernel
from tests.reference import attention as twin

B, S, A, E = 3, 4, 5, 6
LENGTHS = np.array([4, 0, 2])
SENTENCE = np.array([0, 2, 1, 0, 2])
N = len(SENTENCE)
DTYPES = [np.float32, np.float64]


def make(dtype=np.float64, seed=0):
    """Return query, keys, v and values."""
    generator = np.random.default_rng(seed)
    shapes = [(N, A), (B, S, A), (A,), (B, S, E)]
    return [generator.standard_normal(shape).astype(dtype) for shape in shapes]


def run(kind, query, keys, v, values):
    """Return weights and contexts of a kind of score."""
    weights = np.full((N, S), np.nan, query.dtype)
    context = np.full((N, E), np.nan, query.dtype)
    if kind == "additive":
        kernel.additive_scores(query, keys, v, LENGTHS, SENTENCE, weights)
    else:
        kernel.dot_scores(query, keys, LENGTHS, SENTENCE, weights)
    kernel.attend(values, LENGTHS, SENTENCE, weights, context)
    return weights, context


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["additive", "dot"])
def test_weights_and_contexts_are_those_of_the_twin(kind, dtype):
    query, keys, v, values = make(dtype)
    weights, context = run(kind, query, keys, v, values)
    tolerance = 1e-12 if dtype == np.float64 else 2e-6
    for n, b in enumerate(SENTENCE):
        length = LENGTHS[b]
        states = keys[b, :length].astype(float)
        if kind == "additive":
            scores = twin.additive_scores(query[n].astype(float), states, v.astype(float))
        else:
            scores = twin.dot_scores(query[n].astype(float), states)
        expected_weights, expected = twin.attend(scores, values[b, :length].astype(float))
        np.testing.assert_allclose(weights[n, :length], expected_weights, atol=tolerance)
        assert (weights[n, length:] == 0).all()
        np.testing.assert_allclose(context[n], expected, atol=5 * tolerance)


def gradients(kind, query, keys, v, values, d_context):
    """Return the analytic gradients of sum(context * d_context)."""
    weights, _ = run(kind, query, keys, v, values)
    d_scores, d_query = np.zeros((N, S)), np.full((N, A), np.nan)
    d_keys, d_v, d_values = np.zeros_like(keys), np.zeros_like(v), np.zeros_like(values)
    kernel.attend_backward(d_context, values, weights, LENGTHS, SENTENCE, d_scores, d_values)
    if kind == "additive":
        kernel.additive_scores_backward(
            d_scores, query, keys, v, LENGTHS, SENTENCE, d_query, d_keys, d_v
        )
    else:
        kernel.dot_scores_backward(d_scores, query, keys, LENGTHS, SENTENCE, d_query, d_keys)
    return d_query, d_keys, d_v, d_values


@pytest.mark.small
@pytest.mark.parametrize("kind", ["additive", "dot"])
def test_backward_equals_finite_differences(kind):
    arrays = make()
    d_context = np.random.default_rng(5).standard_normal((N, E))
    analytic = gradients(kind, *arrays, d_context)
    step = 1e-5
    for array, gradient in zip(arrays, analytic, strict=True):
        numeric = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            sides = []
            for sign in (1, -1):
                array[place] = kept + sign * step
                sides.append((run(kind, *arrays)[1] * d_context).sum())
            array[place] = kept
            numeric[place] = (sides[0] - sides[1]) / (2 * step)
        np.testing.assert_allclose(gradient, numeric, atol=1e-8)


@pytest.mark.parametrize("kind", ["additive", "dot"])
def test_a_row_does_not_depend_on_padding_or_on_other_rows(kind):
    query, keys, v, values = make(np.float32)
    weights, context = run(kind, query, keys, v, values)
    for b, length in enumerate(LENGTHS):
        keys[b, length:], values[b, length:] = np.nan, np.nan
    again, context_again = run(kind, query, keys, v, values)
    np.testing.assert_array_equal(weights, again)
    np.testing.assert_array_equal(context, context_again)
    alone = np.zeros((1, S), np.float32)
    only = np.zeros((1, E), np.float32)
    if kind == "additive":
        kernel.additive_scores(query[3:4], keys, v, LENGTHS, SENTENCE[3:4], alone)
    else:
        kernel.dot_scores(query[3:4], keys, LENGTHS, SENTENCE[3:4], alone)
    kernel.attend(values, LENGTHS, SENTENCE[3:4], alone, only)
    np.testing.assert_array_equal(alone[0], weights[3])
    np.testing.assert_array_equal(only[0], context[3])
