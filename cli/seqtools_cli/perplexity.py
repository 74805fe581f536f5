"""`seqtools perplexity`."""

from typing import Any

import click

from seqtools_cli.console import Console
from seqtools_cli.option_rules import OneStdin, check_rules
from seqtools_cli.options import IntAtLeast, common_options
from seqtools_cli.text_options import threads_option


@click.command("perplexity")
@click.argument("model", metavar="DIR")
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
@click.option(
    "--batch-size",
    type=IntAtLeast(1, 1 << 20),
    default=1,
    show_default=True,
    help="Places of the text that are read side by side; all but the first begin with an empty "
    "state, which raises perplexity a little.",
)
@click.option(
    "--encoding-errors",
    type=click.Choice(["strict", "replace"]),
    default="strict",
    show_default=True,
    help="Refuse invalid UTF-8, or replace and count it.",
)
@threads_option("read the places of --batch-size")
@common_options
def perplexity(
    model: str, texts: tuple[str, ...], console: Console, **options: Any
) -> None:  # fmt: skip
    """Measure how well the language model in DIR predicts TEXT, plain or compressed.

    Perplexity is exp(-sum ln p / tokens), with ends of lines and unknown symbols among the tokens;
    per word it is the same sum over words and ends of lines, so that models of characters, subwords
    and words can be compared.
    """
    check_rules([OneStdin({"texts": "TEXT"})])
    from seqtools_cli.language_model_output import describe_score
    from seqtools_cli.numba_start import start_numba_without_blas

    start_numba_without_blas(console)
    from seqtools.models.language_model_score import score_text
    from seqtools_cli.progress import make_monitor

    score = score_text(model, texts, monitor=make_monitor(console.quiet), **options)
    if not console.result(score):
        click.echo(describe_score(score))
        console.detail(score["definition"])
