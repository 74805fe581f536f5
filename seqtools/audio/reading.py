"""Reading recordings from WAV, FLAC and OGG, whole or in part."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqtools.audio.recording import Recording, RecordingInfo
from seqtools.audio.resampling import resample
from seqtools.audio.sound_file import read_sound, read_sound_info
from seqtools.audio.wav_file import read_wav, read_wav_info
from seqtools.errors import AudioError, FileAccessError, SettingsError
from seqtools.types import Float32Array

# Samples of floating point may pass 1 where a recorder leaves room; 60 decibels beyond it are none
# of sound, but integers that nobody divided, or damage, and their squares may leave float32.
LARGEST_SAMPLE = 1000.0
# A header that declares 1 sample a second would make gigabytes of a small file.
_LARGEST_FACTOR = 64


@dataclass(frozen=True)
class RecordingOptions:
    """What is done with recordings that are not as the model wants them.

    Attributes
    ----------
    sample_rate : int or None
        Samples per second wanted; None takes what comes.
    resample : bool
        Convert other rates rather than refuse them.
    mix_channels : bool
        Take the mean of several channels rather than refuse them.
    """

    sample_rate: int | None = None
    resample: bool = False
    mix_channels: bool = False

    def __post_init__(self) -> None:
        if self.sample_rate is not None and self.sample_rate < 1:
            raise SettingsError(f"sample_rate must be at least 1, got {self.sample_rate}")


class Segment(NamedTuple):
    """A stretch of a recording, in its own samples.

    Attributes
    ----------
    start, stop : int
        The first sample, and the one after the last.
    """

    start: int
    stop: int


def read_info(path: str | os.PathLike[str]) -> RecordingInfo:
    """Read a file's header.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    AudioError
        If it is no WAV, FLAC or OGG file, or cut short.
    MissingDependencyError
        If it is FLAC or OGG and soundfile is not installed.
    """
    return read_wav_info(path) if _is_wav(path) else read_sound_info(path)


def read_recording(
    path: str | os.PathLike[str],
    options: RecordingOptions | None = None,
    start_seconds: float = 0.0,
    end_seconds: float | None = None,
) -> Recording:
    """Read a recording, or a stretch of it.

    Parameters
    ----------
    path : path-like
        WAV; with the extra "speech" also FLAC and OGG. The content decides, not the name.
    options : RecordingOptions, optional
        The rate wanted, and whether to resample and mix.
    start_seconds, end_seconds : float
        The stretch; None ends with the recording.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    AudioError
        If the file is damaged or cut short, holds no samples in the stretch, has several channels
        or another rate and the options don't allow for it, or holds samples that are not finite
        or beyond LARGEST_SAMPLE.
    MissingDependencyError
        If it is FLAC or OGG and soundfile is not installed.
    """
    options = options or RecordingOptions()
    info = read_info(path)
    check_info(path, info, options)
    segment = locate_segment(path, info, start_seconds, end_seconds)
    samples = _read_samples(path, segment)
    _check_samples(path, samples, segment.start, info.sample_rate)
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1)
    rate = options.sample_rate or info.sample_rate
    return Recording(resample(np.ascontiguousarray(mono), info.sample_rate, rate), rate)


def check_info(
    path: str | os.PathLike[str], info: RecordingInfo, options: RecordingOptions
) -> None:
    """Refuse a recording whose channels or rate the options don't allow for.

    Raises
    ------
    AudioError
        With what is there and what is wanted.
    """
    if info.num_samples == 0:
        raise AudioError("holds no samples", path=path, remedy="leave it out")
    if info.num_channels > 1 and not options.mix_channels:
        raise AudioError(
            f"has {info.num_channels} channels, one is wanted",
            path=path,
            remedy="ask for the channels to be mixed (--mix), or convert it to mono",
        )
    wanted = options.sample_rate
    if wanted is not None and info.sample_rate != wanted and not options.resample:
        raise AudioError(
            f"has {info.sample_rate} samples a second, {wanted} are wanted",
            path=path,
            remedy="ask for resampling (--resample), or convert it",
        )
    if wanted is not None and wanted > _LARGEST_FACTOR * info.sample_rate:
        raise AudioError(
            f"has {info.sample_rate} samples a second, too few to be made {wanted}",
            path=path,
            remedy="correct the rate in its header, or record it again",
        )


def locate_segment(
    path: str | os.PathLike[str],
    info: RecordingInfo,
    start_seconds: float = 0.0,
    end_seconds: float | None = None,
) -> Segment:
    """Return the samples of a stretch.

    Raises
    ------
    AudioError
        If the stretch holds no sample, or reaches beyond the recording.
    """
    start = round(start_seconds * info.sample_rate)
    stop = info.num_samples if end_seconds is None else round(end_seconds * info.sample_rate)
    if stop > info.num_samples or start >= info.num_samples:
        asked = start_seconds if end_seconds is None else end_seconds
        raise AudioError(
            f"lasts {info.seconds:.3f} s, but the stretch asked for reaches to {asked:.3f} s",
            path=path,
            remedy="correct the times",
        )
    if not 0 <= start < stop:
        raise AudioError(
            f"the stretch from {start_seconds:.3f} s to {stop / info.sample_rate:.3f} s holds no "
            "sample",
            path=path,
            remedy="correct the times",
        )
    return Segment(start, stop)


def _is_wav(path: str | os.PathLike[str]) -> bool:
    """Say whether a file is WAV; refuse what is neither WAV nor FLAC nor OGG."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise FileAccessError.from_os_error(error, path) from error
    if not head:
        raise AudioError("is empty", path=path, remedy="fetch or record it again")
    if head[:4] in (b"fLaC", b"OggS"):
        return False
    if head[:4] in (b"RIFF", b"RIFX", b"RF64"):
        return True
    raise AudioError(
        "is not a WAV, FLAC or OGG file", path=path, byte=0, remedy="convert it to WAV"
    )


def _read_samples(path: str | os.PathLike[str], segment: Segment) -> Float32Array:
    """Read a stretch, float32 array, shape (N, channels)."""
    read = read_wav if _is_wav(path) else read_sound
    return read(path, segment.start, segment.stop)


def _check_samples(
    path: str | os.PathLike[str], samples: Float32Array, start: int, sample_rate: int
) -> None:
    """Refuse samples that cannot be of sound, and name the first."""
    # A comparison with NaN is false: so is one sample that is none.
    is_sound = (np.abs(samples) <= LARGEST_SAMPLE).all(axis=1)
    if is_sound.all():
        return
    place = int(np.argmin(is_sound))
    index = start + place
    value = next(value for value in samples[place] if not abs(value) <= LARGEST_SAMPLE)
    raise AudioError(
        f"sample {index} (at {index / sample_rate:.3f} s) is {value:g}; samples lie between -1 and "
        f"1, and none may be beyond {LARGEST_SAMPLE:g}",
        path=path,
        remedy="divide them by their full scale, or record it again",
    )
