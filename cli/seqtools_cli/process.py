"""The process of a command, from its first moment to its last."""

import atexit
import contextlib
import io
import os
import sys
from typing import Any

from seqtools_cli.interrupts import SIGNALLED, hear_signals, ignore_signals


def entry() -> None:
    """Run the command line of this process."""
    finished: list[int] = []

    def leave(number: int) -> None:
        """Answer a signal before the command begins, or when all is written."""
        if not finished:
            _say("seqtools: interrupted")
        os._exit(finished[0] if finished else SIGNALLED + number)

    sys.stderr = _forgiving_stderr()
    _show_what_cannot_be_encoded()
    hear_signals(leave)
    # Python lets go of its handlers long before its end.
    atexit.register(ignore_signals)
    # Only now: this takes longer than a quick hand needs for Ctrl-C.
    from seqtools_cli.main import run

    finished.append(_finish(run(sys.argv[1:])))
    if finished[0] > SIGNALLED:
        # Without waiting for threads: they may have kernels to compile for half a minute.
        os._exit(finished[0])
    sys.exit(finished[0])


def _finish(code: int) -> int:
    """Write what is left for stdout and return the exit code."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        if code == 0 and not isinstance(error, BrokenPipeError):
            _say(f"seqtools: error: stdout: cannot write: {error.strerror}")
            code = 1
        # What is left in the buffer is lost: keep the interpreter from trying again as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _show_what_cannot_be_encoded() -> None:
    """Let stdout print what its encoding, as of an old locale, lacks as an escape."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


class _ForgivingFile(io.FileIO):
    """Loses what it cannot write: progress that nobody reads any more must not end the work."""

    def write(self, content: Any) -> int:
        """Write bytes, or nothing; say in either case that they were written."""
        written = None
        with contextlib.suppress(OSError):
            written = super().write(content)  # None if it would have to wait
        return len(memoryview(content).cast("B")) if written is None else written


def _forgiving_stderr() -> io.TextIOWrapper:
    """Return a standard error that may be closed, full or left by its reader."""
    try:
        file = _ForgivingFile(2, "wb", closefd=False)
    except OSError:  # it is closed
        file = _ForgivingFile(os.devnull, "wb")
    stream = sys.stderr or io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace")
    buffer = io.BufferedWriter(file)
    return io.TextIOWrapper(buffer, stream.encoding, stream.errors, line_buffering=True)


def _say(line: str) -> None:
    """Print a line on stderr unless it is in use."""
    with contextlib.suppress(RuntimeError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
