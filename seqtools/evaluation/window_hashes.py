"""Numbers that stand for every window of a sequence: equal windows have equal numbers.

The windows of one length get their numbers from those of half the length, as in Karp, Miller and
Rosenberg (1972), with 64 mixed bits in place of ranks. Two different windows share a number with
probability 2**-64: among a million against a million once in twenty million runs.
"""

from typing import Self

import numpy as np

from seqtools.types import BoolArray, Int32Array, Int64Array, Uint64Array

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST_FACTOR, _SECOND_FACTOR = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)


class WindowHashes:
    """Numbers of the windows of a power of two, from which those of longer ones are made.

    Parameters
    ----------
    symbols : int32 array, shape (N,)

    Attributes
    ----------
    width : int
        The length of the windows: 1 at first.
    """

    def __init__(self, symbols: Int32Array) -> None:
        self.width = 1
        self._hashes = _mixed(symbols.astype(np.uint64))

    @property
    def num_symbols(self) -> int:
        """The length N of the sequence."""
        return int(self._hashes.size) + self.width - 1

    def of_length(self, length: int) -> Uint64Array:
        """Return the numbers of all windows of a length from `width` to twice `width`.

        Returns
        -------
        uint64 array, shape (max(0, N - length + 1),)
            Place i stands for the window that begins at symbol i.
        """
        count = max(0, self.num_symbols - length + 1)
        if length == self.width:
            return self._hashes
        later = length - self.width
        first, second = self._hashes[:count], self._hashes[later : later + count]
        return _mixed(_mixed(first + np.uint64(length)) + second)

    def doubled(self) -> Self:
        """Go over to windows of twice the width."""
        hashes = self.of_length(2 * self.width)
        self.width *= 2
        self._hashes = hashes
        return self

    def widened(self, length: int) -> Uint64Array:
        """Double the width as far as `length` asks for, and return the numbers of its windows.

        Lengths must be asked for in rising order.
        """
        while 2 * self.width <= length:
            self.doubled()
        return self.of_length(length)


def is_among(hashes: Uint64Array, others: Uint64Array) -> BoolArray:
    """Say which numbers occur among others."""
    if not others.size or not hashes.size:
        return np.zeros(hashes.size, dtype=np.bool_)
    known = np.sort(others)
    # Sorted questions walk through memory in order, which is several times faster than jumping.
    order = np.argsort(hashes)
    places = np.searchsorted(known, hashes[order])
    places[places == known.size] = 0
    found = np.empty(hashes.size, dtype=np.bool_)
    found[order] = known[places] == hashes[order]
    return found


def count_different(hashes: Uint64Array, owners: Int64Array) -> int:
    """Return how many numbers differ; those of different owners always do."""
    values = np.sort(_mixed(hashes + _mixed(owners.astype(np.uint64))))
    return int(np.count_nonzero(values[1:] != values[:-1])) + int(values.size > 0)


def _mixed(values: Uint64Array) -> Uint64Array:
    """Mix bits, by splitmix64's finaliser."""
    mixed = values + _GAMMA
    mixed ^= mixed >> _SHIFT_30
    mixed *= _FIRST_FACTOR
    mixed ^= mixed >> _SHIFT_27
    mixed *= _SECOND_FACTOR
    mixed ^= mixed >> _SHIFT_31
    return mixed
