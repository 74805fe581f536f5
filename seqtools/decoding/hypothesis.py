"""An output of search, and the memory of how it came about."""

from dataclasses import dataclass

import numpy as np

from seqtools.types import Float32Array, Float64Array, Int32Array, Int64Array


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """An output and what the model thinks of it.

    Attributes
    ----------
    tokens : int32 array, shape (T,)
        Symbols, the end symbol last.
    token_log_probs : float64 array, shape (T,)
        What each added.
    log_prob : float
        Their sum.
    score : float
        The objective; what search ranked by.
    attention : float32 array, shape (T, S), or None
        Weights over the source when each symbol was written.
    """

    tokens: Int32Array
    token_log_probs: Float64Array
    log_prob: float
    score: float
    attention: Float32Array | None = None

    @property
    def length(self) -> int:
        """T, the end symbol counted."""
        return len(self.tokens)

    @property
    def symbols(self) -> Int32Array:
        """The tokens without the end symbol."""
        return self.tokens[:-1]


class History:
    """Steps of a search as back pointers, from which any row's symbols are read.

    At each step first `observe` what the model said of the rows, then `advance` to the rows that
    go on.
    """

    def __init__(self) -> None:
        self._parents: list[Int64Array] = []
        self._tokens: list[Int32Array] = []
        self._values: list[Float64Array] = []
        self._attention: list[Float32Array | None] = []

    @property
    def num_steps(self) -> int:
        """Symbols that every living row has."""
        return len(self._parents)

    def observe(self, attention: Float32Array | None) -> None:
        """Keep the attention of the rows as they stand before they go on."""
        self._attention.append(attention)

    def advance(self, parents: Int64Array, tokens: Int32Array, values: Float64Array) -> None:
        """Go on to new rows: each the row it grew from, its new symbol and that one's log P."""
        self._parents.append(parents)
        self._tokens.append(tokens)
        self._values.append(values)

    def prefixes(self, num_rows: int) -> Int32Array:
        """Return the symbols of all living rows, shape (num_rows, num_steps)."""
        out = np.empty((num_rows, self.num_steps), dtype=np.int32)
        rows = np.arange(num_rows)
        for step in range(self.num_steps - 1, -1, -1):
            out[:, step] = self._tokens[step][rows]
            rows = self._parents[step][rows]
        return out

    def read(self, row: int, step: int) -> tuple[Int32Array, Float64Array]:
        """Return symbols and log P of a row as it stood before `step` (counted from 0)."""
        tokens = np.empty(step, dtype=np.int32)
        values = np.empty(step)
        for place in range(step - 1, -1, -1):
            tokens[place] = self._tokens[place][row]
            values[place] = self._values[place][row]
            row = int(self._parents[place][row])
        return tokens, values

    def read_attention(self, row: int, step: int, width: int) -> Float32Array | None:
        """Return the attention of a row's steps up to `step` itself, shape (step + 1, width)."""
        out = np.empty((step + 1, width), dtype=np.float32)
        for place in range(step, -1, -1):
            weights = self._attention[place]
            if weights is None:
                return None
            out[place] = weights[row, :width]
            if place:
                row = int(self._parents[place - 1][row])
        return out
