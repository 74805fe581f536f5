"""The neural probabilistic language model, from equation 1 of Bengio et al. (2003)."""

import numpy as np


def nplm_loss(contexts, targets, c, h, d, u, b, w=None):
    """Return -sum ln p of the targets.

    c (V, D) word vectors; h ((n-1) D, H); d (H,); u (V, H); w (V, (n-1) D) or None; b (V,).
    """
    total = 0.0
    for context, target in zip(contexts, targets, strict=True):
        x = np.concatenate([c[word] for word in context])
        y = b + u @ np.tanh(d + x @ h)
        if w is not None:
            y = y + w @ x
        total -= y[target] - np.log(np.exp(y).sum())
    return total
