"""Signals in training: an end at once while nothing is lost by it, else a request to stop."""

from collections.abc import Iterator
from contextlib import contextmanager

from seqtools.errors import SeqtoolsError, TrainingInterrupted
from seqtools.monitor import StopRequest
from seqtools_cli.interrupts import hearing_signals, hiding_lost, tell_terminal

_NOTHING_SAVED = "interrupted; nothing was saved"
# Over the bar that may be there.
_HEARD = b"\r\x1b[2Kseqtools: ending at the next safe moment; Ctrl-C again ends at once\n"


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

    def hear(number: int) -> None:
        nonlocal is_raised
        is_heeded = stop.is_heeded and not stop.signal_number
        # Kept even if it raises: an exception within a destructor or callback of Python's is lost.
        stop.signal_number = number
        if not is_heeded:
            is_raised = True
            raise TrainingInterrupted(_NOTHING_SAVED, number)
        tell_terminal(_HEARD)

    try:
        with hearing_signals(hear), hiding_lost(TrainingInterrupted):
            yield
    except SeqtoolsError:
        raise
    except Exception as error:
        if not is_raised:
            raise
        # Numba fails when it is interrupted while it compiles, by an error of its own.
        raise TrainingInterrupted(_NOTHING_SAVED, stop.signal_number) from error
