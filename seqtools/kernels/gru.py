"""The GRU over whole sequences, forward and backward, in both of its variants.

Gates stand side by side in the columns, in the order reset r, update z, candidate n::

    r, z = sigmoid(x w + h u + b)       h' = (1 - z) n + z h
    reset after:   n = tanh(x w + b + r (h u + b'))     Cho et al. 2014, 1406.1078v1
    reset before:  n = tanh(x w + b + (r h) u)          1406.1078v3; Chung et al. 2014

Current libraries compute the first, the course notes show the second. The notes' update gate is
1 - z. A row whose sequence has ended is left alone: its outputs and gradients there are zero.
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
def forward(
    gates, packed_u, packed_n, bias, inner_bias, is_after, lengths, h, mask,
    out_masked, out_inner, out_h,
):  # fmt: skip
    """Run over sequences.

    Parameters
    ----------
    gates : float array, shape (T, B, 3 H)
        x @ w; replaced by the activations of the gates.
    packed_u, packed_n : packed arrays
        Recurrent weights of the gates, shape (H, 2 H), and of the candidate, shape (H, H).
    bias : float array, shape (3 H,)
    inner_bias : float array, shape (H,)
        b' of the first variant; the second has none.
    is_after : bool
        Which variant.
    lengths : int64 array, shape (B,)
        Steps of each row.
    h : float array, shape (B, H)
        The state before; replaced by the state after the last step of each row.
    mask : float array, shape (B, H) or (0, H)
        Factors on the hidden state before it enters gates and candidate.
    out_masked : float array, shape (T, B, H)
        The hidden state before each step, as gates and candidate see it. Without a mask it
        has to be `out_h` one step later in memory (`see_state`).
    out_inner : float array, shape (T, B, H)
        h u + b' where reset comes after, r h where it comes before.
    out_h : float array, shape (T, B, H)
    """
    for t in range(gates.shape[0]):
        active = count_active(lengths, t)
        masked, inner, now = out_masked[t], out_inner[t], gates[t]
        see_state(h, mask, t, active, out_h, out_masked)
        multiply(masked[:active], packed_u, packed_n, bias, is_after, inner[:active], now[:active])
        for b in range(gates.shape[1]):
            if t < lengths[b]:
                before = out_h[t - 1, b] if t > 0 else h[b]
                _plain_row(now[b], bias, inner_bias, is_after, before, inner[b], out_h[t, b])
            else:
                out_h[t, b, :] = 0
                inner[b, :] = 0
    keep_last(lengths, out_h, h)


@njit(cache=True, nogil=True)
def forward_step(
    gates, h, seen, packed_u, packed_n, bias, inner_bias, is_after, out_inner, out_h
):  # fmt: skip
    """Run one step of N rows: `gates` (N, 3 H) holds x @ w and is replaced by the activations.

    Gates and candidate see `seen` (N, H), which is `h` or some of it.
    """
    multiply(seen, packed_u, packed_n, bias, is_after, out_inner, gates)
    for b in range(gates.shape[0]):
        _plain_row(gates[b], bias, inner_bias, is_after, h[b], out_inner[b], out_h[b])


@njit(cache=True, nogil=True)
def multiply(h, packed_u, packed_n, bias, is_after, out_inner, gates):
    """Take the products of a step; where reset comes before, apply the gates between them.

    Where reset comes before, `gates` leaves with the activations of reset and update.
    """
    width = h.shape[1]
    product(h, packed_u, 1, gates[:, : 2 * width])
    if is_after:
        product(h, packed_n, 0, out_inner)
        return
    for b in range(h.shape[0]):
        _plain_gates(gates[b], bias, h[b], out_inner[b])
    product(out_inner, packed_n, 1, gates[:, 2 * width :])


@njit(cache=True, nogil=True)
def backward(
    d_h_all, packed_u_back, packed_n_back, is_after, lengths, first_h, all_h, masked, mask,
    d_last_h, inner, gates, d_h, d_gated,
):  # fmt: skip
    """Run back over sequences.

    Parameters
    ----------
    d_h_all : float array, shape (T, B, H)
        Gradients of the outputs.
    packed_u_back, packed_n_back : packed arrays
        Transposed recurrent weights, shapes (2 H, H) and (H, H).
    is_after, lengths, mask
        As in `forward`.
    first_h : float array, shape (B, H)
        The state before the first step.
    all_h, masked : float arrays, shape (T, B, H)
        `out_h` and `out_masked` of `forward`.
    d_last_h : float array, shape (B, H)
        Gradient of the state after the last step of each row.
    inner : float array, shape (T, B, H)
        `out_inner` of `forward`. Where reset comes after, replaced by the gradient of h u.
    gates : float array, shape (T, B, 3 H)
        Activations, replaced by the gradients of x @ w, which are zero where a row has ended.
    d_h : float array, shape (B, H)
        Zeros; becomes the gradient of the state before the first step.
    d_gated : float array, shape (B, H)
        Scratch.
    """
    for t in range(gates.shape[0] - 1, -1, -1):
        active = count_active(lengths, t)
        for b in range(gates.shape[1]):
            if t >= lengths[b]:
                gates[t, b, :] = 0
                if is_after:
                    inner[t, b, :] = 0
                d_gated[b, :] = 0
                continue
            if t == lengths[b] - 1:
                add_row(d_last_h[b], d_h[b])
            add_row(d_h_all[t, b], d_h[b])
            before = all_h[t - 1, b] if t > 0 else first_h[b]
            _plain_row_back(is_after, before, inner[t, b], gates[t, b], d_h[b])
        go_back(
            packed_u_back, packed_n_back, is_after, masked[t, :active], mask,
            inner[t, :active], gates[t, :active], d_h[:active], d_gated[:active],
        )  # fmt: skip
    for b in range(gates.shape[1]):
        if lengths[b] == 0:
            add_row(d_last_h[b], d_h[b])


@njit(cache=True, nogil=True)
def backward_step(
    packed_u_back, packed_n_back, is_after, h, seen, mask, inner, gates, d_h, d_gated
):  # fmt: skip
    """Run one step of N rows back; `d_h` (N, H) is that after the step, and becomes that before."""
    for b in range(gates.shape[0]):
        _plain_row_back(is_after, h[b], inner[b], gates[b], d_h[b])
    go_back(packed_u_back, packed_n_back, is_after, seen, mask, inner, gates, d_h, d_gated)


@njit(cache=True, nogil=True)
def go_back(packed_u_back, packed_n_back, is_after, h, mask, inner, gates, d_h, d_gated):
    """Add to the direct part of the state's gradient what comes through the products.

    Before, `gates` holds the gradients of candidate and update; where reset comes before, the
    activation of reset in place of its gradient, which is found here.
    """
    width = h.shape[1]
    if is_after:
        product(inner, packed_n_back, 0, d_gated)
    else:
        product(gates[:, 2 * width :], packed_n_back, 0, d_gated)
        for b in range(h.shape[0]):
            _plain_reset_back(h[b], gates[b], d_gated[b])
    product(gates[:, : 2 * width], packed_u_back, 1, d_gated)
    unmask_gradient(mask, h.shape[0], d_gated)
    for b in range(h.shape[0]):
        add_row(d_gated[b], d_h[b])


def _plain_gates(gates, bias, h, out_inner):
    """Turn a row's reset and update into activations and write r h."""
    width = h.shape[0]
    for j in range(width):
        gates[j] = sigmoid(gates[j] + bias[j])
        gates[width + j] = sigmoid(gates[width + j] + bias[width + j])
        out_inner[j] = gates[j] * h[j]


