"""Directories that are gone when their work is done, or with the next work if it was killed."""

import contextlib
import os
import platform
import shutil
import stat
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from seqtools.errors import FileAccessError
from seqtools.io.abandoned import lock, remove_if_abandoned


@contextlib.contextmanager
def temporary_directory(parent: str | os.PathLike[str], name: str) -> Iterator[Path]:
    """Make a hidden directory beside the work's output and remove it at the end.

    Those of the same parent whose process was killed are removed first. A directory is
    locked while its process lives; the locks of another machine may not be seen on a shared disk,
    so that only directories of this machine are looked at.

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
    ours = f".seqtools-{zlib.crc32(platform.node().encode()):08x}-"
    _remove_abandoned(Path(parent), ours)
    with contextlib.ExitStack() as stack:
        try:
            path = _make_locked(parent, f"{ours}{name}-", stack)
        except OSError as error:
            raise FileAccessError.from_os_error(error, parent, "write") from error
        yield path


def _make_locked(parent: str | os.PathLike[str], prefix: str, stack: contextlib.ExitStack) -> Path:
    """Make a directory and lock it; the stack removes it and then lets the lock go."""
    while True:
        name = tempfile.mkdtemp(prefix=prefix, dir=parent)
        # Another process may take it for abandoned before it is locked.
        try:
            descriptor = os.open(name, os.O_RDONLY)
        except FileNotFoundError:
            continue
        lock(descriptor)
        if os.path.isdir(name):  # noqa: PTH112 - a name of os
            stack.callback(os.close, descriptor)
            stack.callback(_remove_tree, Path(name))
            return Path(name)
        os.close(descriptor)


def _remove_abandoned(parent: Path, prefix: str) -> None:
    """Remove directories that no living process has locked."""
    with contextlib.suppress(OSError):
        for path in [path for path in parent.iterdir() if path.name.startswith(prefix)]:
            remove_if_abandoned(path, stat.S_ISDIR, _remove_tree)


def _remove_tree(path: Path) -> None:
    """Remove a directory with all that can be removed."""
    shutil.rmtree(path, ignore_errors=True)
