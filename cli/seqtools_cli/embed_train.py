"""`seqtools embed train`."""

import time
from typing import Any

import click

from seqtools_cli.console import Console
from seqtools_cli.options import FiniteFloat, IntAtLeast, common_options, seed_option

_DEFAULT_CHECKPOINT_SECONDS = 600.0


@click.command()
@click.argument("corpus", nargs=-1, required=True)
@click.option("-o", "--output", help="File of vectors; its suffix chooses the format. [<stem>.vec]")
@click.option("--format", "format_name", help="Format of the output, whatever its suffix.")
@click.option(
    "--model",
    type=click.Choice(["skipgram", "cbow"]),
    default="skipgram",
    show_default=True,
    help="Predict the context of each word, or each word from its context.",
)
@click.option(
    "--loss",
    type=click.Choice(["ns", "hs"]),
    default="ns",
    show_default=True,
    help="Negative sampling or hierarchical softmax.",
)
@click.option(
    "--dim", "--vector-size", "--size", "dim",
    type=IntAtLeast(1, 65_536), default=100, show_default=True, help="Numbers a vector.",
)  # fmt: skip
@click.option(
    "--window",
    type=IntAtLeast(1, 10_000),
    default=5,
    show_default=True,
    help="Largest distance of a context word, in words.",
)
@click.option(
    "--window-mode",
    type=click.Choice(["shrink", "fixed"]),
    default="shrink",
    show_default=True,
    help="Draw each window from 1 to --window, or take all of it.",
)
@click.option(
    "--negative",
    type=IntAtLeast(1, 1_000),
    default=5,
    show_default=True,
    help="Negative samples a centre word.",
)
@click.option(
    "--noise-exponent", "--ns-exponent", "noise_exponent",
    type=FiniteFloat(-10, 10), default=0.75, show_default=True,
    help="Noise words are drawn by count to this power: 0 uniform, 1 unigram.",
)  # fmt: skip
@click.option(
    "--subsample", "--sample", "subsample",
    type=FiniteFloat(0, 1), default=1e-3, show_default=True,
    help="Relative frequency above which words are dropped at random; 0 drops none.",
)  # fmt: skip
@click.option(
    "--subsample-rule",
    type=click.Choice(["word2vec", "paper"]),
    default="word2vec",
    show_default=True,
    help="Keep a word with probability sqrt(t/f) + t/f, or sqrt(t/f).",
)
@click.option(
    "--cbow-combine",
    type=click.Choice(["mean", "sum"]),
    default="mean",
    show_default=True,
    help="How CBOW joins the context vectors.",
)
@click.option(
    "--min-count",
    type=IntAtLeast(1),
    default=5,
    show_default=True,
    help="Drop words that occur less often.",
)
@click.option("--max-vocab", type=IntAtLeast(2), help="Keep only this many words.  [default: all]")
@click.option("--lower", is_flag=True, help="Fold upper to lower case.")
@click.option(
    "--encoding-errors",
    type=click.Choice(["strict", "replace"]),
    default="strict",
    show_default=True,
    help="Refuse invalid UTF-8, or replace and count it.",
)
@click.option(
    "--epochs", "--iter", "epochs",
    type=IntAtLeast(1, 1_000_000), default=5, show_default=True, help="Passes over the corpus.",
)  # fmt: skip
@click.option(
    "--lr", "--alpha", "learning_rate",
    type=FiniteFloat(0, 100, above=True), default=0.025, show_default=True,
    help="Learning rate at the start; it falls linearly to --min-lr.",
)  # fmt: skip
@click.option(
    "--min-lr", "--min-alpha", "min_learning_rate",
    type=FiniteFloat(0, 100), default=1e-4, show_default=True,
    help="Learning rate at the end.",
)  # fmt: skip
@click.option("--vocab", "vocabulary", help="Take words and counts from this word<TAB>count file.")
@click.option("--save-vocab", help="Write the vocabulary to this file, word<TAB>count.")
@click.option("--init-vectors", "initial_vectors", help="Start from the vectors of this file.")
@click.option("--save-context", help="Write the output (context) vectors to this file.")
@click.option(
    "--threads",
    type=IntAtLeast(1, 1_024),
    help="Threads that train without locks.  [default: all cores]",
)
@click.option("--deterministic", is_flag=True, help="Train on one thread: same seed, same bytes.")
@click.option(
    "--checkpoint-every",
    type=FiniteFloat(0, above=True),
    help="Save a checkpoint every so many seconds, and when interrupted.",
)
@click.option("--checkpoint-dir", help="Where checkpoints lie.  [default: <output>.checkpoint]")
@click.option("--resume", "is_resumed", is_flag=True, help="Go on from the checkpoint if any.")
@seed_option()
@common_options
def train(
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
    seed gives the same bytes; more threads train without locks and differ a little each time.
    """
    from seqtools_cli.numba_start import start_numba_without_blas

    start_numba_without_blas()
    from seqtools.embeddings.outputs import Outputs, check_outputs, save_training
    from seqtools.embeddings.training import train_on_text
    from seqtools.monitor import StopRequest
    from seqtools_cli.progress import make_monitor
    from seqtools_cli.signals import stop_on_signals

    started = time.monotonic()
    output = output or _default_output(corpus)
    if output == "-" and console.json:
        raise click.UsageError("--json and -o - would both write to stdout; name an output file.")
    outputs = Outputs(output, format_name, save_vocab, save_context)
    check_outputs(outputs, options["loss"])
    plan = _plan(output, options)
    stop = StopRequest()
    with stop_on_signals(stop):
        training = train_on_text(corpus, plan, make_monitor(console.quiet), stop)
        save_training(training, outputs)
    if plan.checkpoint_directory is not None:
        from seqtools.embeddings.checkpoint import Checkpoint

        Checkpoint(plan.checkpoint_directory, list(corpus)).remove()
    _print(console, training, output, plan, time.monotonic() - started)


def _default_output(corpus: tuple[str, ...]) -> str:
    """Return <stem>.vec in the current directory."""
    from pathlib import Path

    name = Path(corpus[0]).name
    for suffix in (".gz", ".bz2", ".xz", ".zst"):
        name = name.removesuffix(suffix)
    stem = Path(name).stem if name not in ("", "-") else "stdin"
    return f"{stem}.vec"


def _plan(output: str, options: dict[str, Any]) -> Any:
    """Turn options into settings."""
    from pathlib import Path

    from seqtools.embeddings.settings import Word2VecSettings, count_cores
    from seqtools.embeddings.training import TrainingPlan
    from seqtools.errors import SettingsError
    from seqtools.text.id_cache import TextSettings

    threads = options.pop("threads")
    if options.pop("deterministic"):
        if threads not in (None, 1):
            raise SettingsError(f"--deterministic trains on one thread, but --threads is {threads}")
        threads = 1
    every, directory = options.pop("checkpoint_every"), options.pop("checkpoint_dir")
    is_resumed = options.pop("is_resumed")
    keeps_checkpoints = is_resumed or every is not None or directory is not None
    text = TextSettings(
        min_count=options.pop("min_count"),
        max_vocabulary=options.pop("max_vocab"),
        lower=options.pop("lower"),
        encoding_errors=options.pop("encoding_errors"),
    )
    return TrainingPlan(
        text=text,
        vocabulary=options.pop("vocabulary"),
        initial_vectors=options.pop("initial_vectors"),
        word2vec=Word2VecSettings(threads=threads or count_cores(), **options),
        work_directory=Path(output).resolve().parent if output != "-" else Path.cwd(),
        checkpoint_directory=(directory or f"{output}.checkpoint") if keeps_checkpoints else None,
        checkpoint_every=every or _DEFAULT_CHECKPOINT_SECONDS,
        is_resumed=is_resumed,
    )


def _print(console: Console, training: Any, output: str, plan: Any, seconds: float) -> None:
    """Print the outcome."""
    speed = training.words_trained / training.train_seconds if training.train_seconds else None
    payload = {
        "output": output,
        "model": plan.word2vec.model,
        "loss_function": plan.word2vec.loss,
        "vocabulary_size": len(training.vocabulary),
        "dim": plan.word2vec.dim,
        "tokens": training.statistics.tokens_kept,
        "tokens_read": training.statistics.tokens_read,
        "sentences": training.statistics.sentences,
        "epochs": plan.word2vec.epochs,
        "loss": training.losses,
        "tokens_per_second": speed,
        "train_seconds": training.train_seconds,
        "total_seconds": seconds,
        "threads": training.threads,
        "seed": plan.word2vec.seed,
    }
    if console.result(payload):
        return
    rows = [
        ("words", f"{len(training.vocabulary):,} of {training.statistics.types_read:,} types"),
        (
            "tokens",
            f"{training.statistics.tokens_kept:,} kept of {training.statistics.tokens_read:,}",
        ),
        ("loss a pair", " ".join(f"{loss:.4f}" for loss in training.losses)),
        ("speed", f"{speed or 0:,.0f} tokens/s on {training.threads} threads"),
        ("time", f"{training.train_seconds:.1f} s training, {seconds:.1f} s in all"),
        ("saved", f"{output} ({len(training.vocabulary):,} x {plan.word2vec.dim})"),
    ]
    for name, text in rows:
        click.echo(f"{name:12} {text}", err=output == "-")
