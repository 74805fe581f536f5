"""SIGINT and SIGTERM: an end at once while nothing is lost by it, else a request to stop."""

import signal
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
        Receives the signal once ``stop.is_heeded``, which the training loop sets; until then a
        signal raises ``TrainingInterrupted``.
    """

    def handle(number: int, _: FrameType | None) -> None:
        if not stop.is_heeded or stop.signal_number:
            raise TrainingInterrupted("interrupted; nothing was saved", number)
        stop.signal_number = number

    previous = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
