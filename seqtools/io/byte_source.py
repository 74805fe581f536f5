"""A file's bytes, decompressed, with its first bytes known before they are read."""

import contextlib
import mmap
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from seqtools.io.compressed import compression_of, open_input

BLOCK_BYTES = 1 << 20

_HEAD_BYTES = 1 << 16


class ByteSource:
    """Reads a file in blocks and shows its beginning first.

    Attributes
    ----------
    path : path-like
        The file, for messages; "stdin" for standard input.
    size : int or None
        Bytes in the file; None if it is compressed, a pipe or standard input.
    compression : str
        "plain", "gz", "bz2", "xz" or "zst"; "plain" for standard input.
    head : bytes
        The first bytes, 64 KB at most, which ``read`` returns as well.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        stream: BinaryIO,
        size: int | None = None,
        compression: str = "plain",
    ) -> None:
        self.path, self.size, self.compression = path, size, compression
        self._stream = stream
        self.head = b""
        while len(self.head) < _HEAD_BYTES:
            more = stream.read(_HEAD_BYTES - len(self.head))
            if not more:
                break
            self.head += more
        self._pending = self.head

    def read(self, num_bytes: int = BLOCK_BYTES) -> bytes:
        """Return the next bytes, `num_bytes` at most; none at the end."""
        if self._pending:
            block, self._pending = self._pending, b""
            return block
        return self._stream.read(num_bytes)

    def read_up_to(self, num_bytes: int) -> bytes:
        """Return the next `num_bytes`, or what there is; memory grows with what is read."""
        content = bytearray()
        while len(content) < num_bytes:
            block = self.read(min(BLOCK_BYTES, num_bytes - len(content)))
            if not block:
                break
            content += block
        self._pending = bytes(content[num_bytes:])
        del content[num_bytes:]
        return bytes(content)

    def mapped(self) -> memoryview | None:
        """Return the whole file as mapped memory, or None if it is not a plain file."""
        if self.size is None:
            return None
        return memoryview(mmap.mmap(self._stream.fileno(), 0, access=mmap.ACCESS_READ))


@contextlib.contextmanager
def open_source(path: str | os.PathLike[str]) -> Iterator[ByteSource]:
    """Open a file, plain or compressed, or standard input for "-".

    Raises
    ------
    FileAccessError, FileContentError
        As ``seqtools.io.compressed.open_input``.
    """
    name = "stdin" if os.fspath(path) == "-" else path
    with open_input(path) as stream:
        compression = "plain" if name == "stdin" else _compression(Path(path))
        size = _size(stream) if compression == "plain" and name != "stdin" else None
        yield ByteSource(name, stream, size, compression)


def _compression(path: Path) -> str:
    """Return how a regular file is compressed; other files cannot be opened twice."""
    if not stat.S_ISREG(path.stat().st_mode):
        return "plain"
    with path.open("rb") as file:
        return compression_of(file)


def _size(stream: BinaryIO) -> int | None:
    """Return the size of an open regular file."""
    status = os.fstat(stream.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None
