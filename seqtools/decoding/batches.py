"""Many sentences through a search a batch at a time, results in the order of the input."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from seqtools.errors import SettingsError
from seqtools.monitor import Monitor, NullMonitor, Progress

ResultT = TypeVar("ResultT")


def batches_by_length(lengths: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """Yield places of sentences, those of like length together, the longest first.

    Raises
    ------
    SettingsError
        If `batch_size` is below 1.
    """
    if batch_size < 1:
        raise SettingsError(f"batch_size must be at least 1, got {batch_size}")
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]


def run_in_batches(
    work: Callable[[list[int]], Sequence[ResultT]],
    lengths: Sequence[int],
    batch_size: int,
    phase: str,
    monitor: Monitor | None = None,
) -> list[ResultT]:
    """Do work on sentences a batch at a time.

    Parameters
    ----------
    work : callable
        Takes places of sentences and returns one result for each.
    lengths : sequence of int
        Of all sentences.
    batch_size : int
        Sentences in a batch.
    phase : str
        What a monitor calls the work.
    monitor : Monitor, optional
        Hears how far it is.

    Returns
    -------
    list
        A result for each sentence, in order.
    """
    monitor = monitor or NullMonitor()
    found: dict[int, ResultT] = {}
    monitor.start(phase, len(lengths), "sentences")
    for places in batches_by_length(lengths, batch_size):
        found.update(zip(places, work(places), strict=True))
        monitor.update(Progress(len(found), len(lengths), "sentences"))
    monitor.finish()
    return [found[place] for place in range(len(lengths))]
