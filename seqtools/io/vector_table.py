"""What a file of vectors holds, how it is to be read, and rules for all formats."""

import os
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from seqtools.errors import SettingsError, VectorFormatError
from seqtools.types import Float32Array, Int64Array

EncodingErrors: TypeAlias = Literal["strict", "replace", "skip"]

MAX_WORD_BYTES = 10_000
MAX_DIM = 1 << 20

NOTHING_WANTED = "none of the wanted words is in the file"

_ROWS_CHECKED_AT_ONCE = 16384


@dataclass(frozen=True)
class ReadingOptions:
    """How to read a file of vectors.

    Attributes
    ----------
    limit : int or None
        Read the first `limit` rows only.
    words : frozenset of str or None
        Keep these words only.
    allow_nonfinite : bool
        Accept NaN and infinity.
    encoding_errors : "strict", "replace" or "skip"
        What to do with a word that is not UTF-8: refuse the file, put U+FFFD for the bad bytes,
        or leave the word out.
    """

    limit: int | None = None
    words: frozenset[str] | None = None
    allow_nonfinite: bool = False
    encoding_errors: EncodingErrors = "strict"

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise SettingsError(f"limit must be at least 1, got {self.limit}")
        if self.encoding_errors not in ("strict", "replace", "skip"):
            raise SettingsError(
                f"encoding_errors must be strict, replace or skip, got {self.encoding_errors!r}"
            )


@dataclass
class VectorTable:
    """The content of a vector file.

    Attributes
    ----------
    words : list of str
        Without duplicates, in the order of the file.
    vectors : float32 array, shape (V, D)
        Read-only if it is a memory-mapped file.
    counts : int64 array, shape (V,), or None
        How often each word occurred in the training corpus.
    metadata : dict of str to str
        What the file says about itself.
    num_duplicates : int
        Rows left out because their word had occurred before.
    num_invalid_words : int
        Words that were not UTF-8 and were replaced or left out.
    """

    words: list[str]
    vectors: Float32Array
    counts: Int64Array | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    num_duplicates: int = 0
    num_invalid_words: int = 0


@dataclass(frozen=True)
class Place:
    """Where in a file something stands: a line (from 1) or a byte (from 0)."""

    line: int | None = None
    byte: int | None = None

    def __str__(self) -> str:
        """Name the place in words."""
        return f"line {self.line}" if self.line is not None else f"byte {self.byte}"


def select_rows(
    path: str | os.PathLike[str], table: VectorTable, options: ReadingOptions
) -> VectorTable:
    """Apply the options to a table that was read or mapped whole.

    Raises
    ------
    VectorFormatError
        If no word is left, or a number is not finite.
    """
    words, vectors = table.words[: options.limit], table.vectors[: options.limit]
    counts = None if table.counts is None else table.counts[: options.limit]
    if options.words is not None:
        rows = [row for row, word in enumerate(words) if word in options.words]
        if not rows:
            raise VectorFormatError(NOTHING_WANTED, path=path, remedy="check the list of words")
        words, vectors = [words[row] for row in rows], vectors[rows]
        counts = None if counts is None else counts[rows]
    if not options.allow_nonfinite:
        for start in range(0, len(words), _ROWS_CHECKED_AT_ONCE):
            found = first_nonfinite(vectors[start : start + _ROWS_CHECKED_AT_ONCE])
            if found:
                raise nonfinite_error(found, words[start + found.row], Place(), path)
    return VectorTable(words, vectors, counts, table.metadata)


class NonfiniteNumber(NamedTuple):
    """A number that is NaN or infinite, and where it stands in a block of rows."""

    row: int
    column: int
    value: float


def first_nonfinite(rows: Float32Array) -> NonfiniteNumber | None:
    """Find the first number that is NaN or infinite.

    Parameters
    ----------
    rows : float32 array, shape (N, D)
    """
    finite = np.isfinite(rows)
    if finite.all():
        return None
    row, column = (int(index) for index in np.argwhere(~finite)[0])
    return NonfiniteNumber(row, column, float(rows[row, column]))


def nonfinite_error(
    found: NonfiniteNumber, word: str, place: Place, path: str | os.PathLike[str]
) -> VectorFormatError:
    """Say which number of which word is not finite."""
    return VectorFormatError(
        f"number {found.column + 1} of the vector of {word!r} is {found.value}, not finite",
        path=path,
        line=place.line,
        byte=place.byte,
        remedy="remove the row, or allow numbers that are not finite (--allow-nonfinite)",
    )


def encode_utf8(text: str, path: str | os.PathLike[str]) -> bytes:
    """Encode text, or name what cannot be encoded.

    Raises
    ------
    VectorFormatError
        If a word holds half a surrogate pair, such as Python makes of file names.
    """
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        around = text[max(0, error.start - 20) : error.end + 20]
        raise VectorFormatError(
            f"{around!r} is not valid Unicode and cannot be saved", path=path, remedy="rename it"
        ) from error
