"""Dropout: elements set to zero at random, the others scaled so that the mean stays.

Srivastava et al. 2014, section 10 (inverted form). An element's fate depends on the counter and on
its place alone (``seqtools.kernels.random``), so that the backward pass draws the same mask again
instead of storing it.
"""

import numpy as np
from numba import njit

from seqtools.kernels.random import GOLDEN_GAMMA, mix


@njit(cache=True, nogil=True)
def drop_elements(x, counter, rate, period, out):
    """Set a share of the elements to zero and divide the others by 1 - rate.

    Parameters
    ----------
    x : float array, shape (N,)
    counter : uint64
        Start of the random numbers.
    rate : float64
        Share to drop, at least 0 and below 1.
    period : int
        Elements after which the mask repeats: N for an own mask everywhere, B x D for one mask at
        all time steps.
    out : float array, shape (N,)
        May be `x`.
    """
    threshold = np.uint64(rate * 2.0**32)
    scale = x.dtype.type(1.0 / (1.0 - rate))
    for first in range(0, x.shape[0], period):
        part, kept = x[first : first + period], out[first : first + period]
        for place in range(part.shape[0]):
            bits = mix(counter + np.uint64(place) * GOLDEN_GAMMA) >> np.uint64(32)
            kept[place] = part[place] * scale if bits >= threshold else 0 * scale
