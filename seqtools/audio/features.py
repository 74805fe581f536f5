"""Features of a recording as a model reads them: log-mel frames, slopes, normalized, joined."""

import os

import numpy as np

from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.log_mel import log_mel_frames
from seqtools.audio.reading import RecordingOptions, read_recording
from seqtools.errors import AudioError
from seqtools.types import Float32Array

# A feature that does not vary, such as one of digital silence, is shifted but not scaled up.
_LEAST_DEVIATION = 1e-3


def read_features(
    path: str | os.PathLike[str],
    settings: FeatureSettings,
    options: RecordingOptions | None = None,
    start_seconds: float = 0.0,
    end_seconds: float | None = None,
) -> Float32Array:
    """Read a recording, or a stretch of it, as features.

    Parameters
    ----------
    path : path-like
    settings : FeatureSettings
        Its rate is the rate wanted.
    options : RecordingOptions, optional
        Whether to resample and mix; its rate is not used.
    start_seconds, end_seconds : float
        The stretch; None ends with the recording.

    Returns
    -------
    float32 array, shape (T, D)
        T is at least 1.

    Raises
    ------
    AudioError
        If the stretch is shorter than one frame; and as ``read_recording``.
    FileAccessError, MissingDependencyError
        As ``read_recording``.
    """
    options = options or RecordingOptions()
    wanted = RecordingOptions(settings.sample_rate, options.resample, options.mix_channels)
    recording = read_recording(path, wanted, start_seconds, end_seconds)
    features = make_features(recording.samples, settings)
    if not len(features):
        raise AudioError(
            f"{len(recording.samples)} samples, but a frame takes {settings.window_size}",
            path=path,
            remedy="leave it out",
        )
    return features


def make_features(samples: Float32Array, settings: FeatureSettings) -> Float32Array:
    """Return the features of samples.

    Parameters
    ----------
    samples : float32 array, shape (N,)
        At the settings' rate.
    settings : FeatureSettings

    Returns
    -------
    float32 array, shape (T, D)
        T is ``settings.num_frames(N)`` and D ``settings.dim``.
    """
    frames = log_mel_frames(samples, settings)
    if not len(frames):
        return np.empty((0, settings.dim), dtype=np.float32)
    with_deltas = append_deltas(frames, settings.num_deltas, settings.delta_frames)
    return stack_frames(normalize(with_deltas, settings.normalization), settings)


def append_deltas(frames: Float32Array, num_deltas: int, delta_frames: int) -> Float32Array:
    """Append the slopes over time, and the slopes of these.

    Parameters
    ----------
    frames : float32 array, shape (T, M)
        T at least 1.
    num_deltas : int
        How many times a slope is taken.
    delta_frames : int
        Frames N to each side.

    Returns
    -------
    float32 array, shape (T, (1 + num_deltas) * M)

    Notes
    -----
    The slope of the least-squares line, d_t = sum_n n (c_{t+n} - c_{t-n}) / (2 sum_n n^2) for n
    from 1 to N (The HTK Book, "Delta coefficients"), with the first and last frame repeated beyond
    the ends.
    """
    parts = [frames]
    scale = 2 * sum(n * n for n in range(1, delta_frames + 1))
    for _ in range(num_deltas):
        edges = ((delta_frames, delta_frames), (0, 0))
        padded = np.pad(parts[-1], edges, mode="edge")
        slopes = np.zeros_like(frames)
        middle = delta_frames
        for n in range(1, delta_frames + 1):
            later = padded[middle + n : middle + n + len(frames)]
            earlier = padded[middle - n : middle - n + len(frames)]
            slopes += np.float32(n / scale) * (later - earlier)
        parts.append(slopes)
    return np.concatenate(parts, axis=1)


def normalize(frames: Float32Array, normalization: str) -> Float32Array:
    """Shift each feature to mean 0 over the utterance and scale it to variance 1.

    Parameters
    ----------
    frames : float32 array, shape (T, D)
        T at least 1.
    normalization : {"utterance", "mean", "none"}
        Both; only the shift; nothing.

    Returns
    -------
    float32 array, shape (T, D)
    """
    if normalization == "none":
        return frames
    centered = frames - np.mean(frames, axis=0, dtype=np.float64).astype(np.float32)
    if normalization == "mean":
        return centered
    variance = np.einsum("td,td->d", centered, centered, dtype=np.float64) / len(frames)
    deviation = np.sqrt(variance)
    scale = np.where(deviation > _LEAST_DEVIATION, 1 / np.maximum(deviation, _LEAST_DEVIATION), 1)
    normalized: Float32Array = centered * scale.astype(np.float32)
    return normalized


def stack_frames(frames: Float32Array, settings: FeatureSettings) -> Float32Array:
    """Join `stack` frames into one, and keep every `stride`-th.

    Parameters
    ----------
    frames : float32 array, shape (T, D)
        T at least 1.
    settings : FeatureSettings
        Its `stack` and `stride`.

    Returns
    -------
    float32 array, shape (ceil(T / stride), stack * D)
        Row i joins frames i * stride, i * stride + 1 and so on; the last frame is repeated where
        the utterance ends.
    """
    starts = np.arange(0, len(frames), settings.stride)
    rows = np.minimum(starts[:, np.newaxis] + np.arange(settings.stack), len(frames) - 1)
    joined: Float32Array = frames[rows].reshape(len(starts), settings.stack * frames.shape[1])
    return joined
