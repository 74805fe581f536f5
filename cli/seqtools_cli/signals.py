"""SIGINT and SIGTERM: an end at once while nothing is lost by it, else a request to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from seqtools.errors import SeqtoolsError, TrainingInterrupted
from seqtools.monitor import StopRequest
from seqtools_cli.lost_interrupts import hiding_lost

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_NOTHING_SAVED = "interrupted; nothing was saved"


@contextmanager
def stop_on_signals(stop: StopRequest) -> Iterator[None]:
    """Let a signal end the work: at once before training, at the next safe moment during it.

    Parameters
    ----------
    stop : StopRequest
        Receives the signal. Until ``stop.is_heeded``, which the training loop sets, the signal
        also raises ``TrainingInterrupted``.
    """
    is_raised = False

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal is_raised
        is_heeded = stop.is_heeded and not stop.signal_number
        # Kept even if it raises: an exception within a destructor or callback of Python's is lost.
        stop.signal_number = number
        if not is_heeded:
            is_raised = True
            raise TrainingInterrupted(_NOTHING_SAVED, number)

    previous = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        with hiding_lost(TrainingInterrupted):
            yield
    except SeqtoolsError:
        raise
    except Exception as error:
        if not is_raised:
            raise
        # Numba fails when it is interrupted while it compiles, by an error of its own.
        raise TrainingInterrupted(_NOTHING_SAVED, stop.signal_number) from error
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
