"""The file of a feature set: safetensors, written frame by frame and memory-mapped."""

import contextlib
import json
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqtools.errors import AudioError, FileAccessError
from seqtools.io.atomic import atomic_writer
from seqtools.types import Float32Array, Int64Array

_FORMAT = "seqtools features 1"
_HEADER_BYTES = 1024  # more than ever needed: it is written last, when all lengths are known
_PREFIX = b'{"__metadata__": {"format": "' + _FORMAT.encode() + b'"'
_REMEDY = "delete it, so that it is made again"


class _Header(NamedTuple):
    """What a file says of itself."""

    num_utterances: int
    num_frames: int
    dim: int
    key: str
    checksum: str

    @property
    def offset_bytes(self) -> int:
        """Bytes of the offsets."""
        return 8 * (self.num_utterances + 1)

    @property
    def frame_bytes(self) -> int:
        """Bytes of the frames."""
        return 4 * self.num_frames * self.dim

    def as_bytes(self) -> bytes:
        """Return the header as it is written."""
        end = self.offset_bytes + self.frame_bytes
        content = {
            "__metadata__": {"format": _FORMAT, "key": self.key, "checksum": self.checksum},
            "offsets": {
                "dtype": "I64",
                "shape": [self.num_utterances + 1],
                "data_offsets": [0, self.offset_bytes],
            },
            "frames": {
                "dtype": "F32",
                "shape": [self.num_frames, self.dim],
                "data_offsets": [self.offset_bytes, end],
            },
        }
        text = json.dumps(content).encode()
        return _HEADER_BYTES.to_bytes(8, "little") + text.ljust(_HEADER_BYTES)


@contextlib.contextmanager
def frame_writer(
    path: str | os.PathLike[str], dim: int, num_utterances: int, key: str
) -> Iterator[Callable[[Float32Array], None]]:
    """Write a file of features, an utterance at a time; it appears only when it is whole.

    Parameters
    ----------
    path : path-like
    dim : int
        Features of a frame D.
    num_utterances : int
        How many utterances will be written.
    key : str
        What tells recordings and settings from others, in at most 64 characters.

    Yields
    ------
    function of a float32 array, shape (T, D)
        Writes the next utterance.

    Raises
    ------
    FileAccessError
        If the file cannot be written.
    """
    offsets = [0]
    checksum = 0
    with atomic_writer(path) as file:

        def add(features: Float32Array) -> None:
            nonlocal checksum
            content = features.astype("<f4", copy=False).tobytes()
            checksum = zlib.crc32(content, checksum)
            file.write(content)
            offsets.append(offsets[-1] + len(features))

        file.write(b"\0" * (8 + _HEADER_BYTES + 8 * (num_utterances + 1)))
        yield add
        listed = np.array(offsets, dtype="<i8").tobytes()
        checksum = zlib.crc32(key.encode() + listed, checksum)
        header = _Header(num_utterances, offsets[-1], dim, key, f"{checksum:08x}")
        file.seek(0)
        file.write(header.as_bytes() + listed)


def read_key(path: str | os.PathLike[str]) -> str | None:
    """Return the key that a file was written with; None if the file is damaged.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    AudioError
        If it is a file of another kind.
    """
    header = _read_header(path)
    return None if header is None else header.key


def map_frames(
    path: str | os.PathLike[str], is_verified: bool = False
) -> tuple[Float32Array, Int64Array]:
    """Map the frames and read the offsets of a file.

    Parameters
    ----------
    path : path-like
    is_verified : bool
        Read all frames and compare them with the checksum.

    Returns
    -------
    frames : float32 array, shape (sum of T, D)
        Memory-mapped, not to be written to.
    offsets : int64 array, shape (N + 1,)

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    AudioError
        If it is damaged, or of another kind.
    """
    header = _read_header(path)
    if header is None:
        raise AudioError("damaged or cut short", path=path, remedy=_REMEDY)
    start = 8 + _HEADER_BYTES
    offsets = np.fromfile(path, dtype="<i8", count=header.num_utterances + 1, offset=start)
    if offsets[0] or offsets[-1] != header.num_frames or (np.diff(offsets) < 0).any():
        raise AudioError("damaged: lengths that do not add up", path=path, remedy=_REMEDY)
    frames: Float32Array = np.empty((0, header.dim), dtype=np.float32)
    if header.num_frames:  # an empty file cannot be mapped
        frames = np.memmap(
            path,
            dtype="<f4",
            mode="r",
            offset=start + header.offset_bytes,
            shape=(header.num_frames, header.dim),
        )
    if is_verified:
        checksum = zlib.crc32(header.key.encode() + offsets.tobytes(), zlib.crc32(frames.data))
        if f"{checksum:08x}" != header.checksum:
            raise AudioError("damaged: its checksum differs", path=path, remedy=_REMEDY)
    return frames, offsets


def _read_header(path: str | os.PathLike[str]) -> _Header | None:
    """Read a header; None if it is damaged or does not fit the file's size."""
    try:
        file_size = Path(path).stat().st_size
        with Path(path).open("rb") as file:
            content = file.read(8 + _HEADER_BYTES)
    except OSError as error:
        raise FileAccessError.from_os_error(error, path) from error
    if not content[8:].startswith(_PREFIX):
        raise AudioError("is no file of features", path=path, remedy="name another")
    try:
        found: Any = json.loads(content[8:])
        metadata, frames = found["__metadata__"], found["frames"]
        header = _Header(
            int(found["offsets"]["shape"][0]) - 1,
            int(frames["shape"][0]),
            int(frames["shape"][1]),
            str(metadata["key"]),
            str(metadata["checksum"]),
        )
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None
    expected = 8 + _HEADER_BYTES + header.offset_bytes + header.frame_bytes
    is_whole = header.as_bytes() == content and expected == file_size
    return header if is_whole and min(header[:3]) >= 0 else None
