"""Batches of lines, and of pairs of lines, for a whole corpus."""

from collections.abc import Iterator

import numpy as np

from seqtools.errors import CorpusError
from seqtools.text.batch_plans import EpochPlans
from seqtools.text.batch_settings import BatchSettings
from seqtools.text.batches import LineBatch, PairBatch, pad_lines
from seqtools.text.encoding import EncodedLines
from seqtools.types import Int64Array


class LineBatches:
    """All batches of the lines of a corpus.

    Parameters
    ----------
    lines : EncodedLines
    settings : BatchSettings
    begin, end : bool
        Put BEGIN before each line, END after it.
    reverse : bool
        Turn each line around.
    """

    def __init__(
        self,
        lines: EncodedLines,
        settings: BatchSettings,
        begin: bool = False,
        end: bool = False,
        reverse: bool = False,
    ) -> None:
        self._lines, self._begin, self._end, self._reverse = lines, begin, end, reverse
        self._plans = EpochPlans(lines.lengths + begin + end, settings)

    def num_batches(self, epoch: int) -> int:
        """Return the number of batches of an epoch; with "token" it differs between epochs."""
        return len(self._plans.plan(epoch))

    def batch(self, epoch: int, index: int) -> LineBatch:
        """Return a batch of an epoch, both counted from 0."""
        return self._make(self._plans.plan(epoch)[index])

    def in_order(self) -> Iterator[LineBatch]:
        """Yield batches for decoding, the longest lines first; `rows` says where each belongs."""
        return map(self._make, self._plans.plan_in_order())

    def _make(self, rows: Int64Array) -> LineBatch:
        symbols, lengths = pad_lines(self._lines, rows, self._begin, self._end, self._reverse)
        return LineBatch(symbols, lengths, rows)


class PairBatches:
    """All batches of a parallel corpus.

    Batches are sorted by source length, then by target length.

    Parameters
    ----------
    sources, targets : EncodedLines
        As many of the one as of the other.
    settings : BatchSettings
    source_end : bool
        Put END after each source.
    reverse_source : bool
        Turn each source around; END stays last.

    Raises
    ------
    CorpusError
        If the numbers of lines differ.
    """

    def __init__(
        self,
        sources: EncodedLines,
        targets: EncodedLines,
        settings: BatchSettings,
        source_end: bool = True,
        reverse_source: bool = False,
    ) -> None:
        if len(sources) != len(targets):
            raise CorpusError(f"got {len(sources)} sources but {len(targets)} targets")
        self._sources, self._targets = sources, targets
        self._source_end, self._reverse = source_end, reverse_source
        self._plans = EpochPlans(sources.lengths + source_end, settings, targets.lengths + 1)

    def num_batches(self, epoch: int) -> int:
        """Return the number of batches of an epoch; with "token" it differs between epochs."""
        return len(self._plans.plan(epoch))

    def batch(self, epoch: int, index: int) -> PairBatch:
        """Return a batch of an epoch, both counted from 0."""
        return self._make(self._plans.plan(epoch)[index])

    def in_order(self) -> Iterator[PairBatch]:
        """Yield batches for scoring, the longest sources first; `rows` says where each belongs."""
        return map(self._make, self._plans.plan_in_order())

    def _make(self, rows: Int64Array) -> PairBatch:
        return make_pair_batch(self._sources, self._targets, rows, self._source_end, self._reverse)


def make_pair_batch(
    sources: EncodedLines,
    targets: EncodedLines,
    rows: Int64Array,
    source_end: bool = True,
    reverse_source: bool = False,
) -> PairBatch:
    """Make one batch of the pairs named by `rows`, which are sorted by falling source length."""
    rows = rows[np.argsort(-sources.lengths[rows], kind="stable")]
    source, source_lengths = pad_lines(sources, rows, end=source_end, reverse=reverse_source)
    inputs, target_lengths = pad_lines(targets, rows, begin=True)
    outputs, _ = pad_lines(targets, rows, end=True)
    return PairBatch(source, source_lengths, inputs, outputs, target_lengths, rows)
