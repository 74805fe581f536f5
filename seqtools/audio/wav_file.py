"""WAV files: chunks, of which "fmt " says how the samples in "data" are written.

Read are PCM of 8, 16, 24 and 32 bits and floating point of 32 and 64, plain or "extensible"
(Microsoft, Multiple Channel Audio Data and WAVE Files, 2007). Sizes that a header declares are
compared with the file's before anything is read.
"""

import os
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from seqtools.audio.recording import RecordingInfo
from seqtools.errors import AudioError, FileAccessError, SettingsError
from seqtools.io.atomic import atomic_writer
from seqtools.types import Float32Array, Uint8Array

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_ENCODING_NAMES = {2: "ADPCM", 6: "A-law", 7: "mu-law", 17: "IMA ADPCM", 85: "MP3"}
_BITS = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64)}
# The last 14 bytes of the identifier by which an extensible header names PCM and floating point.
_SUBFORMAT = bytes.fromhex("000000001000800000aa00389b71")
_UNKNOWN_SIZE = 0xFFFFFFFF  # written by programs that stream and cannot go back
_CHUNK_HEADER_BYTES = 8
_HIGHEST_RATE = 1 << 20
_REMEDY = "fetch or record it again"


class _Layout(NamedTuple):
    """Where the samples lie and how they are written."""

    encoding: int
    bits: int
    num_channels: int
    sample_rate: int
    data_start: int
    num_samples: int

    @property
    def block_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self.num_channels * self.bits // 8


def read_wav_info(path: str | os.PathLike[str]) -> RecordingInfo:
    """Read the header of a WAV file.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    AudioError
        If it is damaged, cut short, or in an encoding that is not read.
    """
    try:
        with Path(path).open("rb") as file:
            layout = _read_layout(path, file)
    except OSError as error:
        raise FileAccessError.from_os_error(error, path) from error
    return RecordingInfo(layout.sample_rate, layout.num_channels, layout.num_samples)


def read_wav(path: str | os.PathLike[str], start: int = 0, stop: int | None = None) -> Float32Array:
    """Read samples of a WAV file.

    Parameters
    ----------
    path : path-like
    start, stop : int
        The first sample, and the one after the last; None reads to the end.

    Returns
    -------
    float32 array, shape (N, channels)
        From -1 to 1; floating point as it is written.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    AudioError
        If it is damaged, cut short, or in an encoding that is not read.
    """
    try:
        with Path(path).open("rb") as file:
            layout = _read_layout(path, file)
            last = layout.num_samples if stop is None else min(stop, layout.num_samples)
            file.seek(layout.data_start + start * layout.block_bytes)
            content = file.read(max(0, last - start) * layout.block_bytes)
    except OSError as error:
        raise FileAccessError.from_os_error(error, path) from error
    samples = _decode(np.frombuffer(content, dtype=np.uint8), layout)
    return samples.reshape(-1, layout.num_channels)


def write_wav(path: str | os.PathLike[str], samples: Float32Array, sample_rate: int) -> None:
    """Write one channel as PCM of 16 bits; the file is replaced only when the new one is whole.

    Parameters
    ----------
    path : path-like
    samples : float array, shape (N,)
        From -1 to 1; what lies beyond is clipped. Samples that were read from 16 bits come back
        as the same bits.
    sample_rate : int
        Samples per second.

    Raises
    ------
    SettingsError
        If the array has another shape, holds NaN, or is too long for the format.
    FileAccessError
        If the file cannot be written.
    """
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise SettingsError(
            f"samples must be finite numbers of one channel, got shape {samples.shape}"
        )
    if samples.nbytes > _UNKNOWN_SIZE - 64:
        raise SettingsError(f"a WAV file holds less than 4 GB, got {len(samples):,} samples")
    scaled = np.rint(samples * np.float32(32768))
    content = np.clip(scaled, -32768, 32767).astype("<i2").tobytes()
    described = struct.pack("<HHIIHH", _PCM, 1, sample_rate, 2 * sample_rate, 2, 16)
    chunks = b"WAVE" + _chunk(b"fmt ", described) + _chunk(b"data", content)
    with atomic_writer(path) as file:
        file.write(_chunk(b"RIFF", chunks))


