"""`seqtools embed count`, `cooccur` and `merge`: the steps of GloVe that add up over machines."""

import time
from typing import Any

import click

from seqtools_cli.console import Console, on_threads
from seqtools_cli.options import IntAtLeast, common_options
from seqtools_cli.text_options import (
    memory_option,
    reading_options,
    shard_option,
    threads_option,
    word_choice_options,
)


@click.command()
@click.argument("corpus", nargs=-1, required=True)
@click.option("-o", "--output", required=True, help="File of word<TAB>count lines.")
@word_choice_options
@reading_options
@shard_option
@common_options
@click.pass_context
def count(
    ctx: click.Context,
    /,
    corpus: tuple[str, ...],
    output: str,
    min_count: int,
    max_vocab: int | None,
    lower: bool,
    encoding_errors: Any,
    shard: Any,
    console: Console,
) -> None:
    """Count the words of text files, plain or compressed ("-" is stdin).

    The counts of a shard hold all words, so that `seqtools embed merge` can add them up; words are
    chosen there, by its --min-count and --max-vocab.
    """
    from seqtools.monitor import StopRequest
    from seqtools.text.id_cache import TextSettings
    from seqtools.text.word_counts import count_words
    from seqtools_cli.progress import make_monitor
    from seqtools_cli.signals import stop_on_signals

    _check_output(console, output, corpus)
    if shard is not None and not _is_given(ctx, "min_count"):
        min_count = 1
    settings = TextSettings(min_count, max_vocab, lower, encoding_errors)
    with stop_on_signals(StopRequest()):
        counted = count_words(corpus, settings, shard, make_monitor(console.quiet))
        counted.save(output)
    _print_counts(console, counted, output, shard)


@click.command()
@click.argument("corpus", nargs=-1, required=True)
@click.option("-o", "--output", required=True, help="File of co-occurrences.")
@click.option("--vocab", help="Take words and counts from this word<TAB>count file.")
@click.option(
    "--window",
    type=IntAtLeast(1, 10_000),
    default=15,
    show_default=True,
    help="Largest distance of two words; at distance d they count 1/d.",
)
@word_choice_options
@reading_options
@shard_option
@memory_option
@threads_option("count")
@common_options
@click.pass_context
def cooccur(
    ctx: click.Context, /, corpus: tuple[str, ...], output: str, console: Console, **options: Any
) -> None:
    """Count which words of text files stand near which ("-" is stdin).

    Sentences end with their line. Equal text, vocabulary and window give equal bytes, whatever
    --threads and --memory; shards give them too, once `seqtools embed merge` has added them up.
    """
    from seqtools_cli.numba_start import start_numba_without_blas

    start_numba_without_blas(console)
    from seqtools.embeddings.text_cooccurrence import count_text_cooccurrences
    from seqtools.monitor import StopRequest
    from seqtools_cli.progress import make_monitor
    from seqtools_cli.signals import stop_on_signals

    started = time.monotonic()
    plan = _counting_plan(ctx, options)
    with stop_on_signals(StopRequest()):
        outcome = count_text_cooccurrences(corpus, output, plan, make_monitor(console.quiet))
    _print_cooccurrences(console, outcome, output, plan, time.monotonic() - started)


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option("-o", "--output", required=True, help="File of the sums.")
@word_choice_options
@memory_option
@threads_option("merge")
@common_options
@click.pass_context
def merge(
    ctx: click.Context,
    /,
    files: tuple[str, ...],
    output: str,
    min_count: int,
    max_vocab: int | None,
    memory_bytes: int,
    threads: int | None,
    console: Console,
) -> None:
    """Add up files of `seqtools embed count`, or files of `seqtools embed cooccur`.

    --min-count and --max-vocab choose words of counts; --memory and --threads are for
    co-occurrences.
    """
    from seqtools.embeddings.settings import count_cores
    from seqtools.io.cooccurrence_magic import is_cooccurrence_file
    from seqtools.monitor import StopRequest
    from seqtools_cli.signals import stop_on_signals

    with stop_on_signals(StopRequest()):
        if any(is_cooccurrence_file(path) for path in files):
            _refuse_given(ctx, ("min_count", "max_vocab"), "co-occurrences")
            _merge_cooccurrences(console, files, output, memory_bytes, threads or count_cores())
        else:
            _refuse_given(ctx, ("memory_bytes", "threads"), "counts of words")
            _merge_counts(console, files, output, min_count, max_vocab)


def _counting_plan(ctx: click.Context, options: dict[str, Any]) -> Any:
    """Turn options into a plan."""
    from seqtools.embeddings.cooccurrence_settings import CooccurrenceSettings
    from seqtools.embeddings.settings import count_cores
    from seqtools.embeddings.text_cooccurrence import CountingPlan
    from seqtools.text.id_cache import TextSettings

    if options["vocab"] is not None:
        _refuse_given(ctx, ("min_count", "max_vocab"), "a vocabulary that --vocab gives")
    return CountingPlan(
        text=TextSettings(
            options["min_count"],
            options["max_vocab"],
            options["lower"],
            options["encoding_errors"],
        ),
        counting=CooccurrenceSettings(
            options["window"], options["threads"] or count_cores(), options["memory_bytes"]
        ),
        vocabulary=options["vocab"],
        shard=options["shard"],
    )


