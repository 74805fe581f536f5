"""Lines of text in UTF-8, and lists of words."""

import os
from collections.abc import Iterator

from seqtools.errors import FileContentError
from seqtools.io.byte_source import open_source
from seqtools.io.text_rows import line_blocks


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
        If a line is not UTF-8.
    """
    with open_source(path) as source:
        for block in line_blocks(source):
            for number, line in enumerate(block.lines, start=block.first_line):
                try:
                    yield number, line.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise FileContentError(
                        "not UTF-8", path=source.path, line=number, remedy="convert it to UTF-8"
                    ) from error


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
        If a line is not UTF-8, or there is no word.
    """
    words = dict.fromkeys(line.partition("\t")[0].strip() for _, line in text_lines(path))
    words.pop("", None)
    if not words:
        name = "stdin" if os.fspath(path) == "-" else path
        raise FileContentError("no words", path=name, remedy="put one word on each line")
    return list(words)
