"""The LSTM over whole sequences, forward and backward.

Hochreiter and Schmidhuber 1997 with the forget gate of Gers, Schmidhuber and Cummins 2000 and,
optionally, the peepholes of Gers, Schraudolph and Schmidhuber 2002 (Graves 2013, arXiv 1308.0850,
eq. 7 to 11), of which the output gate's sees the new memory cell. Gates stand side by side in the
columns, in the order input i, forget f, output o, candidate g::

    i, f, o = sigmoid(x w + h u + b [+ p c])    g = tanh(x w + h u + b)
    c' = f c + i g                              h' = o tanh(c')

(The course notes call i the update gate, and write the candidate and the cell by one letter.)
A row whose sequence has ended is left alone: its outputs and gradients there are zero.
"""

import numpy as np
from numba import njit, types
from numba.extending import overload

from seqtools.kernels.activations import sigmoid, tanh
from seqtools.kernels.product import product
from seqtools.kernels.sequence_rows import (
    add_row,
    count_active,
    keep_last,
    see_state,
    unmask_gradient,
)
from seqtools.kernels.vector_code import LANES
from seqtools.kernels.vector_numbers import fma, load, store


@njit(cache=True, nogil=True)
def forward(gates, packed_u, bias, peepholes, lengths, h, c, mask, out_masked, out_c, out_h):
    """Run over sequences.

    Parameters
    ----------
    gates : float array, shape (T, B, 4 H)
        x @ w; replaced by the activations of the gates.
    packed_u : packed array
        Recurrent weights, shape (H, 4 H).
    bias : float array, shape (4 H,)
    peepholes : float array, shape (3, H) or (0, H)
        Diagonals of the input, forget and output gates; without rows there are none.
    lengths : int64 array, shape (B,)
        Steps of each row.
    h, c : float arrays, shape (B, H)
        The state before; replaced by the state after the last step of each row.
    mask : float array, shape (B, H) or (0, H)
        Factors on the hidden state before it enters the gates (variational dropout).
    out_masked : float array, shape (T, B, H)
        The hidden state before each step, as the gates see it. Without a mask it
        has to be `out_h` one step later in memory (`see_state`).
    out_c, out_h : float arrays, shape (T, B, H)
    """
    for t in range(gates.shape[0]):
        active = count_active(lengths, t)
        see_state(h, mask, t, active, out_h, out_masked)
        product(out_masked[t, :active], packed_u, 1, gates[t, :active])
        for b in range(gates.shape[1]):
            if t < lengths[b]:
                before = out_c[t - 1, b] if t > 0 else c[b]
                _plain_row(gates[t, b], bias, peepholes, before, out_c[t, b], out_h[t, b])
            else:
                out_h[t, b, :] = 0
    keep_last(lengths, out_c, c)
    keep_last(lengths, out_h, h)


@njit(cache=True, nogil=True)
def forward_step(gates, h, packed_u, bias, peepholes, c, out_c, out_h):
    """Run one step of N rows: `gates` (N, 4 H) holds x @ w and is replaced by the activations."""
    product(h, packed_u, 1, gates)
    for b in range(gates.shape[0]):
        _plain_row(gates[b], bias, peepholes, c[b], out_c[b], out_h[b])


