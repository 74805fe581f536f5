"""Random numbers for kernels: splitmix64, a counter passed through a mixing function.

Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014),
figure 16. The state is a plain counter, so that draws do not wait for one another.
"""

import numpy as np
from numba import njit

GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_SECOND_FACTOR = np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)
HALF = np.uint64(32)
LOW_HALF = np.uint64(0xFFFFFFFF)


@njit(cache=True, nogil=True)
def mix(counter):
    """Return 64 random bits for a counter (splitmix64's finaliser).

    Parameters
    ----------
    counter : uint64
        The state after adding GOLDEN_GAMMA.

    Returns
    -------
    uint64
    """
    bits = (counter ^ (counter >> _SHIFT_30)) * _FIRST_FACTOR
    bits = (bits ^ (bits >> _SHIFT_27)) * _SECOND_FACTOR
    return bits ^ (bits >> _SHIFT_31)


@njit(cache=True, nogil=True)
def below(bits, limit):
    """Map the upper 32 of 64 random bits to an integer in [0, limit).

    Parameters
    ----------
    bits : uint64
        Random bits.
    limit : uint64
        At most 2**32; the bias is below limit / 2**32.

    Returns
    -------
    uint64
    """
    return ((bits >> HALF) * limit) >> HALF
