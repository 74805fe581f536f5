"""Attention of decoder states over encoder states: scores, weights, contexts, and back.

Rows are decoder states; row n looks at sentence ``sentence[n]`` of a memory that lies sentence by
sentence, so that the states of a sentence stay in the cache while a row goes over them. A row's
results depend on that row and its sentence alone. Nothing is read beyond a sentence's length; the
weights there are zero.

Scores: additive, Bahdanau, Cho and Bengio 2015 (arXiv 1409.0473), section 3.1 and appendix A.1.2;
dot and general, Luong, Pham and Manning 2015 (arXiv 1508.04025), eq. 8. Keys are projected once a
sentence, not once a step.
"""

import numpy as np
from numba import njit, types
from numba.extending import overload

from seqtools.kernels.activations import exp, tanh
from seqtools.kernels.vector_code import LANES
from seqtools.kernels.vector_numbers import add_lanes, broadcast, fma, load, store

# Sums of products may be taken in any order; NaN and infinity are still seen.
_SUMS = {"reassoc", "contract", "nsz"}


@njit(cache=True, nogil=True)
def additive_scores(query, keys, v, lengths, sentence, out_scores):
    """Score states: e_ni = v . tanh(query_n + key_i).

    Parameters
    ----------
    query : float array, shape (N, A)
        Projected decoder states.
    keys : float array, shape (B, S, A)
        Projected encoder states.
    v : float array, shape (A,)
    lengths : int64 array, shape (B,)
        States of each sentence.
    sentence : int64 array, shape (N,)
        The sentence of each row.
    out_scores : float array, shape (N, S)
        Left alone beyond a sentence's length.
    """
    _plain_scores(query, keys, v, lengths, sentence, out_scores)


@njit(cache=True, nogil=True)
def additive_scores_backward(d_scores, query, keys, v, lengths, sentence, d_query, d_keys, d_v):
    """Take the gradient of `additive_scores` back.

    Parameters
    ----------
    d_scores : float array, shape (N, S)
    query, keys, v, lengths, sentence
        As in the forward pass.
    d_query : float array, shape (N, A)
        Overwritten.
    d_keys : float array, shape (B, S, A)
        Added to.
    d_v : float array, shape (A,)
        Added to.
    """
    _plain_scores_back(d_scores, query, keys, v, lengths, sentence, d_query, d_keys, d_v)


def _plain_scores(query, keys, v, lengths, sentence, out_scores):
    """Score in plain loops; compiled float32 code has `_vector_scores`."""
    for n in range(query.shape[0]):
        b = sentence[n]
        for i in range(lengths[b]):
            total = 0 * query[n, 0]
            for a in range(query.shape[1]):
                total += v[a] * tanh(query[n, a] + keys[b, i, a])
            out_scores[n, i] = total


def _plain_scores_back(d_scores, query, keys, v, lengths, sentence, d_query, d_keys, d_v):
    """Go back in plain loops; compiled float32 code has `_vector_scores_back`."""
    for n in range(query.shape[0]):
        b = sentence[n]
        d_query[n, :] = 0
        for i in range(lengths[b]):
            slope = d_scores[n, i]
            for a in range(query.shape[1]):
                value = tanh(query[n, a] + keys[b, i, a])
                inner = slope * v[a] * (1 - value * value)
                d_v[a] += slope * value
                d_query[n, a] += inner
                d_keys[b, i, a] += inner


@njit(cache=True, nogil=True)
def _vector_scores(query, keys, v, lengths, sentence, out_scores):
    """Score with explicit vectors."""
    width, first_v = query.shape[1], v.ctypes.data
    for n in range(query.shape[0]):
        b = sentence[n]
        first_q = query.ctypes.data + n * query.strides[0]
        for i in range(lengths[b]):
            first_k = keys.ctypes.data + b * keys.strides[0] + i * keys.strides[1]
            total = broadcast(np.float32(0))
            for a in range(0, width, LANES):
                left, place = width - a, 4 * a
                inner = load(first_q + place, left) + load(first_k + place, left)
                total = fma(load(first_v + place, left), tanh(inner), total)
            out_scores[n, i] = add_lanes(total)