def _chunk(name: bytes, content: bytes) -> bytes:
    """Return a chunk of even length."""
    return name + struct.pack("<I", len(content)) + content


def _read_layout(path: str | os.PathLike[str], file: BinaryIO) -> _Layout:
    """Walk through the chunks up to the samples."""
    file_size = os.fstat(file.fileno()).st_size
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise AudioError(
            "is not a little-endian WAV file", path=path, byte=0, remedy="convert it to WAV"
        )
    described: bytes | None = None
    position = len(head)
    while len(header := file.read(_CHUNK_HEADER_BYTES)) == _CHUNK_HEADER_BYTES:
        name, size = header[:4], int.from_bytes(header[4:], "little")
        position += _CHUNK_HEADER_BYTES
        if name == b"data":
            if described is None:
                raise AudioError("samples before their description", path=path, byte=position)
            return _layout(path, described, position, size, file_size)
        if size > file_size - position:
            raise _cut_short(path, position, size, file_size)
        if name == b"fmt ":
            described = file.read(min(size, 40))
        position += size + size % 2
        file.seek(position)
    raise AudioError("cut short before its samples", path=path, byte=file_size, remedy=_REMEDY)


def _layout(
    path: str | os.PathLike[str], described: bytes, start: int, size: int, file_size: int
) -> _Layout:
    """Check what the header says."""
    if len(described) < 16:
        raise AudioError("its description of the samples is too short", path=path, byte=start)
    encoding, num_channels, rate, _, block_bytes, bits = struct.unpack("<HHIIHH", described[:16])
    if encoding == _EXTENSIBLE and described[26:40] == _SUBFORMAT:
        encoding = int.from_bytes(described[24:26], "little")
    if encoding not in _BITS:
        name = _ENCODING_NAMES.get(encoding, f"number {encoding}")
        raise AudioError(
            f"its encoding, {name}, is not read", path=path, remedy="convert it to PCM of 16 bits"
        )
    if bits not in _BITS[encoding]:
        accepted = ", ".join(map(str, _BITS[encoding]))
        raise AudioError(
            f"{bits} bits a sample are not read; accepted are {accepted}",
            path=path,
            remedy="convert it to PCM of 16 bits",
        )
    if num_channels < 1 or block_bytes != num_channels * bits // 8:
        raise AudioError(
            f"damaged: {num_channels} channels of {bits} bits cannot take {block_bytes} bytes",
            path=path,
            remedy=_REMEDY,
        )
    if not 1 <= rate <= _HIGHEST_RATE:
        raise AudioError(f"damaged: {rate} samples a second", path=path, remedy=_REMEDY)
    if size == _UNKNOWN_SIZE:
        size = (file_size - start) // block_bytes * block_bytes
    if size > file_size - start:
        raise _cut_short(path, start, size, file_size)
    if size % block_bytes:
        raise AudioError(
            f"damaged: {size} bytes of samples are no multiple of {block_bytes}",
            path=path,
            remedy=_REMEDY,
        )
    return _Layout(encoding, bits, num_channels, rate, start, size // block_bytes)


def _cut_short(path: str | os.PathLike[str], start: int, size: int, file_size: int) -> AudioError:
    """Say how much is missing."""
    return AudioError(
        f"cut short: its header declares {size} bytes here, {file_size - start} are left",
        path=path,
        byte=start,
        remedy=_REMEDY,
    )


def _decode(content: Uint8Array, layout: _Layout) -> Float32Array:
    """Return bytes as numbers from -1 to 1."""
    if layout.encoding == _FLOAT:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
            return content.view(f"<f{layout.bits // 8}").astype(np.float32)
    if layout.bits == 8:  # the only width written without a sign
        return (content.astype(np.float32) - np.float32(128)) / np.float32(128)
    if layout.bits == 24:
        # Three bytes become the upper three of four, which keeps the sign.
        wide = np.zeros((len(content) // 3, 4), dtype=np.uint8)
        wide[:, 1:] = content.reshape(-1, 3)
        return wide.reshape(-1).view("<i4").astype(np.float32) / np.float32(2**31)
    integers = content.view(f"<i{layout.bits // 8}")
    return integers.astype(np.float32) / np.float32(2 ** (layout.bits - 1))
