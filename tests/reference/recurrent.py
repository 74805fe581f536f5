"""Recurrent cells from their formulas, one step of one row at a time, in float64."""

import numpy as np


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rnn_step(x, h, w, u, b):
    """Return the next hidden state (Elman 1990)."""
    return np.tanh(x @ w + h @ u + b)


def lstm_step(x, h, c, w, u, b, peepholes=None):
    """Return the next hidden state and memory cell (Graves 2013, eq. 7 to 11)."""
    size = len(h)
    i, f, o, g = np.split(x @ w + h @ u + b, 4)
    p = np.zeros((3, size)) if peepholes is None else peepholes
    i, f = _sigmoid(i + p[0] * c), _sigmoid(f + p[1] * c)
    c = f * c + i * np.tanh(g)
    return _sigmoid(o + p[2] * c) * np.tanh(c), c


def gru_after_step(x, h, w, u, b, inner_bias):
    """Return the next hidden state (Cho et al. 2014, 1406.1078v1)."""
    size = len(h)
    x_r, x_z, x_n = np.split(x @ w + b, 3)
    h_r, h_z, h_n = np.split(h @ u, 3)
    r, z = _sigmoid(x_r + h_r), _sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * (h_n + inner_bias))
    assert len(n) == size
    return (1 - z) * n + z * h


def gru_before_step(x, h, w, u, b):
    """Return the next hidden state (Cho et al. 2014, 1406.1078v3)."""
    size = len(h)
    x_r, x_z, x_n = np.split(x @ w + b, 3)
    r, z = _sigmoid(x_r + h @ u[:, :size]), _sigmoid(x_z + h @ u[:, size : 2 * size])
    n = np.tanh(x_n + (r * h) @ u[:, 2 * size :])
    return (1 - z) * n + z * h
