"""Which lines go into which batch: like lengths together, in a new order every epoch.

Lines are shuffled and cut into pools of many batches; each pool is sorted by length and cut into
batches; then the batches are shuffled. So a batch needs little padding, and yet its lines meet
other lines in every epoch. A plan depends on the seed and the number of the epoch alone: a run
that resumes in the middle of an epoch makes it again, and goes on from the batch it wants.
"""

import numpy as np

from seqtools.seeding import numpy_generator
from seqtools.text.batch_settings import BatchSettings
from seqtools.types import Int64Array


def plan_epoch(
    lengths: Int64Array,
    settings: BatchSettings,
    epoch: int,
    other_lengths: Int64Array | None = None,
) -> list[Int64Array]:
    """Put lines into the batches of an epoch.

    Parameters
    ----------
    lengths : int64 array, shape (N,)
        Symbols of each line as it will stand in the batch.
    settings : BatchSettings
    epoch : int
        Counted from 0.
    other_lengths : int64 array, shape (N,), optional
        Symbols of the lines' other sides (the targets of sources): the second key of sorting.

    Returns
    -------
    list of int64 arrays
        The lines of each batch, the longest first; every line is in exactly one batch.
    """
    if not lengths.size:
        return []
    generator = numpy_generator(settings.seed, "batches", epoch)
    order = generator.permutation(lengths.size)
    batches = []
    for pool in _pools(order, lengths, settings):
        batches += _cut(_sorted(pool, lengths, other_lengths), lengths, settings, other_lengths)
    return [batches[index] for index in generator.permutation(len(batches)).tolist()]


def plan_in_order(
    lengths: Int64Array, settings: BatchSettings, other_lengths: Int64Array | None = None
) -> list[Int64Array]:
    """Put lines into batches for decoding or scoring: sorted as a whole, the longest first.

    The order is always the same, and lines of equal length stay in order. Results are put back
    into their places by the line numbers that each batch holds.

    Parameters
    ----------
    lengths, settings, other_lengths
        As for ``plan_epoch``; seed and pools are not used.
    """
    order = _sorted(np.arange(lengths.size, dtype=np.int64), lengths, other_lengths)
    return _cut(order, lengths, settings, other_lengths) if lengths.size else []


class EpochPlans:
    """Remembers the plan of the epoch that was asked for last.

    Parameters
    ----------
    lengths, settings, other_lengths
        As for ``plan_epoch``.
    """

    def __init__(
        self,
        lengths: Int64Array,
        settings: BatchSettings,
        other_lengths: Int64Array | None = None,
    ) -> None:
        self._arguments = lengths, settings, other_lengths
        self._epoch: int | None = None
        self._plan: list[Int64Array] = []

    def plan(self, epoch: int) -> list[Int64Array]:
        """Return the lines of each batch."""
        if epoch != self._epoch:
            lengths, settings, other_lengths = self._arguments
            self._plan = plan_epoch(lengths, settings, epoch, other_lengths)
            self._epoch = epoch
        return self._plan

    def plan_in_order(self) -> list[Int64Array]:
        """Return the lines of each batch for decoding."""
        lengths, settings, other_lengths = self._arguments
        return plan_in_order(lengths, settings, other_lengths)


def _pools(order: Int64Array, lengths: Int64Array, settings: BatchSettings) -> list[Int64Array]:
    """Cut the shuffled lines into pools, all but the last of which make whole batches."""
    rows = settings.batch_size
    if settings.batch_type == "token":
        rows = max(1, int(settings.batch_size // max(1.0, float(lengths.mean()))))
    size = rows * settings.pool_batches
    return [order[first : first + size] for first in range(0, order.size, size)]


def _sorted(rows: Int64Array, lengths: Int64Array, other_lengths: Int64Array | None) -> Int64Array:
    """Sort lines by falling length, then by the falling length of their other sides."""
    if other_lengths is None:
        return rows[np.argsort(-lengths[rows], kind="stable")]
    return rows[np.lexsort((-other_lengths[rows], -lengths[rows]))]


def _cut(
    rows: Int64Array,
    lengths: Int64Array,
    settings: BatchSettings,
    other_lengths: Int64Array | None,
) -> list[Int64Array]:
    """Cut sorted lines into batches, of almost equal size where sentences are counted."""
    if settings.batch_type == "sentence":
        return np.array_split(rows, -(-rows.size // settings.batch_size))
    costs = lengths if other_lengths is None else np.maximum(lengths, other_lengths)
    batches, first, longest = [], 0, 0
    for place, cost in enumerate(costs[rows].tolist()):
        longest_with = max(longest, cost)
        if place > first and longest_with * (place - first + 1) > settings.batch_size:
            batches.append(rows[first:place])
            first, longest_with = place, cost
        longest = longest_with
    return [*batches, rows[first:]]
