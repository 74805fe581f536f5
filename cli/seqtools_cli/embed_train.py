"""`seqtools embed train`."""

import time
from typing import Any

import click

from seqtools_cli.console import Console
from seqtools_cli.options import common_options
from seqtools_cli.train_options import check_options, training_options
from seqtools_cli.train_output import print_training
from seqtools_cli.train_plan import make_plan


@click.command()
@click.argument("corpus", nargs=-1)
@click.option("-o", "--output", help="File of vectors; its suffix chooses the format. [<stem>.vec]")
@click.option("--format", "format_name", help="Format of the output, whatever its suffix.")
@training_options
@common_options
@click.pass_context
def train(
    ctx: click.Context,
    /,
    corpus: tuple[str, ...],
    output: str | None,
    format_name: str | None,
    save_vocab: str | None,
    save_context: str | None,
    console: Console,
    **options: Any,
) -> None:
    """Train word vectors on text files, plain or compressed ("-" is stdin).

    Words are separated by white space and a sentence ends with its line. With one thread the same
    seed gives the same bytes; more threads train without locks and differ a little each time,
    but for nplm.
    """
    paths = _paths(ctx, corpus, options["cooccurrences"])
    check_options(ctx, options["model"], options["cooccurrences"] is not None)
    from seqtools_cli.numba_start import start_numba_without_blas

    start_numba_without_blas(console)
    from seqtools.embeddings.outputs import Outputs, check_outputs, save_training
    from seqtools.embeddings.training import train_on_text
    from seqtools.monitor import StopRequest
    from seqtools_cli.progress import make_monitor
    from seqtools_cli.signals import stop_on_signals

    started = time.monotonic()
    output = output or _default_output(paths)
    if output == "-" and console.json:
        raise click.UsageError("--json and -o - would both write to stdout; name an output file.")
    outputs = Outputs(output, format_name, save_vocab, save_context)
    others = [options[name] for name in ("cooccurrences", "vocabulary", "initial_vectors")]
    check_outputs(outputs, options["loss"], [*paths, *options["valid"], *others])
    plan = make_plan(output, options)
    stop = StopRequest()
    with stop_on_signals(stop):
        training = train_on_text(paths, plan, make_monitor(console.quiet), stop)
        save_training(training, outputs)
    if plan.checkpoint_directory is not None:
        from seqtools.embeddings.checkpoint import Checkpoint

        Checkpoint(plan.checkpoint_directory, paths).remove()
    print_training(console, training, output, plan, time.monotonic() - started)


def _paths(ctx: click.Context, corpus: tuple[str, ...], cooccurrences: str | None) -> list[str]:
    """Return the files to train on: text, or the co-occurrences that were counted of it."""
    if bool(corpus) == (cooccurrences is not None):
        raise click.UsageError("Name either CORPUS files or --cooccurrences FILE.", ctx)
    return list(corpus) if cooccurrences is None else [cooccurrences]


def _default_output(paths: list[str]) -> str:
    """Return <stem>.vec in the current directory."""
    from pathlib import Path

    name = Path(paths[0]).name
    for suffix in (".gz", ".bz2", ".xz", ".zst"):
        name = name.removesuffix(suffix)
    stem = Path(name).stem if name not in ("", "-") else "stdin"
    return f"{stem}.vec"
