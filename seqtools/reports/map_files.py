"""Writing a map of words in the format its file's suffix names."""

import os

from seqtools.io.atomic import atomic_writer
from seqtools.reports.embedding_map import EmbeddingMap
from seqtools.reports.embedding_page import render_page
from seqtools.reports.embedding_picture import render_picture
from seqtools.reports.output_files import PAGE_SUFFIX, suffix_of


def write_embedding_map(path: str | os.PathLike[str], embedding_map: EmbeddingMap) -> None:
    """Write a map in the format that the suffix names.

    Parameters
    ----------
    path : path-like
        .png, .svg or .pdf for a picture, .html for a page.
    embedding_map : EmbeddingMap
        What to draw.

    Raises
    ------
    SettingsError
        If the suffix names none of these.
    FileAccessError
        If the file cannot be written; what stood there still stands.
    """
    suffix = suffix_of(path, "a map")
    if suffix == PAGE_SUFFIX:
        content = render_page(embedding_map)
    else:
        content = render_picture(embedding_map, suffix.removeprefix("."))
    with atomic_writer(path) as file:
        file.write(content)
