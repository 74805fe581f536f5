"""Rows of text: a word, then its numbers, in large blocks.

A block whose lines are regular (one space between fields, as every tool writes) is cut by a few
calls on the whole block; any other block goes through its lines one by one, which tolerates tabs,
repeated and trailing blanks and words that hold spaces, and finds the line of an error.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from seqtools.errors import VectorFormatError
from seqtools.io.byte_source import BLOCK_BYTES, ByteSource
from seqtools.io.table_builder import TableBuilder
from seqtools.io.vector_table import Place, ReadingOptions
from seqtools.types import Float32Array

_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NONFINITE = re.compile(rb"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_MAX_LINE_BYTES = 1 << 25
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UNUSUAL_BLANKS = (b"\t", b"\r", b"\x0b", b"\x0c", b"\0")


@dataclass
class LineBlock:
    """Whole lines of a file.

    Attributes
    ----------
    lines : list of bytes
        Without their line ends.
    first_line : int
        The number of the first line, counted from 1.
    content : bytes
        The lines as they stand in the file, without the last one's line end.
    first_byte : int
        Where `content` begins, counted from 0.
    """

    lines: list[bytes]
    first_line: int
    content: bytes = b""
    first_byte: int = 0


def line_blocks(source: ByteSource) -> Iterator[LineBlock]:
    """Cut a file into blocks of whole lines; only a newline ends a line.

    A byte order mark at the start of the file is left out, and so is the carriage return of CRLF.

    Raises
    ------
    VectorFormatError
        For a line of more than 32 MB.
    """
    number, rest, byte = 1, b"", 0
    is_start = True
    while block := source.read(BLOCK_BYTES):
        if is_start and block.startswith(_BYTE_ORDER_MARK):
            block, byte = block.removeprefix(_BYTE_ORDER_MARK), len(_BYTE_ORDER_MARK)
        is_start = False
        end = block.rfind(b"\n") + 1
        if not end:
            rest += block
            if len(rest) > _MAX_LINE_BYTES:
                raise VectorFormatError(
                    f"a line of more than {_MAX_LINE_BYTES >> 20} MB",
                    path=source.path,
                    line=number,
                    remedy="check that the file holds vectors",
                )
            continue
        content = rest + block[: end - 1]
        lines = _split(content)
        yield LineBlock(lines, number, content, byte)
        number, byte = number + len(lines), byte + len(content) + 1
        rest = block[end:]
    if rest:
        yield LineBlock(_split(rest), number, rest, byte)


def read_rows(
    source: ByteSource,
    blocks: Iterator[LineBlock],
    dim: int,
    builder: TableBuilder,
    options: ReadingOptions,
    declared_rows: int | None = None,
) -> None:
    """Read all rows into `builder`.

    Parameters
    ----------
    source : ByteSource
        The file, for messages.
    blocks : iterator of LineBlock
        The lines that hold rows, and at the end perhaps blank lines.
    dim : int
        The number of dimensions D.
    builder : TableBuilder
    options : ReadingOptions
    declared_rows : int, optional
        The number of rows that a header declares.

    Raises
    ------
    VectorFormatError
        For a row that is malformed, and for too few or too many rows.
    """
    parser = _RowParser(source, dim)
    num_rows, first_blank, last_line = 0, None, 1
    for block in blocks:
        last_line = block.first_line + len(block.lines) - 1
        num_blank = _trailing_blanks(block.lines)
        lines = block.lines[: len(block.lines) - num_blank]
        if lines and first_blank is not None:
            raise parser.error("blank line", first_blank, "remove it")
        if num_blank and first_blank is None:
            first_blank = block.first_line + len(lines)
        if options.limit is not None:
            lines = lines[: options.limit - num_rows]
        num_wanted = len(lines) if declared_rows is None else declared_rows - num_rows
        parser.parse(lines[:num_wanted], block.first_line, builder)
        if len(lines) > num_wanted:
            raise parser.error(
                f"the header declares {declared_rows} words, but here is another",
                block.first_line + num_wanted,
                "correct the header or remove the surplus rows",
            )
        num_rows += len(lines)
        if num_rows == options.limit:
            return
    if declared_rows is not None and num_rows < declared_rows:
        raise parser.error(
            f"the file ends after {num_rows} words, but its header declares {declared_rows}",
            last_line,
            "fetch the file again, or correct the header",
        )


def is_numeric(field: bytes) -> bool:
    """Say whether a field is a number, NaN and infinity included."""
    return bool(_NUMBER.fullmatch(field) or _NONFINITE.fullmatch(field))


class _RowParser:
    """Parses lines of a word and D numbers."""

    def __init__(self, source: ByteSource, dim: int) -> None:
        self._source, self._dim = source, dim

    def parse(self, lines: list[bytes], first_line: int, builder: TableBuilder) -> None:
        """Parse a block of lines into `builder`."""
        if not lines:
            return
        parts = self._cut_regular(lines)
        if parts is None:
            parts = [self._cut(line, first_line + i) for i, line in enumerate(lines)]
        words, numbers = [word for word, _ in parts], [text for _, text in parts]
        line_numbers = range(first_line, first_line + len(lines))
        kept = builder.wants(words)
        if kept is not None:
            chosen = np.flatnonzero(kept).tolist()
            words, numbers = [words[i] for i in chosen], [numbers[i] for i in chosen]
            places = [line_numbers[i] for i in chosen]
        else:
            places = list(line_numbers)
        if words:
            rows = self._rows(numbers, places)
            builder.add(words, rows, lambda row: Place(line=places[row]))

    def error(self, cause: str, line: int, remedy: str) -> VectorFormatError:
        """Name the file and the line."""
        return VectorFormatError(cause, path=self._source.path, line=line, remedy=remedy)

    def _cut_regular(self, lines: list[bytes]) -> list[tuple[bytes, bytes]] | None:
        """Cut lines at their first space, or return None if not every line is regular."""
        text = b"\n".join(lines)
        if any(blank in text for blank in _UNUSUAL_BLANKS):
            return None
        spaces = self._dim - 1
        parts = [(word, numbers) for word, _, numbers in (line.partition(b" ") for line in lines)]
        if all(word and numbers.count(b" ") == spaces for word, numbers in parts):
            return parts
        return None

    def _cut(self, line: bytes, number: int) -> tuple[bytes, bytes]:
        """Cut a line that may hold tabs, repeated blanks, or spaces in its word."""
        fields = line.rsplit(None, self._dim)
        if not fields:
            raise self.error("blank line", number, "remove it")
        if b"\0" in line:
            raise self.error("a NUL byte", number, "check that the file is text")
        if len(fields) <= self._dim:
            if line[:1] in (b" ", b"\t") and all(map(is_numeric, fields)):
                raise self.error("empty word", number, "remove the row")
            raise self.error(
                f"{len(fields) - 1} numbers where {self._dim} were expected",
                number,
                "correct or remove the row",
            )
        word = fields[0].strip()
        self._check_inner_fields(word.split()[1:], fields[1:], number)
        return word, b" ".join(fields[1:])

    def _check_inner_fields(
        self, inner: list[bytes], numbers: list[bytes], line_number: int
    ) -> None:
        """Refuse a word with spaces whose later fields are numbers of a vector.

        A whole number is part of the word, as in "Route 66", if the vector's numbers are not whole.
        """
        found = [field for field in inner if is_numeric(field)]
        if all(field.isdigit() for field in found):
            whole = any(field.lstrip(b"+-").isdigit() for field in numbers)
            if not (found and whole):
                return
        cause = f"{len(found) + self._dim} numbers where {self._dim} were expected"
        raise self.error(cause, line_number, "correct or remove the row")

    def _rows(self, numbers: list[bytes], lines: list[int]) -> Float32Array:
        """Parse the numbers of a block, float32 array, shape (N, D)."""
        try:
            with warnings.catch_warnings():
                # Before NumPy 2.3 text that is no number gives a deprecation warning.
                warnings.simplefilter("error", DeprecationWarning)
                values = np.fromstring(b" ".join(numbers), dtype=np.float32, sep=" ")
        except (ValueError, DeprecationWarning):
            values = np.empty(0, np.float32)
        if values.size != len(numbers) * self._dim:
            raise self._bad_number(numbers, lines)
        return values.reshape(len(numbers), self._dim)

    def _bad_number(self, numbers: list[bytes], lines: list[int]) -> VectorFormatError:
        """Find the first field that is no number."""
        for text, line in zip(numbers, lines, strict=True):
            fields = text.split(b" ")
            for position, field in enumerate(fields, start=1):
                if not is_numeric(field):
                    shown = field[:40].decode("utf-8", "backslashreplace")
                    return self.error(
                        f"{shown!r} is not a number (number {position} of {self._dim})",
                        line,
                        "correct or remove the row",
                    )
        return self.error("numbers that cannot be read", lines[0], "correct or remove the row")


def _split(text: bytes) -> list[bytes]:
    """Split text into lines, without the carriage returns and blanks that end every line."""
    # Looking for one byte is several times faster than for two.
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    if text[max(0, text.find(b"\n") - 1) :].startswith(b" \n"):
        text = text.replace(b" \n", b"\n")
    lines = text.split(b"\n")
    lines[-1] = lines[-1].removesuffix(b"\r").removesuffix(b" ")
    return lines


def _trailing_blanks(lines: list[bytes]) -> int:
    """Count the blank lines at the end."""
    count = 0
    for line in reversed(lines):
        if line.strip():
            break
        count += 1
    return count
