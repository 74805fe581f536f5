"""Files of word vectors: what they hold, and turning one into another."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from seqtools_cli.options import IntAtLeast, common_options
from seqtools_cli.vector_options import READABLE, WRITABLE, loading_options

if TYPE_CHECKING:
    from seqtools_cli.console import Console


@click.command()
@click.argument("vectors")
@click.option("--format", "format_name", type=READABLE, help="Refuse a file of another format.")
@loading_options
@common_options
def info(vectors: str, format_name: str | None, loading: dict[str, Any], console: Console) -> None:
    """Describe a file of VECTORS: format, size, lengths, duplicates, first words, metadata.

    The whole file is read and checked; "-" is standard input.
    """
    from seqtools.embeddings.vector_description import describe_vector_file
    from seqtools.io.vector_table import ReadingOptions

    allow_pickle = loading.pop("allow_pickle")
    description = describe_vector_file(
        vectors, format_name, ReadingOptions(**loading), allow_pickle=allow_pickle
    )
    if console.result(asdict(description)):
        return
    rows = [[name.replace("_", " "), _cell(value)] for name, value in asdict(description).items()]
    console.table(["property", "value"], rows)


@click.command()
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@click.option(
    "--format",
    "target_format",
    type=WRITABLE,
    help="Format of OUT.  [default: by the suffix of OUT]",
)
@click.option(
    "--from",
    "source_format",
    type=READABLE,
    help="Format of IN.  [default: recognised by its content]",
)
@click.option("--limit", type=IntAtLeast(1), metavar="N", help="Read the first N rows of IN only.")
@click.option(
    "--words", "word_list", metavar="FILE", help="Keep the words of FILE only, one a line."
)
@loading_options
@common_options
def convert(
    source: str,
    target: str,
    target_format: str | None,
    source_format: str | None,
    limit: int | None,
    word_list: str | None,
    loading: dict[str, Any],
    console: Console,
) -> None:
    """Convert vectors from IN to OUT.

    The suffix of OUT chooses the format: .vec or .txt word2vec text, .glove.txt text without a
    header, .bin word2vec binary, .safetensors native, .kv gensim; .gz, .bz2, .xz or .zst after it
    compresses. "-" is standard input or output (word2vec text).
    """
    from seqtools.embeddings.vector_conversion import convert_vector_file
    from seqtools.io.atomic import check_is_no_input
    from seqtools.io.text_lines import read_word_list
    from seqtools.io.vector_table import ReadingOptions

    if target == "-" and console.json:
        raise click.UsageError("OUT and the JSON object cannot both go to standard output.")
    if source == word_list == "-":
        raise click.UsageError("IN and the list of words cannot both come from standard input.")
    if target != "-":
        check_is_no_input(target, [word_list])
    allow_pickle = loading.pop("allow_pickle")
    result = convert_vector_file(
        source,
        target,
        source_format=source_format,
        target_format=target_format,
        words=read_word_list(word_list) if word_list else None,
        options=ReadingOptions(limit=limit, **loading),
        allow_pickle=allow_pickle,
    )
    if result.missing_words:
        first = ", ".join(result.missing_words[:5])
        console.note(f"{len(result.missing_words)} words of {word_list} are not in IN: {first}")
    if not console.result(asdict(result)):
        console.note(
            f"{result.output}: {result.num_words} words, {result.dim} dimensions, "
            f"{result.output_format}"
        )


def _cell(value: Any) -> str:
    """Write a property for a person."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (tuple, list)):
        return " ".join(value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {item}" for key, item in value.items()) or "none"
    return "unknown" if value is None else str(value)
