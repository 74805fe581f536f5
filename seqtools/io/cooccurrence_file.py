"""Files of co-occurrences: which words stand near which, as integers.

A file is, in this order:

1. a header of 1024 bytes: the line ``seqtools co-occurrences``, a JSON object on one line, spaces,
   and a line feed;
2. the vocabulary as ``word<TAB>count`` lines in UTF-8, the line number (from 0) being the id, and
   line feeds up to a multiple of 16 bytes;
3. the entries, 16 bytes each, little-endian: row (int32), column (int32), weight (int64). Rows and
   columns are ids with column <= row: the matrix is symmetric and one half is kept. Entries rise by
   row and then by column, and no weight is 0.

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
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqtools.errors import FileAccessError, FileContentError
from seqtools.io.atomic import atomic_writer
from seqtools.io.cooccurrence_magic import MAGIC
from seqtools.io.early_flush import flushing_early
from seqtools.io.entry_reader import ENTRY, EntryReader

FORMAT_VERSION = 1

_HEADER_BYTES = 1024
_ALIGNMENT = 16
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
    num_entries : int
    entries_checksum : str
        ``seqtools.kernels.cooccurrence.checksum_entries`` in 16 hexadecimal digits.
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
    entries_checksum: str = f"{0:016x}"

    @property
    def first_entry_byte(self) -> int:
        """Where the entries begin."""
        end = _HEADER_BYTES + self.vocabulary_bytes
        return end + -end % _ALIGNMENT

    @property
    def num_bytes(self) -> int:
        """Bytes of the whole file."""
        return self.first_entry_byte + ENTRY.itemsize * self.num_entries


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
        return cls(Path(path), header, vocabulary)

    @property
    def reader(self) -> EntryReader:
        """Reads the entries, which are not checked yet.

        ``seqtools.kernels.cooccurrence.inspect_entries`` checks them.
        """
        return EntryReader(self.path, self.header.first_entry_byte, self.header.num_entries)

    @property
    def entries(self) -> NDArray[Any]:
        """All entries as a memory map of ENTRY, shape (num_entries,); not checked either."""
        if self.header.num_entries == 0:  # an empty file cannot be mapped
            return np.empty(0, ENTRY)
        first, shape = self.header.first_entry_byte, (self.header.num_entries,)
        return np.memmap(self.path, ENTRY, mode="r", offset=first, shape=shape)

    def damaged_at(self, index: int) -> FileContentError:
        """Return the error for an entry that is out of order or out of range."""
        byte = self.header.first_entry_byte + ENTRY.itemsize * index
        return FileContentError("a damaged entry", path=self.path, byte=byte, remedy=_REMEDY)

    def check_sum(self, checksum: int) -> None:
        """Compare the checksum of all entries with the header's.

        Raises
        ------
        FileContentError
            If they differ.
        """
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
    """Writes the entries of a file; see ``write_cooccurrences``.

    Parameters
    ----------
    file : binary file
    wrote : callable, optional
        Is told the bytes of each write.
    """

    def __init__(self, file: BinaryIO, wrote: Callable[[int], None] | None = None) -> None:
        self._file, self._wrote = file, wrote
        self.num_entries, self.checksum = 0, 0

    def add(self, entries: NDArray[Any], checksum: int) -> None:
        """Append entries, which follow those before, with their checksum."""
        self._file.write(entries.view(np.uint8).data)
        self.num_entries += len(entries)
        self.checksum = (self.checksum + checksum) % 2**64
        if self._wrote is not None:
            self._wrote(entries.nbytes)


@contextlib.contextmanager
def write_cooccurrences(
    path: str | os.PathLike[str], header: CooccurrenceHeader, vocabulary: bytes
) -> Iterator[CooccurrenceWriter]:
    """Write a file atomically; the block adds the entries.

    Parameters
    ----------
    path : path-like
    header : CooccurrenceHeader
        Number and checksum of the entries are filled in at the end.
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
        file.write(b"\n" * (header.first_entry_byte - _HEADER_BYTES - len(vocabulary)))
        with flushing_early(file) as wrote:
            writer = CooccurrenceWriter(file, wrote)
            yield writer
        content = asdict(header)
        content["num_entries"] = writer.num_entries
        content["entries_checksum"] = f"{writer.checksum:016x}"
        file.seek(0)
        file.write(_header_bytes(content))


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
    if not is_whole or None in header.values():
        raise FileContentError("its header is damaged", path=path, remedy=_REMEDY)
    return CooccurrenceHeader(**header)


def _is_whole(described: dict[str, Any]) -> bool:
    """Say whether a header has the checksum that it names."""
    return bool(described["header_crc32"] == _header_checksum(described))


def _check_size(size: int, header: CooccurrenceHeader, path: str | os.PathLike[str]) -> None:
    """Compare the file's size with the header's before anything is allocated."""
    if size != header.num_bytes:
        cause = "cut short" if size < header.num_bytes else "has bytes after its end"
        raise FileContentError(
            f"{cause}: expected {header.num_bytes} bytes, found {size}", path=path, remedy=_REMEDY
        )
