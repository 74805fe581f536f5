"""The settings of counting co-occurrences: distances, threads and memory."""

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from seqtools.embeddings.ordered_work import tasks_under_way
from seqtools.errors import SettingsError
from seqtools.kernels.cooccurrence_rows import LARGEST_ENTRY_BYTES, ROW_HEADER_BYTES
from seqtools.types import Int64Array

# The least common multiple of 1..22 still leaves room for sums over 2 billion words.
_LARGEST_EXACT_WINDOW = 22
_FIXED_POINT_SCALE = 1 << 32
_LARGEST_WINDOW = 10_000
_LARGEST_SUM = 2**63 - 1

# Row headers keep the bytes of a row in 32 bits.
_LARGEST_VOCABULARY = 2**32 // LARGEST_ENTRY_BYTES - 1
_BYTES_A_TOKEN = 8
_SCRATCH_BYTES_A_WORD = 18
_SMALLEST_CHUNK_TOKENS = 1 << 14
_LARGEST_CHUNK_TOKENS = 2**31 - 1
# About a fifth of a buffer is filled: its rows are bounded by the longest that they could be.
_LARGEST_BUFFER_BYTES = 1 << 23

_Count = TypeVar("_Count", int, Int64Array)


@dataclass(frozen=True)
class CooccurrenceSettings:
    """How co-occurrences are counted.

    Attributes
    ----------
    window : int
        Largest distance of two words, in words. Sentences end with their line.
    threads : int
        Threads that count; the result does not depend on their number.
    memory_bytes : int
        Memory to use besides vocabulary and program. What does not fit is sorted, written beside
        the output and merged; the result does not depend on it.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    window: int = 15
    threads: int = 1
    memory_bytes: int = 2 << 30

    def __post_init__(self) -> None:
        for name, value, high in (
            ("window", self.window, _LARGEST_WINDOW),
            ("threads", self.threads, 1_024),
            ("memory_bytes", self.memory_bytes, 1 << 62),
        ):
            if not 1 <= value <= high:
                raise SettingsError(f"{name} must be between 1 and {high}, got {value}")


@dataclass(frozen=True)
class MemoryPlan:
    """What fits in memory at a time.

    Attributes
    ----------
    chunk_tokens : int
        Words counted before the result is written.
    buffer_bytes : int
        Bytes of each of the buffers, one a task under way.
    """

    chunk_tokens: int
    buffer_bytes: int


def distance_weights(window: int) -> tuple[int, Int64Array]:
    """Return the scale of the weights, and the weight of each distance.

    The weight of distance d is scale / d. Up to a window of 22 the scale is the least common
    multiple of all distances, so that every weight is exact; above, the weights are rounded to
    multiples of 2**-32, which changes 1/d by less than d parts in 2**33. Either way they are
    integers, whose sums depend neither on order nor on threads nor on shards.

    Returns
    -------
    int
    int64 array, shape (window + 1,)
        The weight of distance 0 is 0.
    """
    is_exact = window <= _LARGEST_EXACT_WINDOW
    scale = math.lcm(*range(1, window + 1)) if is_exact else _FIXED_POINT_SCALE
    weights = [0] + [(2 * scale + distance) // (2 * distance) for distance in range(1, window + 1)]
    return scale, np.array(weights, np.int64)


def plan_counting(settings: CooccurrenceSettings, vocabulary_size: int) -> MemoryPlan:
    """Divide the memory among words, rows and results.

    Raises
    ------
    SettingsError
        If it is too little for the vocabulary; the message says how much is needed.
    """
    if vocabulary_size > _LARGEST_VOCABULARY:
        raise SettingsError(
            f"pairs of {vocabulary_size} words cannot be counted, only of {_LARGEST_VOCABULARY}; "
            "raise --min-count or use --max-vocab"
        )
    buffers = tasks_under_way(settings.threads)
    share = settings.memory_bytes // 8 // buffers
    size = max(largest_row_bytes(vocabulary_size), min(share, _LARGEST_BUFFER_BYTES))
    fixed = vocabulary_size * _SCRATCH_BYTES_A_WORD * (settings.threads + 1)
    fixed += buffers * size
    tokens = (settings.memory_bytes - fixed) // _BYTES_A_TOKEN
    if tokens < _SMALLEST_CHUNK_TOKENS:
        needed = fixed + _BYTES_A_TOKEN * _SMALLEST_CHUNK_TOKENS
        raise _too_little_memory("count", settings, vocabulary_size, needed)
    largest_sum = 2 * int(distance_weights(settings.window)[1].sum())
    most = min(_LARGEST_CHUNK_TOKENS, _LARGEST_SUM // largest_sum)
    return MemoryPlan(min(tokens, most), size)


def largest_row_bytes(num_entries: _Count) -> _Count:
    """Return how many bytes rows of so many entries may have."""
    return ROW_HEADER_BYTES + LARGEST_ENTRY_BYTES * num_entries


def most_row_bytes(occurrences: Int64Array, weights: Int64Array) -> Int64Array:
    """Return how many bytes the row of each word may have, from how often the word occurs.

    A number x takes at most 1 + log2(x + 1) / 7 bytes. The logarithm is concave: given the sum of
    all weights, and that the gaps and the entries fill the columns at most, entries are longest if
    all are alike; and more entries never take fewer bytes.

    Parameters
    ----------
    occurrences : int64 array, shape (V,)
    weights : int64 array, shape (window + 1,)
        What a neighbour at each distance adds.

    Returns
    -------
    int64 array, shape (V,)
    """
    columns = np.arange(1.0, len(occurrences) + 1)
    entries = np.minimum(2.0 * (len(weights) - 1) * occurrences, columns)
    each = np.maximum(entries, 1)
    # In place, as new arrays would take longer than the logarithm.
    bits = 2.0 * weights.sum() * occurrences
    bits /= each
    bits += 1
    bits *= columns
    bits /= each
    np.log2(bits, out=bits)
    most = np.ceil(entries * (2 + bits / 7)) + ROW_HEADER_BYTES + 1
    at_most: Int64Array = np.minimum(most, largest_row_bytes(entries)).astype(np.int64)
    return at_most


def plan_merging(settings: CooccurrenceSettings, vocabulary_size: int, num_runs: int) -> int:
    """Return the bytes that are read of each run at a time.

    Each stretch under way needs as much room for its sum.
    """
    share = _bytes_to_merge(settings, vocabulary_size) // num_runs
    return min(share, max(_LARGEST_BUFFER_BYTES, largest_row_bytes(vocabulary_size)))


def runs_at_a_time(settings: CooccurrenceSettings, vocabulary_size: int, row_bytes: int) -> int:
    """Return how many runs can be merged at a time whose rows have so many bytes at most."""
    return _bytes_to_merge(settings, vocabulary_size) // row_bytes


def check_memory_to_merge(
    settings: CooccurrenceSettings, vocabulary_size: int, row_bytes: int
) -> None:
    """Refuse to merge if the memory does not hold two rows of so many bytes.

    Raises
    ------
    SettingsError
        The message says how much is needed.
    """
    if runs_at_a_time(settings, vocabulary_size, row_bytes) >= 2:
        return
    needed = vocabulary_size * _SCRATCH_BYTES_A_WORD * settings.threads
    needed += 2 * tasks_under_way(settings.threads) * 2 * row_bytes
    raise _too_little_memory("merge", settings, vocabulary_size, needed)


def _too_little_memory(
    step: str, settings: CooccurrenceSettings, vocabulary_size: int, needed: int
) -> SettingsError:
    """Return the error for a step that needs more memory."""
    threads = "1 thread" if settings.threads == 1 else f"{settings.threads} threads"
    fewer = "" if settings.threads == 1 else ", or fewer threads"
    return SettingsError(
        f"{settings.memory_bytes / 2**20:.0f} MB of memory are too little to {step} pairs of "
        f"{vocabulary_size} words on {threads}; use --memory {math.ceil(needed / 2**20)}M or "
        f"more{fewer}"
    )


def _bytes_to_merge(settings: CooccurrenceSettings, vocabulary_size: int) -> int:
    """Return the bytes that can be read at a time of all runs together."""
    fixed = vocabulary_size * _SCRATCH_BYTES_A_WORD * settings.threads
    return (settings.memory_bytes - fixed) // (2 * tasks_under_way(settings.threads))
