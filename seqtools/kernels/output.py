"""The output layer over a few rows: logits, softmax cross-entropy and its backward products.

Logits are laid out with a row a symbol and a column a row of the batch, and go through the steps a
tile of symbols at a time. So the weights are read as they lie and only small arrays are packed;
softmax runs over lanes without sums across them; and what the two backward products need is still
in the second-level cache.

The largest logit of a column is found tile by tile: a tile is exponentiated against the largest so
far, its shift, and its gradient corrected by exp(shift - largest) in the end (Milakov and
Gimelshein 2018, arXiv 1805.02867, algorithm 3). ``losses`` has the formulas. Every element is one
sum in order, so that a row's result does not depend on those beside it.
"""

import math

import numpy as np
from numba import njit, types
from numba.extending import overload

from seqtools.kernels.activations import exp
from seqtools.kernels.product import pack, pack_transposed, product
from seqtools.kernels.vector_code import LANES
from seqtools.kernels.vector_numbers import (
    add_to_doubles,
    broadcast,
    load,
    select_less,
    store,
    sum_lanes,
)
from seqtools.kernels.vector_product import PANEL

# Symbols in a tile: as many as a product takes steps before it changes panels.
TILE = 256
_ZERO = np.float32(0)
# Exponentials that are added in float32 before they go into the float64 sum.
_RUN = 16


@njit(cache=True, nogil=True)
def train_rows(
    x, weights, bias, targets, smoothing, scale, packed_columns, packed_rows, packed_logits,
    logits, shifts, state, masses, d_columns, d_weights, d_bias, out_d_x, out_sums,
):  # fmt: skip
    """Add the gradients of scale x loss.

    Parameters
    ----------
    x : float array, shape (N, H)
    weights : float array, shape (V, H)
    bias : float array, shape (V,)
    targets : int32 array, shape (N,)
    smoothing, scale : float64
    packed_columns, packed_rows : packed arrays
        Scratch for x.T, shape (H, N), and x, shape (N, H).
    packed_logits : float array, shape (panels of N x TILE x PANEL,)
        Scratch.
    logits, shifts : float arrays, shapes (V, C) and (number of tiles, C)
        Scratch; C is N made up to a multiple of LANES.
    state : float array, shape (3, C)
        Scratch.
    masses : float64 array, shape (2, C)
        Scratch.
    d_columns : float array, shape (H, C)
        Scratch.
    d_weights, d_bias : float arrays, shapes (V, H) and (V,)
        Added to.
    out_d_x : float array, shape (N, H)
    out_sums : float64 array, shape (2,)
        Added to: the losses, and the log-probabilities of the targets, both unscaled, in nats.
    """
    num_rows, size = x.shape[0], weights.shape[0]
    pack_transposed(x, packed_columns)
    pack(x, packed_rows)
    _begin(state[0], masses)
    for tile in range(shifts.shape[0]):
        first, stop = tile * TILE, min(tile * TILE + TILE, size)
        _go_forward(
            weights[first:stop], bias[first:stop], packed_columns, targets, first,
            logits[first:stop], shifts[tile], state[0], masses,
        )  # fmt: skip
    _add_losses(x, weights, bias, smoothing, state[0], masses, out_sums)
    d_columns[:, :] = 0
    for tile in range(shifts.shape[0]):
        first, stop = tile * TILE, min(tile * TILE + TILE, size)
        rows, width = logits[first:stop], stop - first
        packed = packed_logits[: packed_columns.shape[0] * width * PANEL]
        packed = packed.reshape((packed_columns.shape[0], width, PANEL))
        _set_factors(num_rows, scale, smoothing / size, shifts[tile], masses[0], state)
        _plain_finish(rows, state[1], state[2], packed, d_bias[first:stop])
        _hit_targets(targets, first, scale * (1.0 - smoothing), rows, packed, d_bias[first:stop])
        product(weights[first:stop].T, packed, 1, d_columns)
        product(rows[:, :num_rows], packed_rows, 1, d_weights[first:stop])
    for h in range(x.shape[1]):
        for n in range(num_rows):
            out_d_x[n, h] = d_columns[h, n]


