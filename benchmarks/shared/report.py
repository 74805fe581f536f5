"""Rows of a report: ours, the peer's, their ratio, and the ratio that was asked for."""

import json
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass
class Row:
    """A comparison.

    Attributes
    ----------
    name : str
        What is compared.
    unit : str
        Unit of `ours` and `peer`.
    ours, peer : float
        Medians.
    ratio : float
        Median of the ratios of single rounds, above 1 where ours is better.
    reach, aim : float or None
        Ratios to be reached at least, and aimed at.
    ratios : list of float
        The ratios of single rounds.
    """

    name: str
    unit: str
    ours: float
    peer: float
    ratio: float
    reach: float | None
    aim: float | None
    ratios: list[float]


def compare(
    name: str,
    unit: str,
    ours: Callable[[], float],
    peer: Callable[[], float],
    rounds: int,
    reach: float | None = None,
    aim: float | None = None,
    is_higher_better: bool = True,
) -> Row:
    """Measure both in turn, A B A B, and compare the medians of the rounds."""
    pairs = [(ours(), peer()) for _ in range(rounds)]
    ratios = [mine / theirs if is_higher_better else theirs / mine for mine, theirs in pairs]
    row = Row(
        name=name,
        unit=unit,
        ours=statistics.median(mine for mine, _ in pairs),
        peer=statistics.median(theirs for _, theirs in pairs),
        ratio=statistics.median(ratios),
        reach=reach,
        aim=aim,
        ratios=[round(ratio, 3) for ratio in ratios],
    )
    print(show(row), flush=True)
    return row


def show(row: Row) -> str:
    """Return a row as a line of text."""
    asked = f"  (reach {row.reach:g}, aim {row.aim:g})" if row.reach and row.aim else ""
    spread = f"{min(row.ratios):.2f}-{max(row.ratios):.2f}" if row.ratios else ""
    return (
        f"{row.name:44} {row.ours:>12,.2f} {row.peer:>12,.2f} {row.unit:14}"
        f" {row.ratio:6.2f}x [{spread}]{asked}"
    )


def write(path: Path | None, title: str, corpus: str, peer: str, rows: Sequence[Row]) -> None:
    """Write a report as JSON; see benchmarks/README.md for its keys."""
    if path is not None:
        content = {
            "title": title,
            "corpus": corpus,
            "peer": peer,
            "machine": f"{_processor()}, Python {platform.python_version()}",
            "rows": [asdict(row) for row in rows],
        }
        path.write_text(json.dumps(content, indent=1) + "\n")


def read(path: Path | None) -> list[Row]:
    """Return the rows of a report; none where there is no report yet."""
    if path is None or not path.exists():
        return []
    names = {field.name for field in fields(Row)}
    return [
        Row(**{name: value for name, value in row.items() if name in names})
        for row in json.loads(path.read_text())["rows"]
    ]


def _processor() -> str:
    """Return the processor's name and its cores, as far as the system tells."""
    name = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.is_file():
        lines = described.read_text("utf-8").splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        name = names[0] if names else name
    return f"{name}, {os.cpu_count()} cores"
