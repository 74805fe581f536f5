"""What a command prints: results on stdout, everything else on stderr."""

import json
import math
import re
import shutil
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import click

SCHEMA_VERSION = 1

# Characters of a column's frame in a table, and one of a text.
_FRAME_A_COLUMN = 4

# What Python makes of a byte that is not UTF-8, and what UTF-8 cannot hold.
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass
class Console:
    """The output settings of one command.

    Attributes
    ----------
    json : bool
        Print exactly one JSON object on stdout and no tables.
    quiet : bool
        Print no progress and no warnings on stderr.
    verbose : bool
        Print more detail on stderr.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False

    def result(self, payload: Mapping[str, Any]) -> bool:
        """Print the JSON object if it was asked for, and say whether it was.

        NaN and infinity, which JSON lacks, become null; bytes of names that are not UTF-8, U+FFFD.
        """
        if not self.json:
            return False
        content = {"schema_version": SCHEMA_VERSION, **_plain(payload)}
        click.echo(json.dumps(content, ensure_ascii=False, allow_nan=False))
        return True

    def table(
        self, columns: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None
    ) -> None:
        r"""Print a table: drawn in a terminal, tab-separated lines elsewhere.

        In those a tab or a line end within a cell, as in a query, is written \t or \n. A terminal
        without room for the numbers gets lines too. Columns whose cells are all numbers are aligned
        to the right. What does not fit in the width of a terminal goes on below, headers and texts
        before numbers; nothing is left out.
        """
        widths = [_number_width([row[index] for row in rows]) for index in range(len(columns))]
        needed = sum(width or 1 for width in widths) + _FRAME_A_COLUMN * len(columns)
        if sys.stdout.isatty() and needed < shutil.get_terminal_size().columns:
            _draw(columns, rows, widths, title)
            return
        for row in (columns, *rows):
            click.echo("\t".join(_one_cell(cell) for cell in row))

    def note(self, text: str) -> None:
        """Print a line on stderr unless the command is quiet."""
        if not self.quiet:
            _tell(text)

    def detail(self, text: str) -> None:
        """Print a line on stderr if the command is verbose."""
        if self.verbose:
            _tell(text)

    def show_warnings(self) -> None:
        """Print library warnings as one line on stderr each, or not at all when quiet."""
        from seqtools.errors import SeqtoolsWarning

        def show(message: Warning | str, *_: object, **__: object) -> None:
            _tell(f"seqtools: warning: {message}")

        warnings.showwarning = show
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
            warnings.simplefilter("ignore" if self.quiet else "always", SeqtoolsWarning)


def _draw(
    columns: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], title: str | None
) -> None:
    """Draw a table with at least these widths of its columns of numbers; 0 is a text."""
    from rich.console import Console as RichConsole
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for column, width in zip(columns, widths, strict=True):
        justify: Literal["left", "right"] = "right" if width else "left"
        table.add_column(Text(column), justify=justify, overflow="fold", min_width=width or None)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    RichConsole().print(table)


def _tell(text: str) -> None:
    """Print a line on stderr, above a progress bar if one is running.

    The bar stands in for stderr while it runs; Click, if not told which file, looks behind it.
    """
    click.echo(text, file=sys.stderr, err=True)


def _plain(value: Any) -> Any:
    """Turn nested values into what JSON can hold."""
    if isinstance(value, Mapping):
        return {_whole(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, (bool, int)) or value is None:
        return value
    number = float(value)
    return number if math.isfinite(number) else None


def _whole(text: str) -> str:
    """Put U+FFFD in place of bytes that are not UTF-8, which names of files may hold."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def _one_cell(cell: str) -> str:
    """Write tabs and line ends of a cell, which would shift the columns, as escapes."""
    return cell.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _number_width(cells: Sequence[str]) -> int:
    """Return how wide the longest is if all are numbers, else 0."""
    return max(map(len, cells), default=0) if all(map(_is_number, cells)) else 0


def _is_number(cell: str) -> bool:
    """Say whether a cell holds a number, a percentage or nothing."""
    text = cell.strip().removesuffix("%").removesuffix("x").replace(",", "")
    try:
        float(text or "0")
    except ValueError:
        return False
    return True


def on_threads(threads: int) -> str:
    """Say on how many threads something ran."""
    return "on 1 thread" if threads == 1 else f"on {threads} threads"


def time_of_training(training_seconds: float, seconds: float) -> str:
    """Say how long training took, and the command; a resumed one knows of the time before it."""
    if training_seconds > seconds:
        return f"{training_seconds:.1f} s training in all runs, {seconds:.1f} s in this one"
    return f"{training_seconds:.1f} s training, {seconds:.1f} s in all"
