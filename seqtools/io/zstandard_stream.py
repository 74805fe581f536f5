"""Zstandard data as a stream of its decompressed bytes, refused when it is cut short."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# A block of 128 KB may shrink to four bytes: this many bytes give 32 MB at most.
_FEED_BYTES = 1 << 10


class ZstandardReader(io.RawIOBase):
    """Decompresses frame after frame.

    The package's own reader takes the end of the file for the end of a frame, and so would pass
    what was cut short for whole.

    Parameters
    ----------
    file : binary file
        The compressed bytes.
    """

    def __init__(self, file: BinaryIO) -> None:
        import zstandard

        self._file, self._decompressor = file, zstandard.ZstdDecompressor()
        self._frame: Any = None
        self._rest = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read into a buffer and return the number of bytes, 0 at the end.

        Raises
        ------
        EOFError
            If the data ends within a frame.
        zstandard.ZstdError
            If it is damaged.
        """
        while not self._ready:
            fed = self._rest or self._file.read(_FEED_BYTES)
            if not fed:
                if self._frame is not None:
                    raise EOFError("the data ends within a frame")
                return 0
            self._ready = memoryview(self._decompress(fed))
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._ready))
        target[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _decompress(self, fed: bytes) -> bytes:
        """Decompress some bytes, and keep what follows the end of their frame."""
        if self._frame is None:
            self._frame = self._decompressor.decompressobj()
        content: bytes = self._frame.decompress(fed)
        self._rest = b""
        if self._frame.eof:
            self._rest, self._frame = self._frame.unused_data, None
        return content
