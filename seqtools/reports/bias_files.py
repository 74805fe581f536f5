"""Writing the page and the pictures of a bias report."""

import os
from collections.abc import Sequence
from pathlib import Path

from seqtools.bias.comparison import Audited, Comparison
from seqtools.io.atomic import atomic_writer
from seqtools.reports.bias_page import render_bias_page
from seqtools.reports.bias_picture import render_bias_picture
from seqtools.reports.bias_story import tell_story
from seqtools.reports.output_files import PAGE_SUFFIX, PICTURE_SUFFIXES, check_report


def check_pictures(report: str | None, plot: str | None, inputs: Sequence[str | None] = ()) -> None:
    """Refuse now what could not be written after the work.

    Parameters
    ----------
    report : str or None
        The page: .html.
    plot : str or None
        The picture: .png, .svg or .pdf.
    inputs : sequence of str or None
        What the work reads, and must not be replaced.

    Raises
    ------
    SettingsError
        If a suffix names another format.
    FileAccessError
        If a file could not be written, or is an input.
    """
    if report is not None:
        check_report(report, "a report", (PAGE_SUFFIX,), inputs)
    if plot is not None:
        check_report(plot, "a picture", PICTURE_SUFFIXES, inputs)


def write_pictures(
    result: Audited | Comparison,
    source: str | os.PathLike[str],
    report: str | None,
    plot: str | None,
) -> None:
    """Write the page and the picture that were asked for, each atomically.

    Parameters
    ----------
    result : Audited or Comparison
        What was measured.
    source : path-like
        The file of vectors, for the title.
    report, plot : str or None
        Where to write.

    Raises
    ------
    FileAccessError
        If a file cannot be written; what stood there still stands.
    """
    if report is None and plot is None:
        return
    name = "stdin" if os.fspath(source) == "-" else Path(source).name
    story = tell_story(result, name)
    if plot is not None:
        content = render_bias_picture(story, Path(plot).suffix.lower().removeprefix("."))
        _write(plot, content)
    if report is not None:
        _write(report, render_bias_page(story))


def _write(path: str, content: bytes) -> None:
    """Write a file atomically."""
    with atomic_writer(path) as file:
        file.write(content)
