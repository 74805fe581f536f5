"""Writing a map of words in the format its file's suffix names."""

import os
from pathlib import Path

from seqtools.errors import SettingsError
from seqtools.io.atomic import atomic_writer
from seqtools.reports.embedding_map import EmbeddingMap
from seqtools.reports.embedding_page import render_page
from seqtools.reports.embedding_picture import render_picture

MAP_SUFFIXES = (".png", ".svg", ".pdf", ".html")


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
    suffix = map_suffix(path)
    if suffix == ".html":
        content = render_page(embedding_map)
    else:
        content = render_picture(embedding_map, suffix.removeprefix("."))
    with atomic_writer(path) as file:
        file.write(content)


def map_suffix(path: str | os.PathLike[str]) -> str:
    """Return the suffix that names a map's format, or refuse it."""
    suffix = Path(path).suffix.lower()
    if suffix not in MAP_SUFFIXES:
        raise SettingsError(
            f"{os.fspath(path)}: a map is written to a file ending in {', '.join(MAP_SUFFIXES)}, "
            f"got {suffix or 'no suffix'}"
        )
    return suffix
