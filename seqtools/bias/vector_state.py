"""Word vectors as they are, or as debiasing makes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from seqtools.bias.axis_vectors import unit_vectors_of
from seqtools.bias.debiasing import Debiasing
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.types import Float32Array, Int64Array


@dataclass(frozen=True)
class VectorState:
    """A table of vectors, and what is to be done to every row that is looked at.

    Attributes
    ----------
    vectors : WordVectors
        The vectors as they were loaded.
    debiasing : Debiasing or None
        Applied to the rows asked for; None to take them as they are.
    """

    vectors: WordVectors
    debiasing: Debiasing | None = None

    def stored(self, rows: Int64Array) -> Float32Array:
        """Return some rows, of the lengths that they have, shape (N, D)."""
        if self.debiasing is None:
            return np.asarray(self.vectors.vectors[rows], dtype=np.float32)
        return self.debiasing.rows(self.vectors.vectors, rows)

    def unit(self, rows: Int64Array) -> Float32Array:
        """Return some rows at length 1, shape (N, D); zeros stay zeros."""
        if self.debiasing is None:
            return unit_vectors_of(self.vectors, rows)
        return self.debiasing.rows(self.vectors.vectors, rows)

    def top(self, num_words: int) -> WordVectors:
        """Return the first words with their vectors; as they are loaded if all are wanted."""
        num_words = min(num_words, len(self.vectors))
        if self.debiasing is None and num_words == len(self.vectors):
            return self.vectors
        rows = np.arange(num_words, dtype=np.int64)
        return WordVectors(self.vectors.words[:num_words], self.stored(rows))


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold matrix products to one thread.

    Those of a report are small: on two threads they take as long and five times the processor time,
    and far longer where another program runs; and on one, equal input gives equal bits.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
