"""Dealing out the tiles of an epoch to the threads, so that all of them end together."""

from threading import Lock

import numpy as np
from numpy.typing import NDArray

from seqtools.kernels.glove import shuffle_order
from seqtools.types import Int64Array, Uint64Array


class TileSchedule:
    """The tiles in the random order of the running epoch, and how many of them are dealt out.

    A thread asks for its next tiles when it has finished those before; towards the end of an epoch
    it gets fewer at once, so that no thread waits long for another. The order depends on the seed
    alone, not on who asks when.

    Parameters
    ----------
    tile_sizes : int64 array, shape (number of tiles,)
        Pairs a tile.
    rng_state : uint64 array, shape (1,)
        State of the random numbers; used up.
    num_threads : int
        Threads that ask.
    """

    def __init__(self, tile_sizes: Int64Array, rng_state: Uint64Array, num_threads: int) -> None:
        self._sizes, self._rng_state, self._num_threads = tile_sizes, rng_state, num_threads
        self._order = np.arange(len(tile_sizes))
        # Epochs begun, and tiles of the last of them dealt out.
        self._place = np.zeros(2, np.int64)
        self._lock = Lock()

    def take(self, epoch: int, budget: int) -> Int64Array:
        """Return the next tiles of an epoch: of `budget` pairs at most, or one; none at its end."""
        with self._lock:
            if self._place[0] == epoch:
                self._begin_epoch()
            first = int(self._place[1])
            ends = np.cumsum(self._sizes[self._order[first:]])
            if len(ends) == 0:
                return np.zeros(0, np.int64)
            if self._num_threads > 1:
                budget = min(budget, int(ends[-1]) // (2 * self._num_threads))
            count = max(1, int(np.searchsorted(ends, budget, "right")))
            self._place[1] += count
            return self._order[first : first + count].copy()

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays that a checkpoint stores; writing to them restores it."""
        return {"order": self._order, "rng_state": self._rng_state, "place": self._place}

    def _begin_epoch(self) -> None:
        """Put the tiles into a new order."""
        with np.errstate(over="ignore"):  # random numbers wrap around on purpose
            shuffle_order(self._rng_state, self._order)
        self._place[:] = self._place[0] + 1, 0
