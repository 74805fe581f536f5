"""Lines of text in UTF-8, and lists of words."""

import os
from collections.abc import Iterator

from seqtools.errors import FileContentError
from seqtools.io.byte_source import open_source
from seqtools.io.text_rows import LineBlock, line_blocks

_NUL_REMEDY = "check that it is text; if so, remove NULs with tr -d '\\000'"


def text_lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, str]]:
    """Yield each line with its number; a byte order mark and carriage returns are left out.

    Parameters
    ----------
    path : path-like
        Plain or compressed UTF-8; "-" is standard input.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    FileContentError
        If a line is not UTF-8, or holds a NUL.
    """
    with open_source(path) as source:
        for block in line_blocks(source):
            nul = block.content.find(b"\0")
            if nul >= 0:
                cause, remedy = "a NUL byte, which text never holds", _NUL_REMEDY
                raise _fault(source.path, block, nul, cause, remedy)
            for index, line in enumerate(block.lines):
                try:
                    yield block.first_line + index, line.decode("utf-8")
                except UnicodeDecodeError as error:
                    before = sum(len(part) + 1 for part in block.content.split(b"\n")[:index])
                    place = before + error.start
                    raise _fault(
                        source.path, block, place, "not UTF-8", "convert it to UTF-8"
                    ) from error


def _fault(
    path: str | os.PathLike[str], block: LineBlock, place: int, cause: str, remedy: str
) -> FileContentError:
    """Return the error for a byte of a block."""
    line = block.first_line + block.content.count(b"\n", 0, place)
    byte = block.first_byte + place
    return FileContentError(cause, path=path, line=line, byte=byte, remedy=remedy)


def read_word_list(path: str | os.PathLike[str]) -> list[str]:
    """Read words, one a line; what follows a tab, such as a count, and blank lines are left out.

    Returns
    -------
    list of str
        In the file's order, without duplicates.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    FileContentError
        If a line is not UTF-8 or holds a NUL, or there is no word.
    """
    words = dict.fromkeys(line.partition("\t")[0].strip() for _, line in text_lines(path))
    words.pop("", None)
    if not words:
        name = "stdin" if os.fspath(path) == "-" else path
        raise FileContentError("no words", path=name, remedy="put one word on each line")
    return list(words)
