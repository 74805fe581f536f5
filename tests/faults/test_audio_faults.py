"""Recordings and texts that cannot be used, each named with the manifest's file and line."""

import numpy as np
import pytest

from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.manifest import read_manifest
from seqtools.audio.manifest_checks import check_lengths, check_recordings, encode_texts
from seqtools.audio.reading import RecordingOptions
from seqtools.audio.wav_file import write_wav
from seqtools.errors import ManifestError
from seqtools.text.alphabet import Alphabet

SETTINGS = FeatureSettings(sample_rate=8000)


@pytest.fixture
def folder(tmp_path):
    """Return a folder of one good recording and one of every bad kind."""
    noise = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
    write_wav(tmp_path / "good.wav", noise, 8000)
    write_wav(tmp_path / "short.wav", noise[:199], 8000)
    write_wav(tmp_path / "silent.wav", noise[:0], 8000)
    write_wav(tmp_path / "fast.wav", noise, 16000)
    whole = (tmp_path / "good.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[:5000])
    (tmp_path / "empty.wav").write_bytes(b"")
    stereo = bytearray(whole)
    stereo[22], stereo[32] = 2, 4
    (tmp_path / "stereo.wav").write_bytes(stereo)
    (tmp_path / "text.wav").write_text("not a recording")
    (tmp_path / "folder.wav").mkdir()
    return tmp_path


def manifest_of(folder, *lines):
    path = folder / "set.tsv"
    path.write_text("".join(f"{line}\n" for line in lines))
    return read_manifest(path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("missing.wav\tx", "missing.wav: cannot read: No such file or directory"),
        ("folder.wav\tx", "folder.wav: cannot read: it is a directory; name a file"),
        ("empty.wav\tx", "empty.wav: is empty"),
        ("text.wav\tx", "text.wav, byte 0: is not a WAV, FLAC or OGG file"),
        ("cut.wav\tx", "cut.wav, byte 44: cut short: its header declares 16000 bytes here, 4956"),
        ("silent.wav\tx", "silent.wav: holds no samples"),
        ("short.wav\tx", "short.wav: 199 samples, but a frame takes 200"),
        ("stereo.wav\tx", "stereo.wav: has 2 channels, one is wanted"),
        ("fast.wav\tx", "fast.wav: has 16000 samples a second, 8000 are wanted"),
        ("good.wav\tx\t0.5\t1.5", "good.wav: lasts 1.000 s, but the stretch asked for reaches"),
        ("good.wav\tx\t0.5\t0.51", "good.wav: 80 samples, but a frame takes 200"),
    ],
)
def test_a_bad_recording_is_named_with_the_line(folder, line, message):
    manifest = manifest_of(folder, "good.wav\tx", line)
    with pytest.raises(ManifestError) as raised:
        check_recordings(manifest, SETTINGS)
    assert str(raised.value).startswith(f"{folder / 'set.tsv'}, line 2: {folder}/{message}")
    assert "\n" not in str(raised.value)


def test_all_bad_recordings_are_found_at_once(folder):
    manifest = manifest_of(
        folder, "good.wav\tx", "empty.wav\tx", "good.wav\tx", "missing.wav\tx", "cut.wav\tx",
        "stereo.wav\tx",
    )  # fmt: skip
    with pytest.raises(
        ManifestError, match=r"4 of 6 utterances are faulty: line 2: .*more"
    ) as all_:
        check_recordings(manifest, SETTINGS)
    assert [fault.split(":")[0] for fault in all_.value.faults] == [
        "line 2", "line 4", "line 5", "line 6",
    ]  # fmt: skip


def test_what_is_good_or_may_be_converted_has_its_frames_counted(folder):
    manifest = manifest_of(
        folder, "good.wav\tx", "good.wav\tx\t0.25\t0.5", "fast.wav\tx", "stereo.wav\tx"
    )
    options = RecordingOptions(resample=True, mix_channels=True)
    counts = check_recordings(manifest, SETTINGS, options)
    assert counts.tolist() == [SETTINGS.num_frames(n) for n in (8000, 2000, 4000, 4000)]


def test_texts_outside_the_alphabet_are_named(folder):
    manifest = manifest_of(folder, "good.wav\tone", "good.wav\tone 2", "good.wav\tOne")
    alphabet = Alphabet.from_texts(["one two"])
    with pytest.raises(ManifestError, match=r"2 of 3 .*line 2: '2' not in .*line 3: 'O' not in"):
        encode_texts(manifest, alphabet)
    manifest = manifest_of(folder, "good.wav\tone", "good.wav\ttwo  one")
    decoded = [alphabet.decode(ids) for ids in encode_texts(manifest, alphabet)]
    assert decoded == ["one", "two one"]


def test_utterances_too_short_for_their_texts_are_all_listed(folder):
    manifest = manifest_of(folder, *["good.wav\tx"] * 6)
    check_lengths(manifest, [5] * 6, [5] * 6)
    with pytest.raises(
        ManifestError, match=r"line 4: 5 frames are too few for its text, which needs 6; shorten"
    ):
        check_lengths(manifest, [5] * 6, [5, 5, 5, 6, 0, 5])
    with pytest.raises(
        ManifestError, match=r"6 of 6 utterances are faulty: .*; and 3 more"
    ) as all_:
        check_lengths(manifest, [5] * 6, [9] * 6)
    assert len(all_.value.faults) == 6
