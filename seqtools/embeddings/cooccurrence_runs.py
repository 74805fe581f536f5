"""Adding up sorted rows of co-occurrences that lie on disk, a stretch of all of them at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np

from seqtools.embeddings.cooccurrence_entries import row_bytes
from seqtools.embeddings.cooccurrence_settings import (
    CooccurrenceSettings,
    largest_row_bytes,
    plan_merging,
)
from seqtools.embeddings.ordered_work import results_in_order, tasks_under_way
from seqtools.errors import FileAccessError, FileContentError
from seqtools.io.cooccurrence_file import CooccurrenceFile, CooccurrenceWriter
from seqtools.io.row_reader import RowReader
from seqtools.kernels.cooccurrence_rows import (
    DAMAGED,
    EXCEEDED,
    ROW_HEADER_BYTES,
    RowScratch,
    hop_rows,
    longest_row,
    make_row_scratch,
    merge_rows,
)
from seqtools.types import Int64Array, Uint8Array, Uint64Array

_BYTES_A_LOOK = 1 << 16


@dataclass(frozen=True)
class Run:
    """Rows on disk.

    Attributes
    ----------
    reader : RowReader
    num_entries : int
    file : CooccurrenceFile or None
        The file they belong to, whose checksum is then compared.
    """

    reader: RowReader
    num_entries: int
    file: CooccurrenceFile | None = None

    def damaged_at(self, place: int) -> FileContentError:
        """Return the error for a row that is out of order or out of range."""
        if self.file is not None:
            return self.file.damaged_at(place)
        return FileContentError("changed while it was in use", path=self.reader.path)

    def longest_row(self) -> int:
        """Return how many bytes its longest row has; the headers of all rows are read.

        Raises
        ------
        FileContentError
            If a row would be longer than the rest, or than its columns allow.
        FileAccessError
            If the file cannot be read.
        """
        place, longest = 0, 0
        while place < self.reader.num_bytes:
            left = self.reader.num_bytes - place
            content = np.empty(min(left, _BYTES_A_LOOK), np.uint8)
            self.reader.read(place, content)
            end, found = map(int, longest_row(content))
            if end == 0:
                end = found = row_bytes(content)
                row = int(content[:4].view("<u4")[0]) if len(content) >= ROW_HEADER_BYTES else 0
                if end > min(left, largest_row_bytes(row + 1)):
                    raise self.damaged_at(place)
            longest, place = max(longest, found), place + end
        return longest


def write_run(path: Path, fill: Callable[[CooccurrenceWriter], None]) -> Run:
    """Write rows to a file of their own; `fill` adds them.

    Raises
    ------
    FileAccessError
        If the file cannot be written.
    """
    try:
        with path.open("wb") as file:
            writer = CooccurrenceWriter(file)
            fill(writer)
    except FileAccessError:
        raise
    except OSError as error:
        raise FileAccessError.from_os_error(error, path, "write") from error
    return Run(RowReader(path, 0, writer.num_bytes), writer.num_entries)


class _Buffers(NamedTuple):
    """Room for the rows of all runs that are added up at a time, and for their sum."""

    parts: Uint8Array
    merged: Uint8Array


class _Stretch(NamedTuple):
    """The rows of all runs up to some row.

    Attributes
    ----------
    places : int64 array, shape (number of runs,)
        Where they begin in each run.
    previous : int64 array, same shape
        The row before.
    starts, stops : uint64 arrays, same shape
        Where they begin and end in the buffer of parts.
    buffers : _Buffers
    """

    places: Int64Array
    previous: Int64Array
    starts: Uint64Array
    stops: Uint64Array
    buffers: _Buffers


class _Sum(NamedTuple):
    """The sum of a stretch: its bytes, and entries and checksums of the sum and of each run."""

    num_bytes: int
    totals: Uint64Array
    parts: Uint64Array


def add_up_runs(
    runs: Sequence[Run],
    vocabulary_size: int,
    settings: CooccurrenceSettings,
    writer: CooccurrenceWriter,
    report: Callable[[int], None],
) -> None:
    """Add up runs and write the sum; every row is checked on the way.

    Parameters
    ----------
    runs : sequence of Run
    vocabulary_size : int
    settings : CooccurrenceSettings
        Memory for the longest row of each run at least; see ``runs_at_a_time``.
    writer : CooccurrenceWriter
    report : callable
        Is told how many entries have been read in all.

    Raises
    ------
    FileContentError
        If a run is damaged or a sum exceeds 64 bits.
    """
    merger = _Merger(runs, vocabulary_size, settings)
    parts = np.zeros((len(runs), 2), np.uint64)
    for stretch, added in merger.merged():
        writer.add(stretch.buffers.merged[: added.num_bytes], added.totals)
        merger.give_back(stretch)
        parts += added.parts
        report(int(parts[:, 0].sum()))
    for run, (num_entries, checksum) in zip(runs, parts, strict=True):
        if run.file is not None:
            run.file.check_totals(int(num_entries), int(checksum))


class _Merger:
    """Cuts runs into stretches that fit in memory and adds them up on threads."""

    def __init__(
        self, runs: Sequence[Run], vocabulary_size: int, settings: CooccurrenceSettings
    ) -> None:
        self._runs, self._size, self._settings = runs, vocabulary_size, settings
        self._share = plan_merging(settings, vocabulary_size, len(runs))
        self._buffers: SimpleQueue[_Buffers] = SimpleQueue()
        self._scratch: SimpleQueue[RowScratch] = SimpleQueue()
        size = self._share * len(runs)
        for _ in range(tasks_under_way(settings.threads)):
            self._buffers.put(_Buffers(np.empty(size, np.uint8), np.empty(size, np.uint8)))
        for _ in range(settings.threads):
            self._scratch.put(make_row_scratch(vocabulary_size))

    def merged(self) -> Iterator[tuple[_Stretch, _Sum]]:
        """Yield stretches with their sums."""
        return results_in_order(self._merge, self._stretches(), self._settings.threads)

    def give_back(self, stretch: _Stretch) -> None:
        """Take back the buffers of a stretch that has been written."""
        self._buffers.put(stretch.buffers)

    def _stretches(self) -> Iterator[_Stretch]:
        """Cut the runs behind the same rows, so that a stretch fits in a buffer."""
        lengths = np.array([run.reader.num_bytes for run in self._runs], np.int64)
        places, previous = np.zeros_like(lengths), np.full_like(lengths, -1)
        starts = np.arange(len(self._runs), dtype=np.uint64) * np.uint64(self._share)
        while (places < lengths).any():
            buffers = self._buffers.get()
            parts = self._read(places, lengths, buffers.parts)
            ends, rows = self._cut(places, lengths, parts)
            yield _Stretch(places, previous.copy(), starts, starts + ends, buffers)
            places = places + ends.astype(np.int64)
            previous = np.where(rows >= 0, rows, previous)

    def _read(self, places: Int64Array, lengths: Int64Array, out: Uint8Array) -> list[Uint8Array]:
        """Read a part of each run from its place on."""
        parts = []
        for index, run in enumerate(self._runs):
            first, left = index * self._share, int(lengths[index] - places[index])
            parts.append(out[first : first + min(self._share, left)])
            if left > 0:
                run.reader.read(int(places[index]), parts[-1])
        return parts

    def _cut(
        self, places: Int64Array, lengths: Int64Array, parts: list[Uint8Array]
    ) -> tuple[Uint64Array, Int64Array]:
        """Return where the rows end that can be added up, and the last of them, -1 for none."""
        last_row, behind = self._size, 0
        for index, (run, part) in enumerate(zip(self._runs, parts, strict=True)):
            (end, row), place = hop_rows(part, self._size), int(places[index])
            if end == 0 and len(part) > 0:
                raise run.damaged_at(place)  # the caller has seen to it that a row fits
            # Of a run that is not at its end the rows behind are not known yet.
            if place + len(part) < lengths[index] and row < last_row:
                last_row, behind = int(row), index
        cuts = [hop_rows(part, last_row) for part in parts]
        ends = np.array([end for end, _ in cuts], np.uint64)
        if not ends.any():  # even the run that is behind: its rows do not rise
            raise self._runs[behind].damaged_at(int(places[behind]))
        return ends, np.array([row for _, row in cuts], np.int64)

    def _merge(self, stretch: _Stretch) -> tuple[_Stretch, _Sum]:
        """Check and add up a stretch."""
        totals, parts = np.zeros(2, np.uint64), np.zeros((len(self._runs), 2), np.uint64)
        cursors, scratch = stretch.starts.copy(), self._scratch.get()
        with np.errstate(over="ignore"):  # checksums wrap around on purpose
            num_bytes = merge_rows(
                stretch.buffers.parts,
                cursors,
                stretch.stops,
                stretch.previous,
                self._size,
                scratch,
                stretch.buffers.merged,
                parts,
                totals,
            )
        self._scratch.put(scratch)
        if num_bytes == DAMAGED:
            index = int(np.argmin(stretch.previous))
            place = stretch.places[index] + int(cursors[index] - stretch.starts[index])
            raise self._runs[index].damaged_at(int(place))
        if num_bytes == EXCEEDED:
            raise FileContentError(
                "the counts exceed 64 bits",
                path=self._runs[0].reader.path,
                remedy="use a smaller window",
            )
        return stretch, _Sum(int(num_bytes), totals, parts)
