"""Signals: an end at once or at the next safe moment, and none is lost."""

import os
import signal

import pytest

from seqtools.errors import TrainingInterrupted
from seqtools.monitor import StopRequest
from seqtools_cli.signals import stop_on_signals


class _SignalsInItsDestructor:
    """Python drops what a destructor raises, and prints it with its traceback."""

    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_that_python_drops_is_noticed_by_the_training_loop(capfd):
    stop = StopRequest()
    with stop_on_signals(stop):
        _SignalsInItsDestructor()
    assert stop.signal_number == signal.SIGTERM
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_work_at_once_unless_it_is_heeded(number):
    stop = StopRequest()
    with pytest.raises(TrainingInterrupted), stop_on_signals(stop):
        os.kill(os.getpid(), number)
    stop = StopRequest(is_heeded=True)
    with stop_on_signals(stop):
        os.kill(os.getpid(), number)
        assert stop.signal_number == number
        with pytest.raises(TrainingInterrupted):
            os.kill(os.getpid(), number)
