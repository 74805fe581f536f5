"""Plain twins of the CTC kernels, from Graves et al. 2006, sections 3.1 and 4.

Probabilities are kept as logarithms, states stand in the paper's order: blank, label, blank, ...
"""

import itertools

import numpy as np


def log_softmax(logits):
    """Return logarithms of the softmax over the last axis."""
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def collapse(path, blank=0):
    """Return B(path), eq. 1: repeats merged, then blanks removed."""
    return tuple(symbol for symbol, _ in itertools.groupby(path) if symbol != blank)


def labelling_probabilities(y, blank=0):
    """Return P(labels) of every labelling, by adding up all paths; y has shape (T, V)."""
    totals = {}
    for path in itertools.product(range(y.shape[1]), repeat=len(y)):
        labels = collapse(path, blank)
        probability = np.prod([y[t, symbol] for t, symbol in enumerate(path)])
        totals[labels] = totals.get(labels, 0.0) + probability
    return totals


def states_of(labels, blank):
    """Return l': the labels with blanks around them."""
    states = [blank]
    for label in labels:
        states += [int(label), blank]
    return states


def _can_skip(states, s, blank):
    return s >= 2 and states[s] != blank and states[s] != states[s - 2]


def log_alpha(log_y, labels, blank=0):
    """Return ln alpha_t(s), eq. 5 to 7, shape (T, 2 L + 1)."""
    states = states_of(labels, blank)
    alpha = np.full((len(log_y), len(states)), -np.inf)
    for t in range(len(log_y)):
        for s, symbol in enumerate(states):
            if t == 0:
                before = [0.0] if s < 2 else []
            else:
                before = [alpha[t - 1, s]] + [alpha[t - 1, s - 1]] * (s > 0)
                if _can_skip(states, s, blank):
                    before.append(alpha[t - 1, s - 2])
            alpha[t, s] = np.logaddexp.reduce([-np.inf, *before]) + log_y[t, symbol]
    return alpha


def log_beta(log_y, labels, blank=0):
    """Return ln beta_t(s), eq. 9 to 11: as alpha of everything reversed."""
    return log_alpha(log_y[::-1], list(labels)[::-1], blank)[::-1, ::-1]


def loss_and_gradient(logits, labels, blank=0):
    """Return -ln P (eq. 8) and d_logits (eq. 16) of one utterance; logits have shape (T, V)."""
    logits = np.asarray(logits, np.float64)
    if len(logits) == 0:
        return (np.inf if len(labels) else 0.0), logits.copy()
    log_y, states = log_softmax(logits), states_of(labels, blank)
    alpha, beta = log_alpha(log_y, labels, blank), log_beta(log_y, labels, blank)
    log_p = np.logaddexp.reduce(alpha[-1, -2:])
    if log_p == -np.inf:
        return np.inf, np.zeros_like(logits)
    gradient = np.exp(log_y)
    for s, symbol in enumerate(states):
        # alpha and beta both hold y of their frame, so it is divided out once.
        gradient[:, symbol] -= np.exp(alpha[:, s] + beta[:, s] - log_y[:, symbol] - log_p)
    return -log_p, gradient
