from dataclasses import replace

import numpy as np
import pytest

from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.features import (
    append_deltas,
    make_features,
    normalize,
    read_features,
    stack_frames,
)
from seqtools.audio.log_mel import log_mel_frames
from seqtools.audio.mel_filters import filter_edges, hertz_to_mel, mel_filters, mel_to_hertz
from seqtools.audio.reading import RecordingOptions, read_recording
from seqtools.audio.wav_file import write_wav
from seqtools.errors import AudioError, SettingsError
from tests.reference import audio as reference

SMALL = FeatureSettings(sample_rate=8000, num_mels=23)


def noise(num_samples, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, num_samples).astype(np.float32)


def reference_filters(settings):
    return reference.mel_filters(
        settings.sample_rate,
        settings.transform_size,
        settings.num_mels,
        settings.low_hertz,
        settings.top_hertz,
        settings.mel_scale,
        settings.filter_norm,
    )


def reference_log_mel(samples, settings):
    return reference.log_mel_frames(
        samples,
        settings.window_size,
        settings.hop_size,
        settings.transform_size,
        settings.preemphasis,
        reference_filters(settings),
        settings.power,
        settings.floor,
    )


VARIANTS = [
    SMALL,
    replace(SMALL, mel_scale="slaney", filter_norm="area"),
    replace(SMALL, power=1.0, preemphasis=0.0),
    replace(SMALL, fft_size=300, low_hertz=0.0, high_hertz=3500.0),
    replace(SMALL, sample_rate=11025, window_seconds=0.0321, hop_seconds=0.0077),
    replace(SMALL, floor=0.5),
]


@pytest.mark.parametrize("settings", VARIANTS)
def test_filters_and_frames_are_the_twins(settings):
    np.testing.assert_allclose(
        mel_filters(settings), reference_filters(settings), rtol=1e-5, atol=1e-6
    )
    samples = noise(3000)
    ours = log_mel_frames(samples, settings)
    theirs = reference_log_mel(samples, settings)
    assert ours.dtype == np.float32
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5)


def test_real_speech_is_the_twin_too(data):
    path = min((data / "fsdd" / "test").glob("*.wav"))
    samples = read_recording(path).samples
    difference = log_mel_frames(samples, SMALL) - reference_log_mel(samples, SMALL)
    assert np.abs(difference).max() < 1e-3
    assert np.abs(difference).mean() < 2e-5


@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
def test_mels_go_back_to_their_hertz(mel_scale):
    hertz = np.linspace(0, 8000, 401)
    mels = hertz_to_mel(hertz, mel_scale)
    assert (np.diff(mels) > 0).all()
    np.testing.assert_allclose(mel_to_hertz(mels, mel_scale), hertz, rtol=1e-12, atol=1e-9)
    assert hertz_to_mel(np.array(1000.0), mel_scale) == pytest.approx(
        {"htk": 999.9855, "slaney": 15}[mel_scale], abs=1e-4
    )


def test_a_tone_is_loudest_in_the_filter_around_it():
    settings = FeatureSettings(sample_rate=16000)
    edges = filter_edges(settings)
    for m in (0, 7, 20, 39):
        tone = np.sin(2 * np.pi * edges[m + 1] * np.arange(4000) / 16000).astype(np.float32)
        assert (log_mel_frames(tone, settings).argmax(axis=1) == m).all()


def test_ten_times_the_amplitude_adds_a_constant_and_normalizing_takes_it_away():
    samples = noise(4000)
    quiet, loud = (log_mel_frames(samples * np.float32(k), SMALL) for k in (1, 10))
    np.testing.assert_allclose(loud - quiet, np.log(100), atol=1e-4)
    quiet, loud = (make_features(samples * np.float32(k), SMALL) for k in (1, 10))
    np.testing.assert_allclose(loud, quiet, atol=1e-4)


def test_frames_of_a_part_are_part_of_the_frames():
    samples = noise(8000)
    settings = replace(SMALL, preemphasis=0.0)
    whole = log_mel_frames(samples, settings)
    part = log_mel_frames(samples[settings.hop_size * 10 :], settings)
    np.testing.assert_allclose(part, whole[10:], atol=1e-6)


def test_silence_is_the_floor_and_normalizes_to_zero():
    silence = np.zeros(2000, dtype=np.float32)
    np.testing.assert_allclose(log_mel_frames(silence, SMALL), np.log(SMALL.floor), rtol=1e-6)
    np.testing.assert_array_equal(make_features(silence, SMALL), 0)


@pytest.mark.parametrize("num_samples", [0, 1, 199, 200, 279, 280, 3000])
@pytest.mark.parametrize(("stack", "stride"), [(1, 1), (3, 3), (4, 2), (1, 5)])
def test_the_number_of_frames_is_known_before(num_samples, stack, stride):
    settings = replace(SMALL, stack=stack, stride=stride, num_deltas=2)
    features = make_features(noise(num_samples), settings)
    assert features.shape == (settings.num_frames(num_samples), settings.dim)
    assert features.dtype == np.float32
    assert features.flags.c_contiguous


