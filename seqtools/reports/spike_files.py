"""Writing spikes over the spectrogram in the format that a file's suffix names."""

import os
from collections.abc import Sequence
from pathlib import Path

from seqtools.errors import SettingsError
from seqtools.io.atomic import atomic_writer
from seqtools.reports.spike_page import render_spike_page
from seqtools.reports.spike_picture import render_spike_picture
from seqtools.reports.spike_view import SpikeView

SPIKE_SUFFIXES = (".png", ".svg", ".pdf", ".html")


def write_spikes(
    path: str | os.PathLike[str], views: Sequence[SpikeView], title: str = "What was heard"
) -> None:
    """Write recordings and what was heard in them.

    Parameters
    ----------
    path : path-like
        .png, .svg or .pdf for a picture of one recording, .html for a page of several.
    views : sequence of SpikeView
    title : str
        The page's.

    Raises
    ------
    SettingsError
        If the suffix names none of these, or there are more recordings than it can show.
    FileAccessError
        If the file cannot be written; what stood there still stands.
    """
    suffix = spike_suffix(path)
    if suffix == ".html":
        content = render_spike_page(views, title)
    elif len(views) == 1:
        content = render_spike_picture(views[0], suffix.removeprefix("."))
    else:
        raise SettingsError(f"a picture shows 1 recording, got {len(views)}; write .html for more")
    with atomic_writer(path) as file:
        file.write(content)


def spike_suffix(path: str | os.PathLike[str]) -> str:
    """Return the suffix that names a format, or refuse it."""
    suffix = Path(path).suffix.lower()
    if suffix not in SPIKE_SUFFIXES:
        raise SettingsError(
            f"{os.fspath(path)}: what was heard is drawn to a file ending in "
            f"{', '.join(SPIKE_SUFFIXES)}, got {suffix or 'no suffix'}"
        )
    return suffix
