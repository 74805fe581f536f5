"""Merging sorted co-occurrences: parts that did not fit in memory, and files of shards."""

import contextlib
import math
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from seqtools.embeddings.cooccurrence_entries import check_scale
from seqtools.embeddings.cooccurrence_runs import Run, add_up_runs, write_run
from seqtools.embeddings.cooccurrence_settings import (
    CooccurrenceSettings,
    check_memory_to_merge,
    largest_row_bytes,
    runs_at_a_time,
)
from seqtools.errors import FileContentError, SettingsError
from seqtools.io.cooccurrence_file import (
    CooccurrenceFile,
    CooccurrenceHeader,
    CooccurrenceWriter,
    check_output,
    write_cooccurrences,
)
from seqtools.io.temporary import temporary_directory
from seqtools.kernels.cooccurrence_rows import ROW_HEADER_BYTES
from seqtools.monitor import Monitor, NullMonitor, Progress


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
    folder, monitor = Path(output).resolve().parent, monitor or NullMonitor()
    with write_cooccurrences(output, header, files[0].vocabulary) as writer:
        merge_runs(runs, header.vocabulary_size, settings, writer, folder, monitor)
    return writer.described(header)


def merge_runs(
    runs: list[Run],
    vocabulary_size: int,
    settings: CooccurrenceSettings,
    writer: CooccurrenceWriter,
    folder: Path,
    monitor: Monitor,
) -> None:
    """Add up runs and write the sum; every row is checked on the way.

    If the memory does not hold a row of each run, some at a time are added up first.

    Parameters
    ----------
    runs : list of Run
        Those that belong to no file of co-occurrences are removed as soon as a sum holds them.
    vocabulary_size : int
    settings : CooccurrenceSettings
        Threads and memory.
    writer : CooccurrenceWriter
    folder : Path
        Where a hidden directory for sums of some runs may be made.
    monitor : Monitor
        Hears of the progress of each pass.

    Raises
    ------
    SettingsError
        If the memory does not hold a row of two runs.
    FileContentError
        If a run is damaged or a sum exceeds 64 bits.
    FileAccessError
        If a file cannot be read or written.
    """
    with contextlib.ExitStack() as stack:
        while (most := _most_at_a_time(runs, vocabulary_size, settings)) < len(runs):
            directory = stack.enter_context(temporary_directory(folder, "sums"))
            report, groups, runs = _Report(runs, monitor), _groups(runs, most), []
            for index, group in enumerate(groups):
                add_up = partial(add_up_runs, group, vocabulary_size, settings, report=report)
                runs.append(write_run(directory / f"{index}.rows", add_up))
                _remove(group)
                report.end_part()
            monitor.finish()
        add_up_runs(runs, vocabulary_size, settings, writer, _Report(runs, monitor))
        monitor.finish()


def _most_at_a_time(
    runs: Sequence[Run], vocabulary_size: int, settings: CooccurrenceSettings
) -> int:
    """Return how many of these runs can be merged at a time, two or more."""
    longest = largest_row_bytes(vocabulary_size)
    most = runs_at_a_time(settings, vocabulary_size, longest)
    if most < len(runs):
        longest = max(ROW_HEADER_BYTES, *(run.longest_row() for run in runs))
        most = runs_at_a_time(settings, vocabulary_size, longest)
        check_memory_to_merge(settings, vocabulary_size, longest)
    return most


def _groups(runs: list[Run], most: int) -> list[list[Run]]:
    """Divide runs into as few groups as can be, all of about the same size."""
    number = math.ceil(len(runs) / most)
    borders = [index * len(runs) // number for index in range(number + 1)]
    return [runs[first:stop] for first, stop in pairwise(borders)]


def _remove(group: Sequence[Run]) -> None:
    """Remove the files of runs that are parts of this work."""
    for run in group:
        if run.file is None:
            with contextlib.suppress(OSError):  # their directory goes at the end
                run.reader.path.unlink()


class _Report:
    """Tells a monitor how many entries of all runs have been merged."""

    def __init__(self, runs: Sequence[Run], monitor: Monitor) -> None:
        self._total, self._monitor = sum(run.num_entries for run in runs), monitor
        self._started, self._before, self._done = time.monotonic(), 0, 0
        monitor.start("merging co-occurrences", self._total, "entries")

    def __call__(self, num_entries: int) -> None:
        """Hear how many entries of the part at hand have been merged."""
        self._done = self._before + num_entries
        elapsed = max(time.monotonic() - self._started, 1e-9)
        speed = self._done / elapsed
        self._monitor.update(Progress(self._done, self._total, "entries", speed))

    def end_part(self) -> None:
        """Count what follows as another part."""
        self._before = self._done


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
