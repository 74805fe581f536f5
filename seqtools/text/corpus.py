"""Text files as chunks of bytes that end at white space.

Files may be plain, compressed or standard input. What is no text is refused here, by the first
bytes; what only turns out while reading (a NUL, invalid UTF-8) is found where words are made.
"""

import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import numpy as np

from seqtools.errors import CorpusError, SettingsError
from seqtools.io.compressed import compression_of, open_input
from seqtools.io.cooccurrence_magic import MAGIC as COOCCURRENCES
from seqtools.types import BoolArray, Uint8Array

CHUNK_BYTES = 1 << 20
# Bytes that may be read, though not used, before the start and after the end of a chunk.
CHUNK_PADDING_BYTES = 64
# A word may be this long; it is carried from chunk to chunk until it ends.
LONGEST_WORD_BYTES = 65_535

_TAB, _NEWLINE, _CARRIAGE_RETURN, _SPACE = 9, 10, 13, 32
_UTF8_MARK = b"\xef\xbb\xbf"
_UNICODE_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32LE",
    b"\x00\x00\xfe\xff": "UTF-32BE",
    b"\xff\xfe": "UTF-16LE",
    b"\xfe\xff": "UTF-16BE",
}
_FOREIGN_FORMATS = {
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it first",
    b"Rar!\x1a\x07": "a rar archive; unpack it first",
    b"%PDF-": "a PDF document; extract its text first, such as with pdftotext",
    b"\x89PNG": "a PNG picture; name a text file",
    b"\xff\xd8\xff": "a JPEG picture; name a text file",
    b"\x7fELF": "a program; name a text file",
    b"PAR1": "a Parquet table; export its text column first",
    b"\x93NUMPY": "a NumPy array; name a text file",
    b"SQLite format 3\x00": "a database; export its text first",
    b"\x04\x22\x4d\x18": "lz4 data; unpack it first",
    b"\x1f\x9d": "compressed by compress; unpack it first",
    b"LZIP": "lzip data; unpack it first",
    COOCCURRENCES: "counted co-occurrences; train on them with --model glove --cooccurrences FILE",
}
_TAR_MAGIC, _TAR_OFFSET = b"ustar", 257
_HEAD_BYTES = 4096
_SMALLEST_SHARE_OF_NULS = 0.2


class _Readable(Protocol):
    """Any binary file, which always has this method, though its declared type lacks it."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read into a buffer; return the number of bytes."""


@dataclass(frozen=True)
class TextChunk:
    """Whole words of one file.

    Attributes
    ----------
    text : uint8 array
        The bytes, with at least CHUNK_PADDING_BYTES before and as many spaces after them. The
        array is used again for the chunk after the next.
    start, stop : int
        The chunk is text[start:stop], and its last byte is white space.
    path : str
        The file; "stdin" for standard input.
    offset : int
        Where text[start] lies in the decompressed file.
    num_bytes : int
        Bytes of the file that were read for this chunk.
    begins_file : bool
        Whether this is the file's first chunk.
    """

    text: Uint8Array
    start: int
    stop: int
    path: str
    offset: int
    num_bytes: int
    begins_file: bool

    @property
    def content(self) -> bytes:
        """The bytes of the chunk."""
        return self.text[self.start : self.stop].tobytes()

    def count_lines(self, place: int) -> int:
        """Return how many lines end before text[place]."""
        return int(np.count_nonzero(self.text[self.start : place] == _NEWLINE))


def check_paths(paths: Sequence[str | os.PathLike[str]]) -> None:
    """Refuse no paths at all, one path that was not put into a list, and "-" given twice."""
    if isinstance(paths, (str, bytes, os.PathLike)):
        raise SettingsError(f"paths must be a list of file names, got {paths!r}")
    if not paths:
        raise SettingsError("no corpus file given; name at least one, or - for standard input")
    if sum(os.fspath(path) == "-" for path in paths) > 1:
        raise SettingsError("standard input (-) can be read only once; name it once")


def size_on_disk(paths: Sequence[str | os.PathLike[str]]) -> int | None:
    """Return the bytes of text to read, or None if compression or a pipe hides their number."""
    total = 0
    for path in paths:
        if os.fspath(path) == "-" or not Path(path).is_file():
            return None
        try:
            with Path(path).open("rb") as file:
                if compression_of(file) != "plain":
                    return None
                total += os.fstat(file.fileno()).st_size
        except OSError:
            return None  # opening it for reading will say why
    return total