@njit(cache=True, nogil=True)
def backward(
    d_h_all, packed_u_back, peepholes, lengths, first_c, all_c, mask, d_last_h, d_last_c,
    gates, d_h, d_c, d_peepholes,
):  # fmt: skip
    """Run back over sequences.

    Parameters
    ----------
    d_h_all : float array, shape (T, B, H)
        Gradients of the outputs.
    packed_u_back : packed array
        Transposed recurrent weights, shape (4 H, H).
    peepholes, lengths, mask
        As in `forward`.
    first_c : float array, shape (B, H)
        The memory cell before the first step.
    all_c : float array, shape (T, B, H)
        `out_c` of `forward`.
    d_last_h, d_last_c : float arrays, shape (B, H)
        Gradients of the state after the last step of each row.
    gates : float array, shape (T, B, 4 H)
        Activations, replaced by the gradients of x @ w, which are zero where a row has ended.
    d_h, d_c : float arrays, shape (B, H)
        Zeros; they become the gradients of the state before the first step.
    d_peepholes : float array, shape (3, H) or (0, H)
        Added to.
    """
    for t in range(gates.shape[0] - 1, -1, -1):
        for b in range(gates.shape[1]):
            if t >= lengths[b]:
                gates[t, b, :] = 0
                continue
            if t == lengths[b] - 1:
                add_row(d_last_h[b], d_h[b])
                add_row(d_last_c[b], d_c[b])
            add_row(d_h_all[t, b], d_h[b])
            before = all_c[t - 1, b] if t > 0 else first_c[b]
            _plain_row_back(
                d_h[b], peepholes, before, all_c[t, b], gates[t, b], d_c[b], d_peepholes
            )
        active = count_active(lengths, t)
        product(gates[t, :active], packed_u_back, 0, d_h[:active])
        unmask_gradient(mask, active, d_h)
    for b in range(gates.shape[1]):
        if lengths[b] == 0:
            add_row(d_last_h[b], d_h[b])
            add_row(d_last_c[b], d_c[b])


@njit(cache=True, nogil=True)
def backward_step(
    d_out_h, packed_u_back, peepholes, c, new_c, mask, gates, d_c, d_peepholes, d_h
):  # fmt: skip
    """Run one step of N rows back.

    Parameters
    ----------
    d_out_h : float array, shape (N, H)
        Gradient of the hidden state after the step.
    packed_u_back, peepholes
        As in `backward`.
    c, new_c : float arrays, shape (N, H)
        Memory cell before and after the step.
    mask
        As in `forward`.
    gates : float array, shape (N, 4 H)
        Activations, replaced by the gradients of x @ w.
    d_c : float array, shape (N, H)
        Gradient of the memory cell after the step, replaced by that before it.
    d_peepholes : float array
        Added to.
    d_h : float array, shape (N, H)
        Receives the gradient of the hidden state before the step.
    """
    for b in range(gates.shape[0]):
        _plain_row_back(d_out_h[b], peepholes, c[b], new_c[b], gates[b], d_c[b], d_peepholes)
    product(gates, packed_u_back, 0, d_h)
    unmask_gradient(mask, d_h.shape[0], d_h)


def _plain_row(gates, bias, peepholes, c, out_c, out_h):
    """Take one row through a step; compiled float32 code has `_vector_row`."""
    width = c.shape[0]
    for j in range(width):
        k_i, k_f, k_o, k_g = j, width + j, 2 * width + j, 3 * width + j
        x_i, x_f, x_o = gates[k_i] + bias[k_i], gates[k_f] + bias[k_f], gates[k_o] + bias[k_o]
        if peepholes.shape[0]:
            x_i += peepholes[0, j] * c[j]
            x_f += peepholes[1, j] * c[j]
        i, f, g = sigmoid(x_i), sigmoid(x_f), tanh(gates[k_g] + bias[k_g])
        new_c = f * c[j] + i * g
        if peepholes.shape[0]:
            x_o += peepholes[2, j] * new_c
        o = sigmoid(x_o)
        gates[k_i], gates[k_f], gates[k_o], gates[k_g] = i, f, o, g
        out_c[j], out_h[j] = new_c, o * tanh(new_c)


def _plain_row_back(d_h, peepholes, c, new_c, gates, d_c, d_peepholes):
    """Take one row back through a step; compiled float32 code has `_vector_row_back`."""
    width = c.shape[0]
    for j in range(width):
        k_i, k_f, k_o, k_g = j, width + j, 2 * width + j, 3 * width + j
        i, f, o, g = gates[k_i], gates[k_f], gates[k_o], gates[k_g]
        squashed = tanh(new_c[j])
        d_o = d_h[j] * squashed * o * (1 - o)
        d_new = d_c[j] + d_h[j] * o * (1 - squashed * squashed)
        if peepholes.shape[0]:
            d_new += d_o * peepholes[2, j]
            d_peepholes[2, j] += d_o * new_c[j]
        d_i = d_new * g * i * (1 - i)
        d_f = d_new * c[j] * f * (1 - f)
        d_before = d_new * f
        if peepholes.shape[0]:
            d_before += d_i * peepholes[0, j] + d_f * peepholes[1, j]
            d_peepholes[0, j] += d_i * c[j]
            d_peepholes[1, j] += d_f * c[j]
        gates[k_i], gates[k_f], gates[k_o] = d_i, d_f, d_o
        gates[k_g] = d_new * i * (1 - g * g)
        d_c[j] = d_before


