"""Merging sorted co-occurrences: parts that did not fit in memory, and files of shards."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqtools.embeddings.cooccurrence_settings import CooccurrenceSettings, plan_merging
from seqtools.embeddings.ordered_work import results_in_order
from seqtools.errors import FileContentError, SettingsError
from seqtools.io.cooccurrence_file import (
    CooccurrenceFile,
    CooccurrenceHeader,
    CooccurrenceWriter,
    check_output,
    write_cooccurrences,
)
from seqtools.io.entry_reader import ENTRY, EntryReader
from seqtools.kernels.cooccurrence import (
    RowScratch,
    checksum_entries,
    inspect_entries,
    make_row_scratch,
    merge_entries,
)
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.types import Int64Array


@dataclass(frozen=True)
class Run:
    """Sorted entries on disk.

    Attributes
    ----------
    reader : EntryReader
    file : CooccurrenceFile or None
        The file they belong to, whose checksum is then compared.
    """

    reader: EntryReader
    file: CooccurrenceFile | None = None

    def damaged_at(self, index: int) -> FileContentError:
        """Return the error for an entry that is out of order or out of range."""
        if self.file is not None:
            return self.file.damaged_at(index)
        return FileContentError("changed while it was in use", path=self.reader.path)


class _Stretch(NamedTuple):
    """The entries of all runs between two cells, and buffers for them and for their sum."""

    firsts: Int64Array
    stops: Int64Array
    entries: NDArray[Any]
    merged: NDArray[Any]


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
    for file in files[1:]:
        _check_fit(files[0], file)
    header = replace(
        files[0].header,
        tokens_read=sum(file.header.tokens_read for file in files),
        tokens_kept=sum(file.header.tokens_kept for file in files),
        sentences=sum(file.header.sentences for file in files),
    )
    runs = [Run(file.reader, file) for file in files]
    with write_cooccurrences(output, header, files[0].vocabulary) as writer:
        merge_runs(runs, header.vocabulary_size, settings, writer, monitor or NullMonitor())
    checksum = f"{writer.checksum:016x}"
    return replace(header, num_entries=writer.num_entries, entries_checksum=checksum)


def merge_runs(
    runs: Sequence[Run],
    vocabulary_size: int,
    settings: CooccurrenceSettings,
    writer: CooccurrenceWriter,
    monitor: Monitor,
) -> None:
    """Add up sorted entries and write the sum; every entry is checked on the way.

    Raises
    ------
    FileContentError
        If a run is damaged or a sum exceeds 64 bits.
    """
    merger = _Merger(runs, vocabulary_size, settings)
    total, done, started = sum(run.reader.num_entries for run in runs), 0, time.monotonic()
    checksums = [0] * len(runs)
    monitor.start("merging co-occurrences", total, "entries")
    for stretch, num_entries, checksum, parts in merger.merged():
        writer.add(stretch.merged[:num_entries], checksum)
        merger.give_back(stretch)
        checksums = [a + b for a, b in zip(checksums, parts, strict=True)]
        done += int((stretch.stops - stretch.firsts).sum())
        elapsed = max(time.monotonic() - started, 1e-9)
        monitor.update(Progress(done, total, "entries", done / elapsed))
    monitor.finish()
    for run, checksum in zip(runs, checksums, strict=True):
        if run.file is not None:
            run.file.check_sum(checksum % 2**64)


def _check_paths(paths: Sequence[str | os.PathLike[str]]) -> None:
    """Refuse a file that is named twice: its counts would be counted twice."""
    seen: set[str] = set()
    for path in paths:
        place = os.path.realpath(path)
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
        self._runs, self._size, self._threads = runs, vocabulary_size, settings.threads
        self._num_entries = plan_merging(settings, vocabulary_size, len(runs))
        self._buffers: SimpleQueue[tuple[NDArray[Any], NDArray[Any]]] = SimpleQueue()
        self._scratch: SimpleQueue[RowScratch] = SimpleQueue()
        for _ in range(self._threads + 1):
            size = self._num_entries
            self._buffers.put((np.empty(size, ENTRY), np.empty(size, ENTRY)))
        for _ in range(self._threads):
            self._scratch.put(make_row_scratch(vocabulary_size))

    def merged(self) -> Iterator[tuple[_Stretch, int, int, list[int]]]:
        """Yield stretches with the number of merged entries, their checksum and those of runs."""
        return results_in_order(self._merge, self._stretches(), self._threads)

    def give_back(self, stretch: _Stretch) -> None:
        """Take back the buffers of a stretch that has been written."""
        self._buffers.put((stretch.entries, stretch.merged))

    def _stretches(self) -> Iterator[_Stretch]:
        """Cut the runs between the same cells, so that a stretch fits in a buffer."""
        lengths = np.array([run.reader.num_entries for run in self._runs], np.int64)
        firsts, share = np.zeros(len(self._runs), np.int64), self._num_entries // len(self._runs)
        while (firsts < lengths).any():
            ahead = [
                run.reader.cell(int(first) + share)
                for run, first, length in zip(self._runs, firsts, lengths, strict=True)
                if first + share < length
            ]
            stops = lengths.copy()
            if ahead:
                for index, run in enumerate(self._runs):
                    stops[index] = run.reader.find(min(ahead), int(firsts[index]))
            # A damaged run may not rise: never take more than fits, and always move on.
            stops = np.clip(stops, firsts, np.minimum(lengths, firsts + share))
            if (stops == firsts).all():
                stops = np.minimum(lengths, firsts + share)
            yield _Stretch(firsts, stops, *self._buffers.get())
            firsts = stops

    def _merge(self, stretch: _Stretch) -> tuple[_Stretch, int, int, list[int]]:
        """Check and add up a stretch."""
        ends = np.cumsum(stretch.stops - stretch.firsts)
        starts = ends - (stretch.stops - stretch.firsts)
        checksums = []
        with np.errstate(over="ignore"):  # checksums wrap around on purpose
            for index, run in enumerate(self._runs):
                part = stretch.entries[starts[index] : ends[index]]
                checksums.append(self._read(run, part, int(stretch.firsts[index])))
            scratch = self._scratch.get()
            num_entries = merge_entries(stretch.entries, starts, ends, scratch, stretch.merged)
            self._scratch.put(scratch)
            if num_entries < 0:
                raise FileContentError(
                    "the counts exceed 64 bits",
                    path=self._runs[0].reader.path,
                    remedy="use a smaller window",
                )
            checksum = int(checksum_entries(stretch.merged[:num_entries]))
        return stretch, int(num_entries), checksum, checksums

    def _read(self, run: Run, part: NDArray[Any], first: int) -> int:
        """Read and check a part of a run, and return its checksum."""
        run.reader.read(first, part)
        previous, checksum = np.array([-1, -1]), np.zeros(1, np.uint64)
        if first > 0:
            previous[:] = run.reader.cell(first - 1)
        faulty = inspect_entries(part, self._size, previous, checksum)
        if faulty >= 0:
            raise run.damaged_at(first + int(faulty))
        return int(checksum[0])
