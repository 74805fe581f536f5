import struct

import numpy as np
import pytest

from seqtools.audio.wav_file import read_wav, read_wav_info, write_wav
from seqtools.errors import AudioError, FileAccessError, SettingsError

PCM, FLOAT, MULAW, EXTENSIBLE = 1, 3, 7, 0xFFFE
SUBFORMAT = bytes.fromhex("000000001000800000aa00389b71")


def chunk(name, content, size=None):
    size = len(content) if size is None else size
    return name + struct.pack("<I", size) + content + b"\0" * (len(content) % 2)


def wav(
    content=b"\0\0" * 8,
    encoding=PCM,
    bits=16,
    channels=1,
    rate=8000,
    before=b"",
    size=None,
    extra=b"",
    block=None,
):
    """Return the bytes of a WAV file whose every field can be wrong."""
    block = channels * bits // 8 if block is None else block
    described = struct.pack(
        "<HHIIHH", encoding, channels, rate, min(rate * block, 2**32 - 1), block, bits
    )
    chunks = b"WAVE" + before + chunk(b"fmt ", described + extra) + chunk(b"data", content, size)
    return chunk(b"RIFF", chunks)


@pytest.fixture
def write(tmp_path):
    def write_bytes(content):
        path = tmp_path / "sound.wav"
        path.write_bytes(content)
        return path

    return write_bytes


def pcm24(values):
    return b"".join(int(value).to_bytes(3, "little", signed=True) for value in values)


@pytest.mark.parametrize(
    ("encoding", "bits", "content", "expected"),
    [
        (PCM, 8, bytes([0, 64, 128, 255]), [-1, -0.5, 0, 127 / 128]),
        (PCM, 16, np.array([-32768, -1, 0, 32767], "<i2").tobytes(), [-1, -(2**-15), 0, 1]),
        (PCM, 24, pcm24([-(2**23), -1, 0, 2**23 - 1]), [-1, -(2**-23), 0, 1]),
        (
            PCM,
            32,
            np.array([-(2**31), -(2**8), 0, 2**31 - 1], "<i4").tobytes(),
            [-1, -(2**-23), 0, 1],
        ),
        (FLOAT, 32, np.array([-1.5, 0.25], "<f4").tobytes(), [-1.5, 0.25]),
        (FLOAT, 64, np.array([-1.5, 0.25], "<f8").tobytes(), [-1.5, 0.25]),
    ],
)
def test_every_encoding_gives_numbers_from_minus_one_to_one(
    write, encoding, bits, content, expected
):
    samples = read_wav(write(wav(content, encoding, bits)))
    assert samples.dtype == np.float32
    assert samples.shape == (len(expected), 1)
    np.testing.assert_allclose(samples[:, 0], expected, rtol=0, atol=4e-5)


def test_written_samples_come_back_as_the_same_bits(tmp_path):
    integers = np.random.default_rng(0).integers(-32768, 32768, 1001).astype("<i2")
    samples = integers.astype(np.float32) / np.float32(32768)
    write_wav(tmp_path / "a.wav", samples, 8000)
    np.testing.assert_array_equal(read_wav(tmp_path / "a.wav")[:, 0], samples)
    write_wav(tmp_path / "b.wav", read_wav(tmp_path / "a.wav")[:, 0], 8000)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_what_is_written_is_what_soundfile_reads(tmp_path):
    soundfile = pytest.importorskip("soundfile", reason="the extra 'speech' is not installed")
    samples = np.random.default_rng(0).uniform(-1.2, 1.2, 500).astype(np.float32)
    write_wav(tmp_path / "a.wav", samples, 16000)
    theirs, rate = soundfile.read(tmp_path / "a.wav", dtype="float32")
    assert rate == 16000
    np.testing.assert_array_equal(theirs, read_wav(tmp_path / "a.wav")[:, 0])
    np.testing.assert_allclose(theirs, np.clip(samples, -1, 1), atol=2**-15)


def test_a_stretch_is_that_part_of_the_whole(write):
    content = np.arange(40, dtype="<i2").tobytes()
    path = write(wav(content, channels=2))
    whole = read_wav(path)
    assert whole.shape == (20, 2)
    np.testing.assert_array_equal(read_wav(path, 3, 7), whole[3:7])
    np.testing.assert_array_equal(read_wav(path, 18, 100), whole[18:])
    assert read_wav(path, 30, 31).shape == (0, 2)


