"""Interrupts that Python loses: what is raised within a callback of C code, or a destructor."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hiding_lost(kind: type[BaseException]) -> Iterator[list[type[BaseException]]]:
    """Show no traceback of lost exceptions of a kind; the work goes on, or fails for lack of it.

    Yields
    ------
    list
        Becomes longer with each exception that was lost.
    """
    lost: list[type[BaseException]] = []

    def show(unraisable: "sys.UnraisableHookArgs") -> None:
        if isinstance(unraisable.exc_value, kind):
            lost.append(kind)
        else:
            show_others(unraisable)

    show_others, sys.unraisablehook = sys.unraisablehook, show
    try:
        yield lost
    finally:
        sys.unraisablehook = show_others