def test_every_frame_lies_within_the_recording():
    settings = replace(SMALL, stack=3, stride=2)
    assert settings.seconds_of(0) == pytest.approx(0.01 + 0.0125)
    assert settings.seconds_of(5) - settings.seconds_of(4) == pytest.approx(settings.frame_seconds)
    last = SMALL.num_frames(8000) - 1
    assert SMALL.seconds_of(last) + 0.0125 <= 1.0


@pytest.mark.parametrize("delta_frames", [1, 2, 5])
def test_deltas_are_the_twins(delta_frames):
    frames = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32)
    ours = append_deltas(frames, 2, delta_frames)
    first = reference.deltas(frames.astype(np.float64), delta_frames)
    second = reference.deltas(first, delta_frames)
    np.testing.assert_allclose(ours, np.concatenate([frames, first, second], 1), atol=1e-6)


def test_the_delta_of_a_ramp_is_its_slope():
    ramp = np.arange(20, dtype=np.float32)[:, np.newaxis] * np.float32([0.5, -2])
    deltas = append_deltas(ramp, 1, 2)[:, 2:]
    np.testing.assert_allclose(deltas[2:-2], [[0.5, -2]] * 16, atol=1e-6)
    np.testing.assert_array_equal(append_deltas(ramp[:1], 2, 2)[:, 2:], 0)


def test_normalized_features_have_mean_zero_and_variance_one():
    frames = np.random.default_rng(0).normal(-7, 3, size=(50, 6)).astype(np.float32)
    frames[:, 2] = 4
    normal = normalize(frames, "utterance")
    assert normal.dtype == np.float32
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=1e-6)
    others = [0, 1, 3, 4, 5]
    np.testing.assert_allclose(normal.std(axis=0)[others], 1, rtol=1e-5)
    np.testing.assert_array_equal(normal[:, 2], 0)
    twin = reference.normalize(frames[:, others].astype(np.float64))
    np.testing.assert_allclose(normal[:, others], twin, atol=1e-5)
    np.testing.assert_array_equal(normalize(frames, "none"), frames)
    np.testing.assert_allclose(normalize(frames, "mean"), frames - frames.mean(axis=0), atol=1e-5)


def test_a_joined_frame_holds_its_neighbours_and_the_last_one_again_at_the_end():
    frames = np.arange(10, dtype=np.float32).reshape(5, 2)
    joined = stack_frames(frames, replace(SMALL, stack=3, stride=2))
    np.testing.assert_array_equal(
        joined, [[0, 1, 2, 3, 4, 5], [4, 5, 6, 7, 8, 9], [8, 9, 8, 9, 8, 9]]
    )


def test_a_file_is_read_as_features_whole_or_in_part(tmp_path):
    write_wav(tmp_path / "a.wav", noise(8000), 8000)
    samples = read_recording(tmp_path / "a.wav").samples
    np.testing.assert_array_equal(
        read_features(tmp_path / "a.wav", SMALL), make_features(samples, SMALL)
    )
    part = read_features(tmp_path / "a.wav", SMALL, None, 0.25, 0.5)
    np.testing.assert_array_equal(part, make_features(samples[2000:4000], SMALL))


def test_a_file_that_does_not_fit_is_refused(tmp_path):
    write_wav(tmp_path / "a.wav", noise(199), 8000)
    with pytest.raises(AudioError, match="199 samples, but a frame takes 200"):
        read_features(tmp_path / "a.wav", SMALL)
    wide = replace(SMALL, sample_rate=16000)
    with pytest.raises(AudioError, match="8000 samples a second, 16000 are wanted"):
        read_features(tmp_path / "a.wav", wide)
    write_wav(tmp_path / "b.wav", noise(8000), 8000)
    features = read_features(tmp_path / "b.wav", wide, RecordingOptions(resample=True))
    assert features.shape == (wide.num_frames(16000), 23)


def test_filters_without_a_frequency_are_refused():
    with pytest.raises(SettingsError, match=r"mel filter \d+ of 200 .* lower num_mels \(--mels\)"):
        mel_filters(FeatureSettings(sample_rate=8000, num_mels=200))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sample_rate", 0),
        ("window_seconds", 0.0),
        ("window_seconds", float("nan")),
        ("hop_seconds", 11.0),
        ("fft_size", 399),
        ("preemphasis", 1.5),
        ("preemphasis", float("nan")),
        ("num_mels", 0),
        ("mel_scale", "bark"),
        ("filter_norm", "sum"),
        ("low_hertz", -1.0),
        ("low_hertz", 8000.0),
        ("high_hertz", 8001.0),
        ("high_hertz", float("nan")),
        ("power", 0.0),
        ("power", float("inf")),
        ("floor", 0.0),
        ("normalization", "speaker"),
        ("num_deltas", 3),
        ("delta_frames", 0),
        ("stack", 0),
        ("stride", 101),
    ],
)
def test_settings_outside_their_range_are_refused(field, value):
    with pytest.raises(SettingsError, match=field):
        FeatureSettings(**{field: value})
