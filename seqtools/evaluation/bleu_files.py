"""Hypothesis and reference files: a segment a line, every fault named by its place.

Only a line feed ends a line: a carriage return, U+2028 or NEL inside a line stays inside it, so
that hypothesis and reference lines cannot shift against each other.
"""

import codecs
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from seqtools.errors import FileContentError, SegmentError, SettingsError
from seqtools.io.compressed import open_input

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SAMPLE_BYTES = 4096


@dataclass(frozen=True)
class SegmentFile:
    """The lines of one file.

    Attributes
    ----------
    name : str
        What messages call the file; "stdin" for standard input.
    lines : list of str
        The lines, without white space at their ends.
    """

    name: str
    lines: list[str] = field(repr=False)

    @property
    def num_empty(self) -> int:
        """Lines without a word."""
        return sum(not line for line in self.lines)

    @property
    def num_words(self) -> int:
        """Words, as white space separates them."""
        return sum(len(line.split()) for line in self.lines)


def file_name(path: str | os.PathLike[str]) -> str:
    """Return what messages call a file."""
    return "stdin" if os.fspath(path) == "-" else os.fspath(path)


def read_lines(
    path: str | os.PathLike[str], *, encoding: str = "utf-8", replace_invalid: bool | None = None
) -> list[str]:
    """Read the lines of a text file, plain or compressed.

    Parameters
    ----------
    path : path-like
        The file; "-" is standard input. A byte-order mark is stripped, and CRLF read as LF.
    encoding : str
        The file's encoding.
    replace_invalid : bool or None
        Read bytes that are no text in `encoding` as U+FFFD rather than refuse the file; None
        refuses it where there is no --replace-invalid to name.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    SegmentError
        If it is not text in `encoding`.
    """
    encoding = _known_encoding(encoding)
    try:
        with open_input(path) as file:
            content = file.read()
    except FileContentError as error:
        raise SegmentError(error.cause, path=file_name(path), remedy=error.remedy) from error
    if encoding == "utf-8":
        _refuse_other_content(content, file_name(path))
    text = _decode(content, encoding, file_name(path), replace_invalid).removeprefix("\ufeff")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def read_segments(
    path: str | os.PathLike[str],
    role: str,
    *,
    encoding: str = "utf-8",
    replace_invalid: bool | None = None,
) -> SegmentFile:
    """Read a file of segments that must hold at least one word.

    Parameters
    ----------
    path, encoding, replace_invalid
        As `read_lines`.
    role : str
        What the file is for, such as "hypothesis", for messages.
    """
    lines = read_lines(path, encoding=encoding, replace_invalid=replace_invalid)
    return _with_words(SegmentFile(file_name(path), [line.rstrip() for line in lines]), role)


def read_references(
    path: str | os.PathLike[str],
    num_references: int = 1,
    *,
    encoding: str = "utf-8",
    replace_invalid: bool | None = None,
) -> list[SegmentFile]:
    """Read a file of references: one a line, or several separated by tabs.

    Parameters
    ----------
    path, encoding, replace_invalid
        As `read_lines`.
    num_references : int
        References a line holds.

    Raises
    ------
    SegmentError
        If a line holds another number of fields.
    """
    lines = read_lines(path, encoding=encoding, replace_invalid=replace_invalid)
    name = file_name(path)
    if num_references == 1:
        return [_with_words(SegmentFile(name, [line.rstrip() for line in lines]), "reference")]
    columns: list[list[str]] = [[] for _ in range(num_references)]
    for number, line in enumerate(lines, 1):
        fields = line.split("\t")
        if len(fields) != num_references:
            raise SegmentError(
                f"{len(fields)} references, not {num_references}",
                path=name,
                line=number,
                remedy="separate the references of a line by tabs",
            )
        for column, cell in zip(columns, fields, strict=True):
            column.append(cell.strip())
    names = [f"{name} (field {index})" for index in range(1, num_references + 1)]
    return [
        _with_words(SegmentFile(*pair), "reference") for pair in zip(names, columns, strict=True)
    ]


def check_line_counts(hypothesis: SegmentFile, references: Sequence[SegmentFile]) -> None:
    """Refuse references whose lines do not pair with the hypothesis lines.

    Raises
    ------
    SegmentError
        Naming both files and both counts.
    """
    for reference in references:
        if len(reference.lines) != len(hypothesis.lines):
            raise SegmentError(
                f"{len(hypothesis.lines)} hypothesis lines, but {reference.name} has "
                f"{len(reference.lines)} reference lines",
                path=hypothesis.name,
                remedy="line N of one must translate what line N of the other does",
            )


def _with_words(segments: SegmentFile, role: str) -> SegmentFile:
    """Return the segments, or refuse them if there is no word in them."""
    if segments.num_empty < len(segments.lines):
        return segments
    num_lines = len(segments.lines)
    cause = f"the {role} file has no word in its {num_lines} lines" if num_lines else ""
    raise SegmentError(
        cause or f"the {role} file is empty",
        path=segments.name,
        remedy="name a file with a segment a line",
    )


def _known_encoding(name: str) -> str:
    """Return the encoding's canonical name."""
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError) as error:
        raise SettingsError(
            f"encoding {name!r} is not known; name one such as utf-8 or iso-8859-1"
        ) from error


def _refuse_other_content(content: bytes, name: str) -> None:
    """Refuse UTF-16 and binary data."""
    sample = content[:_SAMPLE_BYTES]
    odd, even = sample[1::2].count(0), sample[::2].count(0)
    if sample.startswith(_UTF16_MARKS) or (odd != even and max(odd, even) * 4 > len(sample)):
        raise SegmentError("looks like UTF-16", path=name, remedy="convert it to UTF-8")
    place = content.find(0)
    if place >= 0:
        raise SegmentError(
            "a NUL byte: this is not text",
            path=name,
            line=content.count(b"\n", 0, place) + 1,
            byte=place,
            remedy="name a text file",
        )


def _decode(content: bytes, encoding: str, name: str, replace_invalid: bool | None) -> str:
    """Decode a whole file, or name the line and byte that cannot be."""
    try:
        return content.decode(encoding, "replace" if replace_invalid else "strict")
    except UnicodeDecodeError as error:
        remedy = "convert it to UTF-8 with iconv"
        if replace_invalid is not None:
            remedy += ", name its --encoding, or use --replace-invalid"
        raise SegmentError(
            f"byte 0x{content[error.start]:02x} is not text in {encoding}",
            path=name,
            line=content.count(b"\n", 0, error.start) + 1,
            byte=error.start,
            remedy=remedy,
        ) from error
