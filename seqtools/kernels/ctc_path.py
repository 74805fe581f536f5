"""Single paths through the output of a CTC model: the likeliest one, and that of known labels.

Graves et al. 2006, section 3.2 (best path decoding), and Viterbi's algorithm over the states of
section 4.1: the labels with blanks between and around them.
"""

import numpy as np
from numba import njit

_STAY, _STEP, _SKIP = 0, 1, 2


@njit(cache=True, nogil=True, fastmath={"reassoc", "nsz"})
def are_probabilities(y, tolerance):
    """Say whether no number is below 0 or NaN, and every frame sums to nearly 1.

    Parameters
    ----------
    y : float array, shape (T, V)
    tolerance : float64
        How far a sum may be from 1.

    Returns
    -------
    bool
    """
    for t in range(y.shape[0]):
        total, num_below = 0.0, 0
        for k in range(y.shape[1]):
            total += y[t, k]
            num_below += y[t, k] < 0
        # A NaN makes the sum one, which is not below the tolerance.
        if num_below > 0 or not abs(total - 1.0) <= tolerance:
            return False
    return True


@njit(cache=True, nogil=True)
def best_path(y, blank, out_labels, out_starts, out_stops):
    """Write the labels of the path with the likeliest symbol at each frame.

    Parameters
    ----------
    y : float array, shape (T, V)
        Anything that grows with the probability; the first of equals wins.
    blank : int64
    out_labels : int32 array, shape (T,)
    out_starts, out_stops : int64 arrays, shape (T,)
        First frame of each label, and the frame after its last.

    Returns
    -------
    int64
        The number of labels.
    """
    number, previous = 0, np.int64(-1)
    for t in range(y.shape[0]):
        best, largest = np.int64(0), y[t, 0]
        for k in range(1, y.shape[1]):
            is_larger = y[t, k] > largest
            best, largest = (np.int64(k), y[t, k]) if is_larger else (best, largest)
        if best != blank:
            if best != previous:
                out_labels[number], out_starts[number] = best, t
                number += 1
            out_stops[number - 1] = t + 1
        previous = best
    return number


@njit(cache=True, nogil=True)
def align_labels(log_y, labels, blank, scores, moves, out_starts, out_stops):
    """Write where each label stands on the likeliest path that gives the labels.

    Parameters
    ----------
    log_y : float array, shape (T, V)
        Log probabilities.
    labels : int32 array, shape (L,)
    blank : int64
    scores : float64 array, shape (2, 2 L + 1)
        Scratch.
    moves : uint8 array, shape (T, 2 L + 1)
        Scratch: the way each state was entered.
    out_starts, out_stops : int64 arrays, shape (L,)
        First frame of each label, and the frame after its last; untouched where there is no path.

    Returns
    -------
    float64
        ln of the path's probability, -inf if no path gives the labels.
    """
    num_states = 2 * labels.shape[0] + 1
    scores[:, :] = -np.inf
    if log_y.shape[0] == 0:
        return 0.0 if num_states == 1 else -np.inf
    scores[0, 0] = log_y[0, blank]
    if num_states > 1:
        scores[0, 1] = log_y[0, labels[0]]
    for t in range(1, log_y.shape[0]):
        before, now = scores[(t - 1) % 2], scores[t % 2]
        for s in range(num_states):
            best, move = before[s], _STAY
            if s > 0 and before[s - 1] > best:
                best, move = before[s - 1], _STEP
            symbol = np.int64(blank)
            if s % 2 == 1:
                symbol = np.int64(labels[s // 2])
                if s > 1 and labels[s // 2 - 1] != symbol and before[s - 2] > best:
                    best, move = before[s - 2], _SKIP
            now[s], moves[t, s] = best + log_y[t, symbol], move
    last = scores[(log_y.shape[0] - 1) % 2]
    s = num_states - 1
    if s > 0 and last[s - 1] > last[s]:
        s -= 1
    log_probability = last[s]
    if log_probability == -np.inf:
        return log_probability
    for label in range(labels.shape[0]):
        out_stops[label] = -1
    for t in range(log_y.shape[0] - 1, -1, -1):
        if s % 2 == 1:
            if out_stops[s // 2] < 0:
                out_stops[s // 2] = t + 1
            out_starts[s // 2] = t
        if t > 0:
            s -= moves[t, s]
    return log_probability
