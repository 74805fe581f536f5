"""The lines of a test set, with every fault of the file named by its place."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from seqtools.errors import FileContentError, TestSetError
from seqtools.io.compressed import COMPRESSED_SUFFIXES, open_input

_LONGEST_LINE_BYTES = 1 << 16
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def set_lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines of a test set that are not blank, with their numbers counted from 1.

    A byte-order mark and the ends of lines are stripped; only a line feed ends a line.

    Parameters
    ----------
    path : path-like
        Plain or compressed text in UTF-8; "-" is standard input.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    TestSetError
        If it is not text in UTF-8, or compressed data is damaged.
    """
    try:
        with open_input(path) as file:
            number = 0
            while line := file.readline(_LONGEST_LINE_BYTES):
                number += 1
                text = _decode(line, number, path)
                if text:
                    yield number, text
    except TestSetError:
        raise
    except FileContentError as error:
        raise TestSetError(
            error.cause, path=set_path(path), line=error.line, byte=error.byte, remedy=error.remedy
        ) from error


def set_name(path: str | os.PathLike[str]) -> str:
    """Return the name a test set goes by: its file's without folder and suffix."""
    if os.fspath(path) == "-":
        return "stdin"
    file = Path(path)
    if file.suffix in COMPRESSED_SUFFIXES:
        file = file.with_suffix("")
    return file.stem


def set_names(paths: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Return different names for several test sets: longer ones where files share a name."""
    names = [set_name(path) for path in paths]
    longer = [
        name if names.count(name) == 1 else set_path(path)
        for name, path in zip(names, paths, strict=True)
    ]
    return [
        name if longer.count(name) == 1 else f"{name} ({longer[: i + 1].count(name)})"
        for i, name in enumerate(longer)
    ]


def set_path(path: str | os.PathLike[str]) -> str:
    """Return what messages call the file."""
    return "stdin" if os.fspath(path) == "-" else os.fspath(path)


def _decode(line: bytes, number: int, path: str | os.PathLike[str]) -> str:
    """Return a line as stripped text, or say why it is none."""
    if number == 1:
        if line.startswith(_UTF16_MARKS):
            raise TestSetError(
                "looks like UTF-16", path=set_path(path), remedy="convert it to UTF-8"
            )
        line = line.removeprefix(b"\xef\xbb\xbf")
    if len(line) >= _LONGEST_LINE_BYTES or b"\0" in line:
        cause = "a NUL byte" if b"\0" in line else f"over {_LONGEST_LINE_BYTES} bytes in one line"
        raise TestSetError(
            f"{cause}: not the text of a test set",
            path=set_path(path),
            line=number,
            remedy="name a text file",
        )
    try:
        return line.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise TestSetError(
            f"byte {error.start + 1} of the line (0x{line[error.start]:02x}) is not UTF-8",
            path=set_path(path),
            line=number,
            remedy="convert the file to UTF-8",
        ) from error