@njit(cache=True, nogil=True)
def _vector_row(gates, bias, peepholes, c, out_c, out_h):
    """Do what `_plain_row` does with explicit vectors."""
    width = c.shape[0]
    step = 4 * width
    for j in range(0, width, LANES):
        left, place = width - j, 4 * j
        at, at_bias = gates.ctypes.data + place, bias.ctypes.data + place
        old = load(c.ctypes.data + place, left)
        x_i = load(at, left) + load(at_bias, left)
        x_f = load(at + step, left) + load(at_bias + step, left)
        x_o = load(at + 2 * step, left) + load(at_bias + 2 * step, left)
        x_g = load(at + 3 * step, left) + load(at_bias + 3 * step, left)
        if peepholes.shape[0]:
            x_i = fma(load(peepholes[0].ctypes.data + place, left), old, x_i)
            x_f = fma(load(peepholes[1].ctypes.data + place, left), old, x_f)
        i, f, g = sigmoid(x_i), sigmoid(x_f), tanh(x_g)
        new = fma(f, old, i * g)
        if peepholes.shape[0]:
            x_o = fma(load(peepholes[2].ctypes.data + place, left), new, x_o)
        o = sigmoid(x_o)
        store(i, at, left)
        store(f, at + step, left)
        store(o, at + 2 * step, left)
        store(g, at + 3 * step, left)
        store(new, out_c.ctypes.data + place, left)
        store(o * tanh(new), out_h.ctypes.data + place, left)


@njit(cache=True, nogil=True)
def _vector_row_back(d_h, peepholes, c, new_c, gates, d_c, d_peepholes):
    """Do what `_plain_row_back` does with explicit vectors."""
    width, one = c.shape[0], np.float32(1)
    step = 4 * width
    for j in range(0, width, LANES):
        left, place = width - j, 4 * j
        at, at_c = gates.ctypes.data + place, d_c.ctypes.data + place
        i, f = load(at, left), load(at + step, left)
        o, g = load(at + 2 * step, left), load(at + 3 * step, left)
        old, new = load(c.ctypes.data + place, left), load(new_c.ctypes.data + place, left)
        d_out, squashed = load(d_h.ctypes.data + place, left), tanh(new)
        d_o = d_out * squashed * o * (one - o)
        d_new = fma(d_out * o, one - squashed * squashed, load(at_c, left))
        if peepholes.shape[0]:
            at_p, at_dp = peepholes[2].ctypes.data + place, d_peepholes[2].ctypes.data + place
            d_new = fma(d_o, load(at_p, left), d_new)
            store(fma(d_o, new, load(at_dp, left)), at_dp, left)
        d_i = d_new * g * i * (one - i)
        d_f = d_new * old * f * (one - f)
        before = d_new * f
        if peepholes.shape[0]:
            before = fma(d_i, load(peepholes[0].ctypes.data + place, left), before)
            before = fma(d_f, load(peepholes[1].ctypes.data + place, left), before)
            at_di, at_df = (
                d_peepholes[0].ctypes.data + place, d_peepholes[1].ctypes.data + place,
            )  # fmt: skip
            store(fma(d_i, old, load(at_di, left)), at_di, left)
            store(fma(d_f, old, load(at_df, left)), at_df, left)
        store(d_i, at, left)
        store(d_f, at + step, left)
        store(d_o, at + 2 * step, left)
        store(d_new * i * (one - g * g), at + 3 * step, left)
        store(before, at_c, left)


@overload(_plain_row)
def _choose_row(gates, bias, peepholes, c, out_c, out_h):
    return _vector_row.py_func if gates.dtype == types.float32 else _plain_row


@overload(_plain_row_back)
def _choose_row_back(d_h, peepholes, c, new_c, gates, d_c, d_peepholes):
    return _vector_row_back.py_func if gates.dtype == types.float32 else _plain_row_back
