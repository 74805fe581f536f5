"""Reading the rows of co-occurrences a part at a time, so that memory is what was asked for.

A memory map would do the same, but what it touches counts as the process's memory until the system
is short of it.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from seqtools.errors import FileAccessError, FileContentError
from seqtools.types import Uint8Array


class _Readable(Protocol):
    """Any binary file, which always has this method, though its declared type lacks it."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read into a buffer; return the number of bytes."""


@dataclass(frozen=True)
class RowReader:
    """Rows of co-occurrences in a file; see ``seqtools.kernels.cooccurrence_rows``.

    Attributes
    ----------
    path : Path
    first_byte : int
        Where the rows begin.
    num_bytes : int
        Bytes of all rows.
    """

    path: Path
    first_byte: int
    num_bytes: int

    def read(self, place: int, out_bytes: Uint8Array) -> None:
        """Fill an array with the bytes from a place on, which counts from the first row.

        Raises
        ------
        FileAccessError
            If the file cannot be read.
        FileContentError
            If it ends too early.
        """
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(self.first_byte + place)
                self._fill(file, out_bytes)
        except OSError as error:
            raise FileAccessError.from_os_error(error, self.path) from error

    def _fill(self, file: BinaryIO, out_bytes: Uint8Array) -> None:
        """Fill an array from an open file."""
        view, stream = out_bytes.data, cast("_Readable", file)
        while view:
            count = stream.readinto(view)
            if not count:
                byte = os.fstat(file.fileno()).st_size
                raise FileContentError("became shorter while in use", path=self.path, byte=byte)
            view = view[count:]
