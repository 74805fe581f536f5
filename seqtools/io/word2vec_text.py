"""word2vec's text format: a header "count dimension", then a word and its numbers a line."""

import os
import re
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

import numpy as np

from seqtools.errors import VectorFormatError
from seqtools.io.byte_source import ByteSource
from seqtools.io.table_builder import TableBuilder
from seqtools.io.text_rows import LineBlock, is_numeric, line_blocks, read_rows
from seqtools.io.vector_table import (
    MAX_DIM,
    MAX_WORD_BYTES,
    ReadingOptions,
    VectorTable,
    encode_utf8,
)

_INTEGER = re.compile(rb"[+-]?\d{1,100}")
_NUMBERS_AT_ONCE = 1 << 18
_FORBIDDEN = re.compile(rb"[\0\t\n]")


def read_word2vec_text(source: ByteSource, options: ReadingOptions) -> VectorTable:
    """Read word2vec text.

    Raises
    ------
    VectorFormatError
        If the header or a row is malformed, or their numbers disagree.
    """
    blocks = line_blocks(source)
    header, rows = _split_header(blocks, source)
    count, dim = parse_header(header, source.path)
    # A row is at least a one-letter word and as many one-digit numbers, each after a space.
    check_declared_size(source, count, dim, row_bytes=2 * dim + 2, header_bytes=len(header))
    num_rows = min(count, options.limit or count) if source.size is not None else None
    builder = TableBuilder(source.path, dim, options, num_rows)
    read_rows(source, rows, dim, builder, options, declared_rows=count)
    return builder.finish()


def write_word2vec_text(file: BinaryIO, table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write word2vec text; reading it gives the same words and the same float32 numbers."""
    file.write(b"%d %d\n" % table.vectors.shape)
    write_text_rows(file, table, path)


def write_text_rows(file: BinaryIO, table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write rows of a word and its numbers.

    Raises
    ------
    VectorFormatError
        If a word would not be read back as it is.
    """
    from seqtools.io.float_text import format_rows  # its tables take a while to make

    step = max(1, _NUMBERS_AT_ONCE // table.vectors.shape[1])
    for start in range(0, len(table.words), step):
        words = table.words[start : start + step]
        rows = np.ascontiguousarray(table.vectors[start : start + step], dtype=np.float32)
        encoded = [encode_word(word, path) for word in words]
        lines = [
            b"%b %b\n" % (word, numbers)
            for word, numbers in zip(encoded, format_rows(rows), strict=True)
        ]
        file.write(b"".join(lines))


def encode_word(word: str, path: str | os.PathLike[str]) -> bytes:
    """Encode a word for a line of text.

    Raises
    ------
    VectorFormatError
        If the word would not be read back as it is.
    """
    encoded = encode_utf8(word, path)
    if _FORBIDDEN.search(encoded) or encoded.strip() != encoded or len(encoded) > MAX_WORD_BYTES:
        raise unwritable_word(word, path)
    inner = encoded.split()[1:]
    if any(is_numeric(field) and not field.isdigit() for field in inner):
        raise unwritable_word(word, path)
    return encoded


def unwritable_word(word: str, path: str | os.PathLike[str]) -> VectorFormatError:
    """Say that a word cannot be written as text."""
    return VectorFormatError(
        f"the word {word[:60]!r} would not be read back from text as it is",
        path=path,
        remedy="save as .safetensors, or rename it",
    )


def parse_header(header: bytes, path: str | os.PathLike[str]) -> tuple[int, int]:
    """Return count and dimension.

    Raises
    ------
    VectorFormatError
        If the header is not two positive integers.
    """
    fields = header.split()
    shown = header[:60].decode("utf-8", "backslashreplace")
    if len(fields) != 2 or not all(_INTEGER.fullmatch(field) for field in fields):
        raise VectorFormatError(
            f"the header is {shown!r}, but must be two numbers: words and dimensions",
            path=path,
            line=1,
            remedy='write it as in "3 100"; a file without header is format glove',
        )
    count, dim = (int(field) for field in fields)
    if count < 1 or not 1 <= dim <= MAX_DIM:
        raise VectorFormatError(
            f"the header {shown!r} declares {count} words of {dim} dimensions, but words must be "
            f"at least 1 and dimensions 1 to {MAX_DIM}",
            path=path,
            line=1,
            remedy="correct the header",
        )
    return count, dim


def check_declared_size(
    source: ByteSource, count: int, dim: int, row_bytes: int, header_bytes: int
) -> None:
    """Refuse a header that declares more than the file can hold, before anything is allocated."""
    if source.size is None:
        return
    needed = count * row_bytes + header_bytes
    if needed > source.size:
        raise VectorFormatError(
            f"truncated at byte {source.size}: the header declares {count} words of {dim} "
            f"dimensions, which need {needed} bytes at least",
            path=source.path,
            remedy="fetch the file again, or correct the header",
        )


def _split_header(
    blocks: Iterator[LineBlock], source: ByteSource
) -> tuple[bytes, Iterator[LineBlock]]:
    """Return the first line and the rest."""
    first = next(blocks, None)
    if first is None:
        raise VectorFormatError("no words: the file is empty", path=source.path)
    rest = LineBlock(first.lines[1:], first.first_line + 1)
    return first.lines[0], chain([rest] if rest.lines else [], blocks)