def _plain_row(gates, bias, inner_bias, is_after, h, inner, out_h):
    """Take one row through a step; compiled float32 code has `_vector_row`."""
    width = h.shape[0]
    for j in range(width):
        r, z = gates[j], gates[width + j]
        x_n = gates[2 * width + j] + bias[2 * width + j]
        if is_after:
            r, z = sigmoid(r + bias[j]), sigmoid(z + bias[width + j])
            inner[j] += inner_bias[j]
            x_n += r * inner[j]
        n = tanh(x_n)
        gates[j], gates[width + j], gates[2 * width + j] = r, z, n
        out_h[j] = n + z * (h[j] - n)


def _plain_row_back(is_after, h, inner, gates, d_h):
    """Take one row back through a step, but for the products; `h` is the state before it."""
    width = h.shape[0]
    for j in range(width):
        r, z, n = gates[j], gates[width + j], gates[2 * width + j]
        d_n = d_h[j] * (1 - z) * (1 - n * n)
        gates[width + j] = d_h[j] * (h[j] - n) * z * (1 - z)
        gates[2 * width + j] = d_n
        if is_after:
            gates[j] = d_n * inner[j] * r * (1 - r)
            inner[j] = d_n * r
        d_h[j] *= z


def _plain_reset_back(h, gates, d_gated):
    """Turn a row's gradient of r h into those of h, and of reset before its sigmoid."""
    for j in range(h.shape[0]):
        r, d = gates[j], d_gated[j]
        gates[j] = d * h[j] * r * (1 - r)
        d_gated[j] = d * r


