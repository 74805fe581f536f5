"""Signals: an end at once or at the next safe moment, and none is lost."""

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seqtools.errors import FileAccessError, TrainingInterrupted
from seqtools.monitor import StopRequest
from seqtools_cli import interrupts, main
from seqtools_cli.interrupts import hearing_signals
from seqtools_cli.signals import stop_on_signals

ROOT = Path(__file__).resolve().parents[2]

# Makes its standard input the terminal that it depends on, and becomes the command. The tests may
# run under nohup, whose ignored hang-ups are inherited.
_IN_A_TERMINAL = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.close(os.open(os.ttyname(0), os.O_RDWR))
os.execv(sys.executable, [sys.executable, "-m", "seqtools_cli", *sys.argv[1:]])
"""


@pytest.fixture(autouse=True)
def no_signal_before(monkeypatch):
    """Forget the signals of other tests, which would make the first a repetition."""
    monkeypatch.setattr(interrupts._Last, "heard_at", -math.inf)


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
    interrupts._Last.heard_at = -math.inf
    stop = StopRequest(is_heeded=True)
    with stop_on_signals(stop):
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)  # a repetition
        assert stop.signal_number == number
        interrupts._Last.heard_at = -math.inf
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


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (RuntimeError("no compiled object"), 143, "seqtools: interrupted\n"),
        (FileAccessError("full"), 1, "seqtools: error: full\n"),
    ],
)
def test_a_command_that_fails_of_a_lost_interrupt_was_interrupted(
    monkeypatch, capfd, error, code, line
):
    def command(*_, **__):
        _SignalsInItsDestructor()
        raise error

    monkeypatch.setattr(main.cli, "main", command)
    assert main.run(["translate"]) == code
    assert capfd.readouterr().err == line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_command_with_a_line_and_its_code(monkeypatch, capfd, number):
    monkeypatch.setattr(main.cli, "main", lambda *_, **__: os.kill(os.getpid(), number))
    assert main.run(["translate"]) == 128 + number
    assert capfd.readouterr().err == "seqtools: interrupted\n"


def test_a_signal_that_comes_twice_ends_a_command_once(monkeypatch, capfd):
    def twice(*_, **__):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(main.cli, "main", twice)
    assert main.run(["translate"]) == 143
    assert capfd.readouterr().err == "seqtools: interrupted\n"


def test_a_second_signal_ends_at_once_though_the_first_is_still_dealt_with(monkeypatch):
    ends = []

    def twice(*_, **__):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            interrupts._Last.heard_at = -math.inf
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(main.cli, "main", twice)
    monkeypatch.setattr(os, "_exit", ends.append)
    main.run(["translate"])
    assert ends == [130]


def test_a_hang_up_that_is_ignored_stays_so():
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with hearing_signals(pytest.fail):
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, previous)


def test_who_sits_at_a_terminal_is_told_that_the_signal_was_heard(monkeypatch):
    master, slave = os.openpty()
    with open(slave, "w") as terminal:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stderr", terminal)
        with stop_on_signals(StopRequest(is_heeded=True)):
            os.kill(os.getpid(), signal.SIGINT)
    assert b"Ctrl-C again ends at once" in os.read(master, 1000)
    os.close(master)


def test_a_terminal_that_hangs_up_leaves_a_checkpoint(tmp_path):
    corpus, output, (master, slave) = tmp_path / "c.txt", tmp_path / "v.vec", os.openpty()
    corpus.write_text("the cat sat on the mat\nthe dog sat on the log\n" * 500)
    options = ["--epochs", "100000", "--checkpoint-every", "1000", "--dim", "8", "--min-count", "2"]
    arguments = ["embed", "train", str(corpus), "-o", str(output), *options]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'cli'}", "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        [sys.executable, "-c", _IN_A_TERMINAL, *arguments],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=environment,
    ) as run:  # fmt: skip
        os.close(slave)
        shown = b""
        while b"epoch 2/" not in shown:
            shown += os.read(master, 10_000)
        os.close(master)
        try:
            run.wait(timeout=60)
        finally:
            run.kill()
    assert run.returncode == 128 + signal.SIGHUP
    assert (tmp_path / "v.vec.checkpoint" / "state.safetensors").exists()
