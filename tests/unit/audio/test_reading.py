import builtins
import re

import numpy as np
import pytest

from seqtools.audio.reading import RecordingOptions, read_info, read_recording
from seqtools.audio.recording import RecordingInfo
from seqtools.audio.resampling import resample, resampled_size
from seqtools.audio.wav_file import write_wav
from seqtools.errors import AudioError, FileAccessError, MissingDependencyError, SettingsError


@pytest.fixture
def soundfile():
    return pytest.importorskip("soundfile", reason="the extra 'speech' is not installed")


def tone(num_samples=4000, rate=8000, hertz=440.0):
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(num_samples) / rate)).astype(np.float32)


def test_a_recording_and_its_header_agree(tmp_path):
    write_wav(tmp_path / "a.wav", tone(), 8000)
    recording = read_recording(tmp_path / "a.wav")
    assert recording.sample_rate == 8000
    assert recording.samples.flags.c_contiguous
    assert read_info(tmp_path / "a.wav") == RecordingInfo(8000, 1, len(recording.samples))
    assert read_info(tmp_path / "a.wav").seconds == 0.5


@pytest.mark.parametrize(("suffix", "difference"), [("flac", 2**-15), ("ogg", 0.05)])
def test_flac_and_ogg_give_what_wav_gives(tmp_path, soundfile, suffix, difference):
    soundfile.write(tmp_path / f"a.{suffix}", tone(), 8000)
    # The content decides how a file is read, whatever it is called.
    (tmp_path / f"a.{suffix}").rename(tmp_path / "a.wav")
    assert read_info(tmp_path / "a.wav") == RecordingInfo(8000, 1, 4000)
    samples = read_recording(tmp_path / "a.wav").samples
    np.testing.assert_allclose(samples, tone(), atol=difference)
    part = read_recording(tmp_path / "a.wav", None, 0.1, 0.3).samples
    np.testing.assert_allclose(part, samples[800:2400], atol=1e-6)


def test_without_soundfile_flac_names_the_install_command(tmp_path, monkeypatch):
    (tmp_path / "a.flac").write_bytes(b"fLaC" + b"\0" * 40)
    importing = builtins.__import__

    def refuse(name, *arguments, **options):
        if name == "soundfile":
            raise ImportError("No module named 'soundfile'")
        return importing(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    for read in (read_info, read_recording):
        with pytest.raises(MissingDependencyError, match=r"pip install 'seqtools\[speech\]'"):
            read(tmp_path / "a.flac")


def test_a_damaged_flac_is_named_in_one_line(tmp_path, soundfile):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, 20000), 8000)
    whole = path.read_bytes()
    path.write_bytes(whole[:20])
    with pytest.raises(AudioError, match=r"a\.flac: damaged or cut short \("):
        read_info(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AudioError, match=r"a\.flac: (damaged or cut short|cut short: 20000)"):
        read_recording(path)


def test_stereo_is_refused_or_mixed(tmp_path, soundfile):
    both = np.stack([tone(), -0.5 * tone()], axis=1)
    soundfile.write(tmp_path / "a.wav", both, 8000)
    with pytest.raises(AudioError, match=r"has 2 channels, one is wanted; .*\(--mix\)"):
        read_recording(tmp_path / "a.wav")
    mixed = read_recording(tmp_path / "a.wav", RecordingOptions(mix_channels=True))
    np.testing.assert_allclose(mixed.samples, both.mean(axis=1), atol=1e-4)


def test_another_rate_is_refused_or_converted(tmp_path):
    write_wav(tmp_path / "a.wav", tone(), 8000)
    with pytest.raises(
        AudioError, match=r"has 8000 samples a second, 16000 are wanted; .*\(--resample\)"
    ):
        read_recording(tmp_path / "a.wav", RecordingOptions(sample_rate=16000))
    options = RecordingOptions(sample_rate=16000, resample=True)
    recording = read_recording(tmp_path / "a.wav", options)
    assert recording.sample_rate == 16000
    assert recording.samples.dtype == np.float32
    expected = tone(8000, 16000)
    np.testing.assert_allclose(recording.samples[200:-200], expected[200:-200], atol=2e-3)


@pytest.mark.parametrize(("old", "new"), [(8000, 16000), (44100, 8000), (16000, 11025)])
def test_the_size_after_resampling_is_known_before(old, new):
    for num_samples in (1, 2, 77, 1000):
        samples = np.ones(num_samples, dtype=np.float32)
        assert len(resample(samples, old, new)) == resampled_size(num_samples, old, new)


