"""`seqtools debias`: remove social bias from word vectors, and show what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqtools.bias.settings import METHODS, AuditSettings, DebiasSettings
from seqtools_cli.bias_options import (
    audit_options,
    axis_options,
    picture_options,
    refuse_two_stdins,
    sets_option,
)
from seqtools_cli.option_rules import Condition, Unheeded, check_rules
from seqtools_cli.options import FiniteFloat, IntAtLeast, common_options, seed_option
from seqtools_cli.vector_options import WRITABLE, loading_options

if TYPE_CHECKING:
    from seqtools.bias.comparison import Comparison
    from seqtools_cli.console import Console

_DEFAULTS = DebiasSettings()
_DEFAULT_RESTRICT = 30_000


def _is_not(method: str) -> Condition:
    """Return the condition that another method is used."""
    return lambda values: bool(values["method"] != method)


RULES = (
    Unheeded(("--strength", "--relative-strength"), _is_not("soft"), "needs --method soft"),
    Unheeded(("--iterations",), _is_not("inlp"), "needs --method inlp"),
    Unheeded(("--candidates",), _is_not("double-hard"), "needs --method double-hard"),
)


@click.command("debias")
@click.argument("vectors")
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="File of debiased vectors; its suffix chooses the format.  [default: NAME-debiased.vec]",
)
@click.option("--format", "format_name", type=WRITABLE, help="Format of OUT, whatever its suffix.")
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default=_DEFAULTS.method,
    show_default=True,
    help="hard: project and equalize (Bolukbasi 2016); soft: its linear map; inlp: null-space "
    "projection (Ravfogel 2020); double-hard (Wang 2020).",
)
@click.option(
    "--components",
    type=IntAtLeast(1),
    default=_DEFAULTS.components,
    show_default=True,
    metavar="K",
    help="Dimensions of the bias subspace.",
)
@axis_options
@click.option("--no-neutralize", is_flag=True, help="Leave out neutralizing.")
@click.option("--no-equalize", is_flag=True, help="Leave out equalizing.")
@click.option(
    "--learn-specific",
    is_flag=True,
    help="Learn the words never neutralized from seed words, with a linear SVM.",
)
@click.option(
    "--save-specific",
    metavar="FILE",
    help="Write the words never neutralized, one a line.  [default: OUT.specific.txt if they are "
    "learned]",
)
@click.option(
    "--training-words",
    type=IntAtLeast(1),
    default=_DEFAULTS.training_words,
    show_default=True,
    metavar="N",
    help="Words from the top that specific words are learned from.",
)
@click.option(
    "--strength", "--lambda", "strength",
    type=FiniteFloat(0, above=True),
    default=_DEFAULTS.strength,
    show_default=True,
    help="soft: weight of removing bias against keeping inner products.",
)  # fmt: skip
@click.option(
    "--relative-strength",
    is_flag=True,
    help="soft: weigh both terms by their size, so that --strength means the same for any number "
    "of words.",
)
@click.option(
    "--iterations",
    type=IntAtLeast(1),
    default=_DEFAULTS.iterations,
    show_default=True,
    help="inlp: classifiers at most.",
)
@click.option(
    "--candidates",
    type=IntAtLeast(1),
    default=_DEFAULTS.candidates,
    show_default=True,
    help="double-hard: principal components tried.",
)
@sets_option
@audit_options
@click.option(
    "--similarity", "similarity_files", multiple=True, metavar="FILE",
    help="Similarity sets to measure the cost on; may be repeated.",
)  # fmt: skip
@click.option(
    "--analogies", "analogy_files", multiple=True, metavar="FILE",
    help="Analogy sets to measure the cost on; may be repeated.",
)  # fmt: skip
@click.option(
    "--restrict",
    type=IntAtLeast(1),
    default=_DEFAULT_RESTRICT,
    show_default=True,
    metavar="N",
    help="Answer analogies within the first N words.",
)
@picture_options
@loading_options
@seed_option()
@common_options
def debias(vectors: str, output: str | None, console: Console, **options: Any) -> None:
    """Remove social bias from VECTORS and show what that changed.

    Prints every measure of `seqtools bias` before and after, and the change in similarity and
    analogy scores with a paired bootstrap interval. The vectors written have length 1.
    """
    from seqtools.bias.output import default_output
    from seqtools_cli.bias_output import print_comparison

    check_rules(RULES)
    target = output or default_output(vectors)
    if target == "-" and console.json:
        raise click.UsageError("OUT and the JSON object cannot both go to standard output.")
    if options["learn_specific"] and not options["save_specific"] and target != "-":
        options["save_specific"] = f"{target}.specific.txt"
    comparison = _run(vectors, target, console, **options)
    files = {"output": target, "specific_output": options["save_specific"]}
    payload = {"vectors": vectors, **comparison.as_dict(), **files}
    if target == "-" or console.result({**payload, "seed": options["seed"]}):
        return
    print_comparison(console, comparison)
    for path in filter(None, files.values()):
        click.echo(f"{path}: written")


def _run(
    vectors: str,
    target: str,
    console: Console,
    *,
    format_name: str | None,
    axis_choice: dict[str, Any],
    sets: tuple[str, ...],
    audit_values: dict[str, Any],
    similarity_files: tuple[str, ...],
    analogy_files: tuple[str, ...],
    restrict: int,
    save_specific: str | None,
    report: str | None,
    plot: str | None,
    loading: dict[str, Any],
    seed: int,
    no_neutralize: bool,
    no_equalize: bool,
    **method: Any,
) -> Comparison:
    """Debias, measure, and write all files."""
    from seqtools.bias.chosen_sets import AxisChoice, choose_axis, choose_tests
    from seqtools.bias.comparison import compare_debiasing
    from seqtools.bias.output import check_output, save_debiased, save_specific_words
    from seqtools.bias.quality_sets import read_quality_sets
    from seqtools.embeddings.vector_files import load_vectors
    from seqtools.evaluation.vector_settings import EvaluationSettings
    from seqtools.io.atomic import check_is_no_input
    from seqtools.reports.bias_files import check_pictures, write_pictures
    from seqtools_cli.progress import make_monitor

    read = (vectors, *sets, axis_choice["pairs_file"], axis_choice["specific_file"])
    refuse_two_stdins(*read)
    settings = DebiasSettings(
        neutralize=not no_neutralize, equalize=not no_equalize, seed=seed, **method
    )
    audit_settings = AuditSettings(**audit_values, seed=seed)
    bootstrap = {key: audit_values[key] for key in ("resamples", "confidence")}
    cost_settings = EvaluationSettings(restrict=restrict, seed=seed, **bootstrap)
    check_output(target, format_name, save_specific)
    for path in filter(None, (target, save_specific)):
        check_is_no_input(path, read)
    check_pictures(report, plot, read)
    chosen = choose_tests(sets)
    axis = choose_axis(AxisChoice(**axis_choice), chosen)
    quality = read_quality_sets(similarity_files, analogy_files)
    table = load_vectors(vectors, **loading)
    comparison = compare_debiasing(
        table, axis, chosen.tests, *quality, settings, audit_settings, cost_settings,
        make_monitor(console.quiet),
    )  # fmt: skip
    save_debiased(target, table, comparison.fitted, format_name=format_name)
    if save_specific is not None:
        save_specific_words(save_specific, table, comparison.fitted)
    write_pictures(comparison, vectors, report, plot)
    return comparison
