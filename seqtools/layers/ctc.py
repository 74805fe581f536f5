"""Connectionist temporal classification for whole batches: checks, threads, and what fits.

Graves, Fernandez, Gomez and Schmidhuber 2006. A labelling fits into T frames if it has at most T
labels, each label that equals the one before counted twice, because a blank must stand between
them; the loss of one that does not fit is infinite, and its gradient zero.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from seqtools.errors import SettingsError, TrainingError
from seqtools.kernels.ctc import ctc_gradient
from seqtools.kernels.ctc_scratch import make_ctc_scratch
from seqtools.types import Float64Array, FloatArray, Int32Array, Int64Array

_NAMED_ITEMS = 5


class CTCLoss(NamedTuple):
    """Losses of a batch, and their gradient.

    Attributes
    ----------
    losses : float64 array, shape (B,)
        -ln P(labels | logits) in nats; inf where the labels do not fit into the frames.
    gradient : float array, shape (T, B, V)
        The gradient of the sum of the losses with respect to the logits, times `scale`; zero in
        padding and where the loss is inf.
    """

    losses: Float64Array
    gradient: FloatArray


class Misfit(NamedTuple):
    """An utterance too short for its labels.

    Attributes
    ----------
    place : int
        Its place in the data set, from 0.
    frames, needed : int
        Frames it has, and the fewest that hold its labels.
    """

    place: int
    frames: int
    needed: int


def join_targets(targets: Sequence[ArrayLike]) -> tuple[Int32Array, Int64Array]:
    """Return the labels of all utterances in one int32 array, and int64 offsets, shape (B + 1,)."""
    arrays = [np.asarray(labels, np.int32).reshape(-1) for labels in targets]
    offsets = np.zeros(len(arrays) + 1, np.int64)
    np.cumsum([len(labels) for labels in arrays], out=offsets[1:])
    return np.concatenate([np.zeros(0, np.int32), *arrays]), offsets


def frames_needed(labels: ArrayLike) -> int:
    """Return the fewest frames that hold a labelling: its labels and a blank for each repeat."""
    array = np.asarray(labels)
    return int(array.size + np.count_nonzero(array[1:] == array[:-1]))


def find_misfits(lengths: Sequence[int] | Int64Array, targets: Sequence[ArrayLike]) -> list[Misfit]:
    """Return the utterances of a data set whose labels do not fit into their frames.

    Parameters
    ----------
    lengths : sequence of int
        Frames of each utterance, after all subsampling.
    targets : sequence of int sequences
        Labels of each utterance, without blanks.
    """
    needed = map(frames_needed, targets)
    return [
        Misfit(place, int(frames), least)
        for place, (frames, least) in enumerate(zip(lengths, needed, strict=True))
        if frames < least
    ]


def check_fit(
    lengths: Sequence[int] | Int64Array,
    targets: Sequence[ArrayLike],
    names: Sequence[str] | None = None,
) -> None:
    """Refuse a data set with utterances too short for their labels.

    Parameters
    ----------
    lengths, targets
        As for `find_misfits`.
    names : sequence of str, optional
        What to call each utterance; its number, from 1, by default.

    Raises
    ------
    TrainingError
        Names the first few, with the frames they have and need.
    """
    misfits = find_misfits(lengths, targets)
    if not misfits:
        return
    listed = [
        f"{names[item.place] if names else f'utterance {item.place + 1}'} "
        f"({item.frames} frames, {item.needed} needed)"
        for item in misfits[:_NAMED_ITEMS]
    ]
    more = len(misfits) - len(listed)
    raise TrainingError(
        f"{len(misfits)} of {len(targets)} utterances are too short for their text: "
        f"{', '.join(listed)}{f' and {more} more' if more else ''}; "
        "leave them out, shorten their text or stack fewer frames"
    )


def ctc_loss(
    logits: FloatArray,
    lengths: ArrayLike,
    targets: Sequence[ArrayLike],
    *,
    blank: int = 0,
    scale: float = 1.0,
    threads: int = 1,
    out_gradient: FloatArray | None = None,
) -> CTCLoss:
    """Return the CTC losses of a batch and their gradient with respect to the logits.

    Parameters
    ----------
    logits : float32 or float64 array, shape (T, B, V), C-contiguous
        Unnormalised scores of the symbols at each frame.
    lengths : int array, shape (B,)
        Frames of each utterance; those behind are padding.
    targets : sequence of B int sequences
        Labels without blanks; may be empty.
    blank : int
        Index of the blank.
    scale : float
        Factor of the gradient, such as 1 / B for that of the mean loss.
    threads : int
        Utterances are shared among so many threads; the result does not depend on it.
    out_gradient : float array, shape (T, B, V), optional
        Where the gradient goes; `logits` itself saves memory.

    Returns
    -------
    CTCLoss

    Raises
    ------
    SettingsError
        If shapes do not fit together, or a label is the blank or outside the symbols.

    Notes
    -----
    Graves et al. 2006, eq. 8 and 16, in float64; see ``seqtools.kernels.ctc``.

    Examples
    --------
    >>> import numpy as np
    >>> from seqtools import ctc_loss
    >>> logits = np.zeros((2, 1, 3), np.float32)  # 2 frames, all 3 symbols equally likely
    >>> round(float(np.exp(-ctc_loss(logits, [2], [[1]]).losses[0])), 6)  # 3 of 9 paths
    0.333333
    """
    labels, offsets = join_targets(targets)
    frames = np.asarray(lengths, np.int64)
    gradient = np.empty_like(logits) if out_gradient is None else out_gradient
    _check_arrays(logits, frames, gradient, threads)
    _check_labels(labels, offsets, logits.shape, blank)
    losses = np.zeros(len(frames))

    def work(first: int, stop: int) -> None:
        scratch = make_ctc_scratch(
            int(frames[first:stop].max()),
            int(np.diff(offsets[first : stop + 1]).max()),
            logits.shape[2],
            logits.dtype,
        )
        ctc_gradient(
            logits, frames, labels, offsets, first, stop, blank, scale, scratch, losses, gradient
        )

    cuts = np.linspace(0, len(frames), min(threads, len(frames)) + 1).astype(int).tolist()
    parts = list(pairwise(cuts))
    if len(parts) == 1:
        work(*parts[0])
    elif parts:
        with ThreadPoolExecutor(len(parts)) as pool:
            list(pool.map(lambda part: work(*part), parts))
    return CTCLoss(losses, gradient)


def _check_arrays(
    logits: FloatArray, lengths: Int64Array, gradient: FloatArray, threads: int
) -> None:
    """Refuse arrays that do not fit together."""
    if logits.ndim != 3 or logits.dtype not in (np.float32, np.float64):
        raise SettingsError(
            "logits must be float32 or float64 of shape (frames, utterances, symbols), "
            f"got {logits.dtype} of shape {logits.shape}"
        )
    if not logits.flags.c_contiguous or not gradient.flags.c_contiguous:
        raise SettingsError("logits and out_gradient must be C-contiguous; np.ascontiguousarray")
    if gradient.shape != logits.shape or gradient.dtype != logits.dtype:
        raise SettingsError(
            f"out_gradient must be like logits, {logits.dtype} of shape {logits.shape}, "
            f"got {gradient.dtype} of shape {gradient.shape}"
        )
    if lengths.shape != (logits.shape[1],):
        raise SettingsError(
            f"there are {lengths.size} lengths for {logits.shape[1]} utterances of logits"
        )
    if lengths.size and not 0 <= lengths.min() <= lengths.max() <= logits.shape[0]:
        raise SettingsError(
            f"lengths must be between 0 and the {logits.shape[0]} frames of logits, "
            f"got {lengths.min()} to {lengths.max()}"
        )
    if threads < 1:
        raise SettingsError(f"threads must be at least 1, got {threads}")


def _check_labels(
    labels: Int32Array, offsets: Int64Array, shape: tuple[int, ...], blank: int
) -> None:
    """Refuse labels that logits have no symbol for."""
    utterances, symbols = shape[1:]
    if len(offsets) != utterances + 1:
        raise SettingsError(
            f"there are {len(offsets) - 1} targets for {utterances} utterances of logits"
        )
    if not 0 <= blank < symbols:
        raise SettingsError(f"blank must be below the {symbols} symbols of logits, got {blank}")
    wrong = np.flatnonzero((labels < 0) | (labels >= symbols) | (labels == blank))
    if wrong.size:
        utterance = int(np.searchsorted(offsets, wrong[0], side="right")) - 1
        raise SettingsError(
            f"target {utterance} holds label {labels[wrong[0]]}; labels are below {symbols}, "
            f"the symbols of logits, and not the blank, {blank}"
        )
