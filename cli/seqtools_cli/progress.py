"""Progress on stderr: a live bar in a terminal, plain lines elsewhere."""

import sys
import time
from typing import Any

import click

from seqtools.monitor import Monitor, NullMonitor, Progress

_SECONDS_BETWEEN_LINES = 10.0


def make_monitor(quiet: bool) -> Monitor:
    """Return a live bar for a terminal, plain lines for a file or pipe, silence when quiet."""
    if quiet:
        return NullMonitor()
    return TerminalMonitor() if sys.stderr.isatty() else PlainMonitor()


class PlainMonitor:
    """Writes a line at the start and end of a phase and every ten seconds between."""

    def __init__(self) -> None:
        self._phase, self._started, self._last_line = "", 0.0, 0.0

    def start(self, phase: str, total: float | None, unit: str) -> None:
        """Begin a phase."""
        del total, unit
        self._phase, self._started = phase, time.monotonic()
        self._last_line = self._started

    def update(self, progress: Progress) -> None:
        """Write a line if the last one is ten seconds old."""
        now = time.monotonic()
        if now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = now
            click.echo(f"{self._phase}: {describe(progress)}", err=True)

    def finish(self) -> None:
        """Write how long the phase took."""
        click.echo(f"{self._phase}: took {time.monotonic() - self._started:.1f} s", err=True)

    def message(self, text: str) -> None:
        """Write a line."""
        click.echo(text, err=True)


class TerminalMonitor:
    """Draws one live bar a phase with speed, loss and time left.

    What failed or was interrupted does not finish its phase: the end of the command then does, for
    a bar hides the cursor and is drawn over what is printed.
    """

    def __init__(self) -> None:
        self._progress: Any = None
        self._task: Any = None
        context = click.get_current_context(silent=True)
        if context is not None:
            context.call_on_close(self.finish)

    def start(self, phase: str, total: float | None, unit: str) -> None:
        """Begin a bar."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        del unit
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[detail]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._progress.start()
        self._task = self._progress.add_task(phase, total=total, detail="")

    def update(self, progress: Progress) -> None:
        """Redraw the bar."""
        if self._progress is not None:
            self._progress.update(
                self._task,
                completed=progress.done,
                total=progress.total,
                detail=_detail(progress),
            )

    def finish(self) -> None:
        """End the bar and leave it on the screen."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def message(self, text: str) -> None:
        """Write a line above the bar."""
        if self._progress is not None:
            self._progress.console.print(text, markup=False, highlight=False)
        else:
            click.echo(text, err=True)


def describe(progress: Progress) -> str:
    """Say a moment of progress in words."""
    share = f"{100 * progress.done / progress.total:.0f}%" if progress.total else ""
    left = ""
    if progress.total and progress.per_second:
        left = f"{(progress.total - progress.done) / progress.per_second:.0f} s left"
    return ", ".join(part for part in (share, _detail(progress), left) if part)


def _detail(progress: Progress) -> str:
    """Say speed, loss and note."""
    parts = [progress.note] if progress.note else []
    if progress.per_second:
        parts.append(f"{_count(progress.per_second)} {progress.unit}/s")
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.4f}")
    return "  ".join(parts)


def _count(number: float) -> str:
    """Write a large number in three figures."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {letter}"
    return f"{number:.3g} "
