"""Sums over all ways, or many, to choose some of a few numbers, without a Python loop over them."""

from math import comb

import numpy as np

from seqtools.types import BoolArray, Float64Array

MOST_ENUMERATED = 100_000
_SAMPLES_AT_ONCE = 4096


def num_partitions(num_items: int, num_chosen: int) -> int:
    """Return in how many ways `num_chosen` of `num_items` can be chosen."""
    return comb(num_items, num_chosen)


def all_subset_sums(values: Float64Array, num_chosen: int) -> Float64Array:
    """Return the sum of every choice of `num_chosen` of the values.

    Parameters
    ----------
    values : float64 array, shape (N,)
    num_chosen : int
        From 0 to N.

    Returns
    -------
    float64 array, shape (C(N, num_chosen),)

    Notes
    -----
    For each value in turn, the sums of k values are joined by those of k - 1 with it added: as many
    array operations as there are values times k, and every sum adds its values in their order.
    """
    sums: list[Float64Array] = [np.zeros(1)] + [np.empty(0)] * num_chosen
    for place, value in enumerate(values):
        # Fewer than `fewest` values chosen by now cannot become enough any more.
        fewest = max(0, num_chosen - (len(values) - place - 1))
        for k in range(num_chosen, 0, -1):
            if k < fewest:
                sums[k] = np.empty(0)
            else:
                sums[k] = np.concatenate([sums[k - 1] + value, sums[k]])
        if fewest > 0:
            sums[0] = np.empty(0)
    return sums[num_chosen]


def sampled_choices(
    num_items: int, num_chosen: int, samples: int, generator: np.random.Generator
) -> BoolArray:
    """Return random choices, each made without replacement, bool array, shape (samples, N)."""
    choices: BoolArray = np.zeros((samples, num_items), dtype=np.bool_)
    for start in range(0, samples, _SAMPLES_AT_ONCE):
        rows = min(_SAMPLES_AT_ONCE, samples - start)
        keys = generator.random((rows, num_items), dtype=np.float32)
        chosen = np.argpartition(keys, num_chosen - 1, axis=1)[:, :num_chosen]
        np.put_along_axis(choices[start : start + rows], chosen, True, axis=1)
    return choices
