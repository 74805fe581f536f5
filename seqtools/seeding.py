"""One user seed becomes independent streams for NumPy and for kernels.

Every consumer names its stream, so that adding a consumer never shifts the numbers of another.
"""

import numpy as np

from seqtools.types import Uint64Array

_STREAMS = {
    "initial vectors": 0,
    "kernel": 1,
    "bootstrap": 2,
    "layout": 3,
    "partitions": 4,
    "clusters": 5,
    "classifier": 6,
    "sampling": 7,
    "batches": 8,
    "splits": 9,
    "initial weights": 10,
    "training step": 11,
}


def numpy_generator(seed: int, stream: str, *places: int) -> np.random.Generator:
    """Return NumPy's generator for a named stream of a seed.

    Parameters
    ----------
    seed : int
        The user's seed, at least 0.
    stream : str
        Name of the consumer: "initial vectors", "kernel", "bootstrap", "layout", "partitions",
        "clusters", "classifier", "sampling", "batches", "splits", "initial weights" or
        "training step".
    *places : int
        Where in the stream to stand, such as the number of an epoch, so that a run that resumes
        need not draw again what it drew before.
    """
    return np.random.default_rng([_STREAMS[stream], seed, *places])


def item_generators(
    seed: int, stream: str, number: int, count: int = 1
) -> list[np.random.Generator]:
    """Return generators for one item of many, whatever else is processed and in which order.

    Parameters
    ----------
    seed, stream
        As ``numpy_generator``.
    number : int
        Where the item stands, at least 0.
    count : int
        Generators wanted; the first ones do not depend on how many.
    """
    base = _STREAMS[stream]
    return [np.random.default_rng([base, seed, number, index]) for index in range(count)]


def kernel_states(seed: int, num_threads: int) -> Uint64Array:
    """Return one random state a thread for ``seqtools.kernels.random``.

    Returns
    -------
    uint64 array, shape (num_threads, 1)
        Row i depends on the seed and on i alone.
    """
    rows = [
        np.random.SeedSequence([_STREAMS["kernel"], seed, thread]).generate_state(1, np.uint64)
        for thread in range(num_threads)
    ]
    return np.stack(rows)
