"""The simple recurrent network over whole sequences, forward and backward.

Elman 1990, trained as in Werbos 1990: h' = tanh(x w + h u + b). A row whose sequence has ended is
left alone: its outputs and gradients there are zero.
"""

from numba import njit, types
from numba.extending import overload

from seqtools.kernels.activations import tanh
from seqtools.kernels.product import product
from seqtools.kernels.sequence_rows import (
    add_row,
    count_active,
    keep_last,
    see_state,
    unmask_gradient,
)
from seqtools.kernels.vector_code import LANES
from seqtools.kernels.vector_numbers import load, store


@njit(cache=True, nogil=True)
def forward(gates, packed_u, bias, lengths, h, mask, out_masked, out_h):
    """Run over sequences.

    Parameters
    ----------
    gates : float array, shape (T, B, H)
        x @ w; replaced by x @ w + h @ u.
    packed_u : packed array
        Recurrent weights, shape (H, H).
    bias : float array, shape (H,)
    lengths : int64 array, shape (B,)
        Steps of each row.
    h : float array, shape (B, H)
        The state before; replaced by the state after the last step of each row.
    mask : float array, shape (B, H) or (0, H)
        Factors on the hidden state before it enters a step (variational dropout).
    out_masked : float array, shape (T, B, H)
        The hidden state before each step, as the step sees it. Without a mask it
        has to be `out_h` one step later in memory (`see_state`).
    out_h : float array, shape (T, B, H)
    """
    for t in range(gates.shape[0]):
        active = count_active(lengths, t)
        see_state(h, mask, t, active, out_h, out_masked)
        product(out_masked[t, :active], packed_u, 1, gates[t, :active])
        for b in range(gates.shape[1]):
            if t < lengths[b]:
                _plain_row(gates[t, b], bias, out_h[t, b])
            else:
                out_h[t, b, :] = 0
    keep_last(lengths, out_h, h)


@njit(cache=True, nogil=True)
def forward_step(gates, h, packed_u, bias, out_h):
    """Run one step of N rows: `gates` (N, H) holds x @ w."""
    product(h, packed_u, 1, gates)
    for b in range(gates.shape[0]):
        _plain_row(gates[b], bias, out_h[b])


@njit(cache=True, nogil=True)
def backward(d_h_all, packed_u_back, lengths, all_h, mask, d_last_h, gates, d_h):
    """Run back over sequences.

    Parameters
    ----------
    d_h_all : float array, shape (T, B, H)
        Gradients of the outputs.
    packed_u_back : packed array
        Transposed recurrent weights, shape (H, H).
    lengths, mask
        As in `forward`.
    all_h : float array, shape (T, B, H)
        `out_h` of `forward`.
    d_last_h : float array, shape (B, H)
        Gradient of the state after the last step of each row.
    gates : float array, shape (T, B, H)
        Receives the gradients of x @ w, which are zero where a row has ended.
    d_h : float array, shape (B, H)
        Zeros; becomes the gradient of the state before the first step.
    """
    for t in range(gates.shape[0] - 1, -1, -1):
        for b in range(gates.shape[1]):
            if t >= lengths[b]:
                gates[t, b, :] = 0
                continue
            if t == lengths[b] - 1:
                add_row(d_last_h[b], d_h[b])
            add_row(d_h_all[t, b], d_h[b])
            slope_row(d_h[b], all_h[t, b], gates[t, b])
        active = count_active(lengths, t)
        product(gates[t, :active], packed_u_back, 0, d_h[:active])
        unmask_gradient(mask, active, d_h)
    for b in range(gates.shape[1]):
        if lengths[b] == 0:
            add_row(d_last_h[b], d_h[b])


@njit(cache=True, nogil=True)
def backward_step(d_out_h, packed_u_back, new_h, mask, gates, d_h):
    """Run one step of N rows back.

    Parameters
    ----------
    d_out_h, new_h : float arrays, shape (N, H)
        The state after the step, and its gradient.
    packed_u_back, mask
        As in `backward`.
    gates : float array, shape (N, H)
        Receives the gradients of x @ w.
    d_h : float array, shape (N, H)
        Receives the gradient of the state before the step.
    """
    for b in range(gates.shape[0]):
        slope_row(d_out_h[b], new_h[b], gates[b])
    product(gates, packed_u_back, 0, d_h)
    unmask_gradient(mask, d_h.shape[0], d_h)


@njit(cache=True, nogil=True)
def slope_row(d_h, new_h, out):
    """Take the gradient of a row back through tanh."""
    for j in range(out.shape[0]):
        out[j] = d_h[j] * (1 - new_h[j] * new_h[j])


def _plain_row(gates, bias, out_h):
    """Take one row through a step; compiled float32 code has `_vector_row`."""
    for j in range(bias.shape[0]):
        out_h[j] = tanh(gates[j] + bias[j])


@njit(cache=True, nogil=True)
def _vector_row(gates, bias, out_h):
    """Do what `_plain_row` does with explicit vectors."""
    for j in range(0, bias.shape[0], LANES):
        left, place = bias.shape[0] - j, 4 * j
        x = load(gates.ctypes.data + place, left) + load(bias.ctypes.data + place, left)
        store(tanh(x), out_h.ctypes.data + place, left)


@overload(_plain_row)
def _choose_row(gates, bias, out_h):
    return _vector_row.py_func if gates.dtype == types.float32 else _plain_row