def test_other_chunks_are_passed_over_even_if_their_length_is_odd(write):
    before = chunk(b"LIST", b"odd") + chunk(b"fact", b"\0\0\0\0")
    path = write(wav(np.array([5], "<i2").tobytes(), before=before) + chunk(b"id3 ", b"end"))
    assert read_wav(path)[0, 0] == 5 / 32768


def test_an_extensible_header_names_its_encoding_further_on(write):
    extra = struct.pack("<HHIH", 22, 16, 4, PCM) + SUBFORMAT
    path = write(wav(np.array([5], "<i2").tobytes(), EXTENSIBLE, extra=extra))
    assert read_wav(path)[0, 0] == 5 / 32768


def test_a_size_left_open_by_a_streaming_program_reaches_to_the_end(write):
    assert read_wav_info(write(wav(b"\0" * 16, size=0xFFFFFFFF))).num_samples == 8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"RIFF\0\0\0\0AVI ", "is not a little-endian WAV file"),
        (wav()[:30], "cut short"),
        (wav()[:-1], "byte 44: cut short: its header declares 16 bytes here, 15 are left"),
        (wav(size=10**9), "declares 1000000000 bytes here, 16 are left"),
        (wav(before=chunk(b"LIST", b"x", 2**31)), "declares 2147483648 bytes here"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"data", b"\0\0"), "samples before their description"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", b"\1\0"), "cut short before its samples"),
        (
            b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", b"\1\0") + chunk(b"data", b"\0\0"),
            "description of the samples is too short",
        ),
        (wav(encoding=MULAW, bits=8), "mu-law, is not read; convert it to PCM of 16 bits"),
        (wav(encoding=999), "number 999, is not read"),
        (wav(encoding=EXTENSIBLE, extra=b"\0" * 24), "is not read"),
        (wav(bits=12, block=2), "12 bits a sample are not read; accepted are 8, 16, 24, 32"),
        (wav(encoding=FLOAT, bits=16), "accepted are 32, 64"),
        (wav(channels=0), "damaged: 0 channels"),
        (wav(block=7), "cannot take 7 bytes"),
        (wav(rate=0), "damaged: 0 samples a second"),
        (wav(rate=2**32 - 1, block=2), "damaged: 4294967295 samples a second"),
        (wav(content=b"\0\0\0", size=3), "3 bytes of samples are no multiple of 2"),
    ],
)
def test_a_faulty_header_is_refused_in_one_line(write, content, message):
    path = write(content)
    for read in (read_wav_info, read_wav):
        with pytest.raises(AudioError) as raised:
            read(path)
        assert str(raised.value).startswith(str(path))
        assert message in str(raised.value)
        assert "\n" not in str(raised.value)


def test_cut_at_any_byte_or_with_any_byte_changed_it_fails_in_one_line_or_reads(write):
    whole = wav(np.arange(8, dtype="<i2").tobytes(), before=chunk(b"LIST", b"abc"))
    for length in range(1, len(whole)):
        with pytest.raises(AudioError):
            read_wav(write(whole[:length]))
    for position in range(len(whole)):
        for flip in (0x01, 0x80, 0xFF):
            changed = bytearray(whole)
            changed[position] ^= flip
            try:
                samples = read_wav(write(bytes(changed)))
            except AudioError:
                continue
            assert samples.size <= len(whole)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileAccessError, match=r"none\.wav: cannot read: No such file"):
        read_wav_info(tmp_path / "none.wav")
    with pytest.raises(FileAccessError, match="it is a directory; name a file"):
        read_wav(tmp_path)


@pytest.mark.parametrize("samples", [np.zeros((2, 2)), np.array([np.nan]), np.array([np.inf])])
def test_only_finite_samples_of_one_channel_are_written(tmp_path, samples):
    with pytest.raises(SettingsError, match="finite numbers of one channel"):
        write_wav(tmp_path / "a.wav", samples.astype(np.float32), 8000)
    assert not list(tmp_path.iterdir())
