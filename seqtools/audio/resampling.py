"""Conversion of samples from one rate to another."""

from math import gcd

import numpy as np

from seqtools.types import Float32Array


def resample(samples: Float32Array, old_rate: int, new_rate: int) -> Float32Array:
    """Convert samples to another rate by a polyphase filter.

    Parameters
    ----------
    samples : float32 array, shape (N,)
    old_rate, new_rate : int
        Samples per second.

    Returns
    -------
    float32 array, shape (ceil(N * new_rate / old_rate),)

    Notes
    -----
    ``scipy.signal.resample_poly`` with its default filter (Kaiser window, beta 5), which passes
    nothing above half of the lower rate.
    """
    if old_rate == new_rate:
        return samples
    from scipy.signal import resample_poly

    divisor = gcd(old_rate, new_rate)
    converted = resample_poly(samples, new_rate // divisor, old_rate // divisor)
    return np.asarray(converted, dtype=np.float32)


def resampled_size(num_samples: int, old_rate: int, new_rate: int) -> int:
    """Return how many samples ``resample`` gives."""
    return -(-num_samples * new_rate // old_rate)
