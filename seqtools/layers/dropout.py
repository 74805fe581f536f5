"""Dropout between layers, the standard way or with one mask a sequence."""

from dataclasses import dataclass

import numpy as np

from seqtools.errors import SettingsError
from seqtools.kernels.dropout import drop_elements
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray, Uint64Array


@dataclass(frozen=True)
class DropoutSettings:
    """What recurrent layers drop in training.

    Attributes
    ----------
    rate : float
        Share of the elements dropped between layers.
    recurrent_rate : float
        Share of the recurrent state that is hidden from the gates; one mask a sequence.
    is_variational : bool
        Keep one mask through a sequence between layers too (Gal and Ghahramani 2016, section 4).
    """

    rate: float = 0.0
    recurrent_rate: float = 0.0
    is_variational: bool = False

    def __post_init__(self) -> None:
        for name in ("rate", "recurrent_rate"):
            value = getattr(self, name)
            if not 0.0 <= value < 1.0:
                raise SettingsError(f"dropout {name} must be at least 0 and below 1, got {value:g}")


def next_counter(rng_state: Uint64Array) -> np.uint64:
    """Return where a mask's random numbers start, and move the state far on.

    Parameters
    ----------
    rng_state : uint64 array, shape (1,)
    """
    counter: np.uint64 = rng_state[0]
    rng_state[0] = np.random.SeedSequence(int(counter)).generate_state(1, np.uint64)[0]
    return counter


def draw_state_mask(
    name: str, rate: float, shape: tuple[int, int], workspace: Workspace, rng_state: Uint64Array
) -> FloatArray:
    """Return the factors on a recurrent state, shape (B, H), of all steps of a batch."""
    mask = workspace.take(name, *shape)
    mask.fill(1)
    flat = mask.reshape(-1)
    drop_elements(flat, next_counter(rng_state), rate, flat.size, flat)
    return mask


class Dropout:
    """Drops elements of arrays of shape (T, B, D).

    Parameters
    ----------
    name : str
        For the workspace.
    rate : float
        Share to drop.
    is_variational : bool
        Use the same mask at all time steps.
    """

    def __init__(self, name: str, rate: float, is_variational: bool = False) -> None:
        self._name, self._rate, self._is_variational = name, rate, is_variational

    def forward(
        self, x: FloatArray, workspace: Workspace, rng_state: Uint64Array | None
    ) -> tuple[FloatArray, np.uint64 | None]:
        """Drop elements, if there is a random state; it moves on.

        Returns
        -------
        y : float array, shape (T, B, D)
            `x` itself where nothing is dropped.
        cache : uint64 or None
            The counter, for the backward pass.
        """
        if rng_state is None or self._rate == 0.0 or x.size == 0:
            return x, None
        counter = next_counter(rng_state)
        y = workspace.take(f"{self._name}.output", *x.shape)
        drop_elements(x.reshape(-1), counter, self._rate, self._period(x), y.reshape(-1))
        return y, counter

    def backward(
        self, d_y: FloatArray, cache: np.uint64 | None, workspace: Workspace
    ) -> FloatArray:
        """Return the gradient of x: that of y, dropped and scaled by the same mask."""
        del workspace
        if cache is not None:
            flat = d_y.reshape(-1)
            drop_elements(flat, cache, self._rate, self._period(d_y), flat)
        return d_y

    def _period(self, x: FloatArray) -> int:
        """Return after how many elements the mask repeats."""
        return x.shape[-2] * x.shape[-1] if self._is_variational else x.size