@njit(cache=True, nogil=True)
def _vector_scores_back(d_scores, query, keys, v, lengths, sentence, d_query, d_keys, d_v):
    """Go back with explicit vectors, a column of them at a time."""
    width, one = query.shape[1], np.float32(1)
    for n in range(query.shape[0]):
        b = sentence[n]
        first_q, first_dq = query.ctypes.data + n * query.strides[0], d_query[n].ctypes.data
        first_k, first_dk = keys[b].ctypes.data, d_keys[b].ctypes.data
        for a in range(0, width, LANES):
            left, place = width - a, 4 * a
            q, weight = load(first_q + place, left), load(v.ctypes.data + place, left)
            d_weight, total = load(d_v.ctypes.data + place, left), broadcast(np.float32(0))
            for i in range(lengths[b]):
                k_place = i * keys.strides[1] + place
                value = tanh(q + load(first_k + k_place, left))
                slope = d_scores[n, i]
                inner = weight * slope * (one - value * value)
                d_weight = fma(value, slope, d_weight)
                total = total + inner
                store(load(first_dk + k_place, left) + inner, first_dk + k_place, left)
            store(total, first_dq + place, left)
            store(d_weight, d_v.ctypes.data + place, left)


@overload(_plain_scores)
def _choose_scores(query, keys, v, lengths, sentence, out_scores):
    return _vector_scores.py_func if query.dtype == types.float32 else _plain_scores


@overload(_plain_scores_back)
def _choose_scores_back(d_scores, query, keys, v, lengths, sentence, d_query, d_keys, d_v):
    return _vector_scores_back.py_func if query.dtype == types.float32 else _plain_scores_back


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def dot_scores(query, keys, lengths, sentence, out_scores):
    """Score states: e_ni = query_n . key_i.

    Parameters
    ----------
    query : float array, shape (N, A)
        Decoder states.
    keys : float array, shape (B, S, A)
        Encoder states (dot), or their projection (general).
    lengths, sentence, out_scores
        As in `additive_scores`.
    """
    for n in range(query.shape[0]):
        b = sentence[n]
        for i in range(lengths[b]):
            total = 0 * query[n, 0]
            for a in range(query.shape[1]):
                total += query[n, a] * keys[b, i, a]
            out_scores[n, i] = total


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def dot_scores_backward(d_scores, query, keys, lengths, sentence, d_query, d_keys):
    """Take the gradient of `dot_scores` back; `d_query` is overwritten, `d_keys` added to."""
    for n in range(query.shape[0]):
        b = sentence[n]
        d_query[n, :] = 0
        for i in range(lengths[b]):
            slope = d_scores[n, i]
            for a in range(query.shape[1]):
                d_query[n, a] += slope * keys[b, i, a]
                d_keys[b, i, a] += slope * query[n, a]


@njit(cache=True, nogil=True, error_model="numpy")
def attend(values, lengths, sentence, weights, out_context):
    """Turn scores into weights and average the states by them.

    alpha_ni = softmax over i < length of e_ni, context_n = sum_i alpha_ni value_i.

    Parameters
    ----------
    values : float array, shape (B, S, E)
        Encoder states.
    lengths : int64 array, shape (B,)
    sentence : int64 array, shape (N,)
    weights : float array, shape (N, S)
        Scores, replaced by weights; zero beyond the length, and everywhere for an empty sentence.
    out_context : float array, shape (N, E)
        Zero for an empty sentence.
    """
    for n in range(weights.shape[0]):
        b = sentence[n]
        length = lengths[b]
        _softmax(weights[n], length)
        out_context[n, :] = 0
        for i in range(length):
            weight = weights[n, i]
            for e in range(values.shape[2]):
                out_context[n, e] += weight * values[b, i, e]


@njit(cache=True, nogil=True, error_model="numpy")
def _softmax(row, length):
    """Replace the first `length` scores by their softmax, the others by zero."""
    row[length:] = 0
    if length == 0:
        return
    largest = row[0]
    for i in range(1, length):
        largest = max(largest, row[i])
    total = 0 * largest
    for i in range(length):
        row[i] = exp(row[i] - largest)
        total += row[i]
    for i in range(length):
        row[i] /= total


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def attend_backward(d_context, values, weights, lengths, sentence, d_scores, d_values):
    """Take the gradient of `attend` back.

    With da_i = d_context . value_i, the gradient of score i is alpha_i (da_i - sum_j alpha_j da_j).

    Parameters
    ----------
    d_context : float array, shape (N, E)
    values, weights, lengths, sentence
        As the forward pass left them.
    d_scores : float array, shape (N, S)
        Overwritten within the length.
    d_values : float array, shape (B, S, E)
        Added to.
    """
    for n in range(weights.shape[0]):
        b = sentence[n]
        mean = 0 * weights[n, 0]
        for i in range(lengths[b]):
            weight = weights[n, i]
            d_weight = 0 * weight
            for e in range(values.shape[2]):
                d_weight += d_context[n, e] * values[b, i, e]
                d_values[b, i, e] += weight * d_context[n, e]
            d_scores[n, i] = d_weight
            mean += weight * d_weight
        for i in range(lengths[b]):
            d_scores[n, i] = weights[n, i] * (d_scores[n, i] - mean)
