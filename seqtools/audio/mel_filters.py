"""Filters that gather frequencies as the ear does: triangles, evenly spaced on a mel scale.

The HTK scale is O'Shaughnessy's, 2595 log10(1 + f / 700); Slaney's (Auditory Toolbox, 1998) is
linear to 1,000 Hz and logarithmic above. Triangles are drawn over hertz, not over mels.
"""

import functools

import numpy as np

from seqtools.audio.feature_settings import FeatureSettings
from seqtools.errors import SettingsError
from seqtools.types import Float32Array, Float64Array

_SLANEY_STEP = 200 / 3  # hertz a mel where the scale is linear
_SLANEY_BREAK = 1000.0
_SLANEY_LOG_STEP = np.log(6.4) / 27  # log hertz a mel above


def hertz_to_mel(hertz: Float64Array, mel_scale: str) -> Float64Array:
    """Return frequencies on the "htk" or "slaney" scale, float64 array of the same shape."""
    hertz = np.asarray(hertz, dtype=np.float64)
    if mel_scale == "htk":
        return 2595 * np.log10(1 + hertz / 700)
    above = np.maximum(hertz, _SLANEY_BREAK)
    logarithmic = _SLANEY_BREAK / _SLANEY_STEP + np.log(above / _SLANEY_BREAK) / _SLANEY_LOG_STEP
    return np.where(hertz < _SLANEY_BREAK, hertz / _SLANEY_STEP, logarithmic)


def mel_to_hertz(mels: Float64Array, mel_scale: str) -> Float64Array:
    """Return the frequencies of mels, the inverse of ``hertz_to_mel``."""
    mels = np.asarray(mels, dtype=np.float64)
    if mel_scale == "htk":
        return 700 * (10 ** (mels / 2595) - 1)
    steps = np.maximum(mels - _SLANEY_BREAK / _SLANEY_STEP, 0)
    logarithmic = _SLANEY_BREAK * np.exp(_SLANEY_LOG_STEP * steps)
    return np.where(mels < _SLANEY_BREAK / _SLANEY_STEP, mels * _SLANEY_STEP, logarithmic)


def filter_edges(settings: FeatureSettings) -> Float64Array:
    """Return the ends and middles of the filters in hertz, float64 array, shape (M + 2,).

    Filter i rises from edge i to its middle, edge i + 1, and falls to edge i + 2.
    """
    ends = np.array([settings.low_hertz, settings.top_hertz])
    low, high = hertz_to_mel(ends, settings.mel_scale)
    return mel_to_hertz(np.linspace(low, high, settings.num_mels + 2), settings.mel_scale)


@functools.lru_cache(maxsize=8)
def mel_filters(settings: FeatureSettings) -> Float32Array:
    """Return the weight of each frequency in each filter; do not write to it.

    Returns
    -------
    float32 array, shape (transform_size // 2 + 1, M)

    Raises
    ------
    SettingsError
        If a filter is so narrow that no frequency of the transform falls into it.
    """
    num_bins = settings.transform_size // 2 + 1
    hertz = np.arange(num_bins)[:, np.newaxis] * settings.sample_rate / settings.transform_size
    edges = filter_edges(settings)
    rising = (hertz - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - hertz) / np.diff(edges)[1:]
    weights = np.maximum(0, np.minimum(rising, falling))
    empty = np.flatnonzero(weights.max(axis=0) == 0)
    if empty.size:
        low, high = edges[empty[0]], edges[empty[0] + 2]
        raise SettingsError(
            f"mel filter {empty[0] + 1} of {settings.num_mels} ({low:.0f} to {high:.0f} Hz) "
            f"holds no frequency of a transform of {settings.transform_size} points; "
            "lower num_mels (--mels), lengthen the window (--window) or raise fft_size"
        )
    if settings.filter_norm == "area":
        weights *= 2 / (edges[2:] - edges[:-2])
    filters = weights.astype(np.float32)
    filters.flags.writeable = False
    return filters
