"""Running text in batches for truncated back-propagation through time.

The text is cut into B rows of almost equal length, which are read side by side, T symbols at a
time. The state in which a batch leaves a row is the one in which the next batch takes it up.
Source: Mikolov et al. (2010); the layout is that of Zaremba et al. (2014), but nothing is left out.
"""

import math
from dataclasses import dataclass

import numpy as np

from seqtools.errors import CorpusError
from seqtools.monitor import Monitor, NullMonitor
from seqtools.text.stream_settings import StreamSettings
from seqtools.text.symbols import PAD
from seqtools.types import Int32Array, Int64Array


@dataclass(frozen=True)
class StreamBatch:
    """The next symbols of every row.

    Attributes
    ----------
    inputs : int32 array, shape (T, B)
        What is read.
    targets : int32 array, shape (T, B)
        What follows it, to be predicted at the same step; PAD where a row has ended.
    lengths : int32 array, shape (B,)
        Steps of each row, never rising. They differ in the last batch alone, by 1 at most.
    rows : int64 array, shape (B,)
        The row of each column: the place of its state.
    """

    inputs: Int32Array
    targets: Int32Array
    lengths: Int32Array
    rows: Int64Array

    @property
    def num_tokens(self) -> int:
        """Symbols to predict."""
        return int(self.lengths.sum())

    def shard_columns(self, num_shards: int) -> list[Int64Array]:
        """Return which columns go into each shard: neighbours, the same ones in every batch."""
        count = self.rows.size
        return np.array_split(np.arange(count, dtype=np.int64), min(num_shards, count))

    def take(self, columns: Int64Array) -> "StreamBatch":
        """Return some columns as a batch."""
        lengths = self.lengths[columns]
        longest = int(lengths.max(initial=0))
        return StreamBatch(
            np.ascontiguousarray(self.inputs[:longest, columns]),
            np.ascontiguousarray(self.targets[:longest, columns]),
            lengths,
            self.rows[columns],
        )


class StreamBatches:
    """All batches of a running text; each symbol is predicted exactly once an epoch.

    Where the text is shorter than one batch, there are fewer rows, so that one full batch comes
    out of it, and in a text of fewer than T symbols one short row.

    Parameters
    ----------
    ids : int32 array, shape (N,)
        The text; a memory map will do.
    settings : StreamSettings
    first_input : int
        What is read before the first symbol of the text, most often the codec's `line_end`: the
        text begins as a line begins.
    monitor : Monitor, optional
        Hears of it when there are fewer rows than asked for.

    Attributes
    ----------
    batch_size : int
        Rows B that there are.

    Raises
    ------
    CorpusError
        If there is no symbol.
    """

    def __init__(
        self,
        ids: Int32Array,
        settings: StreamSettings,
        first_input: int,
        monitor: Monitor | None = None,
    ) -> None:
        if not ids.size:
            raise CorpusError("the text has no symbols", remedy="name a file with text")
        self._ids, self._first_input = ids, first_input
        self.settings = settings
        steps, wanted = settings.num_steps, settings.batch_size
        self.batch_size = wanted
        if ids.size < wanted * steps:
            self.batch_size = max(1, ids.size // steps)
            (monitor or NullMonitor()).message(
                f"the text has {ids.size:,} symbols, fewer than a batch of {wanted} rows of "
                f"{steps}: batches of {self.batch_size} "
                f"{'row' if self.batch_size == 1 else 'rows'} instead"
            )
        shortest, longer = divmod(ids.size, self.batch_size)
        self._row_lengths = np.full(self.batch_size, shortest, dtype=np.int64)
        self._row_lengths[:longer] += 1
        self._starts = np.cumsum(self._row_lengths) - self._row_lengths

    def __len__(self) -> int:
        return math.ceil(int(self._row_lengths[0]) / self.settings.num_steps)

    def num_batches(self, epoch: int = 0) -> int:
        """Return the number of batches of an epoch, which is the same for all."""
        del epoch
        return len(self)

    @property
    def num_tokens(self) -> int:
        """Symbols that are predicted in an epoch: all of them."""
        return int(self._ids.size)

    def batch(self, epoch: int, index: int) -> StreamBatch:
        """Return a batch; the states of rows begin anew at index 0.

        Parameters
        ----------
        epoch : int
            Every epoch reads the same batches; here so that all sources of batches are alike.
        index : int
            0 to len(self) - 1.
        """
        del epoch
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        first = index * self.settings.num_steps
        num_steps = min(self.settings.num_steps, int(self._row_lengths[0]) - first)
        lengths = np.clip(self._row_lengths - first, 0, num_steps).astype(np.int32)
        steps = np.arange(num_steps, dtype=np.int64)[:, np.newaxis]
        places = self._starts + first + steps
        is_over = steps >= lengths
        places[is_over] = 0
        targets = np.asarray(self._ids[places], dtype=np.int32)
        inputs = np.asarray(self._ids[places - 1], dtype=np.int32)
        inputs[places == 0] = self._first_input
        targets[is_over] = PAD
        inputs[is_over] = PAD
        rows = np.arange(self.batch_size, dtype=np.int64)
        return StreamBatch(inputs, targets, lengths, rows)
