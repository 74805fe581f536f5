"""The `seqtools` command: the group, and what becomes of errors and signals."""

import errno
import os
import signal
import sys
from collections.abc import Sequence

import click

from seqtools_cli.interrupts import (
    SIGNALLED,
    Interrupted,
    hearing_signals,
    hiding_lost,
    show_cursor,
    tell_terminal,
)
from seqtools_cli.lazy import LazyGroup

COMMANDS = {
    "embed": (
        "seqtools_cli.embed:embed",
        "Train, evaluate, query, convert and draw word vectors.",
    ),
    "train-lm": (
        "seqtools_cli.train_lm:train_lm",
        "Train a recurrent language model on characters, words or subwords.",
    ),
    "generate": ("seqtools_cli.generate:generate", "Let a language model write text."),
    "perplexity": (
        "seqtools_cli.perplexity:perplexity",
        "Measure how well a language model predicts text.",
    ),
    "grad-report": (
        "seqtools_cli.grad_report:grad_report",
        "Show how gradients vanish or explode through time.",
    ),
    "train-nmt": (
        "seqtools_cli.train_nmt:train_nmt",
        "Train a translator on parallel text.",
    ),
    "translate": ("seqtools_cli.translate:translate", "Translate text, line by line."),
    "score": ("seqtools_cli.score:score", "Score given translations by a model."),
    "train-ngram": (
        "seqtools_cli.train_ngram:train_ngram",
        "Train an n-gram language model into an ARPA file.",
    ),
    "train-asr": (
        "seqtools_cli.train_asr:train_asr",
        "Train speech recognition on recordings and their texts.",
    ),
    "transcribe": (
        "seqtools_cli.transcribe:transcribe",
        "Write down what is said in recordings, with times.",
    ),
    "bleu": (
        "seqtools_cli.bleu:bleu",
        "Score translations: BLEU, chrF, TER, intervals and tests.",
    ),
    "wer": ("seqtools_cli.wer:wer", "Count the word and character errors of transcripts."),
    "beam-errors": (
        "seqtools_cli.beam_errors:beam_errors",
        "Tell whether the search or the model is at fault.",
    ),
    "bias": ("seqtools_cli.bias:bias", "Measure the social bias of word vectors."),
    "debias": ("seqtools_cli.debias:debias", "Remove social bias and show what it cost."),
}

cli = LazyGroup(
    "seqtools",
    COMMANDS,
    "Word embeddings and sequence models from the shell.\n\n"
    "Results go to stdout, progress and warnings to stderr; every command takes --json.",
    group_names=["embed"],
)


def _print_version() -> None:
    """Print the installed version."""
    from importlib.metadata import version

    click.echo(f"seqtools {version('seqtools')}")


def _version_option(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    """Print the version and leave."""
    if value:
        _print_version()
        ctx.exit()


cli.params.append(
    click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_version_option,
        help="Print the version and exit.",
    )
)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code.

    0 done; 1 the work failed, with one line on stderr; 2 usage; 130, 143 or 129 after SIGINT,
    SIGTERM or SIGHUP. A closed pipe ends quietly.
    """
    if sys.stdout is None:
        click.echo("seqtools: error: stdout: cannot write: it is closed", err=True)
        return 1
    signals: list[int] = []

    def interrupt(number: int) -> None:
        signals.append(number)  # what is raised may be lost
        if len(signals) > 1:  # the first is still being dealt with
            show_cursor()
            os._exit(SIGNALLED + number)
        raise Interrupted

    try:
        with hearing_signals(interrupt), hiding_lost(Interrupted):
            return _run(arguments, signals)
    except Interrupted:  # in the last moment, or while an error was being told
        return SIGNALLED + signals[-1]


def _run(arguments: Sequence[str], signals: Sequence[int]) -> int:
    """Run one command line; see ``run``. `signals` are those received so far."""
    try:
        result = cli.main(list(arguments), prog_name="seqtools", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as request:
        return request.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (Interrupted, click.Abort):
        return _report_interrupt(signals)
    except (BrokenPipeError, SystemExit):
        # Click itself catches a closed pipe, wherever a command prints, and asks to leave with 1.
        return 0
    except Exception as error:
        if "--debug" in arguments:
            raise
        return _report(error, signals)
    return result if isinstance(result, int) else 0


def _report_interrupt(signals: Sequence[int]) -> int:
    """Print one line and return the exit code of the last signal."""
    tell_terminal(b"\n")  # behind ^C
    click.echo("seqtools: interrupted", err=True)
    return SIGNALLED + (signals[-1] if signals else signal.SIGINT)


def _report(error: Exception, signals: Sequence[int]) -> int:
    """Print one line for an error and return the exit code."""
    from seqtools.errors import SeqtoolsError, TrainingInterrupted

    if isinstance(error, TrainingInterrupted):
        click.echo(f"seqtools: {error}", err=True)
        return SIGNALLED + error.signal_number
    if isinstance(error, SeqtoolsError):
        text = str(error)
    elif isinstance(error, MemoryError):
        text = "out of memory; use a smaller vocabulary, dimension or file"
    elif isinstance(error, OSError):
        # Files are named by the library's own errors; what has no name is what we print to.
        is_stdout = error.filename is None and error.errno == errno.ENOSPC
        place = "stdout: cannot write" if is_stdout else error.filename
        place = f"{place}: " if place else ""
        text = f"{place}{error.strerror or error}"
    elif signals:  # Numba, interrupted while it compiles, fails by an error of its own
        return _report_interrupt(signals)
    else:
        text = (
            f"unexpected {type(error).__name__}: {error}; "
            "this is a defect: run again with --debug and report what it prints"
        )
    click.echo(f"seqtools: error: {' '.join(text.splitlines())}", err=True)
    return 1
