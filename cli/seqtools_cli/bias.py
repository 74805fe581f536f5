"""`seqtools bias`: measure the social bias of word vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqtools.bias.settings import AuditSettings
from seqtools_cli.bias_options import (
    audit_options,
    axis_options,
    picture_options,
    refuse_two_stdins,
    sets_option,
)
from seqtools_cli.options import IntAtLeast, common_options, seed_option
from seqtools_cli.vector_options import loading_options

if TYPE_CHECKING:
    from seqtools_cli.console import Console


@click.command("bias")
@click.argument("vectors", required=False)
@click.argument("words", nargs=-1, metavar="[WORD]...")
@axis_options
@sets_option
@click.option("--list-sets", is_flag=True, help="List the built-in word sets and stop.")
@click.option(
    "--components",
    type=IntAtLeast(1),
    default=1,
    show_default=True,
    metavar="K",
    help="Dimensions of the bias subspace.",
)
@click.option(
    "--raw",
    is_flag=True,
    help="Take the direction from vectors as they are stored, not scaled to length 1.",
)
@audit_options
@picture_options
@loading_options
@seed_option()
@common_options
def bias(
    vectors: str | None,
    words: tuple[str, ...],
    list_sets: bool,
    console: Console,
    **options: Any,
) -> None:
    """Measure the social bias of VECTORS: how far words that should be neutral lean to groups.

    Measures: direct and indirect bias, the Word Embedding Association Test with effect sizes and
    p-values, RIPA, RND, ECT, MAC, and what clusters, neighbours and a classifier still tell. With
    WORDs, only their cosines with the bias direction are printed.

    A file of sets is TOML (or the same in JSON): [weat.NAME] with targets = [[...], [...]] and
    attributes = [[...], [...]], and perhaps [axis] with definitional = [["woman", "man"], ...],
    equalize, specific, targets.
    """
    if list_sets:
        _print_sets(console)
        return
    if vectors is None:
        raise click.UsageError("Missing argument 'VECTORS'.")
    if words:
        _print_words(console, vectors, words, **options)
        return
    _print_audit(console, vectors, **options)


def _print_sets(console: Console) -> None:
    """Print the built-in sets, with all words as JSON."""
    from seqtools.bias.builtin_sets import describe_sets
    from seqtools_cli.bias_output import print_sets

    sets = describe_sets()
    if not console.result({"sets": {item.name: vars(item) for item in sets}}):
        print_sets(console, sets)


def _print_words(
    console: Console,
    vectors: str,
    words: tuple[str, ...],
    *,
    axis_choice: dict[str, Any],
    sets: tuple[str, ...],
    components: int,
    raw: bool,
    loading: dict[str, Any],
    **_: Any,
) -> None:
    """Print words' cosines with the bias direction."""
    from seqtools.bias.axis_vectors import word_cosines
    from seqtools.bias.chosen_sets import AxisChoice, choose_axis, choose_tests
    from seqtools.embeddings.vector_files import load_vectors
    from seqtools_cli.bias_output import print_words

    axis = choose_axis(AxisChoice(**axis_choice), choose_tests(sets))
    table = load_vectors(vectors, **loading)
    cosines = word_cosines(table, axis.definitional, words, components, as_stored=raw)
    if not console.result({"vectors": vectors, "axis": axis.name, **cosines}):
        print_words(console, cosines)


def _print_audit(
    console: Console,
    vectors: str,
    *,
    axis_choice: dict[str, Any],
    sets: tuple[str, ...],
    audit_values: dict[str, Any],
    components: int,
    raw: bool,
    report: str | None,
    plot: str | None,
    loading: dict[str, Any],
    seed: int,
) -> None:
    """Print all measures."""
    from seqtools.bias.chosen_sets import AxisChoice, choose_axis, choose_tests
    from seqtools.bias.comparison import audit_vectors
    from seqtools.embeddings.vector_files import load_vectors
    from seqtools.reports.bias_files import check_pictures, write_pictures
    from seqtools_cli.bias_output import print_audit
    from seqtools_cli.progress import make_monitor

    read = (vectors, *sets, axis_choice["pairs_file"], axis_choice["specific_file"])
    refuse_two_stdins(*read)
    check_pictures(report, plot, read)
    settings = AuditSettings(**audit_values, seed=seed)
    chosen = choose_tests(sets)
    axis = choose_axis(AxisChoice(**axis_choice), chosen)
    table = load_vectors(vectors, **loading)
    monitor = make_monitor(console.quiet)
    audited = audit_vectors(
        table, axis, chosen.tests, settings, components=components, as_stored=raw, monitor=monitor
    )
    write_pictures(audited, vectors, report, plot)
    if not console.result({"vectors": vectors, **audited.as_dict(), "seed": seed}):
        print_audit(console, audited)
