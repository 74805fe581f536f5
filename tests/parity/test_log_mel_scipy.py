"""Log-mel features against SciPy's spectrogram, and against librosa where it is installed.

librosa 0.11.0 agrees within 2e-6 in the filters and 1e-4 in the logarithms.
"""

import numpy as np
import pytest
from scipy.signal import ShortTimeFFT, lfilter
from scipy.signal.windows import hann

from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.log_mel import log_mel_frames
from seqtools.audio.mel_filters import mel_filters

SETTINGS = [
    FeatureSettings(sample_rate=16000),
    FeatureSettings(sample_rate=8000, mel_scale="slaney", filter_norm="area", fft_size=1024),
]


@pytest.fixture
def samples():
    return np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)


@pytest.mark.parametrize("settings", SETTINGS)
def test_frames_are_scipys_spectrogram_through_the_filters(samples, settings):
    emphasized = lfilter([1, -settings.preemphasis], [1], samples.astype(np.float64))
    size, hop = settings.window_size, settings.hop_size
    transform = ShortTimeFFT(
        hann(size, sym=False), hop, settings.sample_rate, mfft=settings.transform_size
    )
    # SciPy centres its first frame on sample 0; ours begins there.
    spectrum = transform.stft(emphasized, p0=0, k_offset=size // 2)
    num_frames = settings.num_frames(len(samples))
    theirs = np.log(
        np.maximum(np.abs(spectrum.T[:num_frames]) ** 2 @ mel_filters(settings), settings.floor)
    )
    np.testing.assert_allclose(log_mel_frames(samples, settings), theirs, atol=2e-5)


@pytest.mark.parametrize("settings", SETTINGS)
def test_filters_and_frames_are_librosas(samples, settings):
    librosa = pytest.importorskip("librosa", reason="librosa is not installed")
    filters = librosa.filters.mel(
        sr=settings.sample_rate,
        n_fft=settings.transform_size,
        n_mels=settings.num_mels,
        fmin=settings.low_hertz,
        fmax=settings.top_hertz,
        htk=settings.mel_scale == "htk",
        norm="slaney" if settings.filter_norm == "area" else None,
    )
    np.testing.assert_allclose(mel_filters(settings), filters.T, atol=2e-6)
    emphasized = librosa.effects.preemphasis(samples, coef=settings.preemphasis, zi=[0])
    # librosa puts the window into the middle of the transform; the magnitudes are the same if the
    # sound is moved as far.
    padding = (settings.transform_size - settings.window_size) // 2
    spectrum = librosa.stft(
        np.pad(emphasized, padding),
        n_fft=settings.transform_size,
        hop_length=settings.hop_size,
        win_length=settings.window_size,
        center=False,
    )
    theirs = np.log(np.maximum(filters @ np.abs(spectrum) ** 2, settings.floor)).T
    ours = log_mel_frames(samples, settings)
    np.testing.assert_allclose(ours, theirs[: len(ours)], atol=1e-4)
