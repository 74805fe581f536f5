"""Files of co-occurrences: which words stand near which, as integers.

A file is, in this order:

1. a header of 1024 bytes: the line ``seqtools co-occurrences``, a JSON object on one line, spaces,
   and a line feed;
2. the vocabulary as ``word<TAB>count`` lines in UTF-8, the line number (from 0) being the id;
3. the rows that have entries, in rising order. A row is its id (4 bytes, little-endian), the number
   of bytes that follow (4 bytes), and for each entry, by rising column, how many columns are left
   out since the entry before, and the weight; both in LEB128, seven bits a byte. Columns are ids up
   to the row's own: the matrix is symmetric and one half is kept. No weight is 0.

The weight is the sum over all pairs of places, within a sentence and at most ``window`` apart, of
round(scale / distance); divided by ``scale`` it is the x of GloVe. Equal counts give equal bytes.
The header holds the vocabulary's SHA-256 and a checksum of the entries, and its own CRC-32.
"""

import contextlib
import hashlib
import json
import os
import stat
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, BinaryIO

from seqtools.errors import FileAccessError, FileContentError
from seqtools.io.atomic import atomic_writer
from seqtools.io.cooccurrence_magic import MAGIC
from seqtools.io.early_flush import flushing_early
from seqtools.io.row_reader import RowReader
from seqtools.types import Uint8Array, Uint64Array

FORMAT_VERSION = 2

_HEADER_BYTES = 1024
_AT_LEAST_ONE = {"window", "scale"}
_LARGEST = defaultdict(lambda: 2**62, window=10_000, vocabulary_size=2**31 - 1)
_REMEDY = "count again or fetch the file again"


@dataclass(frozen=True)
class CooccurrenceHeader:
    """What a file of co-occurrences holds.

    Attributes
    ----------
    window : int
        Largest distance counted.
    scale : int
        The weight of two neighbouring words.
    tokens_read, tokens_kept, sentences : int
        Words of the text; those in the vocabulary; lines that hold one.
    vocabulary_size, vocabulary_bytes : int
        Words, and bytes of the lines that hold them.
    vocabulary_sha256 : str
        SHA-256 of those lines.
    num_entries, num_row_bytes : int
        Pairs of words, each kept once, and bytes of the rows that hold them.
    entries_checksum : str
        That of ``seqtools.kernels.cooccurrence_rows.take_row`` in 16 hexadecimal digits.
    """

    window: int
    scale: int
    tokens_read: int
    tokens_kept: int
    sentences: int
    vocabulary_size: int
    vocabulary_bytes: int
    vocabulary_sha256: str
    num_entries: int = 0
    num_row_bytes: int = 0
    entries_checksum: str = f"{0:016x}"

    @property
    def first_row_byte(self) -> int:
        """Where the rows begin."""
        return _HEADER_BYTES + self.vocabulary_bytes

    @property
    def num_bytes(self) -> int:
        """Bytes of the whole file."""
        return self.first_row_byte + self.num_row_bytes


@dataclass(frozen=True)
class CooccurrenceFile:
    """A file of co-occurrences, open for reading.

    Attributes
    ----------
    path : Path
    header : CooccurrenceHeader
    vocabulary : bytes
        ``word<TAB>count`` lines.
    """

    path: Path
    header: CooccurrenceHeader
    vocabulary: bytes

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> "CooccurrenceFile":
        """Open a file; its header, size and vocabulary are checked.

        Raises
        ------
        FileAccessError
            If it cannot be read.
        FileContentError
            If it is no file of co-occurrences, damaged or cut short.
        """
        try:
            with Path(path).open("rb") as file:
                header = _read_header(file.read(_HEADER_BYTES), path)
                _check_size(os.fstat(file.fileno()).st_size, header, path)
                vocabulary = file.read(header.vocabulary_bytes)
        except OSError as error:
            raise FileAccessError.from_os_error(error, path) from error
        if hashlib.sha256(vocabulary).hexdigest() != header.vocabulary_sha256:
            raise FileContentError("its vocabulary is damaged", path=path, remedy=_REMEDY)
        opened = cls(Path(path), header, vocabulary)
        if vocabulary.count(b"\n") != header.vocabulary_size:
            raise opened.damaged_header()
        return opened

    @property
    def reader(self) -> RowReader:
        """Reads the rows, which are not checked yet.

        ``seqtools.embeddings.cooccurrence_entries`` checks them.
        """
        return RowReader(self.path, self.header.first_row_byte, self.header.num_row_bytes)

    def damaged_at(self, place: int) -> FileContentError:
        """Return the error for a damaged row; places count from the first row."""
        byte = self.header.first_row_byte + place
        return FileContentError("a damaged row", path=self.path, byte=byte, remedy=_REMEDY)

    def damaged_header(self) -> FileContentError:
        """Return the error for a header that contradicts itself or the rest."""
        return FileContentError("its header is damaged", path=self.path, remedy=_REMEDY)

    def check_totals(self, num_entries: int, checksum: int) -> None:
        """Compare number and checksum of all entries with the header's.

        Raises
        ------
        FileContentError
            If they differ.
        """
        if num_entries != self.header.num_entries:
            raise self.damaged_header()
        if f"{checksum:016x}" != self.header.entries_checksum:
            raise FileContentError(
                "damaged: the checksum of its entries differs", path=self.path, remedy=_REMEDY
            )


