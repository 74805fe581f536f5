"""Working memory of one thread, kept from batch to batch.

Large arrays that are allocated anew for every batch cost page faults, more than the arithmetic of
small models. A workspace hands out the same memory again whenever a request of the same name fits.
"""

from math import prod

import numpy as np
from numpy.typing import DTypeLike

from seqtools.kernels.vector_product import PANEL
from seqtools.layers.parameters import aligned_zeros
from seqtools.types import FloatArray


class Workspace:
    """Named arrays that grow and stay.

    Parameters
    ----------
    dtype : type
        Element type of the arrays.
    """

    def __init__(self, dtype: DTypeLike = np.float32) -> None:
        self.dtype = np.dtype(dtype)
        self._rooms: dict[str, FloatArray] = {}

    def take(self, name: str, *shape: int) -> FloatArray:
        """Return an array with arbitrary content, valid until the same name is taken again.

        Parameters
        ----------
        name : str
            Unique within the model: layers prefix it with their own name.
        *shape : int
            Shape; the memory grows when it has to and never shrinks.
        """
        size = prod(shape)
        room = self._rooms.get(name)
        if room is None or room.size < size:
            room = aligned_zeros(size, self.dtype)
            self._rooms[name] = room
        return room[:size].reshape(shape)

    def zeros(self, name: str, *shape: int) -> FloatArray:
        """Return an array of zeros, as `take` does."""
        array = self.take(name, *shape)
        array.fill(0)
        return array

    def packed(self, name: str, num_steps: int, num_columns: int) -> FloatArray:
        """Return room for a packed matrix of shape (num_steps, num_columns), as `take` does."""
        return self.take(name, -(-num_columns // PANEL), num_steps, PANEL)

    @property
    def num_bytes(self) -> int:
        """Bytes held."""
        return sum(room.nbytes for room in self._rooms.values())