@njit(cache=True, nogil=True)
def score_rows(
    x, weights, bias, targets, packed_columns, logits, shifts, largest, masses, out
):  # fmt: skip
    """Write ln p of each row's target.

    Parameters
    ----------
    x, weights, bias, targets, packed_columns, masses
        As in `train_rows`.
    logits, shifts, largest : float arrays, shapes (TILE, C), (C,) and (C,)
        Scratch.
    out : float64 array, shape (N,)
    """
    pack_transposed(x, packed_columns)
    _begin(largest, masses)
    for first in range(0, weights.shape[0], TILE):
        stop = min(first + TILE, weights.shape[0])
        _go_forward(
            weights[first:stop], bias[first:stop], packed_columns, targets, first,
            logits[: stop - first], shifts, largest, masses,
        )  # fmt: skip
    for n in range(x.shape[0]):
        out[n] = masses[1, n] - largest[n] - math.log(masses[0, n])


@njit(cache=True, nogil=True)
def _begin(largest, masses):
    """Set the largest logits and the sums of exponentials to those of no symbols."""
    largest[:] = -np.inf
    masses[:, :] = 0


@njit(cache=True, nogil=True)
def _go_forward(
    weights, bias, packed_columns, targets, first, logits, out_shift, largest, masses
):  # fmt: skip
    """Compute a tile of logits, exponentiate them against the largest so far, and sum them."""
    product(weights, packed_columns, 0, logits)
    for n in range(targets.shape[0]):
        row = targets[n] - first
        if 0 <= row < logits.shape[0]:
            masses[1, n] = float(logits[row, n]) + bias[row]
    out_shift[:] = largest
    _plain_find_largest(logits, bias, largest)
    for n in range(largest.shape[0]):
        if largest[n] != out_shift[n]:
            masses[0, n] *= math.exp(float(out_shift[n]) - largest[n])
    out_shift[:] = largest
    _plain_exponentiate(logits, bias, out_shift, masses[0])


@njit(cache=True, nogil=True)
def _add_losses(x, weights, bias, smoothing, largest, masses, out_sums):
    """Add the losses of all rows and the log-probabilities of their targets."""
    size = weights.shape[0]
    for n in range(x.shape[0]):
        log_mass = largest[n] + math.log(masses[0, n])
        log_p = masses[1, n] - log_mass
        out_sums[1] += log_p
        out_sums[0] -= (1.0 - smoothing) * log_p - smoothing * log_mass
    if smoothing > 0:
        # The mean of all logits of all rows is that of the mean row of weights.
        for h in range(x.shape[1]):
            of_weights, of_rows = 0.0, 0.0
            for v in range(size):
                of_weights += weights[v, h]
            for n in range(x.shape[0]):
                of_rows += x[n, h]
            out_sums[0] -= smoothing * of_weights * of_rows / size
        for v in range(size):
            out_sums[0] -= smoothing * x.shape[0] * bias[v] / size


@njit(cache=True, nogil=True)
def _set_factors(num_rows, scale, share, shift, mass, state):
    """Set what turns a tile's exponentials into gradients: factor x - share; 0 beyond the rows."""
    largest, factors, shares = state[0], state[1], state[2]
    factors[num_rows:], shares[num_rows:] = 0, 0
    for n in range(num_rows):
        factor = scale / mass[n]
        if shift[n] != largest[n]:
            factor *= math.exp(float(shift[n]) - largest[n])
        factors[n], shares[n] = factor, scale * share


