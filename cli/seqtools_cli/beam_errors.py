"""`seqtools beam-errors`: tell whether the search or the model is at fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqtools.decoding.objective import SearchObjective
from seqtools.evaluation.beam_errors_objective import Objective
from seqtools_cli.beam_errors_options import model_options, score_options, split_options
from seqtools_cli.options import FiniteFloat, IntAtLeast, common_options, seed_option

if TYPE_CHECKING:
    from seqtools.evaluation.beam_errors_model import ModelErrors
    from seqtools.evaluation.beam_errors_summary import BeamErrorSummary
    from seqtools_cli.console import Console


def _check_page(_: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    """Refuse to mix the page with the tables."""
    if path == "-":
        raise click.BadParameter("stdout holds the tables; name a file.", param=parameter)
    return path


@click.command("beam-errors")
@click.argument("model", required=False, metavar="[MODEL]")
@click.argument("source", required=False, metavar="[SRC]")
@click.argument("reference", required=False, metavar="[REF]")
@score_options
@click.option(
    "--length-penalty",
    "--lenpen",
    "--alpha",
    "alpha",
    type=FiniteFloat(0, 10),
    metavar="ALPHA",
    help="The beam ranks by the sum divided by ((BETA + T) / (BETA + 1))^ALPHA.  "
    f"[default: {SearchObjective.alpha:g}; {Objective.alpha:g} with --scores]",
)
@click.option(
    "--length-penalty-beta",
    "--beta",
    "beta",
    type=FiniteFloat(0, 1e6),
    metavar="BETA",
    default=Objective.beta,
    show_default=True,
    help="0 for T^ALPHA, 5 for GNMT's penalty.",
)
@click.option(
    "--max-len",
    "max_length",
    type=IntAtLeast(1),
    metavar="T",
    help="Longest output of the search; longer references are unreachable.",
)
@model_options
@click.option(
    "--tie-margin",
    type=FiniteFloat(0.0),
    metavar="X",
    default=1e-4,
    show_default=True,
    help="Scores this close under the objective are equal.",
)
@click.option(
    "--metric",
    type=click.Choice(["bleu", "chrf", "none"]),
    default="bleu",
    show_default=True,
    help="Sentence metric of outputs against references, where their texts are given.",
)
@click.option(
    "--not-worse-at",
    type=FiniteFloat(),
    metavar="SCORE",
    default=100.0,
    show_default=True,
    help="Outputs are not worse than the reference from this score on.",
)
@click.option(
    "--resamples",
    type=IntAtLeast(1),
    metavar="N",
    default=1000,
    show_default=True,
    help="Bootstrap resamples behind each interval.",
)
@click.option(
    "--html",
    "--report",
    "html_path",
    metavar="FILE",
    callback=_check_page,
    help="Write a report as an .html page that needs no network.",
)
@seed_option()
@common_options
def beam_errors(
    console: Console,
    model: str | None,
    source: str | None,
    reference: str | None,
    scores: str | None,
    html_path: str | None,
    **options: Any,
) -> None:
    """Tell whether the search or the model is at fault.

    Asked of a translator in the directory MODEL, with sentences and references a line each, or of
    scores from any toolkit.

    With MODEL every output is held against the reference, against a wider beam and, with --exact,
    against exact search; the report opens each sentence's beam step by step.

    The table of --scores needs the columns hypothesis_score and reference_score: what one model
    gives to what the beam returned and to the reference. Optional: hypothesis_length,
    reference_length, hypothesis, reference, source, alternatives (a JSON list of scores or [score,
    length, text]), exact_score, exact_length, hypothesis_quality, reference_quality. Scores are
    compared under the beam's own objective, so state its length penalty.
    """
    files = (model, source, reference)
    options = split_options(click.get_current_context(), scores, files, options)
    from seqtools.reports.output_files import PAGE_SUFFIX, check_report
    from seqtools_cli.beam_errors_output import print_summary

    if html_path is not None:
        check_report(html_path, "a page", (PAGE_SUFFIX,), [scores, source, reference])
    if scores is not None:
        summary, stories, exact = _scored(scores, options), None, None
    else:
        found = _searched(console, files, html_path is not None, options)
        summary, stories, exact = found.summary, found.stories, found.exact
    if html_path is not None:
        from seqtools.reports.beam_errors import write_report

        write_report(summary, html_path, title=scores or f"{model} on {source}", stories=stories)
    content = summary.as_dict() | ({} if exact is None else {"exact": exact.as_dict()})
    if not console.result(content):
        print_summary(summary, console, exact)


def _scored(scores: str, options: dict[str, Any]) -> BeamErrorSummary:
    """Read scores from files."""
    from seqtools.evaluation.beam_errors_run import BeamErrorRequest, run_beam_errors

    if options["alpha"] is None:
        del options["alpha"]
    return run_beam_errors(BeamErrorRequest(scores=scores, **options))


def _searched(
    console: Console, files: tuple[Any, Any, Any], has_page: bool, options: dict[str, Any]
) -> ModelErrors:
    """Search with a model."""
    from seqtools_cli.beam_errors_settings import model_settings
    from seqtools_cli.numba_start import start_numba_without_blas
    from seqtools_cli.progress import make_monitor

    start_numba_without_blas(console)
    from seqtools.embeddings.settings import count_cores
    from seqtools.models.translation_errors import analyze_translation_errors

    settings = model_settings(options, has_page)
    threads = options["threads"] or count_cores()
    monitor = make_monitor(console.quiet)
    return analyze_translation_errors(*files, settings, monitor, threads)
