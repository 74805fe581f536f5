"""Reading a file of co-occurrences as entries, every one of them checked."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtools.embeddings.cooccurrence_settings import distance_weights
from seqtools.io.cooccurrence_file import CooccurrenceFile
from seqtools.kernels.cooccurrence_rows import DAMAGED, ROW_HEADER_BYTES, decode_rows, hop_rows

ENTRY = np.dtype([("row", "<i4"), ("column", "<i4"), ("weight", "<i8")])

_BYTES_A_PART = 1 << 20
_SHORTEST_ENTRY_BYTES = 2


def read_entries(file: CooccurrenceFile) -> Iterator[NDArray[Any]]:
    """Yield the entries of a file, some rows at a time.

    Entries rise by row and then by column; memory holds about a megabyte of the file, and at least
    a row.

    Yields
    ------
    array of ENTRY

    Raises
    ------
    FileContentError
        If a row is damaged; if the checksum differs, after the last row.
    FileAccessError
        If the file cannot be read.
    """
    check_scale(file)
    place, previous, totals = 0, np.array([-1]), np.zeros(2, np.uint64)
    while place < file.reader.num_bytes:
        rows = _read_rows(file, place)
        entries = np.empty(len(rows) // _SHORTEST_ENTRY_BYTES, ENTRY)
        with np.errstate(over="ignore"):  # the checksum wraps around on purpose
            size = file.header.vocabulary_size
            number, end = decode_rows(rows, size, previous, entries, totals)
        if number == DAMAGED:
            raise file.damaged_at(place + int(end))
        yield entries[:number]
        place += len(rows)
    file.check_totals(*totals.tolist())


def check_scale(file: CooccurrenceFile) -> None:
    """Make sure that a file's weights are those of its window.

    Raises
    ------
    FileContentError
        If they are not.
    """
    if file.header.scale != distance_weights(file.header.window)[0]:
        raise file.damaged_header()


def _read_rows(file: CooccurrenceFile, place: int) -> NDArray[np.uint8]:
    """Read about a megabyte of whole rows, or one that is longer."""
    left = file.reader.num_bytes - place
    size = min(left, _BYTES_A_PART)
    while True:
        content = np.empty(size, np.uint8)
        file.reader.read(place, content)
        end = int(hop_rows(content, file.header.vocabulary_size)[0])
        if end > 0:
            return content[:end]
        needed = row_bytes(content)
        if needed <= size or needed > left:  # a row that is out of range, or cut
            raise file.damaged_at(place)
        size = needed


def row_bytes(content: NDArray[np.uint8]) -> int:
    """Return how many bytes the row has that begins here, or its header if that is cut."""
    if len(content) < ROW_HEADER_BYTES:
        return ROW_HEADER_BYTES
    return ROW_HEADER_BYTES + int(content[4:ROW_HEADER_BYTES].view("<u4")[0])
