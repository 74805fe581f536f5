"""CBOW training over a slice of the corpus, lock-free among threads.

The mean (or sum) of the context rows predicts the centre word. As in word2vec.c and gensim, with
the mean the error is added in full to every context row, not divided by their number; with the sum
it is divided, as in gensim.
"""

import numpy as np
from numba import njit

from seqtools.kernels.row_copies import copy_rows, merge_all, merge_turn, own_rows
from seqtools.kernels.tile import NO_LIMIT, average, base_of, process_tiles, spread
from seqtools.kernels.windows import (
    CONSUMED,
    FILLED,
    FIRST_CENTER,
    PAIRS,
    collect_contexts,
    collect_negatives,
    collect_path,
    draw_negatives,
    draw_reaches,
    fill_buffer,
    has_more,
    learning_rate,
    prefetch_negatives,
    prefetch_path,
    prefetch_window,
    shift_buffer,
)

# Rows of the window this many centres ahead are fetched while the running one is computed.
_AHEAD = 4

# With hierarchical softmax a node whose logit is this large is left alone, as in word2vec.c and
# gensim; without it WordSim-353 on 9 M words falls by 0.006 (benchmarks/word2vec_quality.py).
_LARGEST_LOGIT = np.float32(6.0)


@njit(cache=True, nogil=True)
def cbow_negative_sampling(
    corpus,
    noise,
    schedule,
    options,
    x,
    u,
    hidden,
    copies,
    budget,
    state,
    rng_state,
    buffers,
    scratch,
):
    """Train on at least `budget` words, or to the end of the slice.

    Parameters
    ----------
    options : int64 array, shape (4,)
        Window, 1 if it shrinks, step between rows, 1 for the mean and 0 for the sum of contexts.
    hidden : float32 array, shape (2, row_floats)
        Scratch: the hidden row and its error. Everything else is as for
        ``skipgram.skipgram_negative_sampling``; a pair is a centre with its whole window.

    Returns
    -------
    bool
        True while the slice has more.
    """
    window = options[0]
    goal, turn = state[CONSUMED] + budget, 0
    copy_rows(x, copies.x)
    copy_rows(u, copies.u)
    while state[CONSUMED] < goal and has_more(state):
        rate = learning_rate(schedule, state[CONSUMED])
        stop = fill_buffer(corpus, window, state, rng_state, buffers.tokens)
        first = state[FIRST_CENTER]
        own_rows(buffers.tokens, 0, state[FILLED], copies.x, buffers.x_rows)
        draw_reaches(first, stop, window, options[1] > 0, rng_state, buffers.reaches)
        draw_negatives(first, stop, noise, copies.u, rng_state, buffers.negatives)
        own_rows(buffers.tokens, first, stop, copies.u, buffers.u_rows)
        state[PAIRS] += _train_with_negatives(
            first, stop, state[FILLED], options, x, u, hidden, rate, buffers, scratch
        )
        shift_buffer(window, stop, state, buffers.tokens)
        turn += 1
        merge_turn(x, copies.x, turn)
        merge_turn(u, copies.u, turn)
    merge_all(x, copies.x)
    merge_all(u, copies.u)
    return has_more(state)


@njit(cache=True, nogil=True)
def cbow_hierarchical_softmax(
    corpus,
    codes,
    schedule,
    options,
    x,
    u,
    hidden,
    copies,
    budget,
    state,
    rng_state,
    buffers,
    scratch,
):
    """Train on at least `budget` words, or to the end of the slice, with hierarchical softmax.

    Parameters are those of `cbow_negative_sampling`, with Huffman codes for the noise.
    """
    window = options[0]
    goal, turn = state[CONSUMED] + budget, 0
    copy_rows(x, copies.x)
    copy_rows(u, copies.u)
    while state[CONSUMED] < goal and has_more(state):
        rate = learning_rate(schedule, state[CONSUMED])
        stop = fill_buffer(corpus, window, state, rng_state, buffers.tokens)
        first = state[FIRST_CENTER]
        own_rows(buffers.tokens, 0, state[FILLED], copies.x, buffers.x_rows)
        draw_reaches(first, stop, window, options[1] > 0, rng_state, buffers.reaches)
        state[PAIRS] += _train_on_paths(
            first, stop, state[FILLED], options, codes, x, u, hidden, rate, buffers, scratch
        )
        shift_buffer(window, stop, state, buffers.tokens)
        turn += 1
        merge_turn(x, copies.x, turn)
        merge_turn(u, copies.u, turn)
    merge_all(x, copies.x)
    merge_all(u, copies.u)
    return has_more(state)


