import os
from dataclasses import replace

import numpy as np
import pytest

from seqtools.audio import feature_set
from seqtools.audio.feature_file import frame_writer, map_frames, read_key
from seqtools.audio.feature_set import cached_feature_set, read_feature_set
from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.features import read_features
from seqtools.audio.manifest import Utterance, read_manifest, write_manifest
from seqtools.audio.manifest_checks import check_recordings
from seqtools.audio.reading import RecordingOptions
from seqtools.audio.wav_file import write_wav
from seqtools.errors import AudioError, FileAccessError, ManifestError

SETTINGS = FeatureSettings(sample_rate=8000, num_mels=11)


class Listener:
    """Keeps what a monitor is told."""

    def __init__(self):
        self.phases, self.messages, self.done = [], [], []

    def start(self, phase, total, unit):
        self.phases.append((phase, total, unit))

    def update(self, progress):
        self.done.append(progress.done)

    def finish(self):
        self.phases.append("end")

    def message(self, text):
        self.messages.append(text)


@pytest.fixture
def manifest(tmp_path):
    generator = np.random.default_rng(0)
    utterances = []
    for i, size in enumerate((3000, 200, 4567)):
        write_wav(tmp_path / f"{i}.wav", generator.normal(0, 0.1, size).astype(np.float32), 8000)
        utterances.append(Utterance(tmp_path / f"{i}.wav", "x"))
    utterances.append(Utterance(tmp_path / "0.wav", "x", 0.1, 0.2))
    write_manifest(tmp_path / "set.tsv", utterances)
    return read_manifest(tmp_path / "set.tsv")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "set.features"


def test_a_set_holds_the_features_of_every_utterance(manifest, path):
    for made in (
        read_feature_set(manifest, SETTINGS),
        cached_feature_set(manifest, path, SETTINGS),
    ):
        assert len(made) == 4
        assert made.dim == 11
        assert made.frames.dtype == np.float32
        np.testing.assert_array_equal(made.lengths, check_recordings(manifest, SETTINGS))
        for i, u in enumerate(manifest.utterances):
            expected = read_features(u.path, SETTINGS, None, u.start_seconds, u.end_seconds)
            np.testing.assert_array_equal(made.utterance(i), expected)


def test_the_second_time_no_recording_is_read(manifest, path, monkeypatch):
    first = cached_feature_set(manifest, path, SETTINGS)
    monkeypatch.setattr(feature_set, "read_features", None)
    second = cached_feature_set(manifest, path, SETTINGS)
    np.testing.assert_array_equal(second.frames, first.frames)
    np.testing.assert_array_equal(second.offsets, first.offsets)
    assert isinstance(second.frames, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        second.frames[0, 0] = 1


def test_the_same_recordings_give_the_same_bytes(manifest, path):
    cached_feature_set(manifest, path, SETTINGS)
    first = path.read_bytes()
    path.unlink()
    cached_feature_set(manifest, path, SETTINGS)
    assert path.read_bytes() == first


def test_other_settings_options_or_recordings_make_it_again(manifest, path):
    cached_feature_set(manifest, path, SETTINGS)
    wide = replace(SETTINGS, num_mels=12)
    listener = Listener()
    assert cached_feature_set(manifest, path, wide, None, listener).dim == 12
    assert listener.messages == [f"{path}: of other recordings or settings, made again"]
    assert listener.phases == [("reading recordings", 4, "recordings"), "end"]
    key = read_key(path)
    cached_feature_set(manifest, path, wide, RecordingOptions(resample=True))
    assert read_key(path) != key
    key = read_key(path)
    os.utime(manifest.utterances[1].path, (1, 1))
    cached_feature_set(manifest, path, wide, RecordingOptions(resample=True))
    assert read_key(path) != key


def test_safetensors_opens_the_file(manifest, path):
    from safetensors.numpy import load_file

    made = cached_feature_set(manifest, path, SETTINGS)
    loaded = load_file(path)
    np.testing.assert_array_equal(loaded["frames"], made.frames)
    np.testing.assert_array_equal(loaded["offsets"], made.offsets)


def test_a_damaged_file_is_made_again_and_one_of_another_kind_is_kept(manifest, path):
    made = np.array(cached_feature_set(manifest, path, SETTINGS).frames)
    whole = path.read_bytes()
    for length in (60, 500, 1031, 1032, 1040, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert read_key(path) is None
        with pytest.raises(AudioError, match="damaged or cut short; delete it"):
            map_frames(path)
    listener = Listener()
    again = cached_feature_set(manifest, path, SETTINGS, None, listener)
    assert listener.messages == [f"{path}: damaged, made again"]
    np.testing.assert_array_equal(again.frames, made)
    path.write_bytes(b"a letter to someone")
    with pytest.raises(AudioError, match="is no file of features; name another"):
        cached_feature_set(manifest, path, SETTINGS)
    assert path.read_bytes() == b"a letter to someone"


def test_any_flipped_byte_is_mended_where_only_features_can_lie(manifest, path):
    made = np.array(cached_feature_set(manifest, path, SETTINGS).frames)
    whole = path.read_bytes()
    for position in (0, 8, 12, 70, 200, 1033, 1040, 1080, len(whole) - 1):
        changed = bytearray(whole)
        changed[position] ^= 4
        path.write_bytes(changed)
        listener = Listener()
        again = cached_feature_set(manifest, path, SETTINGS, None, listener, is_ours=True)
        assert len(listener.messages) == 1
        assert listener.messages[0].endswith("made again")
        np.testing.assert_array_equal(again.frames, made)
        assert path.read_bytes() == whole


def test_any_flipped_byte_of_the_header_or_of_a_frame_is_found(manifest, path):
    cached_feature_set(manifest, path, SETTINGS)
    whole = path.read_bytes()
    for position in [*range(0, 1072, 3), 1080, len(whole) - 1]:
        changed = bytearray(whole)
        changed[position] ^= 4
        path.write_bytes(changed)
        with pytest.raises(AudioError, match=r"damaged|is no file"):
            map_frames(path, is_verified=True)


def test_a_set_of_no_frames_is_mapped(path):
    with frame_writer(path, 5, 1, "key") as write:
        write(np.empty((0, 5), np.float32))
    frames, offsets = map_frames(path, is_verified=True)
    assert frames.shape == (0, 5)
    assert offsets.tolist() == [0, 0]


def test_a_recording_that_went_bad_is_named_and_nothing_is_left(manifest, path, tmp_path):
    (tmp_path / "1.wav").write_bytes(b"")
    before = sorted(tmp_path.iterdir())
    for make in (
        lambda: read_feature_set(manifest, SETTINGS),
        lambda: cached_feature_set(manifest, path, SETTINGS),
    ):
        with pytest.raises(ManifestError, match=r"set\.tsv, line 2: .*1\.wav: is empty"):
            make()
    (tmp_path / "1.wav").unlink()
    with pytest.raises(ManifestError, match=r"line 2: .*1\.wav: cannot read"):
        cached_feature_set(manifest, path, SETTINGS)
    assert sorted(tmp_path.iterdir()) == [name for name in before if name.name != "1.wav"]


def test_a_place_that_cannot_be_written_is_refused_before_reading(manifest, tmp_path, monkeypatch):
    monkeypatch.setattr(feature_set, "read_features", None)
    with pytest.raises(FileAccessError, match="does not exist"):
        cached_feature_set(manifest, tmp_path / "none" / "a", SETTINGS)
