"""Words and their vectors in memory: look-up, neighbours, analogies.

Similarity is the cosine throughout. A search is one matrix product of unit query vectors with all
rows, divided by the rows' lengths, so that no second copy of a large table is made.

Sources: Mikolov, Yih and Zweig 2013, "Linguistic regularities in continuous space word
representations" (3CosAdd); Levy and Goldberg 2014, "Linguistic regularities in sparse and explicit
word representations", equation 4 (3CosMul).
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike

from seqtools.embeddings.close_words import close_words
from seqtools.embeddings.nearest import (
    SearchTable,
    analogy_by_product,
    has_direction,
    nearest_rows,
    unit_rows,
)
from seqtools.errors import SettingsError, UnknownWordError
from seqtools.types import Float32Array, Float64Array, Int64Array

# Means of unit vectors that are shorter than this are rounding errors.
_SMALLEST_MEAN = 1e-7

AnalogyMethod: TypeAlias = Literal["add", "mul"]


class Neighbor(NamedTuple):
    """A word and how similar it is."""

    word: str
    similarity: float


class WordVectors:
    """Words with one vector each, in the order of the file or of falling frequency.

    Parameters
    ----------
    words : sequence of str
        The vocabulary, without duplicates.
    vectors : float32 array, shape (V, D)
        One row a word; other float types are converted. The array is kept, not copied, and may be
        read-only, such as a memory-mapped file. Lengths are kept from the first question on, so do
        not change it after that.
    counts : int64 array, shape (V,), optional
        How often each word occurred in the training corpus.
    metadata : mapping of str to str, optional
        What is known about the vectors' making; saved by the native format.

    Raises
    ------
    SettingsError
        If shapes do not fit or a word is empty or occurs twice.

    Examples
    --------
    >>> vectors = WordVectors(["cat", "dog", "car"], [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    >>> vectors.neighbors("cat", k=1)[0].word
    'dog'
    """

    def __init__(
        self,
        words: Sequence[str],
        vectors: ArrayLike,
        counts: ArrayLike | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.words: list[str] = list(words)
        self.vectors: Float32Array = _checked_vectors(vectors, len(self.words))
        self.counts: Int64Array | None = None
        self.metadata: dict[str, str] = dict(metadata or {})
        if counts is not None:
            self.counts = np.asarray(counts, dtype=np.int64)
            if self.counts.shape != (len(self.words),):
                raise SettingsError(
                    f"counts must hold {len(self.words)} numbers, got shape {self.counts.shape}"
                )
        self._rows = {word: row for row, word in enumerate(self.words)}
        if len(self._rows) != len(self.words):
            raise SettingsError(_first_duplicate(self.words))
        if "" in self._rows:
            raise SettingsError(f"word {self._rows[''] + 1} is empty; every word needs a character")

    def with_vectors(self, vectors: ArrayLike) -> "WordVectors":
        """Return other vectors of the same words, which are shared and take no memory again.

        Parameters
        ----------
        vectors : float32 array, shape (V, D)
            As for the constructor.

        Raises
        ------
        SettingsError
            If the shape does not fit.
        """
        other = copy(self)
        for name, member in vars(WordVectors).items():
            if isinstance(member, cached_property):  # made from these vectors
                other.__dict__.pop(name, None)
        other.vectors = _checked_vectors(vectors, len(self.words))
        other.metadata = dict(self.metadata)
        return other

    def __len__(self) -> int:
        """Return the number of words V."""
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        """Say whether `word` has a vector."""
        return word in self._rows

    def __repr__(self) -> str:
        """Describe the table in one line."""
        return f"WordVectors({len(self)} words, {self.dim} dimensions)"

    @overload
    def __getitem__(self, key: str) -> Float32Array: ...

    @overload
    def __getitem__(self, key: Sequence[str]) -> Float32Array: ...

    def __getitem__(self, key: str | Sequence[str]) -> Float32Array:
        """Return the vector of a word (D,), or of a list of words, one a row (N, D)."""
        found: Float32Array = self.vectors[
            self.index(key) if isinstance(key, str) else self.indices(key)
        ]
        return found

    @property
    def dim(self) -> int:
        """The number of dimensions D."""
        return int(self.vectors.shape[1])

    def index(self, word: str) -> int:
        """Return a word's row.

        Raises
        ------
        UnknownWordError
            If the word has no vector; the message names close words.
        """
        row = self._rows.get(word)
        if row is None:
            close = close_words(word, self.words, self._rows)
            hint = f"; close words: {', '.join(close)}" if close else ""
            raise UnknownWordError(f"word {word!r} is not in the vocabulary{hint}")
        return row

    def indices(self, words: Iterable[str]) -> Int64Array:
        """Return the rows of several words, int64 array, shape (N,)."""
        return np.array([self.index(word) for word in words], dtype=np.int64)

    @cached_property
    def norms(self) -> Float64Array:
        """The Euclidean length of each row, computed once; float64 array, shape (V,)."""
        squares: Float64Array = np.einsum("vd,vd->v", self.vectors, self.vectors, dtype=np.float64)
        return np.sqrt(squares)

    @cached_property
    def unit_vectors(self) -> Float32Array:
        """All rows scaled to length 1, a second array made on first use.

        Rows that are all zeros or not finite have no direction and become zeros.
        """
        return unit_rows(self.vectors, self.norms)

    @cached_property
    def _search_table(self) -> SearchTable:
        """What searches use, made once."""
        return SearchTable.of(self.vectors, self.norms)

    def unit(self, words: Sequence[str]) -> Float32Array:
        """Return the vectors of some words scaled to length 1, shape (N, D).

        Raises
        ------
        UnknownWordError
            If a word has no vector.
        SettingsError
            If a word's vector is all zeros or not finite, which has no direction.
        """
        rows = self.indices(words)
        norms = self.norms[rows]
        usable = has_direction(norms)
        if not usable.all():
            word = words[int(np.argmin(usable))]
            what = "all zeros" if self.norms[self.index(word)] == 0 else "not finite"
            raise SettingsError(
                f"the vector of {word!r} is {what} and has no direction; use another word"
            )
        return unit_rows(self.vectors[rows], norms)

    def direction(self, words: Sequence[str]) -> Float32Array:
        """Return the unit vector along the mean of some words' unit vectors, shape (D,).

        Raises
        ------
        UnknownWordError
            If a word has no vector.
        SettingsError
            If there is no word, a vector has no direction, or the vectors cancel out.
        """
        if not words:
            raise SettingsError("a query must hold at least one word, got none")
        mean = self.unit(words).mean(axis=0, dtype=np.float64)
        norm = np.linalg.norm(mean)
        if norm < _SMALLEST_MEAN:
            raise SettingsError(
                f"the vectors of {', '.join(words)} cancel out: their mean has no direction"
            )
        direction: Float32Array = (mean / norm).astype(np.float32)
        return direction

    def similarity(self, first: str, second: str) -> float:
        """Return the cosine of the angle between two words' vectors, between -1 and 1."""
        a, b = self.unit([first, second]).astype(np.float64)
        return float(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1.0, 1.0))

    def euclidean_distance(self, first: str, second: str) -> float:
        """Return the Euclidean distance between two words' vectors as stored."""
        return float(np.linalg.norm(self[first].astype(np.float64) - self[second]))

    def neighbors(
        self, query: str | Sequence[str], k: int = 10, restrict: int | None = None
    ) -> list[Neighbor]:
        """Return the words most similar to a word, or to the mean of several words.

        Parameters
        ----------
        query : str or sequence of str
            A word, or words whose unit vectors are averaged. They are not among the answers.
        k : int
            Number of neighbours.
        restrict : int, optional
            Search the first `restrict` words only (the most frequent, in most files).

        Returns
        -------
        list of Neighbor
            Most similar first; shorter than `k` if there are not enough words.
        """
        return self.neighbors_of_many([query], k, restrict)[0]

    def neighbors_of_many(
        self, queries: Sequence[str | Sequence[str]], k: int = 10, restrict: int | None = None
    ) -> list[list[Neighbor]]:
        """Return the neighbours of many queries, as ``neighbors`` does, in one search."""
        groups = [[query] if isinstance(query, str) else list(query) for query in queries]
        if not groups:
            return []
        directions = np.stack([self.direction(group) for group in groups])
        excluded = [self.indices(group) for group in groups]
        rows, scores = nearest_rows(self._search_table, directions, k, excluded, restrict)
        return self._named(rows, scores)

    def analogy(
        self,
        a: str,
        b: str,
        c: str,
        k: int = 10,
        method: AnalogyMethod = "add",
        restrict: int | None = None,
    ) -> list[Neighbor]:
        """Answer "a is to b as c is to ?".

        Parameters
        ----------
        a, b, c : str
            The question's words; they are not among the answers.
        k : int
            Number of answers.
        method : "add" or "mul"
            3CosAdd, the cosine with b - a + c on unit vectors; or 3CosMul, the product
            cos'(x, b) cos'(x, c) / (cos'(x, a) + 1e-6) with cos' = (1 + cos) / 2.
        restrict : int, optional
            Search the first `restrict` words only.

        Returns
        -------
        list of Neighbor
            Best answer first.
        """
        return self.analogies([(a, b, c)], k, method, restrict)[0]

    def analogies(
        self,
        questions: Sequence[tuple[str, str, str]],
        k: int = 10,
        method: AnalogyMethod = "add",
        restrict: int | None = None,
    ) -> list[list[Neighbor]]:
        """Answer many analogies, as ``analogy`` does, in one search."""
        rows = [self.indices(question) for question in questions]
        return self._named(*self.analogy_rows(np.array(rows), k, method, restrict))

    def analogy_rows(
        self,
        questions: Int64Array,
        k: int = 1,
        method: AnalogyMethod = "add",
        restrict: int | None = None,
    ) -> tuple[Int64Array, Float32Array]:
        """Answer many analogies, given and answered as row numbers.

        Parameters
        ----------
        questions : int64 array, shape (N, 3)
            Rows of a, b and c.
        k, method, restrict
            As for ``analogy``.

        Returns
        -------
        rows : int64 array, shape (N, k)
            Best answer first; -1 where there are fewer than `k`.
        scores : float32 array, shape (N, k)
        """
        if method not in ("add", "mul"):
            raise SettingsError(f"method must be 'add' or 'mul', got {method!r}")
        questions = np.asarray(questions, dtype=np.int64).reshape(-1, 3)
        words = [self.words[row] for row in questions.ravel()]
        units = self.unit(words).reshape(len(questions), 3, self.dim)
        if method == "mul":
            return analogy_by_product(self._search_table, units, k, list(questions), restrict)
        targets = (units[:, 1].astype(np.float64) - units[:, 0]) + units[:, 2]
        norms = np.linalg.norm(targets, axis=1)
        norms[norms < _SMALLEST_MEAN] = 0
        directions = unit_rows(targets.astype(np.float32), norms)
        return nearest_rows(self._search_table, directions, k, list(questions), restrict)

    def odd_one_out(self, words: Sequence[str]) -> list[Neighbor]:
        """Rank words by how little they belong to the others.

        Parameters
        ----------
        words : sequence of str
            At least three different words.

        Returns
        -------
        list of Neighbor
            The odd one first: its cosine with the mean of all unit vectors is the lowest.
        """
        if len(set(words)) < 3:
            raise SettingsError(
                f"finding the odd one out needs at least 3 different words, got {len(set(words))}"
            )
        units = self.unit(words)
        similarities = units @ self.direction(words)
        order = np.argsort(similarities, kind="stable")
        return [Neighbor(words[i], float(similarities[i])) for i in order]

    def _named(self, rows: Int64Array, scores: Float32Array) -> list[list[Neighbor]]:
        """Turn rows and scores into words and scores."""
        return [
            [
                Neighbor(self.words[row], float(score))
                for row, score in zip(found, values, strict=True)
                if row >= 0
            ]
            for found, values in zip(rows, scores, strict=True)
        ]


def _checked_vectors(vectors: ArrayLike, num_words: int) -> Float32Array:
    """Return vectors as float32; there must be one for each word."""
    table: Float32Array = np.asarray(vectors, dtype=np.float32)
    if table.ndim != 2 or len(table) != num_words:
        raise SettingsError(
            f"vectors must have one row for each of {num_words} words, got shape {table.shape}"
        )
    if table.shape[1] == 0:
        raise SettingsError("vectors must have at least one dimension, got 0")
    return table


def _first_duplicate(words: Sequence[str]) -> str:
    """Name the first word that occurs twice."""
    seen: dict[str, int] = {}
    for row, word in enumerate(words):
        if word in seen:
            return f"word {word!r} occurs twice, in rows {seen[word] + 1} and {row + 1}"
        seen[word] = row
    raise AssertionError("no duplicate")
