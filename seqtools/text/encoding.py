"""Text as symbol ids: one running array for language models, or lines for everything else."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from seqtools.errors import CorpusError
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.text.corpus import check_paths
from seqtools.text.lines import EncodingErrors, TextPiece, name_of, read_pieces
from seqtools.text.symbols import Codec, count_unknown
from seqtools.types import Int32Array, Int64Array

_LINES_AT_A_TIME = 1024


@dataclass(frozen=True)
class EncodedText:
    """A running text.

    Attributes
    ----------
    ids : int32 array, shape (N,)
        All lines, each followed by the codec's `line_end`.
    num_lines : int
        Lines.
    num_words : int
        What ASCII white space separates, at any level. Line ends are not among them.
    num_characters : int
        Unicode code points, line feeds included.
    num_unknown : int
        Ids that are UNKNOWN.
    """

    ids: Int32Array
    num_lines: int
    num_words: int
    num_characters: int
    num_unknown: int


def encode_text(
    paths: Sequence[str | os.PathLike[str]],
    codec: Codec,
    encoding_errors: EncodingErrors = "strict",
    monitor: Monitor | None = None,
    names: Sequence[str | os.PathLike[str]] | None = None,
) -> EncodedText:
    """Turn files into one running array of ids. Memory is 4 bytes a symbol and a little more.

    Parameters
    ----------
    paths : sequence of path-like
        Plain or compressed text; "-" is standard input.
    codec : Codec
    encoding_errors : "strict" or "replace"
        Refuse invalid UTF-8, or put U+FFFD in its place and warn.
    monitor : Monitor, optional
        Hears of the progress.
    names : sequence of path-like, optional
        What messages call the files, if they are copies of those that the user knows.

    Raises
    ------
    FileAccessError, FileContentError
        If a file cannot be read.
    CorpusError
        If a file is no text, or if there is no word in any.
    SettingsError
        If no path is given, or standard input twice.
    """
    check_paths(paths)
    monitor = monitor or NullMonitor()
    blocks: list[Int32Array] = []
    lines, words, characters, symbols = 0, 0, 0, 0
    monitor.start("encoding text", None, "symbols")
    shown = [name_of(name) for name in names or paths]
    for path, name in zip(paths, shown, strict=True):
        for pieces in _grouped(read_pieces(path, encoding_errors, name=name)):
            block = _encode_pieces(pieces, codec)
            num_ends = sum(piece.ends_line for piece in pieces)
            lines += num_ends
            words += sum(len(piece.text.encode().split()) for piece in pieces)
            characters += sum(len(piece.text) for piece in pieces) + num_ends
            symbols += block.size
            blocks.append(block)
            monitor.update(Progress(symbols, None, "symbols"))
    monitor.finish()
    if not words:
        name = shown[0] if len(paths) == 1 else f"{shown[0]} and {len(paths) - 1} more"
        cause = f"no words in its {lines:,} lines" if lines else "no text"
        raise CorpusError(cause, path=name, remedy="name a file with text")
    ids = np.concatenate(blocks)
    return EncodedText(ids, lines, words, characters, count_unknown(ids))


class EncodedLines:
    """Lines of ids, one after the other in one array.

    Parameters
    ----------
    ids : int32 array, shape (number of symbols,)
    offsets : int64 array, shape (N + 1,)
        Line i is ids[offsets[i]:offsets[i + 1]].
    """

    def __init__(self, ids: Int32Array, offsets: Int64Array) -> None:
        self.ids, self.offsets = ids, offsets

    @classmethod
    def from_lines(cls, lines: Iterable[Int32Array]) -> "EncodedLines":
        """Join arrays of ids."""
        arrays = list(lines)
        offsets = np.zeros(len(arrays) + 1, dtype=np.int64)
        np.cumsum([array.size for array in arrays], out=offsets[1:])
        ids = np.concatenate([np.empty(0, dtype=np.int32), *arrays])
        return cls(ids.astype(np.int32, copy=False), offsets)

    def __len__(self) -> int:
        return self.offsets.size - 1

    def __getitem__(self, index: int) -> Int32Array:
        if not -len(self) <= index < len(self):
            raise IndexError(f"line {index} of {len(self)}")
        index %= len(self)
        return self.ids[self.offsets[index] : self.offsets[index + 1]]

    def __iter__(self) -> Iterator[Int32Array]:
        return (self[index] for index in range(len(self)))

    @property
    def lengths(self) -> Int64Array:
        """Symbols in each line, shape (N,)."""
        return np.diff(self.offsets)

    def take(self, indices: Int64Array) -> "EncodedLines":
        """Return some lines, in the order given."""
        return EncodedLines.from_lines(self[index] for index in indices.tolist())

    def cut(self, max_length: int) -> "EncodedLines":
        """Return the first `max_length` symbols of every line."""
        if not np.any(self.lengths > max_length):
            return self
        return EncodedLines.from_lines(line[:max_length] for line in self)


def encode_lines(lines: Sequence[str], codec: Codec) -> EncodedLines:
    """Turn lines into ids, one by one, without BEGIN and END."""
    blocks = [
        codec.encode_lines(lines[first : first + _LINES_AT_A_TIME])
        for first in range(0, len(lines), _LINES_AT_A_TIME)
    ]
    return EncodedLines.from_lines(line for block in blocks for line in block)


def _grouped(pieces: Iterator[TextPiece]) -> Iterator[list[TextPiece]]:
    """Put pieces into groups, so that codecs and monitors are called less often."""
    group: list[TextPiece] = []
    for piece in pieces:
        group.append(piece)
        if len(group) == _LINES_AT_A_TIME or not piece.ends_line:
            yield group
            group = []
    if group:
        yield group


def _encode_pieces(pieces: list[TextPiece], codec: Codec) -> Int32Array:
    """Encode pieces, with a line end after each line."""
    end = np.array([codec.line_end], dtype=np.int32)
    parts: list[Int32Array] = []
    encoded = codec.encode_lines([piece.text for piece in pieces])
    for piece, ids in zip(pieces, encoded, strict=True):
        parts.append(ids)
        if piece.ends_line:
            parts.append(end)
    return np.concatenate(parts)
