"""Drawing symbols from a model: temperature, top-k and nucleus, as functions of rows of scores.

Randomness comes in as uniform numbers, one a row: equal numbers draw equal symbols, whatever else
is in the batch. Serves translation and language models alike.
"""

import math
from dataclasses import dataclass

import numpy as np

from seqtools.errors import DecodingError, SettingsError
from seqtools.types import BoolArray, Float32Array, Float64Array, Int32Array


@dataclass(frozen=True)
class SamplingSettings:
    """From which symbols to draw, and how boldly.

    Attributes
    ----------
    temperature : float
        Log-probabilities are divided by it: 1 draws from the model's own distribution, less
        prefers the likely. 0 takes the likeliest always.
    top_k : int
        Draw from this many likeliest symbols; 0 from all.
    top_p : float
        Draw from the fewest likeliest symbols that together have this share of the mass; 1 from
        all.

    Notes
    -----
    Applied in this order. `top_p` is the nucleus of Holtzman et al. (2020), "The curious case of
    neural text degeneration"; its share is of the mass that temperature and `top_k` leave.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < math.inf:
            raise SettingsError(
                f"temperature must be at least 0 and finite, got {self.temperature}"
            )
        if self.top_k < 0:
            raise SettingsError(f"top_k must be at least 0, got {self.top_k}")
        if not 0 < self.top_p <= 1:
            raise SettingsError(f"top_p must be above 0 and at most 1, got {self.top_p}")


def draw_symbols(
    scores: Float32Array, settings: SamplingSettings, uniforms: Float64Array
) -> Int32Array:
    """Draw one symbol in each row.

    Parameters
    ----------
    scores : float32 array, shape (N, V)
        Logits or log-probabilities; minus infinity is never drawn.
    settings : SamplingSettings
        From which symbols, and how boldly.
    uniforms : float64 array, shape (N,)
        Independent draws from [0, 1).

    Returns
    -------
    int32 array, shape (N,)

    Raises
    ------
    DecodingError
        If a row is NaN, or minus infinity throughout.
    """
    highest = scores.max(axis=1, keepdims=True)
    if not np.isfinite(highest).all():
        raise DecodingError("no symbol can be drawn: a row of scores is not finite")
    if settings.temperature == 0:
        likeliest: Int32Array = scores.argmax(axis=1).astype(np.int32)
        return likeliest
    # In float64 no temperature above 0 rounds to 0; what overflows to minus infinity is not drawn.
    with np.errstate(over="ignore"):
        weights = np.exp((scores - highest).astype(np.float64) / settings.temperature)
    if 0 < settings.top_k < scores.shape[1]:
        weights[~_is_among_best(weights, settings.top_k)] = 0.0
    if settings.top_p < 1:
        _keep_nucleus(weights, settings.top_p)
    sums = weights.cumsum(axis=1)
    wanted = uniforms * sums[:, -1]
    # The first symbol whose sum is above what is wanted has a weight above 0.
    drawn = [int(np.searchsorted(row, x, "right")) for row, x in zip(sums, wanted, strict=True)]
    last = scores.shape[1] - 1 - (weights[:, ::-1] > 0).argmax(axis=1)
    symbols: Int32Array = np.minimum(drawn, last).astype(np.int32)
    return symbols


def _is_among_best(weights: Float64Array, count: int) -> BoolArray:
    """Mark exactly `count` greatest weights of each row; of equals the smaller symbols."""
    best = np.argsort(-weights, axis=1, kind="stable")[:, :count]
    marks: BoolArray = np.zeros(weights.shape, dtype=np.bool_)
    np.put_along_axis(marks, best, True, axis=1)
    return marks


def _keep_nucleus(weights: Float64Array, share: float) -> None:
    """Set to 0 what is not in the smallest set with this share of each row's mass."""
    order = np.argsort(-weights, axis=1, kind="stable")
    ranked = np.take_along_axis(weights, order, axis=1)
    before = ranked.cumsum(axis=1) - ranked
    ranked[before >= share * ranked.sum(axis=1, keepdims=True)] = 0.0
    np.put_along_axis(weights, order, ranked, axis=1)
