"""Turn benchmarks/results/*.json into tables: Markdown for README.md, or lines for a terminal.

``python -m benchmarks.table`` prints every ratio beside the one to reach and the one aimed at.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"


def load_reports(folder: Path = RESULTS) -> list[dict[str, Any]]:
    """Return all reports, in the order of their files' names."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]


def markdown_tables(folder: Path = RESULTS) -> str:
    """Return a table for each report, or a line where there is none yet."""
    reports = load_reports(folder)
    if not reports:
        return "No figures are recorded yet; `make bench` measures them."
    return "\n\n".join(_markdown_table(report) for report in reports)


def _markdown_table(report: dict[str, Any]) -> str:
    """Return one report as Markdown."""
    lines = [
        f"**{report['title']}** ({'; '.join(filter(None, [report['corpus'], report['machine']]))})",
        "",
        f"| | unit | seqtools | {report['peer']} | ratio |",
        "|---|---|---:|---:|---:|",
    ]
    lines += [
        f"| {row['name']} | {row['unit']} | {figure(row['ours'])} | {figure(row['peer'])} "
        f"| {row['ratio']:.2f}{' (less is better)' if is_less_better(row) else ''} |"
        for row in report["rows"]
    ]
    return "\n".join(lines)


def figure(number: float) -> str:
    """Write a number with three digits that count, and thousands apart."""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def is_less_better(row: dict[str, Any]) -> bool:
    """Say whether a row's ratio has to be small: then its aim is below what it has to reach."""
    reach, aim = row.get("reach"), row.get("aim")
    return reach is not None and aim is not None and aim < reach


def verdict(row: dict[str, Any]) -> str:
    """Say what a row's ratio reaches."""

    def holds(bound: float) -> bool:
        return bool(row["ratio"] <= bound if is_less_better(row) else row["ratio"] >= bound)

    reach, aim = row.get("reach"), row.get("aim")
    if aim is not None and holds(aim):
        return "aim reached"
    if reach is not None:
        return "reached" if holds(reach) else "MISSED"
    return ""


def terminal_lines(folder: Path = RESULTS) -> Iterator[str]:
    """Yield the lines of all tables, with the ratios to reach and whether they are."""
    for report in load_reports(folder):
        yield f"{report['title']} ({report['corpus']}; against {report['peer']})"
        for row in report["rows"]:
            asked = [row.get(key) for key in ("reach", "aim")]
            bounds = " / ".join("-" if bound is None else f"{bound:g}" for bound in asked)
            yield (
                f"  {row['name']:<44}{figure(row['ours']):>10}{figure(row['peer']):>10} "
                f"{row['unit']:<15}{row['ratio']:>7.2f}x  {bounds:<12}{verdict(row)}"
            )


if __name__ == "__main__":
    print("\n".join(terminal_lines()))
