"""Work on several threads whose results come in the order of the tasks."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def tasks_under_way(threads: int) -> int:
    """Return how many tasks ``results_in_order`` has under way: so many buffers are enough.

    One more for each thread than it works on, so that none waits for the task of another.
    """
    return 2 * threads


def results_in_order(
    function: Callable[[Task], Result], tasks: Iterable[Task], threads: int
) -> Iterator[Result]:
    """Run a function over tasks on threads and yield the results in the order of the tasks.

    The next task is asked for when the result before has been dealt with, if ``tasks_under_way``
    are waiting to be run or to be taken.
    """
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for task in tasks:
                pending.append(pool.submit(function, task))
                if len(pending) == tasks_under_way(threads):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
