"""The parameters of a model: named arrays that lie in one vector.

Because all values lie in one vector, and all gradients in another of the same order, optimisers,
clipping, averaging and checkpoints are each one pass over one array, whatever the model.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from seqtools.errors import SettingsError
from seqtools.types import FloatArray

# Every array starts at a multiple of 64 bytes (16 float32).
_ALIGNMENT = 16

Initializer = Callable[[np.random.Generator, tuple[int, ...]], NDArray[Any]]


def zeros(_: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return zeros."""
    return np.zeros(shape)


def uniform(scale: float) -> Initializer:
    """Return an initializer that draws from [-scale, scale)."""
    return lambda generator, shape: generator.uniform(-scale, scale, shape)


def normal(scale: float) -> Initializer:
    """Return an initializer that draws from a normal distribution with mean 0."""
    return lambda generator, shape: generator.normal(0.0, scale, shape)


def glorot(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Draw from [-r, r) with r = sqrt(6 / (rows + columns)) (Glorot and Bengio 2010, eq. 16)."""
    limit = np.sqrt(6.0 / (shape[0] + shape[-1]))
    return generator.uniform(-limit, limit, shape)


def orthogonal(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Draw square blocks with orthonormal rows, side by side (Saxe et al. 2014, section 3).

    Parameters
    ----------
    generator : numpy.random.Generator
    shape : tuple of int
        (H, n H): n orthogonal blocks of width H.
    """
    rows, columns = shape
    # Threads of BLAS gain nothing on blocks this small, take seconds of waiting at their barriers
    # where other programs run, and may change the last bits.
    from threadpoolctl import threadpool_limits

    blocks = []
    with threadpool_limits(1, user_api="blas"):
        for _ in range(columns // rows):
            q, r = np.linalg.qr(generator.standard_normal((rows, rows)))
            blocks.append(q * np.sign(np.diag(r)))
    return np.concatenate(blocks, axis=1)


@dataclass(eq=False)
class Parameter:
    """One named array of a model.

    Attributes
    ----------
    name : str
        As in "encoder.layer0.forward.input_weights".
    shape : tuple of int
    initialize : callable
        Draws the first values from a generator, given the shape.
    is_decayed : bool
        Whether weight decay applies (weights: yes; biases: no).
    is_frozen : bool
        Whether training leaves the values alone.
    value : float array, shape `shape`
        A part of the model's vector; there once ``Parameters.allocate`` has run.
    first : int
        Its place in that vector.
    """

    name: str
    shape: tuple[int, ...]
    initialize: Initializer
    is_decayed: bool = True
    is_frozen: bool = False
    value: FloatArray = field(init=False, repr=False)
    first: int = field(init=False, default=-1)

    @property
    def size(self) -> int:
        """Number of values."""
        return prod(self.shape)


class Gradients:
    """Gradients of all parameters of a model, in one vector.

    Parameters
    ----------
    parameters : Parameters
        The model's parameters, allocated.

    Attributes
    ----------
    flat : float array, shape (size,)
        In the order of ``Parameters.flat``, padding included, which stays zero.
    """

    def __init__(self, parameters: "Parameters") -> None:
        self.flat = aligned_zeros(parameters.flat.size, parameters.dtype)
        self._views = {
            id(parameter): self.flat[parameter.first :][: parameter.size].reshape(parameter.shape)
            for parameter in parameters
        }

    def __getitem__(self, parameter: Parameter) -> FloatArray:
        """Return the gradient of a parameter, to be added to in place."""
        return self._views[id(parameter)]

    def clear(self) -> None:
        """Set all to zero."""
        self.flat.fill(0)


class Parameters:
    """The parameters of a model, in the order in which layers added them.

    Parameters
    ----------
    dtype : type
        np.float32, or np.float64 for checks of gradients.

    Attributes
    ----------
    flat : float array, shape (size,)
        All values; empty before ``allocate``.
    """

    def __init__(self, dtype: DTypeLike = np.float32) -> None:
        self.dtype = np.dtype(dtype)
        self.flat: FloatArray = np.zeros(0, self.dtype)
        self._parameters: dict[str, Parameter] = {}

    def add(
        self,
        name: str,
        shape: tuple[int, ...],
        initialize: Initializer,
        *,
        is_decayed: bool = True,
        is_frozen: bool = False,
    ) -> Parameter:
        """Add a parameter.

        Raises
        ------
        SettingsError
            If the name is taken or a dimension is below 1.
        """
        if name in self._parameters:
            raise SettingsError(f"parameter {name} exists already")
        if min(shape) < 1:
            raise SettingsError(f"parameter {name} needs dimensions of at least 1, got {shape}")
        parameter = Parameter(name, shape, initialize, is_decayed, is_frozen)
        self._parameters[name] = parameter
        return parameter

    def allocate(self, generator: np.random.Generator | None) -> None:
        """Lay all parameters into one vector and draw their first values.

        Parameters
        ----------
        generator : numpy.random.Generator or None
            Asked in the order in which parameters were added. None leaves zeros, for values that
            are read from a file.
        """
        size = 0
        for parameter in self:
            parameter.first = size
            size += -(-parameter.size // _ALIGNMENT) * _ALIGNMENT
        self.flat = aligned_zeros(size, self.dtype)
        for parameter in self:
            view = self.flat[parameter.first :][: parameter.size].reshape(parameter.shape)
            if generator is not None:
                view[...] = parameter.initialize(generator, parameter.shape)
            parameter.value = view

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._parameters.values())

    def __len__(self) -> int:
        return len(self._parameters)

    def __getitem__(self, name: str) -> Parameter:
        return self._parameters[name]

    def __contains__(self, name: object) -> bool:
        return name in self._parameters

    @property
    def num_values(self) -> int:
        """Number of values of all parameters, without padding."""
        return sum(parameter.size for parameter in self)

    def arrays(self) -> dict[str, FloatArray]:
        """Return the values by name, as views."""
        return {parameter.name: parameter.value for parameter in self}

    def name_at(self, index: int) -> str:
        """Return the name of the parameter that holds a place of the vector."""
        return next(p.name for p in reversed(list(self)) if p.first <= index)


def aligned_zeros(size: int, dtype: DTypeLike) -> FloatArray:
    """Return a vector of zeros that starts at a multiple of 64 bytes."""
    itemsize = np.dtype(dtype).itemsize
    room = np.zeros(size + 64 // itemsize, dtype)
    start = (-room.ctypes.data % 64) // itemsize
    return room[start : start + size]
