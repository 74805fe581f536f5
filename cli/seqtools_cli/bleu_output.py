"""What `seqtools bleu` prints: sacreBLEU's lines, tables of systems, explanations, groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seqtools.evaluation.bleu import SystemComparison
    from seqtools.evaluation.bleu_buckets import Buckets
    from seqtools.evaluation.bleu_explain import Explanation, NgramDifference
    from seqtools.evaluation.bleu_run import BleuReport
    from seqtools.evaluation.bleu_settings import BleuRequest
    from seqtools_cli.console import Console

_LEVEL = 0.05


@dataclass(frozen=True)
class Layout:
    """How a report is printed: "text", "json", "jsonl" or "latex", with how many decimals."""

    output_format: str
    width: int
    score_only: bool
    short: bool

    def check(self, request: BleuRequest) -> None:
        """Refuse a table of several systems where there is one."""
        if self.output_format == "latex" and len(request.hypotheses) < 2:
            raise click.UsageError("-f latex is a table of several systems; name more than one.")


def note_roles(report: BleuReport, console: Console) -> None:
    """Say which file was read as what."""
    roles = [("hypothesis", report.systems), ("reference", report.references)]
    for role, files in roles:
        for number, file in enumerate(files, 1):
            which = f"{role} {number}" if len(files) > 1 else role
            console.note(
                f"{which}: {file.name} ({len(file.lines):,} lines, {file.num_words:,} words)"
            )


def print_report(report: BleuReport, layout: Layout, console: Console) -> None:
    """Print a report in any layout but JSON."""
    if layout.output_format == "jsonl":
        _print_json_lines(report, layout)
    elif report.segment_signature is not None:
        _print_lines(_segment_lines(report, layout))
    elif layout.output_format == "latex":
        _print_lines(_latex_lines(report, layout))
    elif report.comparisons:
        _print_systems(report, layout, console)
    else:
        _print_lines(_corpus_lines(report, layout))
    if layout.output_format == "text" and report.explanation is not None:
        _print_explanation(report.explanation, console)
    if layout.output_format == "text" and report.buckets is not None:
        _print_buckets(report.buckets, layout, console)


def _print_lines(lines: Sequence[str]) -> None:
    """Print lines."""
    for line in lines:
        click.echo(line)


def _print_json_lines(report: BleuReport, layout: Layout) -> None:
    """Print an object for each line, score or system."""
    from seqtools_cli.console import Console

    console = Console(json=True)
    payload = report.as_dict(layout.width)
    files = {key: payload[key] for key in ("hypothesis", "references") if key in payload}
    if report.segment_signature is not None:
        rows = payload["sentences"]
    elif report.comparisons:
        shared = {key: payload.get(key) for key in ("test", "samples", "seed", "signatures")}
        rows = [{**row, **shared} for row in payload["systems"]]
    else:
        rows = [{**score.as_dict(layout.width), **files} for score in report.corpus]
    for row in rows:
        console.result(row)


def _segment_lines(report: BleuReport, layout: Layout) -> list[str]:
    """Return sacreBLEU's line for each segment."""
    signature = report.segment_signature.format(layout.short) if report.segment_signature else ""
    return [score.format(layout.width, layout.score_only, signature) for score in report.segments]


def _corpus_lines(report: BleuReport, layout: Layout) -> list[str]:
    """Return sacreBLEU's line for each metric, the signs of equality below each other."""
    lines = [
        item.score.format(layout.width, layout.score_only, item.signature.format(layout.short))
        for item in sorted(report.corpus, key=lambda item: item.score.name.upper())
    ]
    if layout.score_only:
        return lines
    parts = [line.split(" = ", 1) for line in lines]
    column = max(len(left) for left, _ in parts)
    return [f"{left:>{column}} = {right}" for left, right in parts]


def _print_systems(report: BleuReport, layout: Layout, console: Console) -> None:
    """Print a table of systems, and how to read it."""
    if layout.score_only:
        for index in range(len(report.systems)):
            cells = [
                f"{item.scores[index].score.score:.{layout.width}f}" for item in report.comparisons
            ]
            click.echo("\t".join(cells))
        return
    for item in report.comparisons:
        columns, rows = _system_table(report, item, layout.width)
        console.table(columns, rows)
    for item in report.comparisons:
        click.echo(f"{item.scores[0].score.name} signature: {item.signature.format(layout.short)}")
    if report.request.test is not None:
        click.echo(_test_note(report.request))


