"""Signals: an end at once or at the next safe moment, and none is lost."""

import os
import signal

import pytest

from seqtools.errors import FileAccessError, TrainingInterrupted
from seqtools.monitor import StopRequest
from seqtools_cli import main
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


def _work(error, is_interrupted):
    """Do work that a signal interrupts without Python's noticing, and that fails."""
    with stop_on_signals(StopRequest()):
        if is_interrupted:
            _SignalsInItsDestructor()
        raise error


def test_work_that_fails_of_a_lost_signal_was_interrupted():
    with pytest.raises(TrainingInterrupted, match="nothing was saved"):
        _work(RuntimeError("no compiled object"), is_interrupted=True)


def test_an_error_of_ours_is_told_though_a_signal_came():
    with pytest.raises(FileAccessError):
        _work(FileAccessError("full"), is_interrupted=True)


def test_other_errors_stay_as_they_are():
    with pytest.raises(RuntimeError, match="a defect"):
        _work(RuntimeError("a defect"), is_interrupted=False)


class _Interrupts:
    """Python drops what a destructor raises."""

    def __del__(self):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (RuntimeError("no compiled object"), 130, "seqtools: interrupted\n"),
        (FileAccessError("full"), 1, "seqtools: error: full\n"),
    ],
)
def test_a_command_that_fails_of_a_lost_interrupt_was_interrupted(
    monkeypatch, capfd, error, code, line
):
    def command(*_, **__):
        _Interrupts()
        raise error

    monkeypatch.setattr(main.cli, "main", command)
    assert main.run(["translate"]) == code
    assert capfd.readouterr().err == line