def _merge_counts(
    console: Console, files: tuple[str, ...], output: str, min_count: int, max_vocab: int | None
) -> None:
    """Add up counts of words."""
    from seqtools.text.id_cache import TextSettings
    from seqtools.text.word_counts import merge_counts

    _check_output(console, output, files)
    merged = merge_counts(files, TextSettings(min_count, max_vocab))
    merged.save(output)
    _print_counts(console, merged, output, None, files)


def _merge_cooccurrences(
    console: Console, files: tuple[str, ...], output: str, memory_bytes: int, threads: int
) -> None:
    """Add up co-occurrences."""
    from seqtools_cli.numba_start import start_numba_without_blas

    start_numba_without_blas(console)
    from seqtools.embeddings.cooccurrence_merge import merge_files
    from seqtools.embeddings.cooccurrence_settings import CooccurrenceSettings
    from seqtools.io.atomic import check_is_no_input, check_writable
    from seqtools_cli.progress import make_monitor

    check_writable(output)
    check_is_no_input(output, files)
    settings = CooccurrenceSettings(threads=threads, memory_bytes=memory_bytes)
    header = merge_files(files, output, settings, make_monitor(console.quiet))
    payload = {
        "output": output,
        "kind": "cooccurrences",
        "files": list(files),
        "vocabulary_size": header.vocabulary_size,
        "tokens": header.tokens_kept,
        "entries": header.num_entries,
        "window": header.window,
    }
    if not console.result(payload):
        click.echo(
            f"{output}: {header.num_entries:,} pairs of {header.vocabulary_size:,} words, "
            f"from {len(files)} files with {header.tokens_kept:,} tokens"
        )


def _print_counts(
    console: Console, counted: Any, output: str, shard: Any, files: tuple[str, ...] = ()
) -> None:
    """Print the outcome of counting words or of adding counts."""
    size = 0 if counted.vocabulary is None else len(counted.vocabulary)
    tokens = 0 if counted.vocabulary is None else int(counted.vocabulary.counts.sum())
    payload = {
        "output": output,
        "kind": "counts",
        **({"files": list(files)} if files else {"shard": _name(shard)}),
        "vocabulary_size": size,
        "types_read": counted.types_read,
        "tokens": tokens,
        "tokens_read": counted.tokens_read,
    }
    if not console.result(payload):
        click.echo(
            f"{output}: {size:,} of {counted.types_read:,} words, "
            f"{tokens:,} of {counted.tokens_read:,} tokens",
            err=output == "-",
        )


def _print_cooccurrences(
    console: Console, outcome: Any, output: str, plan: Any, seconds: float
) -> None:
    """Print the outcome of counting co-occurrences."""
    speed = outcome.tokens_kept / outcome.count_seconds if outcome.count_seconds else None
    payload = {
        "output": output,
        "vocabulary_size": outcome.vocabulary_size,
        "tokens": outcome.tokens_kept,
        "tokens_read": outcome.tokens_read,
        "entries": outcome.num_entries,
        "window": plan.counting.window,
        "spills": outcome.num_spills,
        "tokens_per_second": speed,
        "count_seconds": outcome.count_seconds,
        "total_seconds": seconds,
        "threads": plan.counting.threads,
        "shard": _name(plan.shard),
    }
    if console.result(payload):
        return
    rows = [
        ("tokens", f"{outcome.tokens_kept:,} kept of {outcome.tokens_read:,}"),
        ("pairs", f"{outcome.num_entries:,} of {outcome.vocabulary_size:,} words"),
        ("sorted parts", f"{outcome.num_spills} written and merged"),
        ("speed", f"{speed or 0:,.0f} tokens/s {on_threads(plan.counting.threads)}"),
        ("time", f"{outcome.count_seconds:.1f} s counting, {seconds:.1f} s in all"),
        ("saved", output),
    ]
    for name, text in rows:
        click.echo(f"{name:12} {text}")


def _name(shard: Any) -> str | None:
    """Write a shard as I/N."""
    return None if shard is None else f"{shard.number}/{shard.num_shards}"


def _check_output(console: Console, output: str, inputs: tuple[str, ...]) -> None:
    """Refuse now an output that could not be written later, or would replace what is read."""
    from seqtools.io.atomic import check_is_no_input, check_writable

    if output == "-" and console.json:
        raise click.UsageError("--json and -o - would both write to stdout; name an output file.")
    if output != "-":
        check_writable(output)
        check_is_no_input(output, inputs)


def _is_given(ctx: click.Context, name: str) -> bool:
    """Say whether an option stands on the command line."""
    return ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _refuse_given(ctx: click.Context, names: tuple[str, ...], what: str) -> None:
    """Refuse options that would not be heeded."""
    for parameter in ctx.command.params:
        if parameter.name in names and _is_given(ctx, parameter.name or ""):
            raise click.UsageError(f"{parameter.opts[0]} is of no use with {what}.", ctx)