def _system_table(
    report: BleuReport, item: SystemComparison, width: int
) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows of one metric."""
    columns = ["system", item.scores[0].score.name]
    has_intervals = item.scores[0].interval is not None
    columns += ["mean", "95% interval"] if has_intervals else []
    columns += ["difference", "p"] if item.comparisons else []
    rows = []
    for index, file in enumerate(report.systems):
        is_baseline = index == 0 and bool(item.comparisons)
        score, interval = item.scores[index].score.score, item.scores[index].interval
        row = [f"baseline: {file.name}" if is_baseline else file.name, f"{score:.{width}f}"]
        if interval is not None:
            row += [
                f"{interval.mean:.{width}f} ± {interval.half_width:.{width}f}",
                f"{interval.low:.{width}f} to {interval.high:.{width}f}",
            ]
        if is_baseline:
            row += ["", ""]
        elif item.comparisons:
            comparison = item.comparisons[index - 1]
            row += [f"{comparison.difference:+.{width}f}", _p_value(comparison.p_value)]
        rows.append(row)
    return columns, rows


def _p_value(p_value: float) -> str:
    """Write a p-value, with a star below the usual level."""
    return f"{p_value:.4f}{'*' if p_value <= _LEVEL else ''}"


def _test_note(request: BleuRequest) -> str:
    """Say what p means."""
    samples = f"{request.num_test_samples:,}"
    test = (
        f"paired bootstrap resampling, {samples} resamples"
        if request.test == "bootstrap"
        else f"approximate randomization, {samples} shuffles"
    )
    return (
        f"p: chance of a difference this large between equal systems, two-sided; * p <= {_LEVEL}; "
        f"{test}, seed {request.seed}"
    )


def _latex_lines(report: BleuReport, layout: Layout) -> list[str]:
    """Return a LaTeX table of systems."""
    names = [item.scores[0].score.name for item in report.comparisons]
    lines = [
        rf"\begin{{tabular}}{{l{'r' * len(names)}}}",
        r"\toprule",
        " & ".join(["System", *names]) + r" \\",
        r"\midrule",
    ]
    for index, file in enumerate(report.systems):
        cells = [_latex_text(file.name)]
        cells += [_latex_cell(item, index, layout.width) for item in report.comparisons]
        lines.append(" & ".join(cells) + r" \\")
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def _latex_cell(item: SystemComparison, index: int, width: int) -> str:
    """Write a score with its interval and p."""
    cell = f"{item.scores[index].score.score:.{width}f}"
    interval = item.scores[index].interval
    if interval is not None:
        cell += rf" ({interval.mean:.{width}f} $\pm$ {interval.half_width:.{width}f})"
    if index and item.comparisons:
        cell += f" (p = {_p_value(item.comparisons[index - 1].p_value)})"
    return cell


def _latex_text(text: str) -> str:
    """Protect what LaTeX would interpret."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in text)


def _print_explanation(explanation: Explanation, console: Console) -> None:
    """Print what a BLEU score is made of."""
    from seqtools.evaluation.bleu_explain import formula

    click.echo()
    columns = ["n-grams", "matched", "before clipping", "in hypotheses", "precision"]
    rows = [
        [
            str(order.order),
            f"{order.clipped:g}",
            str(order.unclipped),
            f"{order.total:g}",
            f"{order.precision:.2f}%",
        ]
        for order in explanation.orders
    ]
    console.table(columns, rows)
    click.echo(formula(explanation))
    for title, differences in (
        ("most missed", explanation.missed),
        ("most in excess", explanation.excess),
    ):
        click.echo()
        console.table(
            [title, "order", "times", "lines"], [_ngram_row(item) for item in differences]
        )
    for line in explanation.lines:
        matches = " ".join(f"{a}/{b}" for a, b in zip(line.matches, line.totals, strict=True))
        click.echo(
            f"\nline {line.line}: BLEU {line.score:.2f}, matched by order {matches}, "
            f"length {line.hyp_len} against {line.ref_len}"
        )
        click.echo(f"  hypothesis: {line.hypothesis}")
        for reference in line.references:
            click.echo(f"  reference:  {reference}")


def _ngram_row(item: NgramDifference) -> list[str]:
    """Return a row of the table of n-grams."""
    return [item.ngram, str(item.order), str(item.count), str(item.lines)]


def _print_buckets(buckets: Buckets, layout: Layout, console: Console) -> None:
    """Print scores and accuracies of groups."""
    width = layout.width
    click.echo()
    console.table(
        ["reference length", "lines", "BLEU", "length ratio"],
        [
            [b.label, str(b.lines), f"{b.bleu:.{width}f}", _number(b.length_ratio, 3)]
            for b in buckets.by_length
        ],
    )
    click.echo()
    console.table(
        ["word frequency", "in references", "precision", "recall", "F1"],
        [
            [b.label, str(b.reference), _number(b.precision), _number(b.recall), _number(b.f1)]
            for b in buckets.by_frequency
        ],
    )
    click.echo()
    console.table(["sentence BLEU", "lines"], [[b.label, str(b.lines)] for b in buckets.by_score])


def _number(value: float | None, digits: int = 4) -> str:
    """Write a number that may be undefined."""
    return "n/a" if value is None else f"{value:.{digits}f}"
