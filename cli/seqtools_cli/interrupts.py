"""Ctrl-C, SIGTERM and the hang-up of a terminal: who hears them, and what Python loses of them."""

import contextlib
import math
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# A signal's number is added to this exit code.
SIGNALLED = 128

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_STREAMS = (0, 1, 2)
# A key press that a terminal and a parent process both pass on comes twice within milliseconds.
_SECONDS_OF_REPEATS = 0.5


class Interrupted(BaseException):
    """A signal asks for an end; what KeyboardInterrupt is, but Click has no line of its own for."""


class _Last:
    """When a signal was heard last, by whichever handler."""

    heard_at = -math.inf


def hear_signals(hear: Callable[[int], None]) -> dict[signal.Signals, Any]:
    """Have each signal that asks for an end call a function with its number from now on.

    One that follows another within half a second is taken for a repetition and not heard. A hang-up
    that this process was started to ignore, as by nohup, stays ignored. After another one, what
    goes to the terminal goes nowhere, so that work can still be saved.

    Returns
    -------
    dict
        What stood in for each signal before.
    """

    def handle(number: int, _: FrameType | None) -> None:
        if signal.Signals(number).name == "SIGHUP":
            _let_go_of_terminal()
        now, before = time.monotonic(), _Last.heard_at
        if now >= before + _SECONDS_OF_REPEATS:
            _Last.heard_at = now
            hear(number)

    if threading.current_thread() is not threading.main_thread():  # it may not set any
        return {}
    return {number: signal.signal(number, handle) for number in _heard()}


def ignore_signals() -> None:
    """Let nothing disturb the last moments, when all is done."""
    for number in _heard():
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def hearing_signals(hear: Callable[[int], None]) -> Iterator[None]:
    """Have signals call a function within a block; see ``hear_signals``."""
    previous = hear_signals(hear)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _heard() -> list[signal.Signals]:
    """Return the signals of this system that are heard."""
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    ignored = {number for number in numbers if signal.getsignal(number) == signal.SIG_IGN}
    return [number for number in numbers if number not in ignored or number.name != "SIGHUP"]


def show_cursor() -> None:
    """Bring back the cursor of a terminal, which bars hide; past Python's streams."""
    tell_terminal(b"\x1b[?25h")


def tell_terminal(content: bytes) -> None:
    """Write to the terminal, if stderr is one; past Python's streams, which may be in use."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if os.isatty(sys.stderr.fileno()):
            os.write(sys.stderr.fileno(), content)


def _let_go_of_terminal() -> None:
    """Put nothing in the place of the terminal: writing to one that hung up fails."""
    for stream in _STREAMS:
        with contextlib.suppress(OSError):
            if stat.S_ISCHR(os.fstat(stream).st_mode):
                nothing = os.open(os.devnull, os.O_RDWR)
                os.dup2(nothing, stream)
                os.close(nothing)


@contextmanager
def hiding_lost(kind: type[BaseException]) -> Iterator[None]:
    """Show no traceback of exceptions of a kind that Python loses.

    What is raised within a callback of C code, or a destructor, is lost: the work goes on, or
    fails for lack of what it interrupted.
    """

    def show(unraisable: "sys.UnraisableHookArgs") -> None:
        # After a signal, destructors of what was half made (llvmlite's) may fail too.
        is_interrupted = _Last.heard_at > -math.inf
        if not (is_interrupted or isinstance(unraisable.exc_value, kind)):
            show_others(unraisable)

    show_others, sys.unraisablehook = sys.unraisablehook, show
    try:
        yield
    finally:
        sys.unraisablehook = show_others
