"""Writing spikes over the spectrogram in the format that a file's suffix names."""

import os
from collections.abc import Sequence

from seqtools.errors import SettingsError
from seqtools.io.atomic import atomic_writer
from seqtools.reports.output_files import PAGE_SUFFIX, suffix_of
from seqtools.reports.spike_page import render_spike_page
from seqtools.reports.spike_picture import render_spike_picture
from seqtools.reports.spike_view import SpikeView


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
    suffix = suffix_of(path, "what was heard")
    if suffix == PAGE_SUFFIX:
        content = render_spike_page(views, title)
    elif len(views) == 1:
        content = render_spike_picture(views[0], suffix.removeprefix("."))
    else:
        raise SettingsError(f"a picture shows 1 recording, got {len(views)}; write .html for more")
    with atomic_writer(path) as file:
        file.write(content)
