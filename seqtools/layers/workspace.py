"""Working memory of one thread, kept from batch to batch.

Large arrays that are allocated anew for every batch cost page faults, more than the arithmetic of
small models. A workspace hands out the same memory again whenever a request of the same name fits.
"""

from collections.abc import Callable
from math import prod

import numpy as np
from numpy.typing import DTypeLike

from seqtools.kernels.product import pack, pack_transposed
from seqtools.kernels.vector_product import PANEL
from seqtools.layers.parameters import aligned_zeros
from seqtools.types import FloatArray


class Workspace:
    """Named arrays that grow and stay.

    Parameters
    ----------
    dtype : type
        Element type of the arrays.
    has_fixed_weights : bool
        Weights will not change, and are packed the first time only.
    """

    def __init__(self, dtype: DTypeLike = np.float32, has_fixed_weights: bool = False) -> None:
        self.dtype = np.dtype(dtype)
        self._rooms: dict[str, FloatArray] = {}
        self._fixed: dict[str, FloatArray] | None = {} if has_fixed_weights else None

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

    def packed_weights(self, name: str, weights: FloatArray) -> FloatArray:
        """Return weights packed for products x @ weights."""
        return self._packed_once(name, weights, weights.shape, pack)

    def packed_transpose(self, name: str, weights: FloatArray) -> FloatArray:
        """Return weights packed for products x @ weights.T."""
        return self._packed_once(name, weights, weights.shape[::-1], pack_transposed)

    def _packed_once(
        self,
        name: str,
        weights: FloatArray,
        shape: tuple[int, ...],
        fill: Callable[[FloatArray, FloatArray], None],
    ) -> FloatArray:
        """Pack weights, unless they are fixed and have been packed before."""
        if self._fixed is not None and name in self._fixed:
            return self._fixed[name]
        room = self.packed(name, *shape)
        fill(weights, room)
        if self._fixed is not None:
            self._fixed[name] = room
        return room

    @property
    def num_bytes(self) -> int:
        """Bytes held."""
        return sum(room.nbytes for room in self._rooms.values())
