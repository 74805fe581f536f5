"""What a killed process left: files and directories that it had locked."""

import contextlib
import fcntl
import os
from collections.abc import Callable
from pathlib import Path


def lock(descriptor: int) -> None:
    """Lock an open file or directory while its process lives, where the file system knows locks."""
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def remove_if_abandoned(
    path: Path, is_kind: Callable[[int], bool], remove: Callable[[Path], object]
) -> None:
    """Remove what no living process has locked; what cannot be opened or locked stays.

    Parameters
    ----------
    path : Path
        A pipe or a link is not followed, nor waited for.
    is_kind : callable
        Says of a mode, as ``stat.S_ISREG`` does, whether it is of the kind that is looked for.
    remove : callable
        Called while the lock is held.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if is_kind(os.fstat(descriptor).st_mode):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(path)
        finally:
            os.close(descriptor)
