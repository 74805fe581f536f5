"""Directories that are gone when their work is done."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from seqtools.errors import FileAccessError


@contextlib.contextmanager
def temporary_directory(parent: str | os.PathLike[str], name: str) -> Iterator[Path]:
    """Make a hidden directory beside the work's output and remove it at the end.

    Parameters
    ----------
    parent : path-like
        Where to make it: a disk with room, which /tmp may not be.
    name : str
        What it is for; part of its name.

    Raises
    ------
    FileAccessError
        If it cannot be made.
    """
    try:
        directory = tempfile.TemporaryDirectory(prefix=f".seqtools-{name}-", dir=parent)
    except OSError as error:
        raise FileAccessError.from_os_error(error, parent, "write") from error
    with directory as path:
        yield Path(path)
