"""GloVe's text format: a word and its numbers a line, without a header."""

import os
from collections import Counter
from itertools import chain
from typing import BinaryIO

from seqtools.errors import VectorFormatError
from seqtools.io.byte_source import ByteSource
from seqtools.io.table_builder import TableBuilder
from seqtools.io.text_rows import line_blocks, read_rows
from seqtools.io.vector_table import MAX_DIM, ReadingOptions, VectorTable
from seqtools.io.word2vec_text import write_text_rows

_LINES_CONSIDERED = 100


def read_glove_text(source: ByteSource, options: ReadingOptions) -> VectorTable:
    """Read text without a header.

    The dimension is the most frequent number of fields among the first 100 lines, less one.

    Raises
    ------
    VectorFormatError
        If a row is malformed.
    """
    blocks = line_blocks(source)
    first = next(blocks, None)
    if first is None:
        raise VectorFormatError("no words: the file is empty", path=source.path)
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
    """Write text without a header; reading it gives the same words and float32 numbers."""
    write_text_rows(file, table, path)


def infer_dim(lines: list[bytes]) -> int:
    """Return the most frequent number of fields of the first lines, less one for the word."""
    sizes = Counter(len(line.split()) - 1 for line in lines[:_LINES_CONSIDERED] if line.strip())
    return sizes.most_common(1)[0][0] if sizes else 0
