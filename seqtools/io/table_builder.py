"""Collecting rows of vectors under the rules that hold for every format.

A reader hands over blocks of rows. Words are decoded, numbers that are not finite are refused, the
first of duplicate words is kept, and the matrix grows with the rows that were really read,
whatever a header declares.
"""

import os
import warnings
from collections.abc import Callable, Sequence

import numpy as np

from seqtools.errors import SeqtoolsWarning, VectorFormatError
from seqtools.io.vector_table import (
    MAX_WORD_BYTES,
    NOTHING_WANTED,
    Place,
    ReadingOptions,
    VectorTable,
    first_nonfinite,
    nonfinite_error,
)
from seqtools.types import BoolArray, Float32Array, Int64Array

_FIRST_ROWS_BYTES = 1 << 24


class TableBuilder:
    """Collects rows into a ``VectorTable``.

    Parameters
    ----------
    path : path-like
        The file, for messages.
    dim : int
        The number of dimensions D.
    options : ReadingOptions
    num_rows : int, optional
        The number of rows to come, if it is known for certain; the matrix is then made at once.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        dim: int,
        options: ReadingOptions,
        num_rows: int | None = None,
    ) -> None:
        self._path, self._dim, self._options = path, dim, options
        self._wanted = _encoded(options.words)
        if self._wanted is not None and num_rows is not None:
            num_rows = min(num_rows, len(self._wanted))
        first_rows = max(1, _FIRST_ROWS_BYTES // (4 * dim))
        self._matrix = np.empty((first_rows if num_rows is None else num_rows, dim), np.float32)
        self._words: list[str] = []
        self._seen: set[str] = set()
        self._duplicates: list[tuple[str, Place]] = []
        self._invalid: list[Place] = []

    def wants(self, words: Sequence[bytes]) -> BoolArray | None:
        """Say which words are to be kept, or return None if all are."""
        if self._wanted is None:
            return None
        wanted = self._wanted
        return np.fromiter((word in wanted for word in words), np.bool_, len(words))

    def add(
        self, raw_words: Sequence[bytes], rows: Float32Array, place_of: Callable[[int], Place]
    ) -> None:
        """Add a block of rows.

        Parameters
        ----------
        raw_words : sequence of bytes
        rows : float32 array, shape (len(raw_words), D)
        place_of : callable
            Gives the place of row i of the block.

        Raises
        ------
        VectorFormatError
            For a word that is empty, too long or not UTF-8, and for numbers that are not finite.
        """
        self._check_words(raw_words, place_of)
        found = None if self._options.allow_nonfinite else first_nonfinite(rows)
        if found:
            word = raw_words[found.row].decode("utf-8", "replace")
            raise nonfinite_error(found, word, place_of(found.row), self._path)
        words, kept = self._decode(raw_words, place_of)
        kept = self._drop_duplicates(words, kept, place_of)
        if len(kept) != len(words):
            words, rows = [words[i] for i in kept], rows[kept]
        self._store(words, rows)

    def finish(self) -> VectorTable:
        """Return the table and warn of what was left out or replaced.

        Raises
        ------
        VectorFormatError
            If there are no words.
        """
        if not self._words:
            raise VectorFormatError(
                NOTHING_WANTED if self._wanted is not None else "no words",
                path=self._path,
                remedy="check the list of words"
                if self._wanted is not None
                else "check that it is complete",
            )
        self._matrix.resize((len(self._words), self._dim), refcheck=False)
        self._warn()
        return VectorTable(
            self._words,
            self._matrix,
            num_duplicates=len(self._duplicates),
            num_invalid_words=len(self._invalid),
        )

    def _check_words(self, raw_words: Sequence[bytes], place_of: Callable[[int], Place]) -> None:
        """Refuse empty and endless words."""
        for row, word in enumerate(raw_words):
            if not 0 < len(word) <= MAX_WORD_BYTES:
                cause = "empty word" if not word else f"a word of more than {MAX_WORD_BYTES} bytes"
                raise self._error(cause, place_of(row), "remove the row")

    def _decode(
        self, raw_words: Sequence[bytes], place_of: Callable[[int], Place]
    ) -> tuple[list[str], Int64Array]:
        """Decode words from UTF-8; return them all, and the rows that are valid or replaced."""
        every_row = np.arange(len(raw_words))
        try:
            # One call for the block is several times faster than one a word.
            words = b"\n".join(raw_words).decode("utf-8").split("\n")
        except UnicodeDecodeError:
            pass
        else:
            if len(words) == len(raw_words):
                return words, every_row
        words, bad = [], []
        for row, raw in enumerate(raw_words):
            try:
                words.append(raw.decode("utf-8"))
            except UnicodeDecodeError as error:
                if self._options.encoding_errors == "strict":
                    raise self._error(
                        f"the word {raw[:40]!r} is not UTF-8",
                        place_of(row),
                        "convert the file to UTF-8, or have such words replaced or skipped "
                        "(--encoding-errors)",
                    ) from error
                self._invalid.append(place_of(row))
                bad.append(row)
                words.append(raw.decode("utf-8", "replace"))
        if self._options.encoding_errors == "skip":
            return words, np.delete(every_row, bad)
        return words, every_row

    def _drop_duplicates(
        self, words: list[str], kept: Int64Array, place_of: Callable[[int], Place]
    ) -> Int64Array:
        """Return the rows of `kept` whose word has not occurred before."""
        if len(kept) == len(words):
            new = set(words)
            if len(new) == len(words) and self._seen.isdisjoint(new):
                self._seen |= new
                return kept
        first = []
        for row in kept.tolist():
            if words[row] in self._seen:
                self._duplicates.append((words[row], place_of(row)))
            else:
                self._seen.add(words[row])
                first.append(row)
        return np.array(first, dtype=np.int64)

    def _store(self, words: list[str], rows: Float32Array) -> None:
        """Append rows, making room as they come."""
        start, end = len(self._words), len(self._words) + len(words)
        if end > len(self._matrix):
            self._matrix.resize((max(end, 2 * len(self._matrix)), self._dim), refcheck=False)
        self._matrix[start:end] = rows
        self._words += words

    def _error(self, cause: str, place: Place, remedy: str) -> VectorFormatError:
        """Name the file and the place."""
        return VectorFormatError(
            cause, path=self._path, line=place.line, byte=place.byte, remedy=remedy
        )

    def _warn(self) -> None:
        """Warn once of duplicates and once of words that were not UTF-8."""
        name = os.fspath(self._path)
        if self._duplicates:
            word, place = self._duplicates[0]
            warnings.warn(
                f"{name}: {len(self._duplicates)} duplicate words were left out, the first is "
                f"{word!r} at {place}; the first vector of each was kept",
                SeqtoolsWarning,
                stacklevel=4,
            )
        if self._invalid:
            done = {"replace": "repaired with U+FFFD"}.get(
                self._options.encoding_errors, "left out"
            )
            warnings.warn(
                f"{name}: {len(self._invalid)} words that are not UTF-8 were {done}, "
                f"the first at {self._invalid[0]}",
                SeqtoolsWarning,
                stacklevel=4,
            )


def _encoded(words: frozenset[str] | None) -> frozenset[bytes] | None:
    """Encode wanted words as they stand in files."""
    if words is None:
        return None
    return frozenset(word.encode("utf-8", "surrogatepass") for word in words)
