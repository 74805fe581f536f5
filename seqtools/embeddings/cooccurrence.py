"""Counting co-occurrences of an encoded corpus into a file, exactly and in bounded memory.

Source of the weighting: Pennington, Socher and Manning 2014, section 4.2 (a neighbour at distance d
counts 1/d). Every pair of places belongs to the place of its rarer word, so that a corpus may be
cut anywhere: chunks, threads and shards add up to the same integers.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, repeat
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np

from seqtools.embeddings.cooccurrence_merge import merge_runs
from seqtools.embeddings.cooccurrence_runs import Run, write_run
from seqtools.embeddings.cooccurrence_settings import (
    CooccurrenceSettings,
    MemoryPlan,
    check_memory_to_merge,
    distance_weights,
    most_row_bytes,
    plan_counting,
)
from seqtools.embeddings.ordered_work import results_in_order, tasks_under_way
from seqtools.io.cooccurrence_file import (
    CooccurrenceHeader,
    CooccurrenceWriter,
    check_output,
    write_cooccurrences,
)
from seqtools.io.temporary import temporary_directory
from seqtools.kernels.cooccurrence import count_rows, count_words, list_places
from seqtools.kernels.cooccurrence_rows import RowScratch, make_row_scratch
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.text.id_cache import IdCache
from seqtools.types import Int32Array, Int64Array, Uint8Array, Uint64Array

_STRIPE_TOKENS = 1 << 18
# Stripes become smaller towards the end, so that no thread works long after the others.
_SHARES_A_THREAD, _SMALLEST_STRIPE_BYTES = 4, 1 << 18


@dataclass(frozen=True)
class Counting:
    """The outcome of counting.

    Attributes
    ----------
    num_entries : int
        Different pairs of words, each kept once.
    num_spills : int
        Sorted parts that were written and merged because the memory was full; 0 if it sufficed.
    count_seconds : float
        Time spent, without reading text.
    """

    num_entries: int
    num_spills: int
    count_seconds: float


class _Places(NamedTuple):
    """A chunk of the corpus with the places of each word in it; see ``count_rows``.

    Words before word w have num_before[w] places.
    """

    ids: Int32Array
    start: int
    starts: Int64Array
    places: Int32Array
    num_before: Int64Array


class _Stripe(NamedTuple):
    """Rows that one thread adds up into a buffer, with their number of entries and checksum."""

    first_row: int
    last_row: int
    buffer: Uint8Array
    totals: Uint64Array


def count_cooccurrences(
    cache: IdCache,
    path: str | os.PathLike[str],
    settings: CooccurrenceSettings,
    monitor: Monitor | None = None,
) -> Counting:
    """Count the co-occurrences of an encoded corpus and write them to a file.

    Parameters
    ----------
    cache : IdCache
    path : path-like
        The file; equal text, vocabulary and window give equal bytes, whatever threads and memory.
        What does not fit in memory is written to a hidden directory beside it first.
    settings : CooccurrenceSettings
    monitor : Monitor, optional
        Hears of the progress.

    Returns
    -------
    Counting

    Raises
    ------
    SettingsError
        If the memory is too little for the vocabulary.
    FileAccessError
        If a file cannot be written; what stood there still stands.
    """
    monitor = monitor or NullMonitor()
    started = time.monotonic()
    check_output(path)
    plan = plan_counting(settings, len(cache.vocabulary))
    chunks = list(range(0, max(1, cache.ids.size), plan.chunk_tokens))
    counter = _Counter(cache, settings, plan, monitor)
    if len(chunks) > 1:
        counter.check_memory_to_merge(chunks)
    with write_cooccurrences(path, _header(cache, settings), cache.vocabulary.content) as writer:
        if len(chunks) == 1:
            counter.count(0, writer)
        else:
            with temporary_directory(Path(path).resolve().parent, "counts") as directory:
                runs = [counter.spill(first, directory) for first in chunks]
                merge_runs(runs, len(cache.vocabulary), settings, writer, directory, monitor)
    return Counting(
        num_entries=writer.num_entries,
        num_spills=len(chunks) if len(chunks) > 1 else 0,
        count_seconds=time.monotonic() - started,
    )


def _header(cache: IdCache, settings: CooccurrenceSettings) -> CooccurrenceHeader:
    """Describe what is being counted."""
    return CooccurrenceHeader(
        window=settings.window,
        scale=distance_weights(settings.window)[0],
        tokens_read=cache.statistics.tokens_read,
        tokens_kept=cache.statistics.tokens_kept,
        sentences=cache.statistics.sentences,
        vocabulary_size=len(cache.vocabulary),
        vocabulary_bytes=len(cache.vocabulary.content),
        vocabulary_sha256=cache.vocabulary.fingerprint,
    )


class _Counter:
    """Counts chunks of a corpus, with the memory and threads of the settings."""

    def __init__(
        self, cache: IdCache, settings: CooccurrenceSettings, plan: MemoryPlan, monitor: Monitor
    ) -> None:
        self._ids, self._size = cache.ids, len(cache.vocabulary)
        self._settings, self._plan, self._monitor = settings, plan, monitor
        self._weights = distance_weights(settings.window)[1]
        self._started = time.monotonic()
        self._scratch: SimpleQueue[RowScratch] = SimpleQueue()
        self._buffers: SimpleQueue[Uint8Array] = SimpleQueue()
        for _ in range(settings.threads):
            self._scratch.put(make_row_scratch(self._size))
        for _ in range(tasks_under_way(settings.threads)):
            self._buffers.put(np.empty(plan.buffer_bytes, np.uint8))

    def check_memory_to_merge(self, chunks: list[int]) -> None:
        """Refuse too little memory for the longest row before anything is counted."""
        occurrences = np.zeros(self._size, np.int64)
        for first in chunks:
            count_words(_map_part(self._ids, first, self._chunk_stop(first)), occurrences)
        longest = int(most_row_bytes(occurrences, self._weights).max())
        check_memory_to_merge(self._settings, self._size, longest)

    def spill(self, first: int, directory: Path) -> Run:
        """Count the chunk that begins at a token into a file of its own."""
        return write_run(directory / f"{first}.rows", partial(self.count, first))

    def count(self, first: int, writer: CooccurrenceWriter) -> None:
        """Count the chunk that begins at a token."""
        chunk = self._list_places(first)
        total = max(1, int(chunk.num_before[-1]))
        self._monitor.start("counting co-occurrences", self._ids.size, "tokens")
        for stripe, num_bytes in self._counted(chunk):
            writer.add(stripe.buffer[:num_bytes], stripe.totals)
            self._buffers.put(stripe.buffer)
            done = int(chunk.num_before[stripe.last_row])
            self._report(first + (self._chunk_stop(first) - first) * done / total)
        self._monitor.finish()

    def _report(self, done: float) -> None:
        """Report progress."""
        elapsed = max(time.monotonic() - self._started, 1e-9)
        self._monitor.update(Progress(done, self._ids.size, "tokens", done / elapsed))

    def _chunk_stop(self, first: int) -> int:
        """Return where the chunk that begins at a token ends."""
        return min(self._ids.size, first + self._plan.chunk_tokens)

    def _list_places(self, first: int) -> _Places:
        """List the places of each word of a chunk; the threads take a part of it each."""
        stop, window = self._chunk_stop(first), self._settings.window
        low, high = max(0, first - window), min(self._ids.size, stop + window)
        ids = _map_part(self._ids, low, high)
        borders = np.linspace(first - low, stop - low, self._settings.threads + 1).astype(np.int64)
        parts = [ids[a:b] for a, b in pairwise(borders)]
        starts = np.zeros((len(parts), self._size + 1), np.int64)
        places = np.empty(stop - first, np.int32)
        with ThreadPoolExecutor(self._settings.threads) as pool:
            list(pool.map(list_places, parts, borders[:-1] - borders[0], starts, repeat(places)))
        num_before = starts.sum(axis=0)
        return _Places(ids, first - low, starts, places, num_before - num_before[0])

    def _stripes(self, num_before: Int64Array) -> Iterator[_Stripe]:
        """Cut the rows into stripes that fit in a buffer."""
        sizes = np.zeros_like(num_before)
        np.cumsum(most_row_bytes(np.diff(num_before), self._weights), out=sizes[1:])
        row = 0
        while row < self._size:
            share = (sizes[-1] - sizes[row]) // (_SHARES_A_THREAD * self._settings.threads)
            room = min(self._plan.buffer_bytes, max(share, _SMALLEST_STRIPE_BYTES))
            fits = np.searchsorted(sizes, sizes[row] + room, "right") - 1
            near = np.searchsorted(num_before, num_before[row] + _STRIPE_TOKENS, "right") - 1
            last = int(max(min(fits, near), row + 1))
            yield _Stripe(row, last, self._buffers.get(), np.zeros(2, np.uint64))
            row = last

    def _counted(self, chunk: _Places) -> Iterator[tuple[_Stripe, int]]:
        """Yield each stripe with the number of its bytes."""

        def add_up(stripe: _Stripe) -> tuple[_Stripe, int]:
            scratch = self._scratch.get()
            with np.errstate(over="ignore"):  # the checksum wraps around on purpose
                num_bytes = count_rows(
                    chunk.ids,
                    chunk.start,
                    chunk.starts,
                    chunk.places,
                    stripe.first_row,
                    stripe.last_row,
                    self._weights,
                    scratch,
                    stripe.buffer,
                    stripe.totals,
                )
            self._scratch.put(scratch)
            return stripe, int(num_bytes)

        stripes = self._stripes(chunk.num_before)
        return results_in_order(add_up, stripes, self._settings.threads)


def _map_part(ids: Int32Array, low: int, high: int) -> Int32Array:
    """Return ids[low:high]; of a memory map a map of its own, so that its pages can be let go."""
    if isinstance(ids, np.memmap) and ids.filename is not None and high > low:
        offset = ids.offset + ids.itemsize * low
        dtype = np.dtype("<i4")
        return np.memmap(ids.filename, dtype=dtype, mode="r", offset=offset, shape=(high - low,))
    return ids[low:high]
