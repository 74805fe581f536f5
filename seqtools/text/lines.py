"""Lines of text that models train on, with every fault named by line and byte.

A line ends at a line feed alone; a carriage return before it and a byte order mark at the file's
start are left out. Plain and compressed files and standard input are read as streams.
"""

import contextlib
import os
import warnings
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from seqtools.errors import CorpusError, SeqtoolsWarning
from seqtools.io.compressed import open_input
from seqtools.text.corpus import check_start

PIECE_BYTES = 1 << 20
# A sentence may be this long; a running text may have lines of any length.
LONGEST_SENTENCE_BYTES = 1 << 24

EncodingErrors = Literal["strict", "replace"]

_WHITE_SPACE = (b" ", b"\t", b"\r", b"\v", b"\f")
_FIRST_TAIL, _FIRST_LEAD = 0x80, 0xC0
_LONGEST_CHARACTER_BYTES = 4
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class TextPiece:
    """A line, or a part of a very long one.

    Attributes
    ----------
    text : str
        Without its line feed.
    line : int
        The number of the line, counted from 1.
    ends_line : bool
        Whether the line ends here; if not, the next piece goes on with it.
    """

    text: str
    line: int
    ends_line: bool


def name_of(path: str | os.PathLike[str]) -> str:
    """Return how messages name a file: "stdin" for "-"."""
    return "stdin" if os.fspath(path) == "-" else os.fspath(path)


def read_pieces(
    path: str | os.PathLike[str],
    encoding_errors: EncodingErrors | None = None,
    piece_bytes: int = PIECE_BYTES,
    name: str | None = None,
) -> Iterator[TextPiece]:
    """Yield the lines of a text; a line of more than `piece_bytes` comes in several pieces.

    Such a line is cut before white space, or, where there is none, between two characters.

    Parameters
    ----------
    path : path-like
        Plain or compressed UTF-8; "-" is standard input.
    encoding_errors : "strict", "replace" or None
        Refuse invalid UTF-8, or put U+FFFD in its place and warn; None refuses it where there is
        no --encoding-errors to name.
    piece_bytes : int
        The longest piece, at least 8 bytes.
    name : str, optional
        What messages call the file, if it is a copy of the one that the user knows.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    CorpusError
        If it is no text, or holds a NUL or (when strict) invalid UTF-8, with line and byte.
    FileContentError
        If compressed data is damaged.
    """
    name = name or name_of(path)
    reader = _Decoder(name, encoding_errors)
    with contextlib.closing(_raw_pieces(path, name, piece_bytes)) as pieces:
        for content, line, byte, ends_line in pieces:
            yield TextPiece(reader.decode(content, line, byte), line, ends_line)
    reader.warn()


def read_lines(
    path: str | os.PathLike[str], encoding_errors: EncodingErrors | None = None
) -> Iterator[str]:
    """Yield the lines of a text, whole.

    Raises
    ------
    FileAccessError, FileContentError
        As ``read_pieces``.
    CorpusError
        As ``read_pieces``, or if a line is longer than LONGEST_SENTENCE_BYTES.
    """
    parts: list[str] = []
    size = 0
    for piece in read_pieces(path, encoding_errors):
        size += len(piece.text)
        if size > LONGEST_SENTENCE_BYTES:
            raise CorpusError(
                f"the line is longer than {LONGEST_SENTENCE_BYTES >> 20} million characters",
                path=name_of(path),
                line=piece.line,
                remedy="put one sentence on each line",
            )
        parts.append(piece.text)
        if piece.ends_line:
            yield parts[0] if len(parts) == 1 else "".join(parts)
            parts, size = [], 0


def _raw_pieces(
    path: str | os.PathLike[str], name: str, piece_bytes: int
) -> Generator[tuple[bytes, int, int, bool]]:
    """Yield bytes, line number, offset of the bytes in the file, and whether the line ends."""
    line, byte, carried = 1, 0, b""
    is_start, is_open = True, False
    with open_input(path) as file:
        # Only the end of the file makes `readline` return less than asked for without a line feed.
        while raw := file.readline(piece_bytes - len(carried)):
            if is_start:
                byte, is_start = check_start(np.frombuffer(raw, dtype=np.uint8), name), False
                raw = raw[byte:]
            text = carried + raw
            if text.endswith(b"\n"):
                yield text[:-1].removesuffix(b"\r"), line, byte, True
                line, byte, carried, is_open = line + 1, byte + len(text), b"", False
            elif len(text) < piece_bytes:
                carried = text
            else:
                cut = _cut(text)
                yield text[:cut], line, byte, False
                byte, carried, is_open = byte + cut, text[cut:], True
        if carried or is_open:
            yield carried.removesuffix(b"\r"), line, byte, True


def _cut(text: bytes) -> int:
    """Return where to cut a line: before white space in its second half, or between characters."""
    middle = len(text) // 2
    places = [text.rfind(blank, middle) for blank in _WHITE_SPACE]
    if max(places) >= middle:
        return max(places)
    cut = len(text) - 1
    while cut > len(text) - _LONGEST_CHARACTER_BYTES and _FIRST_TAIL <= text[cut] < _FIRST_LEAD:
        cut -= 1
    return cut


class _Decoder:
    """Turns bytes into text, and keeps account of what it replaced."""

    def __init__(self, name: str, encoding_errors: EncodingErrors | None) -> None:
        self._name, self._errors = name, encoding_errors
        self._num_replaced = 0
        self._first_place = (0, 0)

    def decode(self, content: bytes, line: int, byte: int) -> str:
        """Decode a piece that begins at `byte` of the file."""
        nul = content.find(b"\0")
        if nul >= 0:
            raise CorpusError(
                "a NUL byte, which text never holds",
                path=self._name,
                line=line,
                byte=byte + nul,
                remedy="check that it is text; if so, remove NULs with tr -d '\\000'",
            )
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            if self._errors != "replace":
                remedy = "convert it to UTF-8 with iconv"
                if self._errors == "strict":
                    remedy = "convert it with iconv, or use --encoding-errors replace"
                raise CorpusError(
                    "invalid UTF-8",
                    path=self._name,
                    line=line,
                    byte=byte + error.start,
                    remedy=remedy,
                ) from error
            if not self._num_replaced:
                self._first_place = (line, byte + error.start)
            text = content.decode(errors="replace")
            self._num_replaced += text.count(_REPLACEMENT) - content.count(_REPLACEMENT.encode())
            return text

    def warn(self) -> None:
        """Say how much was replaced, and where it began."""
        if self._num_replaced:
            line, byte = self._first_place
            warnings.warn(
                f"{self._name}, line {line}, byte {byte}: invalid UTF-8 from here on: replaced "
                f"{self._num_replaced} characters",
                SeqtoolsWarning,
                stacklevel=3,
            )
