"""Merging sorted co-occurrences: parts that did not fit in memory, and files of shards."""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np

from seqtools.embeddings.cooccurrence_entries import check_scale, row_bytes
from seqtools.embeddings.cooccurrence_settings import (
    CooccurrenceSettings,
    plan_merging,
    too_little_to_merge,
)
from seqtools.embeddings.ordered_work import results_in_order, tasks_under_way
from seqtools.errors import FileContentError, SettingsError
from seqtools.io.cooccurrence_file import (
    CooccurrenceFile,
    CooccurrenceHeader,
    CooccurrenceWriter,
    check_output,
    write_cooccurrences,
)
from seqtools.io.row_reader import RowReader
from seqtools.kernels.cooccurrence_rows import (
    DAMAGED,
    EXCEEDED,
    RowScratch,
    hop_rows,
    make_row_scratch,
    merge_rows,
)
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.types import Int64Array, Uint8Array, Uint64Array


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


def merge_files(
    paths: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    settings: CooccurrenceSettings,
    monitor: Monitor | None = None,
) -> CooccurrenceHeader:
    """Add up files of co-occurrences, such as those of the shards of a corpus.

    Parameters
    ----------
    paths : sequence of path-like
        Files of one vocabulary and one window.
    output : path-like
        May be one of them.
    settings : CooccurrenceSettings
        Threads and memory; the window is that of the files.
    monitor : Monitor, optional
        Hears of the progress.

    Returns
    -------
    CooccurrenceHeader
        What the output holds.

    Raises
    ------
    FileContentError
        If a file is damaged, or of another vocabulary or window than the first.
    SettingsError
        If a file is named twice, or the memory is too little.
    FileAccessError
        If a file cannot be read or written.
    """
    _check_paths(paths)
    check_output(output)
    files = [CooccurrenceFile.open(path) for path in paths]
    for file in files:
        check_scale(file)
    for file in files[1:]:
        _check_fit(files[0], file)
    header = replace(
        files[0].header,
        tokens_read=sum(file.header.tokens_read for file in files),
        tokens_kept=sum(file.header.tokens_kept for file in files),
        sentences=sum(file.header.sentences for file in files),
    )
    runs = [Run(file.reader, file.header.num_entries, file) for file in files]
    with write_cooccurrences(output, header, files[0].vocabulary) as writer:
        merge_runs(runs, header.vocabulary_size, settings, writer, monitor or NullMonitor())
    return writer.described(header)


def merge_runs(
    runs: Sequence[Run],
    vocabulary_size: int,
    settings: CooccurrenceSettings,
    writer: CooccurrenceWriter,
    monitor: Monitor,
) -> None:
    """Add up runs and write the sum; every row is checked on the way.

    Raises
    ------
    FileContentError
        If a run is damaged or a sum exceeds 64 bits.
    """
    merger = _Merger(runs, vocabulary_size, settings)
    total, started = sum(run.num_entries for run in runs), time.monotonic()
    parts = np.zeros((len(runs), 2), np.uint64)
    monitor.start("merging co-occurrences", total, "entries")
    for stretch, added in merger.merged():
        writer.add(stretch.buffers.merged[: added.num_bytes], added.totals)
        merger.give_back(stretch)
        parts += added.parts
        done, elapsed = int(parts[:, 0].sum()), max(time.monotonic() - started, 1e-9)
        monitor.update(Progress(done, total, "entries", done / elapsed))
    monitor.finish()
    for run, (num_entries, checksum) in zip(runs, parts, strict=True):
        if run.file is not None:
            run.file.check_totals(int(num_entries), int(checksum))


def _check_paths(paths: Sequence[str | os.PathLike[str]]) -> None:
    """Refuse a file that is named twice: its counts would be counted twice."""
    seen: set[object] = set()
    for path in paths:
        place: object = os.path.realpath(path)
        with contextlib.suppress(OSError):  # a missing file is told later
            status = Path(path).stat()
            place = status.st_dev, status.st_ino
        if place in seen:
            raise SettingsError(f"{os.fspath(path)}: named twice; name each file once")
        seen.add(place)


def _check_fit(first: CooccurrenceFile, other: CooccurrenceFile) -> None:
    """Refuse files that cannot be added."""
    if other.header.vocabulary_sha256 != first.header.vocabulary_sha256:
        raise FileContentError(
            f"counted with another vocabulary than {first.path}",
            path=other.path,
            remedy="count all shards with the same --vocab file",
        )
    if other.header.window != first.header.window:
        raise FileContentError(
            f"counted with window {other.header.window}, but {first.path} with window "
            f"{first.header.window}",
            path=other.path,
            remedy="count all shards with the same --window",
        )


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
                raise self._first_row_error(run, place, int(lengths[index]) - place, part)
            # Of a run that is not at its end the rows behind are not known yet.
            if place + len(part) < lengths[index] and row < last_row:
                last_row, behind = int(row), index
        cuts = [hop_rows(part, last_row) for part in parts]
        ends = np.array([end for end, _ in cuts], np.uint64)
        if not ends.any():  # even the run that is behind: its rows do not rise
            raise self._runs[behind].damaged_at(int(places[behind]))
        return ends, np.array([row for _, row in cuts], np.int64)

    def _first_row_error(
        self, run: Run, place: int, left: int, part: Uint8Array
    ) -> FileContentError | SettingsError:
        """Return the error for a part that does not begin with a whole row."""
        needed = row_bytes(part)
        if len(part) < needed <= left:
            return too_little_to_merge(self._settings, self._size, len(self._runs), needed)
        return run.damaged_at(place)

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
