"""Threads that work on the shards of a batch, each shard in its own memory."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from seqtools.layers.workspace import Workspace
from seqtools.monitor import StopRequest

Item = TypeVar("Item")
Result = TypeVar("Result")


class StopWork(Exception):  # noqa: N818 - a request, not a fault
    """Leaves an evaluation because a stop was requested; the training loop catches it."""


class Team:
    """A fixed number of workspaces, and threads that use them.

    Parameters
    ----------
    num_shards : int
        Items that may be worked on at once; results may depend on it.
    threads : int
        Threads; results do not depend on it.
    dtype : type
        Element type of the workspaces.
    stop : StopRequest, optional
        Looked at by `check_stop`.
    has_fixed_weights : bool
        The team only evaluates: weights are packed once a workspace.

    Notes
    -----
    A context manager: its threads end with the block.
    """

    def __init__(
        self,
        num_shards: int,
        threads: int = 1,
        dtype: DTypeLike = np.float32,
        stop: StopRequest | None = None,
        has_fixed_weights: bool = False,
    ) -> None:
        self.num_shards = num_shards
        self.num_threads = min(threads, num_shards)
        self._workspaces = [Workspace(dtype, has_fixed_weights) for _ in range(num_shards)]
        self._stop = stop
        self._pool = ThreadPoolExecutor(self.num_threads) if self.num_threads > 1 else None

    def __enter__(self) -> "Team":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            # After an error nobody asks for the results; kernels may take long to compile.
            self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def run(
        self, function: Callable[[int, Item, Workspace], Result], items: Sequence[Item]
    ) -> list[Result]:
        """Call a function on each item, in threads, and return the results in order.

        Parameters
        ----------
        function : callable
            Receives the number of the item, the item, and the workspace of that number.
        items : sequence
            At most `num_shards`.
        """
        calls = [(index, item, self._workspaces[index]) for index, item in enumerate(items)]
        return self.call(function, calls)

    def call(
        self, function: Callable[..., Result], calls: Sequence[tuple[Any, ...]]
    ) -> list[Result]:
        """Call a function with each tuple of arguments, in threads; return the results in order."""
        if self._pool is None or len(calls) < 2:
            return [function(*arguments) for arguments in calls]
        futures = [self._pool.submit(function, *arguments) for arguments in calls]
        return [future.result() for future in futures]

    def check_stop(self) -> None:
        """End the work if a stop was requested.

        Raises
        ------
        StopWork
            If one was.
        """
        if self._stop is not None and self._stop.signal_number:
            raise StopWork
