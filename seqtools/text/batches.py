"""Batches: several sequences side by side, time first, padded to the longest.

Column b of an array of shape (T, B) is a sequence from top to bottom; `lengths` says where it ends
and PAD begins. Within every batch and shard the lengths never rise from left to right, so that the
sequences that still run at a time step are always the first columns.
"""

from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

import numpy as np

from seqtools.errors import SettingsError
from seqtools.text.encoding import EncodedLines
from seqtools.text.symbols import BEGIN, END, PAD
from seqtools.types import Int32Array, Int64Array


class Batch(Protocol):
    """What every batch can do."""

    @property
    def rows(self) -> Int64Array:
        """Which line of the corpus, or row of the stream, each column holds, shape (B,)."""

    @property
    def num_tokens(self) -> int:
        """Symbols that are predicted (or read, if nothing is predicted); PAD does not count."""

    def shard_columns(self, num_shards: int) -> list[Int64Array]:
        """Return which columns go into each shard."""

    def take(self, columns: Int64Array) -> Self:
        """Return some columns as a batch, cut to the longest of them."""


@dataclass(frozen=True)
class LineBatch:
    """Lines by themselves.

    Attributes
    ----------
    symbols : int32 array, shape (T, B)
        Ids, PAD after the end of a line.
    lengths : int32 array, shape (B,)
        Symbols in each line, never rising; BEGIN and END count where they were asked for.
    rows : int64 array, shape (B,)
        Where each line stands in the corpus, counted from 0.
    """

    symbols: Int32Array
    lengths: Int32Array
    rows: Int64Array

    @property
    def num_tokens(self) -> int:
        """Symbols that are not PAD."""
        return int(self.lengths.sum())

    def shard_columns(self, num_shards: int) -> list[Int64Array]:
        """Return which columns go into each shard, so that all have about as many symbols."""
        return balance_columns(self.lengths, num_shards)

    def take(self, columns: Int64Array) -> "LineBatch":
        """Return some columns as a batch, cut to the longest of them."""
        lengths = self.lengths[columns]
        return LineBatch(_columns(self.symbols, columns, lengths), lengths, self.rows[columns])


@dataclass(frozen=True)
class PairBatch:
    """Source lines with their target lines.

    Attributes
    ----------
    source : int32 array, shape (S, B)
        Ids, END after each line if it was asked for, then PAD.
    source_lengths : int32 array, shape (B,)
        Symbols in each source, never rising; END counts.
    target_inputs : int32 array, shape (T, B)
        BEGIN and the target line: what the decoder reads.
    targets : int32 array, shape (T, B)
        The target line and END: what it is to predict at the same step.
    target_lengths : int32 array, shape (B,)
        Symbols to predict in each column, END included; in the order of the sources, so these may
        rise.
    rows : int64 array, shape (B,)
        Where each pair stands in the corpus, counted from 0.
    """

    source: Int32Array
    source_lengths: Int32Array
    target_inputs: Int32Array
    targets: Int32Array
    target_lengths: Int32Array
    rows: Int64Array

    @property
    def num_tokens(self) -> int:
        """Symbols to predict."""
        return int(self.target_lengths.sum())

    def shard_columns(self, num_shards: int) -> list[Int64Array]:
        """Return which columns go into each shard, so that all have about as many symbols."""
        return balance_columns(self.source_lengths + self.target_lengths, num_shards)

    def take(self, columns: Int64Array) -> "PairBatch":
        """Return some columns as a batch, each side cut to the longest of them."""
        source_lengths, target_lengths = self.source_lengths[columns], self.target_lengths[columns]
        return PairBatch(
            _columns(self.source, columns, source_lengths),
            source_lengths,
            _columns(self.target_inputs, columns, target_lengths),
            _columns(self.targets, columns, target_lengths),
            target_lengths,
            self.rows[columns],
        )


_AnyBatch = TypeVar("_AnyBatch", bound=Batch)


def shards(batch: _AnyBatch, num_shards: int) -> list[_AnyBatch]:
    """Cut a batch into shards of columns, for threads that work side by side.

    The cut depends on the batch and on `num_shards` alone. Lines go, the longest first, to the
    shard with the fewest symbols so far; within a shard lengths never rise. Rows of a stream stay
    beside their neighbours, so that the same shard sees the same rows in every batch.

    Parameters
    ----------
    batch : LineBatch, PairBatch or StreamBatch
    num_shards : int
        At least 1.

    Returns
    -------
    list of batches
        `num_shards` of them, or as many as there are columns if these are fewer.
    """
    if num_shards < 1:
        raise SettingsError(f"num_shards must be at least 1, got {num_shards}")
    if num_shards == 1:
        return [batch]
    return [batch.take(columns) for columns in batch.shard_columns(num_shards)]


def pad_lines(
    lines: EncodedLines,
    rows: Int64Array,
    begin: bool = False,
    end: bool = False,
    reverse: bool = False,
) -> tuple[Int32Array, Int32Array]:
    """Put lines side by side.

    Parameters
    ----------
    lines : EncodedLines
    rows : int64 array, shape (B,)
        Which lines, in order of the columns.
    begin, end : bool
        Put BEGIN before each line, END after it.
    reverse : bool
        Turn each line around, as Sutskever et al. (2014) do with sources; BEGIN stays first and
        END last.

    Returns
    -------
    symbols : int32 array, shape (T, B)
    lengths : int32 array, shape (B,)
    """
    starts = lines.offsets[rows]
    num_symbols = lines.offsets[rows + 1] - starts
    lengths = (num_symbols + begin + end).astype(np.int32)
    num_steps = int(lengths.max(initial=0))
    steps = np.arange(num_steps, dtype=np.int64)[:, np.newaxis] - int(begin)
    is_symbol = (steps >= 0) & (steps < num_symbols)
    places = starts + (num_symbols - 1 - steps if reverse else steps)
    symbols = np.full((num_steps, rows.size), PAD, dtype=np.int32)
    symbols[is_symbol] = lines.ids[places[is_symbol]]
    symbols[: int(begin)] = BEGIN
    if end:
        symbols[lengths - 1, np.arange(rows.size)] = END
    return symbols, lengths


def balance_columns(costs: Int32Array, num_shards: int) -> list[Int64Array]:
    """Give columns out to shards, the dearest first, each to the shard that has the least.

    Parameters
    ----------
    costs : int32 array, shape (B,)
        Work that each column makes, such as its length.
    num_shards : int

    Returns
    -------
    list of int64 arrays
        The columns of each shard, rising; as many shards as columns if these are fewer.
    """
    loads = [0] * min(num_shards, costs.size)
    chosen: list[list[int]] = [[] for _ in loads]
    for column in np.argsort(-costs, kind="stable").tolist():
        # An empty shard comes first even where columns cost nothing.
        least = min(range(len(loads)), key=lambda i: (loads[i], len(chosen[i]), i))
        chosen[least].append(column)
        loads[least] += int(costs[column])
    return [np.array(sorted(columns), dtype=np.int64) for columns in chosen]


def _columns(symbols: Int32Array, columns: Int64Array, lengths: Int32Array) -> Int32Array:
    """Return some columns, cut to their greatest length."""
    return np.ascontiguousarray(symbols[: int(lengths.max(initial=0)), columns])
