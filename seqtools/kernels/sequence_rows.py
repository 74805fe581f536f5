"""What all recurrent kernels do with rows of a batch whose sequences end at different times."""

from numba import njit


@njit(cache=True, nogil=True)
def count_active(lengths, t):
    """Return how many first rows hold all those that still run at time t."""
    for b in range(lengths.shape[0] - 1, -1, -1):
        if lengths[b] > t:
            return b + 1
    return 0


@njit(cache=True, nogil=True)
def see_state(first_h, mask, t, active, out_h, out_masked):
    """Provide the state before step t as the gates see it, in `out_masked[t]`.

    Parameters
    ----------
    first_h : float array, shape (B, H)
        The state before the first step.
    mask : float array, shape (B, H) or (0, H)
        Factors; without rows there are none, and `out_masked[t + 1]` has to be `out_h[t]`, so that
        only the first step has anything to copy.
    t, active : int
        `count_active` at t.
    out_h : float array, shape (T, B, H)
        States after the steps before t, zero where a row has ended.
    out_masked : float array, shape (T, B, H)
    """
    if mask.shape[0] == 0:
        if t == 0:
            out_masked[0, :, :] = first_h
        return
    for b in range(mask.shape[0]):
        for j in range(mask.shape[1]):
            before = first_h[b, j] if t == 0 else out_h[t - 1, b, j]
            out_masked[t, b, j] = before * mask[b, j] if b < active else 0 * mask[b, j]


@njit(cache=True, nogil=True)
def keep_last(lengths, out, last):
    """Replace the state before the first step by that after the last step of each row."""
    for b in range(lengths.shape[0]):
        if lengths[b] > 0:
            last[b, :] = out[lengths[b] - 1, b]


@njit(cache=True, nogil=True)
def unmask_gradient(mask, active, d_h):
    """Multiply the gradient of a masked state by the mask if there is one."""
    if mask.shape[0]:
        for b in range(active):
            for j in range(d_h.shape[1]):
                d_h[b, j] *= mask[b, j]


@njit(cache=True, nogil=True)
def add_row(x, out):
    """Add a row to another."""
    for j in range(x.shape[0]):
        out[j] += x[j]


@njit(cache=True, nogil=True)
def reverse_sequences(x, lengths, out):
    """Turn each row's sequence around, within its length; what stands beyond becomes zero.

    Parameters
    ----------
    x : float array, shape (T, B, D)
    lengths : int64 array, shape (B,)
    out : float array, shape (T, B, D)
        May be a part of wider rows; not `x`.
    """
    for t in range(x.shape[0]):
        for b in range(x.shape[1]):
            if t < lengths[b]:
                out[t, b, :] = x[lengths[b] - 1 - t, b]
            else:
                out[t, b, :] = 0
