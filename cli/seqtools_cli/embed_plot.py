"""`seqtools embed plot`: draw a map of words as a picture or a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqtools_cli.options import FiniteFloat, common_options, seed_option
from seqtools_cli.vector_options import loading_options

if TYPE_CHECKING:
    from seqtools_cli.console import Console


@click.command("plot")
@click.argument("vectors")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="Where to write: .png, .svg or .pdf for a picture, .html for a page to explore.",
)
@click.option(
    "--method",
    type=click.Choice(["pca", "tsne"]),
    default="pca",
    show_default=True,
    help="PCA keeps the large distances, t-SNE the near neighbours.",
)
@click.option(
    "--top",
    type=click.IntRange(1, 5000),
    metavar="N",
    help="Draw the first N words of the file, 5000 at most.  [default: 1000]",
)
@click.option(
    "--words",
    "words_file",
    metavar="FILE",
    help="Draw the words of a file instead, one a line, the most important first.",
)
@click.option(
    "--perplexity",
    type=FiniteFloat(0.0, 5000.0, above=True),
    default=30.0,
    show_default=True,
    help="How many neighbours, about, t-SNE keeps a word near to.",
)
@click.option(
    "--groups",
    type=click.IntRange(0, 8),
    default=8,
    show_default=True,
    help="Colours: groups of alike words, found by k-means; 0 for one colour.",
)
@click.option(
    "--neighbors",
    type=click.IntRange(0, 100),
    default=10,
    show_default=True,
    metavar="K",
    help="Nearest words that a page lists for each word, among those drawn.",
)
@seed_option()
@loading_options
@common_options
def plot(
    vectors: str,
    output: str,
    top: int | None,
    words_file: str | None,
    loading: dict[str, Any],
    console: Console,
    **options: Any,
) -> None:
    """Draw a map of the words in VECTORS.

    Vectors are scaled to length 1 and laid out in the plane; labels are written where there is
    room, the first words of the file before the others. The same seed gives the same map. A page
    (.html) needs no network: search, zoom, and click a word to see its neighbours.
    """
    from pathlib import Path

    from seqtools.embeddings.finite_words import finite_words
    from seqtools.embeddings.vector_files import load_vectors
    from seqtools.io.text_lines import read_word_list
    from seqtools.reports.embedding_map import MapSettings, make_embedding_map
    from seqtools.reports.map_files import write_embedding_map
    from seqtools.reports.output_files import check_report
    from seqtools.reports.word_selection import choose_rows
    from seqtools_cli.progress import make_monitor

    if top is not None and words_file is not None:
        raise click.UsageError("--top and --words exclude each other.")
    settings = MapSettings(**options)
    suffix = check_report(output, "a map", inputs=[vectors, words_file])
    words = None if words_file is None else read_word_list(words_file)
    table = finite_words(load_vectors(vectors, **loading))
    rows, missing = choose_rows(table, top, words)
    source = "stdin" if vectors == "-" else Path(vectors).name
    drawn = make_embedding_map(table, rows, settings, source, make_monitor(console.quiet))
    write_embedding_map(output, drawn)
    payload = {
        **vars(settings),
        "output": output,
        "format": suffix.removeprefix("."),
        "words": len(drawn.words),
        "missing_words": missing,
        "perplexity": drawn.perplexity,
        "explained_variance": drawn.explained_variance,
        "caption": drawn.caption,
    }
    if not console.result(payload):
        click.echo(f"{output}: {drawn.caption}")
