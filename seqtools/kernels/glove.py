"""GloVe training over a list of word pairs, lock-free among threads.

Pennington, Socher and Manning 2014, eq. 8: for each cell x > 0 of the co-occurrence matrix the cost
is f(x) (w.c + b + d - ln x)^2 with word vector w and bias b of the row, context vector c and bias d
of the column. The biases are two more numbers of each vector, (w, b, 1).(c, 1, d), whose ones never
move because their squared gradients start at FROZEN. AdaGrad as in the authors' program: a step is
r g / sqrt(G), then G += (r g)^2 with learning rate r, gradient g of half the cost, and G = 1 at
first. g is clipped. (That program's bias steps lack the factor r since 2020; here they have it.)
"""

import numpy as np
from numba import njit

from seqtools.kernels.random import GOLDEN_GAMMA, below, mix
from seqtools.kernels.row_copies import copy_rows, merge_all, merge_turn, own_row
from seqtools.kernels.tile import JIT_ENABLED, base_of, prefetch
from seqtools.kernels.vector_code import LANES
from seqtools.kernels.vector_glove import (
    CONTEXT,
    CONTEXT_SQUARES,
    NUM_PARTS,
    WORD,
    WORD_SQUARES,
    step_pair,
)

# A squared gradient beside which the largest step that settings allow vanishes in float32.
FROZEN = 1e38
_AHEAD = 3
# Pairs between two turns of merging.
PAIRS_A_TURN = 4096


@njit(cache=True, nogil=True)
def shuffle_order(rng_state, out_order):
    """Put the numbers of `out_order` in random order (Fisher and Yates)."""
    counter = rng_state[0]
    for index in range(out_order.shape[0] - 1, 0, -1):
        counter += GOLDEN_GAMMA
        other = np.int64(below(mix(counter), np.uint64(index + 1)))
        out_order[index], out_order[other] = out_order[other], out_order[index]
    rng_state[0] = counter


@njit(cache=True, nogil=True)
def shuffle_pairs(entries, log_x, weights, rng_state, out_pairs):
    """Write entries as training pairs, in random order.

    Parameters
    ----------
    entries : structured array (row, column, weight), shape (N,)
    log_x, weights : float32 arrays, shape (N,)
        ln x and f(x) of each entry.
    rng_state : uint64 array, shape (1,)
    out_pairs : structured array (row, column, log_x, weight), shape (N,)
    """
    counter = rng_state[0]
    for index in range(entries.shape[0]):
        counter += GOLDEN_GAMMA
        place = np.int64(below(mix(counter), np.uint64(index + 1)))
        _copy_pair(out_pairs[place], out_pairs[index])
        out_pairs[place]["row"] = entries[index]["row"]
        out_pairs[place]["column"] = entries[index]["column"]
        out_pairs[place]["log_x"] = log_x[index]
        out_pairs[place]["weight"] = weights[index]
    rng_state[0] = counter


@njit(cache=True, nogil=True)
def _copy_pair(pair, out_pair):
    """Copy a training pair."""
    out_pair["row"], out_pair["column"] = pair["row"], pair["column"]
    out_pair["log_x"], out_pair["weight"] = pair["log_x"], pair["weight"]


