"""Walking over the corpus: subsampling, windows, negative samples, learning rate.

A walk is resumable at any call: everything that the next step depends on lies in `state`,
`rng_state` and `tokens`, which a checkpoint stores. A sentence of any length passes through the
token buffer; the part that still serves as context is carried over.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from seqtools.kernels.random import GOLDEN_GAMMA, HALF, LOW_HALF, below, mix
from seqtools.kernels.row_copies import own_rows
from seqtools.kernels.tile import prefetch
from seqtools.types import Float32Array, Int32Array, Int64Array, Uint32Array, Uint64Array

# Places in a walk's int64 state.
POSITION, STOP, FILLED, FIRST_CENTER, CONSUMED, PAIRS = 0, 1, 2, 3, 4, 5
STATE_SIZE = 6

_CACHED_LEVELS = 6


class Corpus(NamedTuple):
    """The text that is walked over.

    Attributes
    ----------
    ids : int32 array
        Vocabulary ids; a negative value ends a sentence.
    keep_below : uint64 array, shape (V,)
        A word stays if 32 random bits are below this; 2**32 keeps it always.
    """

    ids: Int32Array
    keep_below: Uint64Array


class Noise(NamedTuple):
    """An alias table (Walker 1977): draw a slot, keep it or take its alias.

    Attributes
    ----------
    slots : uint32 array, shape (V, 2)
        The slot stays if 32 random bits are below the first number; the second is its alias. They
        lie side by side, so that a draw touches one cache line.
    """

    slots: Uint32Array


class Codes(NamedTuple):
    """Huffman codes: the way from the root to each word (see ``embeddings.huffman``).

    Attributes
    ----------
    starts : int64 array, shape (V + 1,)
        The path of word w lies at starts[w] up to starts[w + 1].
    nodes : int32 array
        Inner nodes on the paths, root first.
    signs : float32 array
        +1 where the path takes the branch with bit 0, -1 for bit 1.
    """

    starts: Int64Array
    nodes: Int32Array
    signs: Float32Array


class Buffers(NamedTuple):
    """Working memory of one walk.

    Attributes
    ----------
    tokens : int32 array, shape (N,)
        Words that survived subsampling; -1 ends a sentence.
    x_rows, u_rows : int32 arrays, shape (N,)
        The input row of each word and, without hierarchical softmax, its output row.
    reaches : int32 array, shape (N,)
        Window of each centre.
    negatives : int32 array, shape (N + 1, K)
        Output rows of the negative samples of each centre; the last row is scratch.
    context_rows, target_rows : int64 arrays
        Rows of the running window.
    signs : float32 array
        Labels of the targets as +1 and -1, with room for one vector more.
    """

    tokens: Int32Array
    x_rows: Int32Array
    u_rows: Int32Array
    reaches: Int32Array
    negatives: Int32Array
    context_rows: Int64Array
    target_rows: Int64Array
    signs: Float32Array


@njit(cache=True, nogil=True)
def has_more(state):
    """Say whether a walk has words left."""
    return state[POSITION] < state[STOP] or state[FILLED] > 0


@njit(cache=True, nogil=True)
def fill_buffer(corpus, window, state, rng_state, tokens):
    """Read words into the buffer, subsampled, and return where centres must stop for now.

    Parameters
    ----------
    corpus : Corpus
    window : int64
        Largest reach; centres within it of the buffer's end wait unless the sentence has ended.
    state : int64 array, shape (STATE_SIZE,)
        The walk, updated.
    rng_state : uint64 array, shape (1,)
        Updated.
    tokens : int32 array
        The buffer, larger than twice the window.

    Returns
    -------
    int64
        Centres FIRST_CENTER up to this index have their whole window in the buffer.
    """
    position, stop, filled = state[POSITION], state[STOP], state[FILLED]
    counter, consumed = rng_state[0], state[CONSUMED]
    while filled < tokens.shape[0] and position < stop:
        word = corpus.ids[position]
        position += 1
        if word < 0:
            if filled > 0 and tokens[filled - 1] >= 0:
                tokens[filled] = -1
                filled += 1
            continue
        consumed += 1
        counter += GOLDEN_GAMMA
        tokens[filled] = word
        filled += np.int64((mix(counter) >> HALF) < corpus.keep_below[word])
    state[POSITION], state[FILLED], state[CONSUMED] = position, filled, consumed
    rng_state[0] = counter
    if position == stop or filled == 0 or tokens[filled - 1] < 0:
        return filled
    return max(state[FIRST_CENTER], filled - window)


@njit(cache=True, nogil=True)
def shift_buffer(window, center_stop, state, tokens):
    """Drop the words that no later centre needs; the rest moves to the front."""
    filled = state[FILLED]
    if center_stop == filled:
        state[FILLED], state[FIRST_CENTER] = 0, 0
        return
    start = max(0, center_stop - window)
    for index in range(start, filled):
        tokens[index - start] = tokens[index]
    state[FILLED], state[FIRST_CENTER] = filled - start, center_stop - start


@njit(cache=True, nogil=True)
def draw_reaches(start, stop, window, is_shrinking, rng_state, out_reaches):
    """Draw the window of each centre: uniform in 1..window, or always the whole window.

    A context at distance j is then used with probability (window - j + 1) / window, as word2vec
    does in place of weighting by distance.
    """
    counter, limit = rng_state[0], np.uint64(window)
    for center in range(start, stop):
        reach = window
        if is_shrinking:
            counter += GOLDEN_GAMMA
            reach = 1 + np.int64(below(mix(counter), limit))
        out_reaches[center] = reach
    rng_state[0] = counter


@njit(cache=True, nogil=True)
def draw_negatives(start, stop, noise, copies, rng_state, out_negatives):
    """Draw negative samples for the centres start to stop from the noise distribution.

    Written are the rows of the samples that a thread with these copies works on.

    Sentence ends draw too, which keeps the loop free of branches.
    """
    counter, limit = rng_state[0], np.uint64(noise.slots.shape[0])
    num_samples = out_negatives.shape[1]
    flat = out_negatives.reshape(-1)
    for index in range(start * num_samples, stop * num_samples):
        counter += GOLDEN_GAMMA
        bits = mix(counter)
        slot = np.int64(below(bits, limit))
        alias = np.int64(noise.slots[slot, 1])
        # Both answers are written and one is read back: a branch on a random number is mispredicted
        # and costs 4 times the draw, and LLVM makes a branch of every other form.
        flat[index], flat[index + 1] = alias, slot
        flat[index] = flat[index + np.int64((bits & LOW_HALF) < noise.slots[slot, 0])]
    own_rows(flat, start * num_samples, stop * num_samples, copies, flat)
    rng_state[0] = counter


@njit(cache=True, nogil=True)
def collect_negatives(row, negatives, base, step, out_rows):
    """Write the rows of the negative samples of a centre and return how many go in one tile.

    Rows 1 and on of `out_rows` receive the samples; one that hits the centre word is skipped, as
    in word2vec.c. A tile must not hold a row twice, so repeated samples go to the end of
    `out_rows`, last first.

    Returns
    -------
    num_targets : int64
        Rows 0 (the centre word's) up to this one are distinct.
    num_repeats : int64
        Rows at the end of `out_rows` to be trained on one by one.
    """
    num_targets, num_repeats = 1, 0
    for sample in range(negatives.shape[0]):
        if negatives[sample] == row:
            continue
        place = base + np.int64(negatives[sample]) * step
        is_repeat = False
        for earlier in range(sample):
            is_repeat |= negatives[earlier] == negatives[sample]
        if is_repeat:
            num_repeats += 1
            out_rows[out_rows.shape[0] - num_repeats] = place
        else:
            out_rows[num_targets] = place
            num_targets += 1
    return num_targets, num_repeats


@njit(cache=True, nogil=True)
def collect_path(word, codes, base, step, out_rows, out_signs):
    """Write the rows and signs of the inner nodes above a word and return their number."""
    start, stop = codes.starts[word], codes.starts[word + 1]
    for index in range(start, stop):
        out_rows[index - start] = base + np.int64(codes.nodes[index]) * step
        out_signs[index - start] = codes.signs[index]
    return stop - start


@njit(cache=True, nogil=True)
def prefetch_window(x_rows, ahead, window, filled, base, step, row_floats):
    """Fetch the row of the word that enters the window when `ahead` becomes the centre."""
    entering = ahead + window
    if entering < filled and x_rows[entering] >= 0:
        prefetch(base + np.int64(x_rows[entering]) * step, row_floats)


@njit(cache=True, nogil=True)
def prefetch_negatives(row, negatives, base, step, row_floats):
    """Fetch the output rows of a centre word and of its negative samples."""
    prefetch(base + np.int64(row) * step, row_floats)
    for sample in range(negatives.shape[0]):
        prefetch(base + np.int64(negatives[sample]) * step, row_floats)


@njit(cache=True, nogil=True)
def prefetch_path(word, codes, base, step, row_floats):
    """Fetch the rows of the inner nodes above a word; those near the root are in the cache."""
    for index in range(codes.starts[word] + _CACHED_LEVELS, codes.starts[word + 1]):
        prefetch(base + np.int64(codes.nodes[index]) * step, row_floats)


@njit(cache=True, nogil=True)
def collect_contexts(x_rows, filled, center, reach, base, step, out_rows):
    """Write the rows of the words around a centre, within its sentence; return their number."""
    count = 0
    place = center - 1
    lowest = max(0, center - reach)
    while place >= lowest and x_rows[place] >= 0:
        out_rows[count] = base + np.int64(x_rows[place]) * step
        count += 1
        place -= 1
    place = center + 1
    highest = min(filled - 1, center + reach)
    while place <= highest and x_rows[place] >= 0:
        out_rows[count] = base + np.int64(x_rows[place]) * step
        count += 1
        place += 1
    return count


@njit(cache=True, nogil=True)
def learning_rate(schedule, consumed):
    """Return the rate after `consumed` words: linear from schedule[0] to schedule[1].

    Parameters
    ----------
    schedule : float64 array, shape (3,)
        First rate, last rate, words of the whole run.
    consumed : int64
    """
    progress = min(1.0, consumed / schedule[2])
    return np.float32(schedule[0] - (schedule[0] - schedule[1]) * progress)
