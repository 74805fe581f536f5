"""A file's bytes, decompressed, with its first bytes known before they are read."""

import contextlib
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
    head : bytes
        The first bytes, 64 KB at most, which ``read`` returns as well.
    """

    def __init__(
        self, path: str | os.PathLike[str], stream: BinaryIO, size: int | None = None
    ) -> None:
        self.path, self.size = path, size
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

    def unread(self, block: bytes) -> None:
        """Put bytes back, to be read next."""
        self._pending = block + self._pending


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
        yield ByteSource(name, stream, _plain_size(path))


def _plain_size(path: str | os.PathLike[str]) -> int | None:
    """Return the size of an uncompressed regular file."""
    if os.fspath(path) == "-" or not stat.S_ISREG(Path(path).stat().st_mode):
        return None
    with Path(path).open("rb") as file:
        return None if compression_of(file) != "plain" else os.fstat(file.fileno()).st_size
