"""Holding the number libraries to one thread, where sums in no fixed order would show."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Run a block with BLAS and OpenMP on one thread, so that a seed decides every bit."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
