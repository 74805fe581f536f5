"""A command as a process: its standard streams, its terminal, its first and last moments."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {"PYTHONPATH": f"{ROOT}:{ROOT / 'cli'}", "PATH": "/usr/bin:/bin"}
SMALL = ["--dim", "4", "--min-count", "1", "--epochs", "1"]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("the cat sat on the mat\nthe dog sat on the log\n" * 50)
    return path


def start(*arguments, **streams):
    command = [sys.executable, "-m", "seqtools_cli", *map(str, arguments)]
    return subprocess.Popen(command, env=ENVIRONMENT, **streams)


@pytest.mark.parametrize("stream", ["closed", "full", "left by its reader"])
def test_what_is_told_on_the_way_may_get_lost_but_not_the_work(text, tmp_path, stream):
    options = {"preexec_fn": lambda: os.close(2)} if stream == "closed" else {}
    with contextlib.ExitStack() as stack:
        if stream == "full":
            options["stderr"] = stack.enter_context(open("/dev/full", "wb"))  # noqa: PTH123
        elif stream == "left by its reader":
            reader, writer = os.pipe()
            os.close(reader)
            options["stderr"] = stack.enter_context(open(writer, "wb"))  # noqa: PTH123
        arguments = ["embed", "train", text, "-o", tmp_path / "v.vec", *SMALL]
        run = stack.enter_context(start(*arguments, stdout=subprocess.PIPE, **options))
        assert b"saved" in run.stdout.read()
    assert run.returncode == 0
    assert (tmp_path / "v.vec").read_text().startswith("7 4\n")


def test_a_letter_that_stdout_cannot_encode_is_shown_as_an_escape(text):
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "latin-1"}
    command = [sys.executable, "-m", "seqtools_cli", "bleu", text, text, "-ci"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0
    assert b"\\u03bc" in done.stdout


def test_closed_standard_input_is_named(tmp_path):
    streams = {"stderr": subprocess.PIPE, "text": True, "preexec_fn": lambda: os.close(0)}
    with start("train-lm", "-", "-o", tmp_path / "m", **streams) as run:
        _, errors = run.communicate()
    assert run.returncode == 1
    assert errors == (
        "seqtools: error: stdin: cannot read: it is closed; name a file or pipe one in\n"
    )


def test_a_bar_of_work_that_failed_gives_the_cursor_back(text, tmp_path):
    text.write_bytes(text.read_bytes() + b"\xff\n")
    master, slave = os.openpty()
    shown = b""
    with start("embed", "cooccur", text, "-o", tmp_path / "c", stderr=slave) as run:
        os.close(slave)
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(master, 10_000):
                shown += piece
        os.close(master)
    assert run.returncode == 1
    assert b"\x1b[?25l" in shown
    before, _, after = shown.rpartition(b"\x1b[?25h")
    assert b"\x1b[?25l" in before
    assert after.startswith(b"seqtools: error: ")
    assert after.count(b"\n") == 1


def test_signals_at_any_moment_of_a_process_leave_no_traceback(text):
    codes = set()
    for seconds in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with start("bleu", text, text, "-q", **streams) as run:
            time.sleep(seconds)
            run.send_signal(signal.SIGINT)
            output, errors = run.communicate()
        codes.add(run.returncode)
        assert errors == ("seqtools: interrupted\n" if run.returncode else "")
        assert output or run.returncode
    assert codes <= {0, 130}
