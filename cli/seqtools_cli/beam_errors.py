"""`seqtools beam-errors`: tell whether the search or the model is at fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqtools.evaluation.beam_errors_objective import SCORE_KINDS, Objective
from seqtools_cli.options import FiniteFloat, IntAtLeast, common_options, seed_option

if TYPE_CHECKING:
    from seqtools.evaluation.beam_errors_summary import BeamErrorSummary
    from seqtools_cli.console import Console


def _refuse_stdout(_: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    """Refuse to mix the page with the tables."""
    if path == "-":
        raise click.BadParameter("stdout holds the tables; name a file.", param=parameter)
    return path


@click.command("beam-errors")
@click.option(
    "--scores",
    required=True,
    metavar="FILE",
    help="Table of scores, separated by tabs, with a header.",
)
@click.option(
    "--nbest",
    metavar="FILE",
    help="n-best lists of the same model, Moses form or JSON Lines; may be a wider beam's.",
)
@click.option(
    "--nbest-feature",
    metavar="NAME",
    help="Take Moses scores from this feature, such as F0, not from the last field.",
)
@click.option(
    "--score-kind",
    type=click.Choice(SCORE_KINDS),
    default=Objective.score_kind,
    show_default=True,
    help="Scores are sums of log-probabilities, means over T tokens, or the objective itself.",
)
@click.option("--costs", "is_cost", is_flag=True, help="Scores are negative log-probabilities.")
@click.option(
    "--length-penalty",
    "--lenpen",
    "--alpha",
    "alpha",
    type=FiniteFloat(0.0),
    metavar="ALPHA",
    default=Objective.alpha,
    show_default=True,
    help="The beam ranked by the sum divided by ((BETA + T) / (BETA + 1))^ALPHA.",
)
@click.option(
    "--length-penalty-beta",
    "--beta",
    "beta",
    type=FiniteFloat(0.0),
    metavar="BETA",
    default=Objective.beta,
    show_default=True,
    help="0 for T^ALPHA, 5 for GNMT's penalty.",
)
@click.option(
    "--eos-counted/--eos-not-counted",
    default=Objective.eos_counted,
    show_default=True,
    help="Whether T counts the end symbol.",
)
@click.option(
    "--lengths-without-eos", is_flag=True, help="The file's lengths leave the end symbol out."
)
@click.option(
    "--max-len",
    "max_length",
    type=IntAtLeast(1),
    metavar="T",
    help="Longest output of the search; longer references are unreachable.",
)
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
    "html_path",
    metavar="FILE",
    callback=_refuse_stdout,
    help="Write a report that needs no network.",
)
@seed_option()
@common_options
def beam_errors(console: Console, scores: str, html_path: str | None, **options: Any) -> None:
    """Tell whether the search or the model is at fault, from scores of any toolkit.

    The table needs the columns hypothesis_score and reference_score: what one model gives to what
    the beam returned and to the reference. Optional: hypothesis_length, reference_length,
    hypothesis, reference, source, alternatives (a JSON list of scores or [score, length, text]),
    exact_score, exact_length, hypothesis_quality, reference_quality. Scores are compared under the
    beam's own objective, so state its length penalty.
    """
    from seqtools.evaluation.beam_errors_run import BeamErrorRequest, run_beam_errors
    from seqtools.io.atomic import check_writable

    if html_path is not None:
        check_writable(html_path)
    summary = run_beam_errors(BeamErrorRequest(scores=scores, **options))
    if html_path is not None:
        from seqtools.reports.beam_errors import write_report

        write_report(summary, html_path, title=scores)
    if not console.result(summary.as_dict()):
        _print_summary(summary, console)


def _print_summary(summary: BeamErrorSummary, console: Console) -> None:
    """Print tables of classes and faults, and the advice."""
    from seqtools.evaluation.beam_errors import MEANINGS

    click.echo(f"objective: {summary.objective.formula}")
    total = len(summary.sentences)
    rows = [
        [str(name), str(count), f"{100 * count / total:.1f}%", MEANINGS[name]]
        for name, count in summary.counts.items()
    ]
    console.table(["class", "sentences", "share", "meaning"], rows)
    click.echo()
    console.table(["fault", "errors", "fraction", "95% interval"], _fault_rows(summary))
    for line in _remarks(summary):
        click.echo(line)
    click.echo(f"advice: {summary.advice}")


def _fault_rows(summary: BeamErrorSummary) -> list[list[str]]:
    """Return the rows of the table of faults."""
    rows = []
    for name, fraction in summary.fractions.items():
        interval = summary.ci95[name]
        if fraction is None or interval is None:
            rows.append([name, "0", "n/a", "n/a"])
            continue
        errors = round(fraction * summary.num_errors)
        low, high = (100 * end for end in interval)
        rows.append([name, str(errors), f"{100 * fraction:.1f}%", f"{low:.1f}% to {high:.1f}%"])
    return rows


def _remarks(summary: BeamErrorSummary) -> list[str]:
    """Return what else the scores show, a line each."""
    lines = [f"search errors proved, harmless ones too: {summary.proved}"]
    checked = summary.model_errors_checked
    if any(checked.values()):
        lines.append(
            f"outputs of model errors: {checked['optimal']} the model's best by exact search, "
            f"{checked['withstood_alternatives']} withstood alternatives, "
            f"{checked['unchecked']} unchecked"
        )
    if summary.objective.alpha > 0:
        lines.append(f"verdicts that raw log-probabilities would turn: {summary.raw_would_differ}")
    if summary.mismatches:
        lines.append(f"same words scored differently: {len(summary.mismatches)} sentences")
    if summary.lengths.ratio is not None:
        lines.append(
            f"length ratio {summary.lengths.ratio:.3f}, {summary.lengths.empty} outputs empty, "
            f"{summary.lengths.short} shorter than half of their reference"
        )
    oracle = summary.oracle
    if oracle is not None:
        lines.append(
            f"lists of {oracle.list_size:.1f} texts in {oracle.sentences} sentences: BLEU "
            f"{oracle.bleu_output:.1f}, oracle {oracle.bleu_oracle:.1f} at mean rank "
            f"{oracle.mean_rank:.1f}; {oracle.reference_in_list} hold the reference"
        )
    lines += [
        f"alpha {point.alpha:g} would give BLEU {point.bleu:.1f}, length ratio "
        f"{point.length_ratio:.3f}"
        for point in summary.sweep
    ]
    return lines