@njit(cache=True, nogil=True)
def train_tiles(pairs, tile_starts, tiles, rate, largest_gradient, copies, x, out_cost):
    """Train on some tiles, one after the other.

    Parameters
    ----------
    pairs : structured array (row, column, log_x, weight)
        Word pairs with ln x and f(x); column <= row.
    tile_starts : int64 array, shape (number of tiles + 1,)
        A tile is a stretch of pairs whose parameters fit in the cache.
    tiles : int64 array
        The tiles to train on, in this order.
    rate, largest_gradient : float32
        Learning rate, and what gradients are clipped to.
    copies : RowCopies
        Rows that this thread works on in place of shared ones; they are merged when it returns.
    x : float32 array, shape (V and more, NUM_PARTS * part floats)
        Rows of parameters, updated without locks; see ``seqtools.kernels.vector_glove``. Copies lie
        behind them.
    out_cost : float64 array, shape (1,)
        Receives the sum of f(x) (w.c + b + d - ln x)^2 over all cells.

    Returns
    -------
    int64
        Cells trained on: two a pair, and one for a word beside itself.
    """
    cells, since_merge, turn = np.int64(0), 0, 0
    copy_rows(x, copies)
    for tile in tiles:
        start, tile_stop = tile_starts[tile], tile_starts[tile + 1]
        while start < tile_stop:
            stop = min(tile_stop, start + PAIRS_A_TURN - since_merge)
            cells += train_pairs(
                pairs, start, stop, rate, rate * largest_gradient, copies, x, out_cost
            )
            since_merge += stop - start
            start = stop
            if since_merge == PAIRS_A_TURN:
                since_merge, turn = 0, turn + 1
                merge_turn(x, copies, turn)
    merge_all(x, copies)
    return cells


@njit(cache=True, nogil=True)
def vector_train_pairs(pairs, first, stop, rate, clip, copies, x, out_cost):
    """Train on pairs with explicit vectors; return the number of cells."""
    base, row_floats = base_of(x), x.shape[1]
    part_vectors, step = row_floats // (NUM_PARTS * LANES), 4 * row_floats
    cost, cells = np.int64(out_cost.ctypes.data), np.int64(0)
    for index in range(first, stop):
        pair, ahead = pairs[index], pairs[min(index + _AHEAD, stop - 1)]
        prefetch(base + own_row(ahead["row"], copies) * step, row_floats)
        prefetch(base + own_row(ahead["column"], copies) * step, row_floats)
        step_pair(
            base + own_row(pair["row"], copies) * step,
            base + own_row(pair["column"], copies) * step, part_vectors,
            pair["log_x"], pair["weight"], rate, clip, cost,
        )  # fmt: skip
        cells += 2 - np.int64(pair["row"] == pair["column"])
    return cells


@njit(cache=True, nogil=True)
def plain_train_pairs(pairs, first, stop, rate, clip, copies, x, out_cost):
    """Train on pairs with plain loops; return the number of cells."""
    cells = 0
    for index in range(first, stop):
        pair = pairs[index]
        row, column = x[own_row(pair["row"], copies)], x[own_row(pair["column"], copies)]
        part = row.shape[0] // NUM_PARTS
        first_error = _product(row, column, part) - pair["log_x"]
        second_error = _product(column, row, part) - pair["log_x"]
        is_one_cell = pair["row"] == pair["column"]
        out_cost[0] += np.float64(pair["weight"] * first_error) * first_error
        _plain_update(row, column, part, rate * (pair["weight"] * first_error), clip)
        cells += 1
        if not is_one_cell:
            out_cost[0] += np.float64(pair["weight"] * second_error) * second_error
            _plain_update(column, row, part, rate * (pair["weight"] * second_error), clip)
            cells += 1
    return cells


@njit(cache=True, nogil=True)
def _product(row, column, part):
    """Return the product of a row's word vector and a column's context vector."""
    total = row[0] * column[CONTEXT * part]
    for d in range(1, part):
        total += row[WORD * part + d] * column[CONTEXT * part + d]
    return total


@njit(cache=True, nogil=True)
def _plain_update(row, column, part, gradient, clip):
    """Take the step of one cell; see `step_pair`."""
    for d in range(part):
        w, c = WORD * part + d, CONTEXT * part + d
        w_squares, c_squares = WORD_SQUARES * part + d, CONTEXT_SQUARES * part + d
        word_step = min(max(gradient * column[c], -clip), clip)
        context_step = min(max(gradient * row[w], -clip), clip)
        row[w] -= word_step / np.sqrt(row[w_squares])
        column[c] -= context_step / np.sqrt(column[c_squares])
        row[w_squares] += word_step * word_step
        column[c_squares] += context_step * context_step


# Intrinsics exist only in compiled code; without the compiler the plain twin takes their place.
train_pairs = vector_train_pairs if JIT_ENABLED else plain_train_pairs
