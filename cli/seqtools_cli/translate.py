"""`seqtools translate`."""

from collections.abc import Iterator
from typing import Any

import click

from seqtools_cli.console import Console
from seqtools_cli.decoding_options import decoding_options, make_settings
from seqtools_cli.decoding_rules import TRANSLATE_RULES
from seqtools_cli.option_rules import check_rules
from seqtools_cli.options import IntAtLeast, common_options, seed_option
from seqtools_cli.text_options import threads_option


@click.command("translate")
@click.argument("model", metavar="DIR")
@click.argument("input_path", metavar="[INPUT]", default="-")
@click.option(
    "-m", "--model", "more_models", multiple=True, metavar="DIR",
    help="A further model of the same vocabularies: probabilities are averaged.",
)  # fmt: skip
@decoding_options
@click.option(
    "--n-best", "n_best", type=IntAtLeast(1), default=1, show_default=True,
    help="Outputs of each line, at most --beam-size.",
)  # fmt: skip
@click.option(
    "--n-best-format", type=click.Choice(["moses", "jsonl"]), default="moses", show_default=True,
    help="How --n-best writes: Moses' ` ||| ` or a JSON object a line.",
)  # fmt: skip
@click.option(
    "--replace-unk",
    "replaces_unknown",
    is_flag=True,
    help="Copy the source word that attention is on in the place of <unk>; needs --allow-unk.",
)
@click.option(
    "--attention-plot",
    metavar="FILE",
    help="Draw attention: .html for all lines, .png, .svg or .pdf for a single one.",
)
@click.option("--by-words", is_flag=True, help="Draw attention between words, not subwords.")
@click.option(
    "--batch-size", type=IntAtLeast(1, 100_000), default=64, show_default=True,
    help="Lines that are translated at a time; one at a time answers soonest.",
)  # fmt: skip
@threads_option("translate lines; the result does not depend on them")
@seed_option()
@common_options
def translate(
    model: str, input_path: str, more_models: tuple[str, ...], console: Console, **options: Any
) -> None:
    """Translate lines of INPUT (default: stdin) by the model in DIR.

    One line out for each line in, in order; a line of blanks gives an empty line. With --json the
    translations are one object at the end.
    """
    check_rules(TRANSLATE_RULES)
    from seqtools_cli.numba_start import start_numba_without_blas

    start_numba_without_blas(console)
    from seqtools.models.translating import LineTranslator
    from seqtools.models.translation import load_translation
    from seqtools_cli.decoding_options import check_attention_plot, count_threads
    from seqtools_cli.translation_output import TranslationWriter
    from seqtools_cli.waiting_lines import line_blocks

    check_attention_plot(options["attention_plot"], input_path)
    translator = LineTranslator(
        [load_translation(path) for path in (model, *more_models)],
        count_threads(options["threads"]),
    )
    settings = make_settings(options)
    writer = TranslationWriter(console, translator.model, settings, options)
    for first, lines in _numbered(line_blocks(input_path, options["batch_size"])):
        writer.write(first, lines, translator.translate(lines, settings, first))
    writer.finish(model)


def _numbered(blocks: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield blocks with the number of their first line."""
    first = 0
    for block in blocks:
        yield first, block
        first += len(block)