def read_chunks(
    paths: Sequence[str | os.PathLike[str]], chunk_bytes: int = CHUNK_BYTES
) -> Generator[TextChunk]:
    """Read files one after the other in chunks that end at white space.

    A file that does not end in a line feed is given one, so that no sentence spans two files. A
    byte order mark at a file's start is left out.

    Parameters
    ----------
    paths : sequence of path-like
        Files, plain or compressed; "-" is standard input.
    chunk_bytes : int
        Bytes to read at a time, at least 4. Memory is twice as much and a little more, whatever
        the files hold.

    Yields
    ------
    TextChunk
        Whole words; only a word of more than LONGEST_WORD_BYTES is cut.

    Raises
    ------
    FileAccessError
        If a file is missing or not readable.
    CorpusError
        If a file starts like UTF-16 or like something that is not text.
    FileContentError
        If compressed data is damaged.
    """
    check_paths(paths)
    size = chunk_bytes + LONGEST_WORD_BYTES + 1 + 2 * CHUNK_PADDING_BYTES
    buffers = [np.full(size, _SPACE, dtype=np.uint8) for _ in range(2)]
    for path in paths:
        for chunk in _read_file(path, chunk_bytes, buffers):
            yield chunk
            buffers.reverse()


def check_start(head: Uint8Array, path: str) -> int:
    """Return the length of a UTF-8 byte order mark, and refuse what is not UTF-8 text.

    Parameters
    ----------
    head : uint8 array
        The first bytes of the file, decompressed; 4096 of them are looked at.
    path : str
        The file, for messages.

    Raises
    ------
    CorpusError
        If the bytes start like UTF-16 or like something that is not text.
    """
    start = head[:_HEAD_BYTES].tobytes()
    for mark, encoding in _UNICODE_MARKS.items():
        if start.startswith(mark):
            raise _looks_like(encoding, path)
    for magic, description in _FOREIGN_FORMATS.items():
        if start.startswith(magic):
            raise CorpusError(f"not text: {description}", path=path)
    if start[_TAR_OFFSET:].startswith(_TAR_MAGIC):
        raise CorpusError("not text: a tar archive; unpack it first, with tar -xf", path=path)
    nuls = np.flatnonzero(head[:_HEAD_BYTES] == 0)
    if nuls.size > _SMALLEST_SHARE_OF_NULS * len(start):
        share_odd = float(np.mean(nuls % 2))
        if share_odd in (0.0, 1.0):
            raise _looks_like("UTF-16LE" if share_odd else "UTF-16BE", path)
        raise CorpusError("not text but binary data", path=path, remedy="name a text file")
    return len(_UTF8_MARK) if start.startswith(_UTF8_MARK) else 0


def _read_file(
    path: str | os.PathLike[str], chunk_bytes: int, buffers: list[Uint8Array]
) -> Iterator[TextChunk]:
    """Read one file into buffers[0], which the caller exchanges after each chunk."""
    name = "stdin" if os.fspath(path) == "-" else os.fspath(path)
    carried = np.empty(0, dtype=np.uint8)
    offset, last_byte = 0, _NEWLINE
    at_start, at_end, is_first = True, False, True
    with open_input(path) as file:
        while not at_end:
            text, start = buffers[0], CHUNK_PADDING_BYTES
            fresh = start + carried.size
            text[start:fresh] = carried
            filled = fresh + _fill(file, text[fresh : fresh + chunk_bytes])
            num_bytes = filled - fresh
            at_end = num_bytes < chunk_bytes
            if at_start:
                mark_bytes = check_start(text[start:filled], name)
                start, offset, at_start = start + mark_bytes, mark_bytes, False
            stop = filled if at_end else _cut(text, start, filled)
            carried = text[stop:filled].copy()
            next_offset = offset + stop - start
            last_byte = int(text[stop - 1]) if stop > start else last_byte
            is_cut_word = not at_end and stop == filled and not _is_separator(text[stop - 1])
            if is_cut_word or (at_end and last_byte != _NEWLINE):
                text[stop] = _NEWLINE
                stop += 1
            text[stop : stop + CHUNK_PADDING_BYTES] = _SPACE
            if stop > start:
                yield TextChunk(text, start, stop, name, offset, num_bytes, is_first)
                is_first = False
            offset = next_offset


def _fill(file: BinaryIO, target: Uint8Array) -> int:
    """Read until `target` is full or the file ends; return the number of bytes read."""
    view, filled = target.data, 0
    stream = cast("_Readable", file)
    while filled < len(view):
        count = stream.readinto(view[filled:])
        if not count:
            break
        filled += count
    return filled


def _cut(text: Uint8Array, start: int, filled: int) -> int:
    """Return where the last whole word ends; `start` if none does, unless a word is too long."""
    window_start = max(start, filled - LONGEST_WORD_BYTES - 1)
    places = np.flatnonzero(_is_separator(text[window_start:filled]))
    if places.size:
        return window_start + int(places[-1]) + 1
    return filled if filled - start > LONGEST_WORD_BYTES else start


def _is_separator(text: Uint8Array) -> BoolArray:
    """Say which bytes are ASCII white space."""
    is_separator: BoolArray = (text == _SPACE) | ((text >= _TAB) & (text <= _CARRIAGE_RETURN))
    return is_separator


def _looks_like(encoding: str, path: str) -> CorpusError:
    """Return the error for text in another encoding."""
    return CorpusError(
        f"looks like {encoding}",
        path=path,
        remedy=f"convert it to UTF-8 first, with iconv -f {encoding} -t UTF-8",
    )
