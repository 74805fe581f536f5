"""Many sentences through a search a batch at a time, results in the order of the input."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Generic, TypeVar

from seqtools.errors import SettingsError
from seqtools.monitor import Monitor, NullMonitor, Progress

ResultT = TypeVar("ResultT")

# A batch is padded to its longest source, and search keeps the attention of every step: lines of
# thousands of words go by themselves.
_MOST_POSITIONS = 1 << 13


def batches_by_length(lengths: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """Yield places of sentences, those of like length together, the longest first.

    Very long sentences make smaller batches.

    Raises
    ------
    SettingsError
        If `batch_size` is below 1.
    """
    if batch_size < 1:
        raise SettingsError(f"batch_size must be at least 1, got {batch_size}")
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    start = 0
    while start < len(order):
        fitting = _MOST_POSITIONS // max(1, lengths[order[start]])
        end = start + min(batch_size, max(1, fitting))
        yield order[start:end]
        start = end


def run_in_batches(
    work: Callable[[int, list[int]], Sequence[ResultT]],
    lengths: Sequence[int],
    batch_size: int,
    phase: str,
    monitor: Monitor | None = None,
    num_workers: int = 1,
) -> list[ResultT]:
    """Do work on sentences a batch at a time.

    Parameters
    ----------
    work : callable
        Takes the number of a worker and places of sentences, and returns one result for each.
    lengths : sequence of int
        Of all sentences.
    batch_size : int
        Sentences in a batch.
    phase : str
        What a monitor calls the work.
    monitor : Monitor, optional
        Hears how far it is.
    num_workers : int
        Threads, each with a number of its own; a batch is one worker's. One runs in the caller's.

    Returns
    -------
    list
        A result for each sentence, in order, whichever worker had it.
    """
    monitor = monitor or NullMonitor()
    run = _Run(work, lengths, batch_size, monitor)
    monitor.start(phase, len(lengths), "sentences")
    if num_workers == 1:
        run.take_batches(0)
    else:
        with ThreadPoolExecutor(num_workers) as pool:
            try:
                for done in [pool.submit(run.take_batches, n) for n in range(num_workers)]:
                    done.result()
            finally:
                run.is_stopped = True
    monitor.finish()
    return [run.found[place] for place in range(len(lengths))]


class _Run(Generic[ResultT]):
    """Batches still to do, and results."""

    def __init__(
        self,
        work: Callable[[int, list[int]], Sequence[ResultT]],
        lengths: Sequence[int],
        batch_size: int,
        monitor: Monitor,
    ) -> None:
        self.found: dict[int, ResultT] = {}
        self.is_stopped = False
        self._work, self._total, self._monitor = work, len(lengths), monitor
        self._batches = batches_by_length(lengths, batch_size)
        self._lock = Lock()

    def take_batches(self, worker: int) -> None:
        """Do batches until none is left."""
        while not self.is_stopped:
            with self._lock:
                places = next(self._batches, None)
            if places is None:
                return
            results = self._work(worker, places)
            with self._lock:
                self.found.update(zip(places, results, strict=True))
                self._monitor.update(Progress(len(self.found), self._total, "sentences"))
