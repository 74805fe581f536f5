"""GloVe's text format: a word and its numbers a line, without a header."""

import os
import re
from collections import Counter
from itertools import chain, takewhile
from typing import BinaryIO

from seqtools.errors import VectorFormatError
from seqtools.io.byte_source import ByteSource
from seqtools.io.table_builder import TableBuilder
from seqtools.io.text_rows import is_numeric, line_blocks, read_rows
from seqtools.io.vector_table import MAX_DIM, ReadingOptions, VectorTable
from seqtools.io.word2vec_text import unwritable_word, write_text_rows

_LINES_CONSIDERED = 100
_LINES_OF_PROSE = 5
_HAS_DIGIT = re.compile(rb"[0-9]")


def read_glove_text(source: ByteSource, options: ReadingOptions) -> VectorTable:
    """Read text without a header.

    The dimension is that of most of the first 100 lines.

    Raises
    ------
    VectorFormatError
        If a row is malformed.
    """
    blocks = line_blocks(source)
    first = next(blocks, None)
    if first is None:
        raise VectorFormatError("no words: the file is empty", path=source.path)
    if _is_prose(first.lines):
        raise VectorFormatError(
            "this is text, not word vectors",
            path=source.path,
            remedy="name a file that `seqtools embed train` or another program for vectors wrote",
        )
    dim = infer_dim(first.lines)
    if not 1 <= dim <= MAX_DIM:
        raise VectorFormatError(
            f"a row of {dim} numbers; 1 to {MAX_DIM} are accepted",
            path=source.path,
            line=first.first_line,
            remedy="check that the file holds vectors",
        )
    builder = TableBuilder(source.path, dim, options)
    read_rows(source, chain([first], blocks), dim, builder, options)
    return builder.finish()


def write_glove_text(file: BinaryIO, table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write text without a header; reading it gives the same words and float32 numbers.

    Raises
    ------
    VectorFormatError
        If a word would not be read back as it is.
    """
    for word in table.words:
        # Without a header a digit after a space could be the first number of the vector.
        if _HAS_DIGIT.search(b"".join(word.encode("utf-8", "replace").split()[1:])):
            raise unwritable_word(word, path)
    if table.words[0].startswith("\ufeff"):
        raise unwritable_word(table.words[0], path)
    write_text_rows(file, table, path)


def _is_prose(lines: list[bytes]) -> bool:
    """Say whether most of the first lines end without a digit, and are too many for a mistake."""
    ends = [fields[-1] for line in lines[:_LINES_CONSIDERED] if (fields := line.split())]
    num_digits = sum(_HAS_DIGIT.search(end) is not None for end in ends)
    return len(ends) >= _LINES_OF_PROSE and 2 * num_digits < len(ends)


def infer_dim(lines: list[bytes]) -> int:
    """Return the number of dimensions that the first lines have, 0 if they are blank.

    It is the number of fields less one that most lines share. If no majority agrees, or most second
    fields hold no digit, because words hold spaces, it is the most frequent number of numbers at
    the end of a line.
    """
    considered = [fields for line in lines[:_LINES_CONSIDERED] if (fields := line.split())]
    if not considered:
        return 0
    dim, count = Counter(len(fields) - 1 for fields in considered).most_common(1)[0]
    first_numbers = [fields[1] for fields in considered if len(fields) == dim + 1 and dim]
    num_words = sum(not _HAS_DIGIT.search(field) for field in first_numbers)
    if 2 * count > len(considered) and 2 * num_words <= len(first_numbers):
        return dim
    ends = Counter(min(_numbers_at_end(fields), len(fields) - 1) for fields in considered)
    return ends.most_common(1)[0][0] or dim


def _numbers_at_end(fields: list[bytes]) -> int:
    """Count the fields from the last one back that are numbers."""
    return sum(1 for _ in takewhile(is_numeric, reversed(fields)))