@njit(cache=True, nogil=True)
def _begin(x, contexts, num_contexts, is_mean, row_floats, hidden):
    """Write the hidden row, clear its error and return the factor of the error."""
    share = np.float32(1.0) / np.float32(num_contexts)
    one = np.float32(1.0)
    average(x, contexts, num_contexts, share if is_mean else one, row_floats, hidden)
    for d in range(row_floats):
        hidden[1, d] = 0.0
    return one if is_mean else share


@njit(cache=True, nogil=True)
def _train_with_negatives(first, stop, filled, options, x, u, hidden, rate, buffers, scratch):
    """Train the centres in the buffer and return their number."""
    window, step, is_mean = options[0], options[2], options[3] > 0
    x_base, u_base, row_floats = base_of(x), base_of(u), x.shape[1]
    x_rows, u_rows, negatives = buffers.x_rows, buffers.u_rows, buffers.negatives
    contexts, targets, signs = buffers.context_rows, buffers.target_rows, buffers.signs
    hidden_row, error_row = contexts[contexts.shape[0] - 2 :], contexts[contexts.shape[0] - 1 :]
    hidden_row[0], error_row[0] = base_of(hidden), base_of(hidden) + step
    trained = 0
    for center in range(first, stop):
        row, ahead = u_rows[center], center + _AHEAD
        if ahead < stop and u_rows[ahead] >= 0:
            prefetch_negatives(u_rows[ahead], negatives[ahead], u_base, step, row_floats)
        prefetch_window(x_rows, ahead, window, filled, x_base, step, row_floats)
        if row < 0:
            continue
        reach = buffers.reaches[center]
        num_contexts = collect_contexts(x_rows, filled, center, reach, x_base, step, contexts)
        if num_contexts == 0:
            continue
        trained += 1
        factor = _begin(x, contexts, num_contexts, is_mean, row_floats, hidden)
        targets[0] = u_base + np.int64(row) * step
        num_targets, repeats = collect_negatives(row, negatives[center], u_base, step, targets)
        process_tiles(
            hidden, hidden_row, hidden, error_row, 1,
            u, targets, num_targets, signs, rate, NO_LIMIT, row_floats, scratch,
        )  # fmt: skip
        for index in range(targets.shape[0] - repeats, targets.shape[0]):
            process_tiles(
                hidden, hidden_row, hidden, error_row, 1,
                u, targets[index:], 1, signs[1:], rate, NO_LIMIT, row_floats, scratch,
            )  # fmt: skip
        spread(hidden[1:], x, contexts, num_contexts, factor, row_floats)
    return trained


@njit(cache=True, nogil=True)
def _train_on_paths(first, stop, filled, options, codes, x, u, hidden, rate, buffers, scratch):
    """Train the centres in the buffer on their paths and return their number."""
    window, step, is_mean = options[0], options[2], options[3] > 0
    x_base, u_base, row_floats = base_of(x), base_of(u), x.shape[1]
    tokens, x_rows, contexts = buffers.tokens, buffers.x_rows, buffers.context_rows
    targets, signs = buffers.target_rows, buffers.signs
    hidden_row, error_row = contexts[contexts.shape[0] - 2 :], contexts[contexts.shape[0] - 1 :]
    hidden_row[0], error_row[0] = base_of(hidden), base_of(hidden) + step
    trained = 0
    for center in range(first, stop):
        word, ahead = tokens[center], center + _AHEAD
        if ahead < stop and tokens[ahead] >= 0:
            prefetch_path(tokens[ahead], codes, u_base, step, row_floats)
        prefetch_window(x_rows, ahead, window, filled, x_base, step, row_floats)
        if word < 0:
            continue
        reach = buffers.reaches[center]
        num_contexts = collect_contexts(x_rows, filled, center, reach, x_base, step, contexts)
        if num_contexts == 0:
            continue
        trained += 1
        factor = _begin(x, contexts, num_contexts, is_mean, row_floats, hidden)
        num_nodes = collect_path(word, codes, u_base, step, targets, signs)
        process_tiles(
            hidden, hidden_row, hidden, error_row, 1,
            u, targets, num_nodes, signs, rate, _LARGEST_LOGIT, row_floats, scratch,
        )  # fmt: skip
        spread(hidden[1:], x, contexts, num_contexts, factor, row_floats)
    return trained
