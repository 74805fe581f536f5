"""Batches of utterances: features side by side, time first, padded to the longest.

Planned as batches of lines are (``seqtools.text.batch_plans``): like lengths together, in a new
order every epoch, each batch of each epoch to be had by its number. The function ``shards`` of
``seqtools.text.batches`` cuts a batch for threads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from seqtools.audio.feature_set import FeatureSet
from seqtools.errors import CorpusError
from seqtools.text.batch_plans import EpochPlans
from seqtools.text.batch_settings import BatchSettings
from seqtools.text.batches import balance_columns
from seqtools.types import Float32Array, Int32Array, Int64Array


@dataclass(frozen=True)
class UtteranceBatch:
    """Utterances side by side.

    Attributes
    ----------
    x : float32 array, shape (T, B, D)
        Features, zero after the end of an utterance; its own, so that it may be masked.
    lengths : int32 array, shape (B,)
        Frames of each utterance, never rising.
    targets : tuple of int32 arrays, shape (L,)
        The symbols of each utterance, without blanks; empty tuple if there are none to learn.
    rows : int64 array, shape (B,)
        Where each utterance stands in the set, counted from 0.
    """

    x: Float32Array
    lengths: Int32Array
    targets: tuple[Int32Array, ...]
    rows: Int64Array

    @property
    def num_tokens(self) -> int:
        """Symbols to learn, or frames if there are none to learn."""
        if not self.targets:
            return int(self.lengths.sum())
        return sum(len(target) for target in self.targets)

    def shard_columns(self, num_shards: int) -> list[Int64Array]:
        """Return which columns go into each shard, so that all have about as many frames."""
        return balance_columns(self.lengths, num_shards)

    def take(self, columns: Int64Array) -> "UtteranceBatch":
        """Return some columns as a batch, cut to the longest of them."""
        lengths = self.lengths[columns]
        x = np.ascontiguousarray(self.x[: int(lengths.max(initial=0)), columns])
        targets = tuple(self.targets[b] for b in columns.tolist()) if self.targets else ()
        return UtteranceBatch(x, lengths, targets, self.rows[columns])


class UtteranceBatches:
    """All batches of a set of utterances.

    Parameters
    ----------
    features : FeatureSet
    targets : sequence of int32 arrays, shape (L,), optional
        The symbols of each utterance; None where nothing is learnt.
    settings : BatchSettings
        With "token", frames are counted.

    Raises
    ------
    CorpusError
        If there are not as many targets as utterances.
    """

    def __init__(
        self,
        features: FeatureSet,
        targets: Sequence[Int32Array] | None,
        settings: BatchSettings,
    ) -> None:
        if targets is not None and len(targets) != len(features):
            raise CorpusError(f"got {len(features)} utterances but {len(targets)} texts")
        self._features, self._targets = features, targets
        self._plans = EpochPlans(features.lengths, settings)

    def num_batches(self, epoch: int) -> int:
        """Return the number of batches of an epoch; with "token" it differs between epochs."""
        return len(self._plans.plan(epoch))

    def batch(self, epoch: int, index: int) -> UtteranceBatch:
        """Return a batch of an epoch, both counted from 0."""
        return self._make(self._plans.plan(epoch)[index])

    def in_order(self) -> Iterator[UtteranceBatch]:
        """Yield batches for decoding, the longest first; `rows` says where each belongs."""
        return map(self._make, self._plans.plan_in_order())

    def _make(self, rows: Int64Array) -> UtteranceBatch:
        return make_utterance_batch(self._features, self._targets, rows)


def make_utterance_batch(
    features: FeatureSet, targets: Sequence[Int32Array] | None, rows: Int64Array
) -> UtteranceBatch:
    """Put the utterances named by `rows`, which are sorted by falling length, side by side.

    Parameters
    ----------
    features : FeatureSet
    targets : sequence of int32 arrays, shape (L,), optional
    rows : int64 array, shape (B,)
    """
    lengths = features.lengths[rows].astype(np.int32)
    x = np.zeros((int(lengths.max(initial=0)), len(rows), features.dim), dtype=np.float32)
    for b, row in enumerate(rows.tolist()):
        x[: lengths[b], b] = features.utterance(row)
    chosen = () if targets is None else tuple(targets[row] for row in rows.tolist())
    return UtteranceBatch(x, lengths, chosen, rows)
