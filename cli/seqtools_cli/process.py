"""The process of a command, from its first moment to its last."""

import atexit
import contextlib
import os
import sys

from seqtools_cli.interrupts import SIGNALLED, hear_signals, ignore_signals


def entry() -> None:
    """Run the command line of this process."""
    finished: list[int] = []

    def leave(number: int) -> None:
        """Answer a signal before the command begins, or when all is written."""
        if not finished:
            _say("seqtools: interrupted")
        os._exit(finished[0] if finished else SIGNALLED + number)

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


def _say(line: str) -> None:
    """Print a line on stderr if there is one and it is not in use."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, RuntimeError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
