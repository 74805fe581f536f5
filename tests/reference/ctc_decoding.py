"""Plain twins of the CTC decoders: prefix beam search in dictionaries, and alignment by all paths.

Graves 2012, section 7.5; Hannun et al. 2014 (arXiv 1408.2873), algorithm 1.
"""

import itertools
from collections import defaultdict

import numpy as np

from tests.reference.ctc import collapse


def prefix_beam(y, beam_size, cut=0.0, blank=0, factor=None, end_factor=None):
    """Return {labels: probability} of the last beam; y has shape (T, V).

    `factor(prefix, label)` multiplies a prefix that grows, `end_factor(prefix)` one that ends.
    """
    beam = {(): (1.0, 0.0)}
    for row in y:
        grown = defaultdict(lambda: [0.0, 0.0])
        for prefix, (p_blank, p_label) in beam.items():
            if row[blank] > cut:
                grown[prefix][0] += (p_blank + p_label) * row[blank]
            for label, probability in enumerate(row):
                if label == blank or probability < cut:
                    continue
                times = factor(prefix, label) if factor else 1.0
                if prefix and prefix[-1] == label:
                    grown[prefix][1] += p_label * probability
                    grown[(*prefix, label)][1] += p_blank * probability * times
                else:
                    grown[(*prefix, label)][1] += (p_blank + p_label) * probability * times
        alive = [(prefix, p) for prefix, p in grown.items() if sum(p) > 0]
        alive.sort(key=lambda item: -sum(item[1]))
        beam = {prefix: tuple(p) for prefix, p in alive[:beam_size]}
    return {p: sum(pair) * (end_factor(p) if end_factor else 1) for p, pair in beam.items()}


def likeliest_alignment(y, labels, blank=0):
    """Return the probability of the likeliest path that gives the labels."""
    best = 0.0
    for path in itertools.product(range(y.shape[1]), repeat=len(y)):
        if collapse(path, blank) == tuple(labels):
            best = max(best, np.prod([y[t, symbol] for t, symbol in enumerate(path)]))
    return best
