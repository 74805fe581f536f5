"""Optimisers over the flat vector of a model's parameters."""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from seqtools.kernels import updates
from seqtools.layers.parameters import Parameters, aligned_zeros
from seqtools.training.settings import OptimizerSettings
from seqtools.types import FloatArray

# Elements that a thread takes at once: few enough to stay in its cache from pass to pass.
PIECE = 16 * updates.BLOCK

_STATES = {
    "sgd": (),
    "momentum": ("velocity",),
    "adagrad": ("squares",),
    "rmsprop": ("squares",),
    "adam": ("means", "squares"),
    "adamw": ("means", "squares"),
}


class Optimizer:
    """Changes parameters by their gradient, and remembers what the method needs.

    Parameters
    ----------
    settings : OptimizerSettings
    parameters : Parameters
        Allocated. Frozen ones are left alone.

    Attributes
    ----------
    num_updates : int
        Updates begun so far.
    states : dict of str to float array
        Vectors of the length of ``parameters.flat``, for checkpoints.
    """

    def __init__(self, settings: OptimizerSettings, parameters: Parameters) -> None:
        self.settings, self.num_updates = settings, 0
        self._values = parameters.flat
        self.states: dict[str, FloatArray] = {
            name: aligned_zeros(self._values.size, parameters.dtype)
            for name in _STATES[settings.name]
        }
        self._pieces = list(_pieces(parameters, bool(settings.weight_decay)))

    @property
    def pieces(self) -> list[tuple[int, int, bool]]:
        """Stretches (first, stop, is_decayed) of the vector that may be stepped at once."""
        return self._pieces

    def begin(self, rate: float, factor: float) -> Callable[[int, int, bool, FloatArray], None]:
        """Begin an update, and return the function that steps one stretch of the vector.

        Parameters
        ----------
        rate : float
            Learning rate.
        factor : float
            What gradients are multiplied with.

        Returns
        -------
        callable
            Takes a piece, and the gradient of the whole vector. Threads may call it.
        """
        self.num_updates += 1
        return partial(self._step, rate, factor)

    def restore(self, states: Mapping[str, FloatArray], num_updates: int) -> None:
        """Take over the states of a checkpoint."""
        for name, state in self.states.items():
            state[:] = states[name]
        self.num_updates = num_updates

    def _step(
        self, rate: float, factor: float, first: int, stop: int, is_decayed: bool, slope: FloatArray
    ) -> None:
        """Step one piece."""
        settings, place = self.settings, slice(first, stop)
        decay = settings.weight_decay if is_decayed else 0.0
        gradient, values = slope[place], self._values[place]
        states = [state[place] for state in self.states.values()]
        scalar = self._values.dtype.type
        if settings.name in ("adam", "adamw"):
            step = (scalar(number) for number in self._adam_numbers(rate, factor, decay))
            updates.adam(gradient, *step, values, *states)
            return
        numbers = [factor, rate, decay, *_extra_numbers(settings)]
        _KERNELS[settings.name](settings)(
            gradient, *(scalar(number) for number in numbers), values, *states
        )

    def _adam_numbers(self, rate: float, factor: float, decay: float) -> tuple[float, ...]:
        """Return the scalars of the kernel of Adam and AdamW."""
        settings, update = self.settings, self.num_updates
        is_decoupled = settings.name == "adamw"
        return (
            factor,
            rate / (1 - settings.beta1**update),
            math.sqrt(1 - settings.beta2**update),
            0.0 if is_decoupled else decay,
            1 - rate * decay if is_decoupled else 1.0,
            settings.beta1,
            1 - settings.beta1,
            settings.beta2,
            1 - settings.beta2,
            settings.epsilon,
        )


_KERNELS: dict[str, Callable[[OptimizerSettings], Callable[..., None]]] = {
    "sgd": lambda _: updates.sgd,
    "momentum": lambda settings: updates.nesterov if settings.is_nesterov else updates.momentum,
    "adagrad": lambda _: updates.adagrad,
    "rmsprop": lambda _: updates.rmsprop,
}


def _extra_numbers(settings: OptimizerSettings) -> tuple[float, ...]:
    """Return the scalars of a kernel beyond factor, rate and decay."""
    return {
        "sgd": (),
        "momentum": (settings.momentum,),
        "adagrad": (settings.epsilon,),
        "rmsprop": (settings.beta2, 1 - settings.beta2, settings.epsilon),
    }[settings.name]


def _pieces(parameters: Parameters, minds_decay: bool) -> Iterator[tuple[int, int, bool]]:
    """Cut the vector into pieces that are decayed alike, without the frozen parameters."""
    spans: list[tuple[int, int, bool]] = []
    in_order = list(parameters)
    ends = [parameter.first for parameter in in_order[1:]] + [parameters.flat.size]
    for parameter, stop in zip(in_order, ends, strict=True):
        if parameter.is_frozen:
            continue
        is_decayed = minds_decay and parameter.is_decayed
        if spans and spans[-1][1:] == (parameter.first, is_decayed):
            spans[-1] = (spans[-1][0], stop, is_decayed)
        else:
            spans.append((parameter.first, stop, is_decayed))
    for first, stop, is_decayed in spans:
        for start in range(first, stop, PIECE):
            yield start, min(start + PIECE, stop), is_decayed


def clear_frozen(parameters: Parameters, gradient: FloatArray) -> None:
    """Set the gradient of frozen parameters to zero."""
    for parameter in parameters:
        if parameter.is_frozen:
            gradient[parameter.first : parameter.first + parameter.size] = 0


def first_not_finite(parameters: Parameters, vector: FloatArray) -> str | None:
    """Return the name of the first parameter with a NaN or infinity in a vector, if any."""
    for start in range(0, vector.size, PIECE):
        bad = np.flatnonzero(~np.isfinite(vector[start : start + PIECE]))
        if bad.size:
            return parameters.name_at(start + int(bad[0]))
    return None
