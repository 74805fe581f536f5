"""Files that are replaced only when the new content is whole.

A file is written beside its target under a temporary name, flushed to the disk and renamed over
the target, and the directory is flushed too. A reader, or a crash at any moment, sees the old file
or the new one, never a mix. A failed write removes its temporary file; that of a process that was
killed goes with the next write of the same target.
"""

import contextlib
import errno
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from seqtools.errors import FileAccessError
from seqtools.io.abandoned import lock, remove_if_abandoned

_BUFFER_BYTES = 1 << 17
_SUFFIX = ".part"
# What tempfile puts between prefix and suffix.
_RANDOM_NAME = re.compile("[a-z0-9_]{8}")


@contextlib.contextmanager
def atomic_writer(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file whose content takes the place of `path` when the block ends without an error.

    Parameters
    ----------
    path : path-like
        The target. A device or pipe, such as /dev/stdout, is written in place.

    Yields
    ------
    binary file, open for writing

    Raises
    ------
    FileAccessError
        If the file cannot be created, written, flushed or renamed; what stood there still stands.
    """
    target = Path(os.path.realpath(path))
    if _is_special(target):
        with _reporting(path), target.open("wb") as file:
            yield file
        return
    temporary: Path | None = None
    try:
        with _reporting(path):
            descriptor, temporary = _begin(target)
            with open(descriptor, "wb", buffering=_BUFFER_BYTES) as file:  # noqa: PTH123
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(_mode_for(target))
            os.replace(temporary, target)  # noqa: PTH105 - tests make this call fail
            temporary = None
            _flush_directory(target.parent)
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _begin(target: Path) -> tuple[int, Path]:
    """Open a temporary file beside the target, and remove those of writers that were killed.

    A writer holds a lock on its file while it lives; what can be locked has no writer any more.
    """
    _remove_abandoned(target)
    while True:
        descriptor, name = tempfile.mkstemp(
            dir=target.parent, prefix=_prefix(target), suffix=_SUFFIX
        )
        lock(descriptor)
        # Another writer may have taken it for abandoned before it was locked.
        if os.path.exists(name):  # noqa: PTH110 - a name of os
            return descriptor, Path(name)
        os.close(descriptor)


def _remove_abandoned(target: Path) -> None:
    """Remove temporary files of this target that no living writer has locked."""
    prefix = _prefix(target)
    with contextlib.suppress(OSError):
        for path in list(target.parent.iterdir()):
            middle = path.name.removeprefix(prefix).removesuffix(_SUFFIX)
            if path.name != f"{prefix}{middle}{_SUFFIX}" or not _RANDOM_NAME.fullmatch(middle):
                continue
            remove_if_abandoned(path, stat.S_ISREG, Path.unlink)


def _prefix(target: Path) -> str:
    """Return what the names of a target's temporary files begin with."""
    return f".{target.name[:100]}."


def check_writable(path: str | os.PathLike[str]) -> None:
    """Refuse now a path that could not be written after hours of work.

    Raises
    ------
    FileAccessError
        If the directory is missing or closed to us, or if `path` is a directory.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise FileAccessError(f"{os.fspath(path)}: cannot write: it is a directory; name a file")
    if _is_special(target):
        return
    if target.parent.exists() and not target.parent.is_dir():
        raise FileAccessError(
            f"{os.fspath(path)}: cannot write: {target.parent} is a file, not a directory; "
            "name a directory or another file"
        )
    if not target.parent.is_dir():
        raise FileAccessError(
            f"{os.fspath(path)}: cannot write: the directory {target.parent} does not exist; "
            "make it first or name another"
        )
    with _reporting(path), tempfile.TemporaryFile(dir=target.parent):
        pass


def check_is_no_input(
    path: str | os.PathLike[str], inputs: Iterable[str | os.PathLike[str] | None]
) -> None:
    """Refuse an output that would take the place of what the work reads.

    Parameters
    ----------
    path : path-like
    inputs : iterable of path-like or None
        None is an input that was not given.

    Raises
    ------
    FileAccessError
        If `path` is one of the inputs, by whatever name.
    """
    target = Path(os.path.realpath(path))
    given = [Path(name) for name in inputs if name is not None]
    if target.is_file() and any(name.exists() and target.samefile(name) for name in given):
        raise FileAccessError(
            f"{os.fspath(path)}: cannot write: this run reads it; name another output"
        )


@contextlib.contextmanager
def _reporting(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn the system's write errors into ours, naming the file the user named."""
    try:
        yield
    except FileAccessError:
        raise
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FileAccessError.from_os_error(error, path, "write") from error


def _is_special(target: Path) -> bool:
    """Say whether `target` exists and is neither a regular file nor a directory."""
    try:
        mode = target.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _mode_for(target: Path) -> int:
    """Return the permissions for the new file: the old file's, or the process's default."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _flush_directory(directory: Path) -> None:
    """Flush a directory's entries, so that the rename survives a power cut.

    Some network file systems cannot flush directories; there the rename alone has to do.
    """
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
