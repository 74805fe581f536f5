"""What `seqtools wer` prints: rates, and aligned lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from seqtools.evaluation.error_rate import ErrorRate, SegmentAlignment
    from seqtools.evaluation.error_rate_run import ErrorRateReport
    from seqtools_cli.console import Console

_GAP = "*"
_SPACE_MARK = "\N{OPEN BOX}"


def note_files(report: ErrorRateReport, console: Console) -> None:
    """Say which file was read as what, and what was evened out."""
    for role, file in (("hypothesis", report.hypothesis), ("reference", report.reference)):
        empty = f", {file.num_empty:,} empty" if file.num_empty else ""
        console.note(
            f"{role}: {file.name} ({len(file.lines):,} lines{empty}, {file.num_words:,} words)"
        )
    console.note(f"normalized: {', '.join(report.words.settings.normalizations) or 'nothing'}")


def print_rates(report: ErrorRateReport, console: Console) -> None:
    """Print a row for words, and one for characters."""
    columns = [
        "measure", "rate %", "95% interval", "errors", "substitutions", "deletions", "insertions",
        "reference units", "lines", "lines with errors",
    ]  # fmt: skip
    results = [("WER", report.words)]
    results += [("CER", report.characters)] if report.characters is not None else []
    console.table(columns, [_row(name, result) for name, result in results])


def _row(name: str, result: ErrorRate) -> list[str]:
    """Return the cells of one measure."""
    numbers = result.as_dict()
    interval = "-"
    if result.interval is not None:
        interval = " to ".join(f"{100 * bound:.2f}" for bound in result.interval)
    counts = ("errors", "substitutions", "deletions", "insertions", "reference_length", "segments")
    cells = [str(numbers[key]) for key in (*counts, "segments_with_errors")]
    return [name, f"{100 * result.rate:.2f}", interval, *cells]


def print_alignments(result: ErrorRate) -> None:
    """Print the lines with errors, reference over hypothesis."""
    for number, item in enumerate(result.alignments, start=1):
        if item.num_errors:
            for line in _aligned_lines(number, item):
                click.echo(line)


def _aligned_lines(number: int, item: SegmentAlignment) -> list[str]:
    """Return a heading and three lines whose columns stand below each other."""
    _, substitutions, deletions, insertions = item.counts.tolist()
    rows = [["REF:"], ["HYP:"], ["    "]]
    for reference, hypothesis, mark in item.columns():
        units = [_SPACE_MARK if unit == " " else unit for unit in (reference, hypothesis)]
        width = max(len(unit or "") for unit in (*units, mark))
        cells = [unit if unit is not None else _GAP * width for unit in units]
        for row, cell in zip(rows, (*cells, mark), strict=True):
            row.append(cell.ljust(width))
    return [
        "",
        f"line {number}: {substitutions} substituted, {deletions} deleted, {insertions} inserted",
        *(" ".join(row).rstrip() for row in rows),
    ]
