"""Finding a test set's words among the vectors, under a stated rule about case."""

from collections.abc import Sequence

import numpy as np

from seqtools.evaluation.vector_settings import CaseRule
from seqtools.types import Int64Array


class WordLookup:
    """Rows of words.

    Parameters
    ----------
    words : sequence of str
        The vocabulary, most frequent first.
    case : {"given", "fallback", "fold"}
        As in `EvaluationSettings`.

    Notes
    -----
    "fold" compares upper-cased words, as gensim's ``case_insensitive=True`` does.
    """

    def __init__(self, words: Sequence[str], case: CaseRule) -> None:
        self._case = case
        self._keys = [word.upper() for word in words] if case == "fold" else words
        # Reversed, so that the first of equal keys stays.
        self._rows = {key: len(words) - 1 - i for i, key in enumerate(reversed(self._keys))}

    def row(self, word: str) -> int:
        """Return the row of a word, -1 if it is out of vocabulary."""
        if self._case == "fold":
            return self._rows.get(word.upper(), -1)
        row = self._rows.get(word, -1)
        if row < 0 and self._case == "fallback":
            row = self._rows.get(word.lower(), -1)
        return row

    def rows(self, items: Sequence[Sequence[str]]) -> Int64Array:
        """Return the rows of tuples of words, an int64 array of shape (N, words in a tuple)."""
        # Sets of analogies ask for few words many times.
        known: dict[str, int] = {}
        for item in items:
            for word in item:
                if word not in known:
                    known[word] = self.row(word)
        return np.array([[known[word] for word in item] for item in items], dtype=np.int64)

    def first_spelling(self) -> Int64Array:
        """Return for each row the row whose word counts as the same: int64 array, shape (V,)."""
        return np.array([self._rows[key] for key in self._keys], dtype=np.int64)
