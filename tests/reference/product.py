"""Matrix products element by element."""

import numpy as np


def product(a, b, before=None):
    """Return a @ b, plus what stood there before."""
    rows, steps = a.shape
    out = np.zeros((rows, b.shape[1])) if before is None else np.array(before, np.float64)
    for row in range(rows):
        for column in range(b.shape[1]):
            for k in range(steps):
                out[row, column] += float(a[row, k]) * float(b[k, column])
    return out
