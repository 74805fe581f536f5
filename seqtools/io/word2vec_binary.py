"""word2vec's binary format: a header line, then for each word its bytes, a space and float32s."""

import os
from typing import BinaryIO

import numpy as np

from seqtools.errors import VectorFormatError
from seqtools.io.byte_source import BLOCK_BYTES, ByteSource
from seqtools.io.table_builder import TableBuilder
from seqtools.io.vector_table import (
    MAX_WORD_BYTES,
    Place,
    ReadingOptions,
    VectorTable,
    encode_utf8,
)
from seqtools.io.word2vec_text import check_declared_size, parse_header

_NUMBERS_AT_ONCE = 1 << 18
_MAX_HEADER_BYTES = 100


def read_word2vec_binary(source: ByteSource, options: ReadingOptions) -> VectorTable:
    """Read word2vec binary.

    Raises
    ------
    VectorFormatError
        If the header is malformed, a word never ends, or the file is cut short or goes on.
    """
    header, found, rest = source.read().partition(b"\n")
    if not found or len(header) > _MAX_HEADER_BYTES:
        raise VectorFormatError(
            "no header line; this is not word2vec binary", path=source.path, byte=0
        )
    count, dim = parse_header(header, source.path)
    # A row is at least a one-letter word, a space and its numbers.
    check_declared_size(source, count, dim, row_bytes=4 * dim + 2, header_bytes=len(header) + 1)
    num_rows = min(count, options.limit or count)
    builder = TableBuilder(source.path, dim, options, num_rows if source.size is not None else None)
    reader = _RowReader(source, dim, rest, offset=len(header) + 1)
    done = 0
    while done < num_rows:
        done += reader.read_block(num_rows - done, builder, done, count)
    if num_rows == count:
        reader.check_end()
    return builder.finish()


def write_word2vec_binary(file: BinaryIO, table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write word2vec binary as word2vec.c does, with a newline after each vector.

    Raises
    ------
    VectorFormatError
        If a word holds a space or a newline, which the format cannot represent.
    """
    file.write(b"%d %d\n" % table.vectors.shape)
    dim = table.vectors.shape[1]
    step = max(1, _NUMBERS_AT_ONCE // dim)
    for start in range(0, len(table.words), step):
        words = table.words[start : start + step]
        rows = np.ascontiguousarray(table.vectors[start : start + step], dtype="<f4")
        block = memoryview(rows.data).cast("B")
        parts: list[bytes | memoryview] = []
        for row, word in enumerate(words):
            parts += (_encode(word, path), block[row * 4 * dim : (row + 1) * 4 * dim], b"\n")
        file.write(b"".join(parts))


def _encode(word: str, path: str | os.PathLike[str]) -> bytes:
    """Encode a word and the space that ends it."""
    if " " in word or "\n" in word:
        raise VectorFormatError(
            f"the word {word!r} holds a blank, which word2vec binary cannot represent",
            path=path,
            remedy="save as .safetensors or .vec, or choose words with --words",
        )
    encoded = encode_utf8(word, path)
    if len(encoded) > MAX_WORD_BYTES:
        raise VectorFormatError(
            f"the word {word[:60]!r} has {len(encoded)} bytes, more than {MAX_WORD_BYTES}",
            path=path,
            remedy="rename it",
        )
    return encoded + b" "


class _RowReader:
    """Reads words and vectors, block by block."""

    def __init__(self, source: ByteSource, dim: int, rest: bytes, offset: int) -> None:
        self._source, self._row_bytes = source, 4 * dim
        self._buffer, self._position = rest, 0
        self._offset = offset  # of the buffer's first byte in the file

    def read_block(
        self, max_rows: int, builder: TableBuilder, rows_before: int, declared: int
    ) -> int:
        """Read the rows that lie whole in the buffer, refilled, into `builder`; count them."""
        self._refill(rows_before, declared)
        buffer, position = self._buffer, self._position
        words: list[bytes] = []
        vectors: list[bytes] = []
        starts: list[int] = []
        while len(words) < max_rows:
            begin = position
            while buffer[begin : begin + 1] == b"\n":
                begin += 1
            space = buffer.find(b" ", begin, begin + MAX_WORD_BYTES + 1)
            end = space + 1 + self._row_bytes
            if space < 0 or end > len(buffer):
                break
            words.append(buffer[begin:space])
            vectors.append(buffer[space + 1 : end])
            starts.append(self._offset + begin)
            position = end
        self._position = position
        self._add(words, vectors, starts, builder)
        return len(words)

    def check_end(self) -> None:
        """Refuse bytes after the last row, newlines apart."""
        rest = self._buffer[self._position :] + self._source.read()
        if rest.strip(b"\n"):
            surplus = len(rest) - len(rest.lstrip(b"\n"))
            raise self._error(
                "data after the last vector that the header declares",
                self._offset + self._position + surplus,
                "correct the header, or fetch the file again",
            )

    def _refill(self, rows_before: int, declared: int) -> None:
        """Drop what was read and read on, until a row can be complete."""
        self._buffer = self._buffer[self._position :]
        self._offset += self._position
        self._position = 0
        while True:
            start = len(self._buffer) - len(self._buffer.lstrip(b"\n"))
            space = self._buffer.find(b" ", start, start + MAX_WORD_BYTES + 1)
            if space < 0 and len(self._buffer) - start > MAX_WORD_BYTES:
                raise self._error(
                    f"a word of more than {MAX_WORD_BYTES} bytes",
                    self._offset + start,
                    "the file is damaged, or not word2vec binary",
                )
            if space >= 0 and len(self._buffer) >= space + 1 + self._row_bytes:
                return
            more = self._source.read(max(BLOCK_BYTES, self._row_bytes))
            if not more:
                raise self._error(
                    f"truncated at byte {self._offset + len(self._buffer)}: {rows_before} of "
                    f"{declared} words are whole",
                    None,
                    "fetch the file again",
                )
            self._buffer += more

    def _add(
        self,
        words: list[bytes],
        vectors: list[bytes],
        starts: list[int],
        builder: TableBuilder,
    ) -> None:
        """Hand rows to `builder`, those that it wants."""
        kept = builder.wants(words)
        if kept is not None:
            chosen = np.flatnonzero(kept).tolist()
            words, vectors = [words[i] for i in chosen], [vectors[i] for i in chosen]
            starts = [starts[i] for i in chosen]
        if words:
            rows = np.frombuffer(b"".join(vectors), "<f4").reshape(len(words), -1)
            builder.add(words, rows, lambda row: Place(byte=starts[row]))

    def _error(self, cause: str, byte: int | None, remedy: str) -> VectorFormatError:
        """Name the file and the byte."""
        return VectorFormatError(cause, path=self._source.path, byte=byte, remedy=remedy)
