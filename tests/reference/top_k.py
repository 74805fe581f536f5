"""Plain twin of seqtools.kernels.top_k: sort everything."""

import numpy as np


def best_extensions(log_probs, totals, starts, widths):
    """Return for each sentence a list of (value, row, token), best first."""
    found = []
    for sentence, width in enumerate(widths):
        rows = range(int(starts[sentence]), int(starts[sentence + 1]))
        everything = [
            (float(totals[row]) + min(float(log_probs[row, token]), 0.0), row, token)
            for row in rows
            for token in range(log_probs.shape[1])
        ]
        possible = [item for item in everything if item[0] > -np.inf]
        possible.sort(key=lambda item: (-item[0], item[1], item[2]))
        found.append(possible[:width])
    return found
