"""Skip-gram training over a slice of the corpus, lock-free among threads.

As in word2vec.c the context words are the input rows and the centre word is predicted; over a
whole corpus that equals predicting the contexts from the centre. The negative samples of a centre
are shared by all contexts of its window (Ji et al. 2016, arXiv 1604.04661), which turns the step
into a small dense block: every row is read and written once a window, not once a pair. Measured
at equal quality: 4 times the speed of one draw a pair (benchmarks/word2vec_speed.py).
"""

import numpy as np
from numba import njit

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
    corpus, noise, schedule, options, x, u, budget, state, rng_state, buffers, scratch
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
    x, u : float32 arrays, shape (V, row_floats)
        Input and output vectors, updated without locks.
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
    goal = state[CONSUMED] + budget
    while state[CONSUMED] < goal and has_more(state):
        rate = learning_rate(schedule, state[CONSUMED])
        stop = fill_buffer(corpus, window, state, rng_state, buffers.tokens)
        first = state[FIRST_CENTER]
        draw_reaches(first, stop, window, options[1] > 0, rng_state, buffers.reaches)
        draw_negatives(first, stop, noise, rng_state, buffers.negatives)
        state[PAIRS] += _train_with_negatives(
            first, stop, state[FILLED], step, window, x, u, rate, buffers, scratch
        )
        shift_buffer(window, stop, state, buffers.tokens)
    return has_more(state)


@njit(cache=True, nogil=True)
def skipgram_hierarchical_softmax(
    corpus, codes, schedule, options, x, u, budget, state, rng_state, buffers, scratch
):
    """Train on at least `budget` words, or to the end of the slice, with hierarchical softmax.

    Parameters
    ----------
    codes : Codes
        Huffman codes; u has a row for each of the V - 1 inner nodes. Everything else is as for
        `skipgram_negative_sampling`.

    Notes
    -----
    Mikolov et al. 2013 (arXiv 1310.4546), eq. 3. Nothing is shared or left out here: the block of
    a window differs from word2vec.c in the order of the updates only.
    """
    window, step = options[0], options[2]
    goal = state[CONSUMED] + budget
    while state[CONSUMED] < goal and has_more(state):
        rate = learning_rate(schedule, state[CONSUMED])
        stop = fill_buffer(corpus, window, state, rng_state, buffers.tokens)
        first = state[FIRST_CENTER]
        draw_reaches(first, stop, window, options[1] > 0, rng_state, buffers.reaches)
        state[PAIRS] += _train_on_paths(
            first, stop, state[FILLED], step, window, codes, x, u, rate, buffers, scratch
        )
        shift_buffer(window, stop, state, buffers.tokens)
    return has_more(state)


@njit(cache=True, nogil=True)
def _train_with_negatives(first, stop, filled, step, window, x, u, rate, buffers, scratch):
    """Train the centres in the buffer and return the number of pairs."""
    x_base, u_base, row_floats = base_of(x), base_of(u), x.shape[1]
    tokens, negatives = buffers.tokens, buffers.negatives
    contexts, targets, signs = buffers.context_rows, buffers.target_rows, buffers.signs
    pairs = 0
    for center in range(first, stop):
        word, ahead = tokens[center], center + _AHEAD
        if ahead < stop and tokens[ahead] >= 0:
            prefetch_negatives(tokens[ahead], negatives[ahead], u_base, step, row_floats)
        prefetch_window(tokens, ahead, window, filled, x_base, step, row_floats)
        if word < 0:
            continue
        reach = buffers.reaches[center]
        num_contexts = collect_contexts(tokens, filled, center, reach, x_base, step, contexts)
        if num_contexts == 0:
            continue
        pairs += num_contexts
        targets[0] = u_base + np.int64(word) * step
        num_targets, repeats = collect_negatives(word, negatives[center], u_base, step, targets)
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
    tokens, contexts = buffers.tokens, buffers.context_rows
    targets, signs = buffers.target_rows, buffers.signs
    pairs = 0
    for center in range(first, stop):
        word, ahead = tokens[center], center + _AHEAD
        if ahead < stop and tokens[ahead] >= 0:
            prefetch_path(tokens[ahead], codes, u_base, step, row_floats)
        prefetch_window(tokens, ahead, window, filled, x_base, step, row_floats)
        if word < 0:
            continue
        reach = buffers.reaches[center]
        num_contexts = collect_contexts(tokens, filled, center, reach, x_base, step, contexts)
        if num_contexts == 0:
            continue
        pairs += num_contexts
        num_nodes = collect_path(word, codes, u_base, step, targets, signs)
        process_tiles(
            x, contexts, x, contexts, num_contexts,
            u, targets, num_nodes, signs, rate, _LARGEST_LOGIT, row_floats, scratch,
        )  # fmt: skip
    return pairs