def test_a_stretch_is_cut_at_its_times(tmp_path):
    write_wav(tmp_path / "a.wav", tone(), 8000)
    whole = read_recording(tmp_path / "a.wav").samples
    part = read_recording(tmp_path / "a.wav", None, 0.125, 0.25).samples
    np.testing.assert_array_equal(part, whole[1000:2000])
    rest = read_recording(tmp_path / "a.wav", start_seconds=0.25).samples
    np.testing.assert_array_equal(rest, whole[2000:])


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (0.0, 0.6, "lasts 0.500 s, but the stretch asked for reaches to 0.600 s"),
        (0.5, None, "lasts 0.500 s, but the stretch asked for reaches to 0.500 s"),
        (0.3, 0.3, "from 0.300 s to 0.300 s holds no sample"),
        (0.4, 0.3, "from 0.400 s to 0.300 s holds no sample"),
        (-0.1, 0.3, "from -0.100 s"),
    ],
)
def test_a_stretch_outside_the_recording_is_refused(tmp_path, start, end, message):
    write_wav(tmp_path / "a.wav", tone(), 8000)
    with pytest.raises(AudioError, match=message):
        read_recording(tmp_path / "a.wav", None, start, end)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b"ID3\x04 an mp3", "is not a WAV, FLAC or OGG file"), (b"RI", "is not a")],
)
def test_what_is_no_recording_is_refused(tmp_path, content, message):
    (tmp_path / "a.wav").write_bytes(content)
    for read in (read_info, read_recording):
        with pytest.raises(AudioError, match=message):
            read(tmp_path / "a.wav")


def test_a_rate_that_would_make_gigabytes_of_a_small_file_is_refused(tmp_path):
    write_wav(tmp_path / "a.wav", tone(), 100)
    with pytest.raises(AudioError, match="has 100 samples a second, too few to be made 8000"):
        read_recording(tmp_path / "a.wav", RecordingOptions(8000, resample=True))
    assert len(read_recording(tmp_path / "a.wav", RecordingOptions(6400, resample=True))[0])


def test_a_recording_without_samples_is_refused(tmp_path):
    write_wav(tmp_path / "a.wav", np.empty(0, np.float32), 8000)
    with pytest.raises(AudioError, match="holds no samples"):
        read_recording(tmp_path / "a.wav")


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30, -32768.0, 1e300])
def test_samples_that_cannot_be_of_sound_are_named(tmp_path, soundfile, subtype, value):
    samples = np.full((4000, 2), 1.5)
    samples[2000, 1] = value
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype=subtype)
    options = RecordingOptions(mix_channels=True)
    shown = np.float32(value) if abs(value) < 1e38 else value if value != 1e300 else np.inf
    message = re.escape(f"sample 2000 (at 0.250 s) is {shown:g}; samples lie between -1 and 1")
    for start in (0.0, 0.1):
        with pytest.raises(AudioError, match=message):
            read_recording(tmp_path / "a.wav", options, start)
    read_recording(tmp_path / "a.wav", options, 0.3)


def test_samples_a_little_beyond_one_are_sound(tmp_path, soundfile):
    soundfile.write(tmp_path / "a.wav", np.array([0.5, -40.0, 999.0]), 8000, subtype="FLOAT")
    assert read_recording(tmp_path / "a.wav").samples.tolist() == [0.5, -40.0, 999.0]


def test_missing_files_and_directories_are_named(tmp_path):
    with pytest.raises(FileAccessError, match="No such file"):
        read_recording(tmp_path / "none.wav")
    with pytest.raises(FileAccessError, match="it is a directory; name a file"):
        read_info(tmp_path)


def test_a_rate_below_one_is_refused():
    with pytest.raises(SettingsError, match="sample_rate must be at least 1, got 0"):
        RecordingOptions(sample_rate=0)


def test_all_real_recordings_are_read(data):
    for folder, rate in (("yesno/wav", 8000), ("librivox-5", 16000)):
        paths = sorted((data / folder).glob("*.wav"))
        assert paths
        for path in paths:
            recording = read_recording(path, RecordingOptions(sample_rate=rate))
            assert len(recording.samples) == read_info(path).num_samples
            assert 0.01 < np.abs(recording.samples).max() <= 1
