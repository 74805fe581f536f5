"""Tables of `seqtools beam-errors`."""

from __future__ import annotations

import statistics
from collections import Counter
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from seqtools.evaluation.beam_errors_exact import ExactCounts
    from seqtools.evaluation.beam_errors_summary import BeamErrorSummary
    from seqtools_cli.console import Console


def print_summary(
    summary: BeamErrorSummary, console: Console, exact: ExactCounts | None = None
) -> None:
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
    for line in [*_remarks(summary), *_exact_lines(exact)]:
        click.echo(line)
    if summary.beam_size is not None:
        _print_sweep(summary, console)
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
    fell_off = summary.fell_off()
    if fell_off is not None and fell_off["rank_histogram"]:
        step, rank = (_median(fell_off[f"{name}_histogram"]) for name in ("step", "rank"))
        number = sum(fell_off["rank_histogram"].values())
        lines.append(
            f"references that fell off the beam: {number}, half of them by step {step}, half at "
            f"rank {rank} or better"
        )
    if summary.beam_size is None:
        lines += [
            f"alpha {point.alpha:g} would give BLEU {point.bleu:.1f}, length ratio "
            f"{point.length_ratio:.3f}"
            for point in summary.sweep
        ]
    return lines


def _exact_lines(exact: ExactCounts | None) -> list[str]:
    """Say how far exact search came."""
    if exact is None or not exact.sentences:
        return []
    line = (
        f"exact search: {exact.complete} of {exact.sentences} sentences to the end, budget hit in "
        f"{exact.budget_hit}, {exact.nodes} decoder steps, empty output the best in {exact.empty}"
    )
    return [line]


def _median(histogram: dict[int, int]) -> int:
    """Return the value that half of a histogram does not exceed."""
    return statistics.median_low(Counter(histogram).elements())


def _print_sweep(summary: BeamErrorSummary, console: Console) -> None:
    """Print all beams at the search's length penalty, and all penalties of its beam."""
    shown = [
        point
        for point in summary.sweep
        if point.alpha == summary.objective.alpha or point.beam_size == summary.beam_size
    ]

    def share(value: float | None) -> str:
        return "n/a" if value is None else f"{100 * value:.1f}%"

    click.echo()
    console.table(
        [
            "beam",
            "alpha",
            "BLEU",
            "mean score",
            "length",
            "reference higher",
            "improvable",
            "empty",
        ],
        [
            [
                str(point.beam_size),
                f"{point.alpha:g}",
                f"{point.bleu:.2f}",
                f"{point.mean_score:.4f}",
                f"{point.length_ratio:.3f}",
                share(point.search_error_fraction),
                share(point.improvable_fraction),
                share(point.empty_fraction),
            ]
            for point in shown
        ],
    )
    click.echo()
