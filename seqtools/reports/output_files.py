"""The formats of pictures and pages, by the suffix of their file's name."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from seqtools.errors import SettingsError
from seqtools.io.atomic import check_is_no_input, check_writable

PICTURE_SUFFIXES = (".png", ".svg", ".pdf")
PAGE_SUFFIX = ".html"
ALL_SUFFIXES = (*PICTURE_SUFFIXES, PAGE_SUFFIX)


def suffix_of(
    path: str | os.PathLike[str], content: str, suffixes: Sequence[str] = ALL_SUFFIXES
) -> str:
    """Return the suffix that names a file's format, in small letters.

    Parameters
    ----------
    path : path-like
    content : str
        What is written there, for the message.
    suffixes : sequence of str
        Those that there is a format for.

    Raises
    ------
    SettingsError
        If it is none of them.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in suffixes:
        raise SettingsError(
            f"{os.fspath(path)}: {content} is written to a file ending in {', '.join(suffixes)}, "
            f"got {suffix or 'no suffix'}"
        )
    return suffix


def check_report(
    path: str | os.PathLike[str],
    content: str,
    suffixes: Sequence[str] = ALL_SUFFIXES,
    inputs: Iterable[str | None] = (),
) -> str:
    """Refuse before the work what could not be written after it; return the suffix.

    Parameters
    ----------
    path, content, suffixes
        See ``suffix_of``.
    inputs : iterable of str or None
        What the work reads, and must not be replaced.

    Raises
    ------
    SettingsError
        If there is no format for the suffix.
    FileAccessError
        If the file could not be written, or is an input.
    """
    suffix = suffix_of(path, content, suffixes)
    check_writable(path)
    check_is_no_input(path, inputs)
    return suffix
