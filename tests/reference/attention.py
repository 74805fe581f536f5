"""Attention from its formulas, one decoder state at a time."""

import numpy as np


def additive_scores(query, keys, v):
    """Return v . tanh(query + key) for each key (Bahdanau et al. 2015, appendix A.1.2)."""
    return np.array([v @ np.tanh(query + key) for key in keys])


def dot_scores(query, keys):
    """Return query . key for each key (Luong et al. 2015, eq. 8)."""
    return np.array([query @ key for key in keys])


def attend(scores, values):
    """Return the softmax of the scores and the average of the values by it."""
    if len(scores) == 0:
        return np.zeros(0), np.zeros(values.shape[1])
    weights = np.exp(scores - scores.max())
    weights = weights / weights.sum()
    return weights, weights @ values
