"""Log-mel features in float64, frame by frame from the formulas."""

import math

import numpy as np


def hertz_to_mel(hertz, mel_scale):
    if mel_scale == "htk":
        return 2595 * math.log10(1 + hertz / 700)
    if hertz < 1000:
        return 3 * hertz / 200
    return 15 + 27 * math.log(hertz / 1000) / math.log(6.4)


def mel_to_hertz(mel, mel_scale):
    if mel_scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    if mel < 15:
        return 200 * mel / 3
    return 1000 * math.exp((mel - 15) * math.log(6.4) / 27)


def mel_filters(rate, fft_size, num_mels, low, high, mel_scale, filter_norm):
    """Return weights, float64 array, shape (bins, M)."""
    low_mel, high_mel = hertz_to_mel(low, mel_scale), hertz_to_mel(high, mel_scale)
    step = (high_mel - low_mel) / (num_mels + 1)
    edges = [mel_to_hertz(low_mel + i * step, mel_scale) for i in range(num_mels + 2)]
    weights = np.zeros((fft_size // 2 + 1, num_mels))
    for k in range(fft_size // 2 + 1):
        hertz = k * rate / fft_size
        for m in range(num_mels):
            left, middle, right = edges[m : m + 3]
            if left < hertz <= middle:
                weights[k, m] = (hertz - left) / (middle - left)
            elif middle < hertz < right:
                weights[k, m] = (right - hertz) / (right - middle)
            if filter_norm == "area":
                weights[k, m] *= 2 / (right - left)
    return weights


def log_mel_frames(samples, window_size, hop_size, fft_size, preemphasis, filters, power, floor):
    """Return log filter outputs, float64 array, shape (T, M), by an explicit Fourier sum."""
    samples = np.asarray(samples, dtype=np.float64)
    emphasized = samples.copy()
    for n in range(1, len(samples)):
        emphasized[n] = samples[n] - preemphasis * samples[n - 1]
    window = np.array(
        [0.5 - 0.5 * math.cos(2 * math.pi * n / window_size) for n in range(window_size)]
    )
    angles = np.outer(np.arange(fft_size // 2 + 1), np.arange(window_size))
    transform = np.exp(-2j * np.pi * angles / fft_size)
    rows = []
    start = 0
    while start + window_size <= len(samples):
        spectrum = transform @ (emphasized[start : start + window_size] * window)
        outputs = (np.abs(spectrum) ** power) @ filters
        rows.append(np.log(np.maximum(outputs, floor)))
        start += hop_size
    return np.array(rows).reshape(len(rows), filters.shape[1])


def deltas(frames, delta_frames):
    """Return the regression slopes over time, float64 array, shape (T, M)."""
    last = len(frames) - 1
    slopes = np.zeros_like(frames)
    for t in range(len(frames)):
        for n in range(1, delta_frames + 1):
            slopes[t] += n * (frames[min(t + n, last)] - frames[max(t - n, 0)])
    return slopes / (2 * sum(n * n for n in range(1, delta_frames + 1)))


def normalize(frames):
    """Return features of mean 0 and variance 1, float64 array, shape (T, D)."""
    return (frames - frames.mean(axis=0)) / frames.std(axis=0)
