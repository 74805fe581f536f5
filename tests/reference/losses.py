"""Softmax and cross-entropy from their formulas."""

import numpy as np


def log_softmax(logits, bias):
    """Return the log-probabilities of each row."""
    x = np.asarray(logits, np.float64) + np.asarray(bias, np.float64)
    shifted = x - x.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def losses(logits, bias, targets, smoothing):
    """Return the smoothed loss of each row (Szegedy et al. 2016, section 7)."""
    log_p = log_softmax(logits, bias)
    hit = log_p[np.arange(len(targets)), targets]
    return -(1 - smoothing) * hit - smoothing * log_p.mean(axis=1)


def gradient(logits, bias, targets, smoothing):
    """Return the gradient of the summed loss with respect to the logits."""
    d_logits = np.exp(log_softmax(logits, bias)) - smoothing / np.shape(logits)[1]
    d_logits[np.arange(len(targets)), targets] -= 1 - smoothing
    return d_logits
