"""Skip-gram training over a slice of the corpus, lock-free among threads.

As in word2vec.c the context words are the input rows and the centre word is predicted; over a
whole corpus that equals predicting the contexts from the centre. The negative samples of a centre
are shared by all contexts of its window (Ji et al. 2016, arXiv 1604.04661), which turns the step
into a small dense block: every row is read and written once a window, not once a pair. Measured
at equal quality: 4 times the speed of one draw a pair (benchmarks/word2vec_speed.py).
"""

import numpy as np
from numba import njit

from seqtools.kernels.row_copies import copy_rows, merge_all, merge_turn, own_rows
from seqtools.kernels.tile import NO_LIMIT, base_of, process_tiles
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
_AHEAD = 2

# With hierarchical softmax a node whose logit is this large is left alone, as in word2vec.c and
# gensim; without it WordSim-353 on 9 M words falls by 0.006 (benchmarks/word2vec_quality.py).
_LARGEST_LOGIT = np.float32(6.0)


@njit(cache=True, nogil=True)
def skipgram_negative_sampling(
    corpus, noise, schedule, options, x, u, copies, budget, state, rng_state, buffers, scratch
):
    """Train on at least `budget` words, or to the end of the slice.

    Parameters
    ----------
    corpus : Corpus
    noise : Noise
    schedule : float64 array, shape (3,)
        See `learning_rate`.
    options : int64 array, shape (3,)
        Window, 1 if it shrinks, step between rows (see ``tile.row_step``).
    x, u : float32 arrays, shape (V and more, row_floats)
        Input and output vectors, updated without locks. Copies lie behind them.
    copies : Copies
        Rows that this thread works on in place of shared ones; they are merged when it returns.
    budget : int64
        Words to consume before returning.
    state, rng_state, buffers, scratch
        The walk; see ``seqtools.kernels.windows`` and ``seqtools.kernels.tile``.

    Returns
    -------
    bool
        True while the slice has more.
    """
    window, step = options[0], options[2]
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
            first, stop, state[FILLED], step, window, x, u, rate, buffers, scratch
        )
        shift_buffer(window, stop, state, buffers.tokens)
        turn += 1
        merge_turn(x, copies.x, turn)
        merge_turn(u, copies.u, turn)
    merge_all(x, copies.x)
    merge_all(u, copies.u)
    return has_more(state)


@njit(cache=True, nogil=True)
def skipgram_hierarchical_softmax(
    corpus, codes, schedule, options, x, u, copies, budget, state, rng_state, buffers, scratch
):
    """Train on at least `budget` words, or to the end of the slice, with hierarchical softmax.

    Parameters
    ----------
    codes : Codes
        Huffman codes, of nodes that are the thread's own where it has copies; u has a row for each
        of the V - 1 inner nodes. Everything else is as for `skipgram_negative_sampling`.

    Notes
    -----
    Mikolov et al. 2013 (arXiv 1310.4546), eq. 3. Nothing is shared or left out here: the block of
    a window differs from word2vec.c in the order of the updates only.
    """
    window, step = options[0], options[2]
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
            first, stop, state[FILLED], step, window, codes, x, u, rate, buffers, scratch
        )
        shift_buffer(window, stop, state, buffers.tokens)
        turn += 1
        merge_turn(x, copies.x, turn)
        merge_turn(u, copies.u, turn)
    merge_all(x, copies.x)
    merge_all(u, copies.u)
    return has_more(state)


@njit(cache=True, nogil=True)
def _train_with_negatives(first, stop, filled, step, window, x, u, rate, buffers, scratch):
    """Train the centres in the buffer and return the number of pairs."""
    x_base, u_base, row_floats = base_of(x), base_of(u), x.shape[1]
    x_rows, u_rows, negatives = buffers.x_rows, buffers.u_rows, buffers.negatives
    contexts, targets, signs = buffers.context_rows, buffers.target_rows, buffers.signs
    pairs = 0
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
        pairs += num_contexts
        targets[0] = u_base + np.int64(row) * step
        num_targets, repeats = collect_negatives(row, negatives[center], u_base, step, targets)
        process_tiles(
            x, contexts, x, contexts, num_contexts,
            u, targets, num_targets, signs, rate, NO_LIMIT, row_floats, scratch,
        )  # fmt: skip
        for index in range(targets.shape[0] - repeats, targets.shape[0]):
            process_tiles(
                x, contexts, x, contexts, num_contexts,
                u, targets[index:], 1, signs[1:], rate, NO_LIMIT, row_floats, scratch,
            )  # fmt: skip
    return pairs


@njit(cache=True, nogil=True)
def _train_on_paths(first, stop, filled, step, window, codes, x, u, rate, buffers, scratch):
    """Train the centres in the buffer on their paths and return the number of pairs."""
    x_base, u_base, row_floats = base_of(x), base_of(u), x.shape[1]
    tokens, x_rows, contexts = buffers.tokens, buffers.x_rows, buffers.context_rows
    targets, signs = buffers.target_rows, buffers.signs
    pairs = 0
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
        pairs += num_contexts
        num_nodes = collect_path(word, codes, u_base, step, targets, signs)
        process_tiles(
            x, contexts, x, contexts, num_contexts,
            u, targets, num_nodes, signs, rate, _LARGEST_LOGIT, row_floats, scratch,
        )  # fmt: skip
    return pairs
