"""FLAC and OGG through soundfile; the only module that imports it (extra "speech")."""

import os
from typing import Any

import numpy as np

from seqtools.audio.recording import RecordingInfo
from seqtools.errors import AudioError, MissingDependencyError
from seqtools.types import Float32Array

_REMEDY = "fetch or record it again"


def read_sound_info(path: str | os.PathLike[str]) -> RecordingInfo:
    """Read the header of a FLAC or OGG file.

    Raises
    ------
    AudioError
        If soundfile cannot open it.
    MissingDependencyError
        If soundfile is not installed.
    """
    soundfile = _import_soundfile(path)
    try:
        info = soundfile.info(os.fspath(path))
    except soundfile.SoundFileError as error:
        raise _damaged(path, error) from error
    return RecordingInfo(int(info.samplerate), int(info.channels), int(info.frames))


def read_sound(path: str | os.PathLike[str], start: int, stop: int) -> Float32Array:
    """Read samples of a FLAC or OGG file.

    Parameters
    ----------
    path : path-like
    start, stop : int
        The first sample, and the one after the last.

    Returns
    -------
    float32 array, shape (stop - start, channels)

    Raises
    ------
    AudioError
        If the file is damaged, or ends before `stop`.
    MissingDependencyError
        If soundfile is not installed.
    """
    soundfile = _import_soundfile(path)
    try:
        samples, _ = soundfile.read(
            os.fspath(path), start=start, stop=stop, dtype="float32", always_2d=True
        )
    except soundfile.SoundFileError as error:
        raise _damaged(path, error) from error
    if len(samples) != stop - start:
        raise AudioError(
            f"cut short: {stop} samples are declared, {start + len(samples)} can be read",
            path=path,
            remedy=_REMEDY,
        )
    return np.asarray(samples, dtype=np.float32)


def _import_soundfile(path: str | os.PathLike[str]) -> Any:
    """Import soundfile, or say how to install it."""
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: the package is there, its library is not
        raise MissingDependencyError(
            f"{os.fspath(path)}: FLAC and OGG need soundfile ({error}); install it with: "
            "pip install 'seqtools[speech]', or convert the file to WAV"
        ) from error
    return soundfile


def _damaged(path: str | os.PathLike[str], error: Exception) -> AudioError:
    """Say what soundfile found, without its full stops and the path that it repeats."""
    cause = str(error).rpartition(": ")[2].rstrip(". ")
    return AudioError(f"damaged or cut short ({cause})", path=path, remedy=_REMEDY)