def check_output(path: str | os.PathLike[str]) -> None:
    """Refuse pipes and devices: the header is written last, at the start of the file.

    Raises
    ------
    FileAccessError
        If `path` is one.
    """
    is_special = os.fspath(path) == "-"
    with contextlib.suppress(OSError):
        mode = os.stat(path).st_mode  # noqa: PTH116 - "-" is no path
        is_special |= not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
    if is_special:
        raise FileAccessError(
            f"{os.fspath(path)}: cannot write: co-occurrences need a regular file, "
            "not a pipe or device; name a file"
        )


class CooccurrenceWriter:
    """Writes the rows of a file; see ``write_cooccurrences``.

    Parameters
    ----------
    file : binary file
    wrote : callable, optional
        Is told the bytes of each write.
    """

    def __init__(self, file: BinaryIO, wrote: Callable[[int], None] | None = None) -> None:
        self._file, self._wrote = file, wrote
        self.num_entries, self.num_bytes, self.checksum = 0, 0, 0

    def add(self, rows: Uint8Array, totals: Uint64Array) -> None:
        """Append rows, which follow those before, with the number of entries and checksum."""
        self._file.write(rows.data)
        self.num_entries += int(totals[0])
        self.num_bytes += len(rows)
        self.checksum = (self.checksum + int(totals[1])) % 2**64
        if self._wrote is not None:
            self._wrote(len(rows))

    def described(self, header: CooccurrenceHeader) -> CooccurrenceHeader:
        """Return a header with what has been written."""
        return replace(
            header,
            num_entries=self.num_entries,
            num_row_bytes=self.num_bytes,
            entries_checksum=f"{self.checksum:016x}",
        )


@contextlib.contextmanager
def write_cooccurrences(
    path: str | os.PathLike[str], header: CooccurrenceHeader, vocabulary: bytes
) -> Iterator[CooccurrenceWriter]:
    """Write a file atomically; the block adds the rows.

    Parameters
    ----------
    path : path-like
    header : CooccurrenceHeader
        Number and checksum of the entries and bytes of the rows are filled in at the end.
    vocabulary : bytes
        ``word<TAB>count`` lines.

    Raises
    ------
    FileAccessError
        If the file cannot be written; what stood there still stands.
    """
    check_output(path)
    with atomic_writer(path) as file:
        file.write(bytes(_HEADER_BYTES) + vocabulary)
        with flushing_early(file) as wrote:
            writer = CooccurrenceWriter(file, wrote)
            yield writer
        file.seek(0)
        file.write(_header_bytes(asdict(writer.described(header))))


def _header_bytes(content: dict[str, Any]) -> bytes:
    """Return the header of a file."""
    described = {"format_version": FORMAT_VERSION, **content}
    described["header_crc32"] = _header_checksum(described)
    return (MAGIC + json.dumps(described).encode()).ljust(_HEADER_BYTES - 1) + b"\n"


def _header_checksum(described: dict[str, Any]) -> str:
    """Return the CRC-32 of a header without its checksum."""
    rest = {name: value for name, value in described.items() if name != "header_crc32"}
    return f"{zlib.crc32(json.dumps(rest, sort_keys=True).encode()):08x}"


def _read_header(content: bytes, path: str | os.PathLike[str]) -> CooccurrenceHeader:
    """Read a header, trusting none of it."""
    if not content.startswith(MAGIC):
        raise FileContentError(
            "not a file of co-occurrences",
            path=path,
            remedy="make one with `seqtools embed cooccur`",
        )
    try:
        described = json.loads(content[len(MAGIC) :])
        version, is_whole = described["format_version"], _is_whole(described)
        header = {field.name: described.get(field.name) for field in fields(CooccurrenceHeader)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileContentError("its header is damaged", path=path, remedy=_REMEDY) from error
    if version != FORMAT_VERSION:
        raise FileContentError(
            f"format version {version}, this program reads {FORMAT_VERSION}",
            path=path,
            remedy="count again with this version of seqtools",
        )
    if not is_whole or not _is_in_range(header):
        raise FileContentError("its header is damaged", path=path, remedy=_REMEDY)
    return CooccurrenceHeader(**header)


def _is_whole(described: dict[str, Any]) -> bool:
    """Say whether a header has the checksum that it names."""
    return bool(described["header_crc32"] == _header_checksum(described))


def _is_in_range(header: dict[str, Any]) -> bool:
    """Say whether every value has the type and range that it needs."""
    texts = {"vocabulary_sha256", "entries_checksum"}
    return all(
        isinstance(value, str)
        if name in texts
        else type(value) is int and (name in _AT_LEAST_ONE) <= value <= _LARGEST[name]
        for name, value in header.items()
    )


def _check_size(size: int, header: CooccurrenceHeader, path: str | os.PathLike[str]) -> None:
    """Compare the file's size with the header's before anything is allocated."""
    if size != header.num_bytes:
        cause = "cut short" if size < header.num_bytes else "has bytes after its end"
        raise FileContentError(
            f"{cause}: expected {header.num_bytes} bytes, found {size}", path=path, remedy=_REMEDY
        )
