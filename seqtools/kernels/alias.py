"""Building an alias table for drawing from any discrete distribution in constant time.

Sources: Walker 1977, "An efficient method for generating discrete random variables with general
distributions"; Vose 1991, "A linear algorithm for generating random numbers with a given
distribution".
"""

import numpy as np
from numba import njit

_SCALE = 4294967296.0


@njit(cache=True, nogil=True)
def build_alias_table(weights, total, scaled, small, large, out_slots):
    """Write the alias table of a distribution.

    Parameters
    ----------
    weights : float64 array, shape (V,)
        Weights, none negative.
    total : float64
        Their sum, above 0.
    scaled : float64 array, shape (V,)
        Scratch.
    small, large : int64 arrays, shape (V,)
        Scratch.
    out_slots : uint32 array, shape (V, 2)
        Slot i stays with probability out_slots[i, 0] / 2**32, else its alias out_slots[i, 1] is
        drawn. A slot that always stays is its own alias.
    """
    size = weights.shape[0]
    num_small, num_large = 0, 0
    for slot in range(size):
        scaled[slot] = weights[slot] * size / total
        if scaled[slot] < 1.0:
            small[num_small] = slot
            num_small += 1
        else:
            large[num_large] = slot
            num_large += 1
    while num_small > 0 and num_large > 0:
        num_small -= 1
        slot, donor = small[num_small], large[num_large - 1]
        out_slots[slot, 0] = np.uint32(min(scaled[slot] * _SCALE, _SCALE - 1.0))
        out_slots[slot, 1] = donor
        scaled[donor] -= 1.0 - scaled[slot]
        if scaled[donor] < 1.0:
            num_large -= 1
            small[num_small] = donor
            num_small += 1
    for index in range(num_large):
        out_slots[large[index], 0], out_slots[large[index], 1] = 0, large[index]
    for index in range(num_small):  # within rounding of 1
        out_slots[small[index], 0], out_slots[small[index], 1] = 0, small[index]
