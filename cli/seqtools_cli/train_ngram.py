"""`seqtools train-ngram`: train an n-gram language model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqtools_cli.option_rules import OneStdin, check_rules
from seqtools_cli.options import IntAtLeast, common_options

if TYPE_CHECKING:
    from seqtools_cli.console import Console


@click.command("train-ngram")
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
@click.option(
    "-o", "--output", required=True, metavar="FILE", help="ARPA file to write; .gz compresses it."
)
@click.option(
    "--order",
    type=IntAtLeast(1, 16),
    default=3,
    show_default=True,
    help="Words, or characters, of the longest n-grams.",
)
@click.option(
    "--level",
    type=click.Choice(["word", "character"]),
    default="word",
    show_default=True,
    help="What n-grams are made of.",
)
@click.option("--lower", is_flag=True, help="Fold upper to lower case.")
@click.option("--valid", metavar="FILE", help="Text to measure the perplexity of.")
@common_options
def train_ngram(
    console: Console,
    texts: tuple[str, ...],
    output: str,
    order: int,
    level: str,
    lower: bool,
    valid: str | None,
) -> None:
    """Train an n-gram language model on TEXT, a sentence a line, plain or compressed.

    Smoothing is interpolated modified Kneser-Ney (Chen and Goodman 1998). The ARPA file is what
    decoders of speech read, those of other toolkits too.

    \b
    seqtools train-ngram news.txt.gz -o news.arpa --order 4 --valid dev.txt
    """  # noqa: D301 - the backslash keeps Click from filling the lines
    check_rules([OneStdin({"texts": "TEXT", "valid": "--valid"})])
    from seqtools.text.ngram_training import NGramSettings, train_ngram_files
    from seqtools_cli.progress import make_monitor

    settings = NGramSettings(order, level, lower)
    monitor = make_monitor(console.quiet)
    numbers = train_ngram_files(texts, output, settings, valid=valid, monitor=monitor).as_dict()
    if console.result({**numbers, "level": level, "output": output}):
        return
    counts = " ".join(f"{n}-grams {count:,}" for n, count in enumerate(numbers["ngrams"], start=1))
    click.echo(f"text        {numbers['sentences']:,} sentences, {numbers['tokens']:,} {level}s")
    click.echo(f"model       {counts}")
    if numbers["perplexity"] is not None:
        click.echo(f"perplexity  {numbers['perplexity']:.2f} on {valid}, ends of lines counted")
    click.echo(f"saved       {output}")
