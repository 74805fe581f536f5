"""Where labels and words of a CTC transcript stand in the recording.

Labels are put on frames by the likeliest path that gives them (forced alignment). A CTC model says
a label once, often late in the sound and for one frame: a label's time is that of its frames.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from seqtools.errors import SettingsError
from seqtools.kernels.ctc_path import align_labels
from seqtools.types import FloatArray, Int64Array


class LabelTimes(NamedTuple):
    """Frames of labels.

    Attributes
    ----------
    starts, stops : int64 arrays, shape (L,)
        The first frame of each label, and the frame after its last.
    log_probability : float
        ln of the probability of the path, in nats.
    """

    starts: Int64Array
    stops: Int64Array
    log_probability: float


class TimedText(NamedTuple):
    """A label or a word with its time.

    Attributes
    ----------
    text : str
    start_seconds, end_seconds : float
        From the start of the recording.
    """

    text: str
    start_seconds: float
    end_seconds: float


def align(log_probabilities: FloatArray, labels: ArrayLike, blank: int = 0) -> LabelTimes:
    """Put known labels on frames: Viterbi's algorithm over labels and blanks.

    Parameters
    ----------
    log_probabilities : float array, shape (T, V)
        As ``seqtools.decoding.ctc_output.log_probabilities_of`` returns them.
    labels : int array, shape (L,)
        Without blanks.
    blank : int
        Index of the blank.

    Raises
    ------
    SettingsError
        If no path gives the labels: there are too few frames, or a label is outside the symbols.
    """
    wanted = np.asarray(labels, np.int32).reshape(-1)
    num_frames, num_symbols = log_probabilities.shape
    if ((wanted < 0) | (wanted >= num_symbols) | (wanted == blank)).any():
        raise SettingsError(
            f"labels must be below {num_symbols} and not the blank, {blank}, to be aligned"
        )
    starts, stops = np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
    states = 2 * len(wanted) + 1
    scores, moves = np.zeros((2, states)), np.zeros((num_frames, states), np.uint8)
    log_probability = align_labels(log_probabilities, wanted, blank, scores, moves, starts, stops)
    if log_probability == -np.inf:
        raise SettingsError(
            f"no path of {num_frames} frames gives these {len(wanted)} labels: there are too few "
            "frames, or one of the labels has no probability"
        )
    return LabelTimes(starts, stops, float(log_probability))


def time_labels(
    labels: ArrayLike, times: LabelTimes, symbols: Sequence[str], frame_seconds: float
) -> list[TimedText]:
    """Return each label with its time in seconds.

    Parameters
    ----------
    labels : int array, shape (L,)
    times : LabelTimes
    symbols : sequence of str
        How each symbol is written.
    frame_seconds : float
        From the start of one frame to the next.
    """
    numbers = np.asarray(labels).tolist()
    spans = zip(times.starts.tolist(), times.stops.tolist(), strict=True)
    return [
        TimedText(symbols[label], start * frame_seconds, stop * frame_seconds)
        for label, (start, stop) in zip(numbers, spans, strict=True)
    ]


def time_words(labels: Sequence[TimedText], space: str = " ") -> list[TimedText]:
    """Return the words between spaces, from the start of the first label to the end of the last."""
    words: list[TimedText] = []
    is_open = False
    for text, start, end in labels:
        if text == space:
            is_open = False
        elif is_open:
            words[-1] = TimedText(words[-1].text + text, words[-1].start_seconds, end)
        else:
            words.append(TimedText(text, start, end))
            is_open = True
    return words
