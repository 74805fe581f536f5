"""Features of many utterances in one array, from recordings or from a file that was made before.

The file is safetensors: "offsets" (int64, shape (N + 1,)), then "frames" (float32, shape
(sum of T, D)), which is memory-mapped. Its metadata tell settings and recordings, so that a file
made from others is not mistaken for the one wanted.
"""

import dataclasses
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seqtools.audio.feature_file import frame_writer, map_frames, read_key
from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.features import read_features
from seqtools.audio.manifest import Manifest
from seqtools.audio.reading import RecordingOptions
from seqtools.errors import AudioError, FileAccessError
from seqtools.io.atomic import check_writable
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.types import Float32Array, Int64Array

_REPORT_SECONDS = 0.1


@dataclasses.dataclass(frozen=True)
class FeatureSet:
    """Features of N utterances.

    Attributes
    ----------
    frames : float32 array, shape (sum of T, D)
        All frames, an utterance after the other; not to be written to.
    offsets : int64 array, shape (N + 1,)
        Utterance i has the frames from offsets[i] to offsets[i + 1].
    """

    frames: Float32Array
    offsets: Int64Array

    def __len__(self) -> int:
        """Return the number of utterances N."""
        return len(self.offsets) - 1

    @property
    def dim(self) -> int:
        """Features of a frame D."""
        return int(self.frames.shape[1])

    @property
    def lengths(self) -> Int64Array:
        """Frames of each utterance, int64 array, shape (N,)."""
        return np.diff(self.offsets)

    def utterance(self, index: int) -> Float32Array:
        """Return the features of one utterance, float32 array, shape (T, D)."""
        return self.frames[self.offsets[index] : self.offsets[index + 1]]


def read_feature_set(
    manifest: Manifest,
    settings: FeatureSettings,
    options: RecordingOptions | None = None,
    monitor: Monitor | None = None,
) -> FeatureSet:
    """Read all recordings of a manifest into memory.

    Parameters
    ----------
    manifest : Manifest
    settings : FeatureSettings
    options : RecordingOptions, optional
        Whether to resample and mix.
    monitor : Monitor, optional
        Hears of the progress.

    Raises
    ------
    ManifestError
        If a recording cannot be used; ``check_recordings`` finds most faults sooner.
    """
    options = options or RecordingOptions()
    parts = list(_each(manifest, settings, options, monitor or NullMonitor()))
    offsets = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return FeatureSet(np.concatenate(parts), offsets)


def cached_feature_set(
    manifest: Manifest,
    path: str | os.PathLike[str],
    settings: FeatureSettings,
    options: RecordingOptions | None = None,
    monitor: Monitor | None = None,
    is_ours: bool = False,
) -> FeatureSet:
    """Map a file of features; make it first if it is missing, damaged or not of these recordings.

    A file counts as made from the same recordings if paths, sizes, times of change and stretches
    agree, and settings and options too. Its frames are compared with their checksum. Memory is
    bounded by the longest recording.

    Parameters
    ----------
    manifest : Manifest
    path : path-like
        The file; it is replaced only when the new one is whole.
    settings, options, monitor
        As for ``read_feature_set``.
    is_ours : bool
        Whether `path` can only be a file of features, so that one that is not to be recognised any
        more is damaged.

    Raises
    ------
    ManifestError
        If a recording cannot be used.
    FileAccessError
        If the file cannot be read or written.
    AudioError
        If a file of another kind lies there, which is not to be lost, unless it `is_ours`.
    """
    options, monitor = options or RecordingOptions(), monitor or NullMonitor()
    key = _key(manifest, settings, options)
    if Path(path).exists():
        found = None
        try:
            found = read_key(path)
            if found == key:
                return FeatureSet(*map_frames(path, is_verified=True))
        except AudioError:
            # A key that was read tells a file of features, whose frames are damaged.
            if found is None and not is_ours:
                raise
            found = None
        cause = "damaged" if found is None else "of other recordings or settings"
        monitor.message(f"{os.fspath(path)}: {cause}, made again")
    check_writable(path)
    with frame_writer(path, settings.dim, len(manifest), key) as write:
        for features in _each(manifest, settings, options, monitor):
            write(features)
    return FeatureSet(*map_frames(path))


def _each(
    manifest: Manifest, settings: FeatureSettings, options: RecordingOptions, monitor: Monitor
) -> Iterator[Float32Array]:
    """Yield the features of each utterance."""
    started = reported = time.monotonic()
    monitor.start("reading recordings", len(manifest), "recordings")
    try:
        for index, utterance in enumerate(manifest.utterances):
            try:
                yield read_features(
                    utterance.path,
                    settings,
                    options,
                    utterance.start_seconds,
                    utterance.end_seconds,
                )
            except (AudioError, FileAccessError) as error:
                manifest.refuse([(index, str(error))])
            now = time.monotonic()
            if now - reported >= _REPORT_SECONDS:
                speed = (index + 1) / (now - started)
                monitor.update(Progress(index + 1, len(manifest), "recordings", speed))
                reported = now
    finally:
        monitor.finish()


def _key(manifest: Manifest, settings: FeatureSettings, options: RecordingOptions) -> str:
    """Return 64 hexadecimal digits that tell recordings and settings from others."""
    folder = Path(manifest.path).parent
    described: list[object] = [
        dataclasses.asdict(settings),
        [options.resample, options.mix_channels],
    ]
    for index, utterance in enumerate(manifest.utterances):
        try:
            status = utterance.path.stat()
        except OSError as error:
            manifest.refuse([(index, str(FileAccessError.from_os_error(error, utterance.path)))])
            raise
        described.append(
            [
                os.path.relpath(utterance.path, folder),
                status.st_size,
                status.st_mtime_ns,
                utterance.start_seconds,
                utterance.end_seconds,
            ]
        )
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
