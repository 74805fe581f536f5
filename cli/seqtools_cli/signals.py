"""SIGINT and SIGTERM: an end at once while nothing is lost by it, else a request to stop."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from seqtools.errors import TrainingInterrupted
from seqtools.monitor import StopRequest

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals(stop: StopRequest) -> Iterator[None]:
    """Let a signal end the work: at once before training, at the next safe moment during it.

    Parameters
    ----------
    stop : StopRequest
        Receives the signal. Until ``stop.is_heeded``, which the training loop sets, the signal
        also raises ``TrainingInterrupted``.
    """

    def handle(number: int, _: FrameType | None) -> None:
        is_heeded = stop.is_heeded and not stop.signal_number
        # Kept even if it raises: an exception within a destructor or callback of Python's is lost.
        stop.signal_number = number
        if not is_heeded:
            raise TrainingInterrupted("interrupted; nothing was saved", number)

    def show(lost: "sys.UnraisableHookArgs") -> None:
        if not isinstance(lost.exc_value, TrainingInterrupted):
            show_others(lost)

    show_others, sys.unraisablehook = sys.unraisablehook, show
    previous = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        sys.unraisablehook = show_others
        for number, handler in previous.items():
            signal.signal(number, handler)
