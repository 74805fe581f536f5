"""Plain twins of seqtools.kernels.cooccurrence and seqtools.kernels.glove, from the formulas.

Pennington, Socher and Manning 2014, sections 3 and 4.2.
"""

from fractions import Fraction

import numpy as np


def cooccurrences(sentences, size, window):
    """Return x[i][j] = sum of 1/distance over ordered pairs of places in a sentence, exactly."""
    x = [[Fraction(0)] * size for _ in range(size)]
    for sentence in sentences:
        for place, word in enumerate(sentence):
            for other in range(max(0, place - window), min(len(sentence), place + window + 1)):
                if other != place:
                    x[word][sentence[other]] += Fraction(1, abs(other - place))
    return x


def weight(x, x_max, exponent):
    """Return f(x), eq. 9."""
    return np.minimum(1.0, (np.asarray(x, np.float64) / x_max) ** exponent)


class GloVe:
    """AdaGrad as in the authors' program: step r g / sqrt(G), then G += (r g)^2, G = 1 at first.

    w, c are the vectors of words and contexts, b, d their biases; g is clipped before it is used.
    """

    def __init__(self, w, c, b, d, rate, clip=100.0):
        self.values = [np.array(part, np.float64) for part in (w, c, b, d)]
        self.squares = [np.ones_like(part) for part in self.values]
        self.rate, self.clip = rate, clip

    def cell(self, i, j, log_x, f):
        """Take the step of one cell and return its cost f (w.c + b + d - ln x)^2."""
        w, c, b, d = self.values
        error = w[i] @ c[j] + b[i] + d[j] - log_x
        slope = f * error
        gradients = [slope * c[j], slope * w[i], slope, slope]
        for part, (row, gradient) in enumerate(zip((i, j, i, j), gradients, strict=True)):
            step = self.rate * np.clip(gradient, -self.clip, self.clip)
            self.values[part][row] -= step / np.sqrt(self.squares[part][row])
            self.squares[part][row] += step * step
        return f * error * error

    def pair(self, i, j, log_x, f):
        """Take the steps of the two cells of a pair of words, (i, j) first."""
        cost = self.cell(i, j, log_x, f)
        return cost + (self.cell(j, i, log_x, f) if i != j else 0.0)
