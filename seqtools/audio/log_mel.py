"""Log-mel features of a recording (Davis and Mermelstein 1980, without the cosine transform).

Pre-emphasis; frames under a periodic Hann window; Fourier transform; magnitudes raised to a power;
mel filters; logarithm. Frame t begins at sample t * hop and lies wholly within the recording.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.mel_filters import mel_filters
from seqtools.types import Float32Array

# So many frames at a time stay within the cache: twice as fast as all frames of a minute at once.
_BLOCK_FRAMES = 32


def log_mel_frames(samples: Float32Array, settings: FeatureSettings) -> Float32Array:
    """Return the logarithm of the mel filters' outputs in each frame.

    Parameters
    ----------
    samples : float32 array, shape (N,)
        At the settings' rate.
    settings : FeatureSettings

    Returns
    -------
    float32 array, shape (T, M)
        T is 0 for a recording shorter than one frame.
    """
    filters = mel_filters(settings)
    emphasized = emphasize(samples, settings.preemphasis)
    num_frames = max(0, 1 + (len(emphasized) - settings.window_size) // settings.hop_size)
    outputs = np.empty((num_frames, settings.num_mels), dtype=np.float32)
    if num_frames:
        frames = sliding_window_view(emphasized, settings.window_size)[:: settings.hop_size]
        window = hann_window(settings.window_size)
        for start in range(0, num_frames, _BLOCK_FRAMES):
            block = frames[start : start + _BLOCK_FRAMES] * window
            powers = _powers(block, settings)
            np.matmul(powers, filters, out=outputs[start : start + len(block)])
    np.maximum(outputs, np.float32(settings.floor), out=outputs)
    return np.log(outputs, out=outputs)


def emphasize(samples: Float32Array, coefficient: float) -> Float32Array:
    """Return y with y[0] = x[0] and y[n] = x[n] - coefficient * x[n - 1], float32, shape (N,)."""
    emphasized = np.array(samples, dtype=np.float32)
    if coefficient and len(emphasized) > 1:
        emphasized[1:] -= np.float32(coefficient) * samples[:-1]
    return emphasized


def hann_window(size: int) -> Float32Array:
    """Return the periodic Hann window 0.5 - 0.5 cos(2 pi n / size), float32, shape (size,)."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)


def _powers(frames: Float32Array, settings: FeatureSettings) -> Float32Array:
    """Return the magnitude of each frequency to the power asked for, shape (T, bins)."""
    spectrum = np.fft.rfft(frames, n=settings.transform_size)
    squares = np.empty(spectrum.shape, dtype=np.float32)
    np.add(spectrum.real**2, spectrum.imag**2, out=squares, casting="same_kind")
    if settings.power == 2:
        return squares
    return np.power(squares, np.float32(settings.power / 2))
