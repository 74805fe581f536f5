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
def mask_state(h, mask, active, out):
    """Write the first rows of a state, times the mask if there is one."""
    for b in range(h.shape[0]):
        if b >= active:
            out[b, :] = 0
        elif mask.shape[0] == 0:
            out[b, :] = h[b]
        else:
            for j in range(h.shape[1]):
                out[b, j] = h[b, j] * mask[b, j]


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