@njit(cache=True, nogil=True)
def _hit_targets(targets, first, hit, logits, packed, d_bias):
    """Subtract the targets' share from the gradients of a tile."""
    for n in range(targets.shape[0]):
        row = targets[n] - first
        if 0 <= row < logits.shape[0]:
            logits[row, n] -= hit
            packed[n // PANEL, row, n % PANEL] = logits[row, n]
            d_bias[row] -= hit


def _plain_find_largest(logits, bias, largest):
    """Raise the largest of each column to that of logits + bias; NaN is passed over."""
    for v in range(logits.shape[0]):
        for n in range(logits.shape[1]):
            x = logits[v, n] + bias[v]
            if largest[n] < x:
                largest[n] = x


def _plain_exponentiate(logits, bias, shift, mass):
    """Replace logits by exp(logits + bias - shift), and add the sums of the columns to `mass`."""
    for v in range(logits.shape[0]):
        for n in range(logits.shape[1]):
            logits[v, n] = exp(logits[v, n] + bias[v] - shift[n])
            mass[n] += logits[v, n]


def _plain_finish(logits, factors, shares, out_packed, d_bias):
    """Replace exponentials by gradients, packed too, and add their sums to `d_bias`."""
    for v in range(logits.shape[0]):
        for n in range(logits.shape[1]):
            logits[v, n] = factors[n] * logits[v, n] - shares[n]
            out_packed[n // PANEL, v, n % PANEL] = logits[v, n]
            d_bias[v] += logits[v, n]


@njit(cache=True, nogil=True)
def _vector_find_largest(logits, bias, largest):
    """Do what `_plain_find_largest` does with explicit vectors."""
    width, step = logits.shape[1], logits.strides[0]
    for n in range(0, width, LANES):
        place, best = logits.ctypes.data + 4 * n, load(largest.ctypes.data + 4 * n, LANES)
        for v in range(logits.shape[0]):
            x = load(place, LANES) + bias[v]
            best = select_less(best, x, x, best)
            place += step
        store(best, largest.ctypes.data + 4 * n, LANES)


@njit(cache=True, nogil=True)
def _vector_exponentiate(logits, bias, shift, mass):
    """Do what `_plain_exponentiate` does with explicit vectors."""
    height, width, step = logits.shape[0], logits.shape[1], logits.strides[0]
    for start in range(0, height, _RUN):
        for n in range(0, width, LANES):
            place = logits.ctypes.data + start * step + 4 * n
            amount, total = load(shift.ctypes.data + 4 * n, LANES), broadcast(_ZERO)
            for v in range(start, min(start + _RUN, height)):
                e = exp(load(place, LANES) + bias[v] - amount)
                store(e, place, LANES)
                total = total + e
                place += step
            add_to_doubles(total, mass.ctypes.data + 8 * n)


@njit(cache=True, nogil=True)
def _vector_finish(logits, factors, shares, out_packed, d_bias):
    """Do what `_plain_finish` does with explicit vectors."""
    width, step, panel_step = logits.shape[1], logits.strides[0], out_packed.strides[0]
    at_factors, at_shares = factors.ctypes.data, shares.ctypes.data
    for v in range(logits.shape[0]):
        place, total = logits.ctypes.data + v * step, broadcast(_ZERO)
        piece = out_packed.ctypes.data + v * 4 * PANEL
        for n in range(0, width, LANES):
            factor, share = load(at_factors + 4 * n, LANES), load(at_shares + 4 * n, LANES)
            x = load(place + 4 * n, LANES) * factor - share
            store(x, place + 4 * n, LANES)
            store(x, piece + n // PANEL * panel_step + n % PANEL * 4, LANES)
            total = total + x
        d_bias[v] += sum_lanes(total)


@overload(_plain_find_largest)
def _choose_find_largest(logits, bias, largest):
    return _vector_find_largest.py_func if logits.dtype == types.float32 else _plain_find_largest


@overload(_plain_exponentiate)
def _choose_exponentiate(logits, bias, shift, mass):
    return _vector_exponentiate.py_func if logits.dtype == types.float32 else _plain_exponentiate


@overload(_plain_finish)
def _choose_finish(logits, factors, shares, out_packed, d_bias):
    return _vector_finish.py_func if logits.dtype == types.float32 else _plain_finish