@njit(cache=True, nogil=True)
def _vector_gates(gates, bias, h, out_inner):
    """Do what `_plain_gates` does with explicit vectors."""
    width = h.shape[0]
    step = 4 * width
    for j in range(0, width, LANES):
        left, place = width - j, 4 * j
        at, at_bias = gates.ctypes.data + place, bias.ctypes.data + place
        r = sigmoid(load(at, left) + load(at_bias, left))
        z = sigmoid(load(at + step, left) + load(at_bias + step, left))
        store(r, at, left)
        store(z, at + step, left)
        store(r * load(h.ctypes.data + place, left), out_inner.ctypes.data + place, left)


@njit(cache=True, nogil=True)
def _vector_row(gates, bias, inner_bias, is_after, h, inner, out_h):
    """Do what `_plain_row` does with explicit vectors."""
    width = h.shape[0]
    step = 4 * width
    for j in range(0, width, LANES):
        left, place = width - j, 4 * j
        at, at_bias = gates.ctypes.data + place, bias.ctypes.data + place
        r, z = load(at, left), load(at + step, left)
        x_n = load(at + 2 * step, left) + load(at_bias + 2 * step, left)
        if is_after:
            at_inner = inner.ctypes.data + place
            r = sigmoid(r + load(at_bias, left))
            z = sigmoid(z + load(at_bias + step, left))
            hidden = load(at_inner, left) + load(inner_bias.ctypes.data + place, left)
            store(hidden, at_inner, left)
            store(r, at, left)
            store(z, at + step, left)
            x_n = fma(r, hidden, x_n)
        n = tanh(x_n)
        store(n, at + 2 * step, left)
        store(fma(z, load(h.ctypes.data + place, left) - n, n), out_h.ctypes.data + place, left)


@njit(cache=True, nogil=True)
def _vector_row_back(is_after, h, inner, gates, d_h):
    """Do what `_plain_row_back` does with explicit vectors."""
    width, one = h.shape[0], np.float32(1)
    step = 4 * width
    for j in range(0, width, LANES):
        left, place = width - j, 4 * j
        at, at_h = gates.ctypes.data + place, d_h.ctypes.data + place
        r, z, n = load(at, left), load(at + step, left), load(at + 2 * step, left)
        d = load(at_h, left)
        d_n = d * (one - z) * (one - n * n)
        store(d * (load(h.ctypes.data + place, left) - n) * z * (one - z), at + step, left)
        store(d_n, at + 2 * step, left)
        if is_after:
            at_inner = inner.ctypes.data + place
            store(d_n * load(at_inner, left) * r * (one - r), at, left)
            store(d_n * r, at_inner, left)
        store(d * z, at_h, left)


@njit(cache=True, nogil=True)
def _vector_reset_back(h, gates, d_gated):
    """Do what `_plain_reset_back` does with explicit vectors."""
    width, one = h.shape[0], np.float32(1)
    for j in range(0, width, LANES):
        left, place = width - j, 4 * j
        at, at_d = gates.ctypes.data + place, d_gated.ctypes.data + place
        r, d = load(at, left), load(at_d, left)
        store(d * load(h.ctypes.data + place, left) * r * (one - r), at, left)
        store(d * r, at_d, left)


@overload(_plain_reset_back)
def _choose_reset_back(h, gates, d_gated):
    return _vector_reset_back.py_func if gates.dtype == types.float32 else _plain_reset_back


@overload(_plain_gates)
def _choose_gates(gates, bias, h, out_inner):
    return _vector_gates.py_func if gates.dtype == types.float32 else _plain_gates


@overload(_plain_row)
def _choose_row(gates, bias, inner_bias, is_after, h, inner, out_h):
    return _vector_row.py_func if gates.dtype == types.float32 else _plain_row


@overload(_plain_row_back)
def _choose_row_back(is_after, h, inner, gates, d_h):
    return _vector_row_back.py_func if gates.dtype == types.float32 else _plain_row_back
