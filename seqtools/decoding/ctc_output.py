"""The output of a CTC model: probabilities, their logarithms, or logits, and never a guess.

A decoder that takes one for another still decodes, badly: a beam search then finds worse labels
than the best path. So what an array holds is either said, and checked, or recognised from rows
that are normalised; anything else is refused.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from seqtools.errors import SettingsError
from seqtools.kernels.ctc_path import are_probabilities
from seqtools.types import FloatArray

PROBABILITIES, LOG_PROBABILITIES, LOGITS = "probabilities", "log-probabilities", "logits"
KINDS = (PROBABILITIES, LOG_PROBABILITIES, LOGITS)
# How far rows of half precision, and sums of many small numbers, may be from 1.
_TOLERANCE = 2e-3


def probabilities_of(
    output: ArrayLike, kind: str | None = None, symbols: Sequence[str] | None = None
) -> FloatArray:
    """Return the probabilities of the symbols at each frame.

    Parameters
    ----------
    output : float array, shape (T, V)
        What the model said of one utterance.
    kind : str, optional
        "probabilities", "log-probabilities" or "logits". Without it rows that are normalised are
        recognised; logits always have to be named.
    symbols : sequence of str, optional
        What the V symbols are, blank included, to compare their number.

    Returns
    -------
    float32 or float64 array, shape (T, V), C-contiguous

    Raises
    ------
    SettingsError
        If the array is not what `kind` says, or nothing says what it is.
    """
    array, kind = _checked(output, kind, symbols)
    if kind == PROBABILITIES:
        return array
    if kind == LOGITS:
        array = array - _log_sums(array)
    return np.exp(array)


def log_probabilities_of(
    output: ArrayLike, kind: str | None = None, symbols: Sequence[str] | None = None
) -> FloatArray:
    """Return the log probabilities of the symbols at each frame; see `probabilities_of`."""
    array, kind = _checked(output, kind, symbols)
    if kind == PROBABILITIES:
        with np.errstate(divide="ignore"):
            return np.log(array)
    return array - _log_sums(array) if kind == LOGITS else array


def _checked(
    output: ArrayLike, kind: str | None, symbols: Sequence[str] | None
) -> tuple[FloatArray, str]:
    """Return the array, C-contiguous, and what it holds."""
    array = np.asarray(output)
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32)
    array = np.ascontiguousarray(array)
    _check_shape(array, symbols)
    if kind is not None and kind not in KINDS:
        raise SettingsError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    # One pass for what is said or found most often; the rest finds the words for what is wrong.
    if kind in (None, PROBABILITIES) and are_probabilities(array, _TOLERANCE):
        return array, PROBABILITIES
    bad = np.flatnonzero(np.isnan(array).any(-1) | np.isposinf(array).any(-1))
    if bad.size:
        raise SettingsError(f"frame {bad[0]} of the model's output holds NaN or infinity")
    if len(array) == 0:
        return array, kind or PROBABILITIES
    faults = {PROBABILITIES: _fault_as_probabilities, LOG_PROBABILITIES: _fault_as_logs}
    if kind is None:
        for candidate, fault_of in faults.items():
            if fault_of(array) is None:
                return array, candidate
        raise SettingsError(
            "the model's output is neither probabilities nor log-probabilities "
            f"({_fault_as_probabilities(array)}; {_fault_as_logs(array)}); "
            f'say kind="{LOGITS}" if it was not normalised'
        )
    fault = faults[kind](array) if kind in faults else _fault_as_logits(array)
    if fault is not None:
        raise SettingsError(f"the model's output is not {kind}: {fault}")
    return array, kind


def _check_shape(array: FloatArray, symbols: Sequence[str] | None) -> None:
    """Refuse an array that is not frames by symbols."""
    if array.ndim != 2 or array.shape[1] == 0:
        raise SettingsError(
            f"the model's output must have shape (frames, symbols), got {array.shape}"
        )
    if symbols is None or len(symbols) == array.shape[1]:
        return
    hint = "; it seems to be transposed" if len(symbols) == array.shape[0] else ""
    raise SettingsError(
        f"the model's output has {array.shape[1]} symbols a frame, the alphabet {len(symbols)} "
        f"with the blank{hint}"
    )


def _fault_as_probabilities(array: FloatArray) -> str | None:
    """Say why an array does not hold probabilities, None if it does."""
    if (array < 0).any():
        frame = int(np.argmax((array < 0).any(-1)))
        return f"frame {frame} holds {array[frame].min():.4g}, below 0"
    sums = array.sum(-1, dtype=np.float64)
    frame = int(np.argmax(np.abs(sums - 1)))
    if abs(sums[frame] - 1) > _TOLERANCE:
        return f"frame {frame} sums to {sums[frame]:.4g}, not 1"
    return None


def _fault_as_logs(array: FloatArray) -> str | None:
    """Say why an array does not hold log probabilities, None if it does."""
    sums = np.exp(_log_sums(array)[:, 0])
    frame = int(np.argmax(np.abs(sums - 1)))
    if not abs(sums[frame] - 1) <= _TOLERANCE:
        return f"the exponentials of frame {frame} sum to {sums[frame]:.4g}, not 1"
    return None


def _fault_as_logits(array: FloatArray) -> str | None:
    """Say why an array does not hold logits, None if it may."""
    if array.shape[1] > 1 and _fault_as_probabilities(array) is None:
        return f'every frame sums to 1, so it holds probabilities; say kind="{PROBABILITIES}"'
    empty = np.flatnonzero(np.isneginf(array).all(-1))
    if empty.size:
        return f"frame {empty[0]} holds nothing but -inf"
    return None


def _log_sums(array: FloatArray) -> FloatArray:
    """Return ln of the sum of exponentials of each frame, shape (T, 1)."""
    largest = array.max(-1, keepdims=True)
    largest[~np.isfinite(largest)] = 0
    with np.errstate(divide="ignore", over="ignore"):
        sums: FloatArray = np.log(np.exp(array - largest).sum(-1, keepdims=True)) + largest
    return sums
