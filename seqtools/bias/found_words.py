"""Finding the words of sets among vectors, and telling which are lost."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.types import Int64Array


@dataclass(frozen=True)
class FoundWords:
    """Words of a set that have a vector.

    Attributes
    ----------
    words : tuple of str
        As the set writes them.
    rows : int64 array, shape (N,)
        Their rows, each once.
    lost : tuple of str
        Words of the set without a vector, or with one of zeros, which has no direction.
    """

    words: tuple[str, ...]
    rows: Int64Array
    lost: tuple[str, ...]

    def __len__(self) -> int:
        """Return how many were found."""
        return len(self.words)


class WordFinder:
    """Finds words as they are written, else in lower case.

    Parameters
    ----------
    vectors : WordVectors
        Where to look.
    """

    def __init__(self, vectors: WordVectors) -> None:
        self._vectors = vectors
        self._is_zero: dict[int, bool] = {}

    def row(self, word: str) -> int:
        """Return the row of a word, -1 if it is lost."""
        for spelling in (word, word.lower()):
            if spelling in self._vectors:
                row = self._vectors.index(spelling)
                return -1 if self._has_no_direction(row) else row
        return -1

    def find(self, words: Iterable[str]) -> FoundWords:
        """Find the words of a set; of two spellings that have one vector the first counts."""
        found: dict[int, str] = {}
        lost = []
        for word in words:
            row = self.row(word)
            if row < 0:
                lost.append(word)
            else:
                found.setdefault(row, word)
        rows = np.fromiter(found, dtype=np.int64, count=len(found))
        return FoundWords(tuple(found.values()), rows, tuple(lost))

    def exact_row(self, word: str) -> int:
        """Return the row of a word exactly as it is written, -1 if it is lost."""
        if word not in self._vectors:
            return -1
        row = self._vectors.index(word)
        return -1 if self._has_no_direction(row) else row

    def _has_no_direction(self, row: int) -> bool:
        """Say whether a row is all zeros or not finite."""
        if row not in self._is_zero:
            vector = self._vectors.vectors[row]
            self._is_zero[row] = not (vector.any() and np.isfinite(vector).all())
        return self._is_zero[row]
