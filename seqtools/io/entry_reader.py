"""Reading sorted co-occurrence entries a part at a time, so that memory is what was asked for.

A memory map would do the same, but what it touches counts as the process's memory until the system
is short of it.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from seqtools.errors import FileAccessError, FileContentError

ENTRY = np.dtype([("row", "<i4"), ("column", "<i4"), ("weight", "<i8")])


class _Readable(Protocol):
    """Any binary file, which always has this method, though its declared type lacks it."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read into a buffer; return the number of bytes."""


@dataclass(frozen=True)
class EntryReader:
    """Entries that rise by row and then by column, in a file.

    Attributes
    ----------
    path : Path
    first_byte : int
        Where the entries begin.
    num_entries : int
    """

    path: Path
    first_byte: int
    num_entries: int

    def read(self, first: int, out_entries: NDArray[Any]) -> None:
        """Fill an array of ENTRY with the entries from index `first` on.

        Raises
        ------
        FileAccessError
            If the file cannot be read.
        FileContentError
            If it ends too early.
        """
        try:
            with self.path.open("rb", buffering=0) as file:
                self._fill(file, first, out_entries)
        except OSError as error:
            raise FileAccessError.from_os_error(error, self.path) from error

    def cell(self, index: int) -> tuple[int, int]:
        """Return row and column of an entry.

        Raises
        ------
        FileAccessError, FileContentError
            As ``read``.
        """
        entry = np.empty(1, ENTRY)
        self.read(index, entry)
        return int(entry["row"][0]), int(entry["column"][0])

    def find(self, cell: tuple[int, int], first: int) -> int:
        """Return the index of the first entry at or after a cell, from `first` on.

        Raises
        ------
        FileAccessError, FileContentError
            As ``read``.
        """
        entry, low, high = np.empty(1, ENTRY), first, self.num_entries
        try:
            with self.path.open("rb", buffering=0) as file:
                while low < high:
                    middle = (low + high) // 2
                    self._fill(file, middle, entry)
                    if (int(entry["row"][0]), int(entry["column"][0])) < cell:
                        low = middle + 1
                    else:
                        high = middle
        except OSError as error:
            raise FileAccessError.from_os_error(error, self.path) from error
        return low

    def _fill(self, file: BinaryIO, first: int, out_entries: NDArray[Any]) -> None:
        """Read entries from an open file."""
        file.seek(self.first_byte + ENTRY.itemsize * first)
        view, stream = out_entries.view(np.uint8).data, cast("_Readable", file)
        while view:
            count = stream.readinto(view)
            if not count:
                byte = os.fstat(file.fileno()).st_size
                raise FileContentError("became shorter while in use", path=self.path, byte=byte)
            view = view[count:]
