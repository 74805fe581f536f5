"""Faults of a whole data set, found before training begins."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.manifest import Manifest, Utterance
from seqtools.audio.reading import RecordingOptions, check_info, locate_segment, read_info
from seqtools.audio.resampling import resampled_size
from seqtools.errors import AlphabetError, AudioError, FileAccessError
from seqtools.text.alphabet import Alphabet
from seqtools.types import Int32Array, Int64Array

if TYPE_CHECKING:
    from seqtools.audio.recording import RecordingInfo

_Result = TypeVar("_Result")


def check_recordings(
    manifest: Manifest, settings: FeatureSettings, options: RecordingOptions | None = None
) -> Int64Array:
    """Read the header of every recording and return how many frames each utterance will have.

    Parameters
    ----------
    manifest : Manifest
    settings : FeatureSettings
        Its rate is the rate wanted.
    options : RecordingOptions, optional
        Whether to resample and mix.

    Returns
    -------
    int64 array, shape (N,)
        Frames T of each utterance, at least 1.

    Raises
    ------
    ManifestError
        If recordings are missing, empty, cut short, of several channels or another rate without
        leave to mix or resample, shorter than their stretch or than one frame; all of them are in
        its `faults`.
    MissingDependencyError
        If some are FLAC or OGG and soundfile is not installed.
    """
    options = options or RecordingOptions()
    wanted = RecordingOptions(settings.sample_rate, options.resample, options.mix_channels)
    headers: dict[str, RecordingInfo] = {}

    def count_frames(utterance: Utterance) -> int:
        # Many utterances may be stretches of one recording, whose header is read once.
        name = os.fspath(utterance.path)
        if name not in headers:
            headers[name] = read_info(name)
        info = headers[name]
        check_info(name, info, wanted)
        stretch = locate_segment(name, info, utterance.start_seconds, utterance.end_seconds)
        num_samples = resampled_size(
            stretch.stop - stretch.start, info.sample_rate, settings.sample_rate
        )
        num_frames = settings.num_frames(num_samples)
        if not num_frames:
            raise AudioError(
                f"{num_samples} samples, but a frame takes {settings.window_size}",
                path=name,
                remedy="leave it out",
            )
        return num_frames

    return np.array(_check_each(manifest, count_frames), dtype=np.int64)


def encode_texts(manifest: Manifest, alphabet: Alphabet) -> list[Int32Array]:
    """Return the ids of every text.

    Returns
    -------
    list of int32 arrays, shape (L,)

    Raises
    ------
    ManifestError
        If texts hold characters outside the alphabet.
    """
    return _check_each(manifest, lambda utterance: alphabet.encode(utterance.text))


def check_lengths(
    manifest: Manifest,
    num_frames: Int64Array | Sequence[int],
    frames_needed: Int64Array | Sequence[int],
) -> None:
    """Refuse a data set with utterances too short for their texts.

    Parameters
    ----------
    manifest : Manifest
    num_frames : int64 array, shape (N,)
        Frames of each utterance as the loss will see them.
    frames_needed : int64 array, shape (N,)
        The fewest frames that hold each text: its symbols, and one more for each that equals the
        one before it.

    Raises
    ------
    ManifestError
        Names them; all of them are in its `faults`.
    """
    there, needed = np.asarray(num_frames), np.asarray(frames_needed)
    remedy = "shorten the text, leave it out or join fewer frames"
    faults = []
    for index in np.flatnonzero(there < needed).tolist():
        counts = f"{there[index]} frames are too few for its text, which needs {needed[index]}"
        faults.append((index, f"{counts}; {remedy}"))
    manifest.refuse(faults)


def _check_each(manifest: Manifest, work: Callable[[Utterance], _Result]) -> list[_Result]:
    """Do work on every utterance, and refuse all those on which it failed."""
    results: list[_Result] = []
    faults: list[tuple[int, str]] = []
    for index, utterance in enumerate(manifest.utterances):
        try:
            results.append(work(utterance))
        except (AudioError, FileAccessError, AlphabetError) as error:
            faults.append((index, str(error)))
    manifest.refuse(faults)
    return results
