"""Reading and writing files that may be compressed.

Inputs are recognised by their first bytes, never by their name; outputs are compressed when their
name ends in .gz, .bz2, .xz or .zst.
"""

import contextlib
import difflib
import io
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from seqtools.errors import FileAccessError, FileContentError
from seqtools.io.atomic import atomic_writer

# After "BZh" and a digit a bzip2 file goes on with the digits of pi, or of its root if it is empty;
# text may begin with "BZh" too.
_MAGIC = {
    b"\x1f\x8b": "gz",
    **{b"BZh%d1A" % level: "bz2" for level in range(1, 10)},
    **{b"BZh%d\x17r" % level: "bz2" for level in range(1, 10)},
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zst",
}
_BUFFER_BYTES = 1 << 20

COMPRESSED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")


@contextlib.contextmanager
def open_input(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file, plain or compressed, or standard input for "-".

    Yields
    ------
    binary file
        The decompressed bytes, read as a stream: memory stays bounded whatever they expand to.

    Raises
    ------
    FileAccessError
        If the file is missing, a directory or not readable.
    FileContentError
        If compressed data is damaged or cut short. Raised where the block reads that far.
    """
    with contextlib.ExitStack() as stack:
        raw = _open_raw(path, stack)
        try:
            kind = compression_of(raw)
            stream = _decompressor(kind, raw, stack)
        except OSError as error:
            raise FileAccessError.from_os_error(error, path) from error
        try:
            yield stream
        except FileContentError:
            raise
        except (EOFError, zlib.error) as error:
            raise _damaged(kind, path, error) from error
        except OSError as error:
            if isinstance(error, (FileAccessError, BrokenPipeError)):
                raise
            if kind != "plain" and error.errno is None:
                raise _damaged(kind, path, error) from error
            raise FileAccessError.from_os_error(error, path) from error
        except Exception as error:
            if type(error).__name__ in {"LZMAError", "ZstdError"}:
                raise _damaged(kind, path, error) from error
            raise


def compression_of(file: io.BufferedReader) -> str:
    """Return "plain", "gz", "bz2", "xz" or "zst", from the first bytes, which stay unread."""
    head = file.peek(6)[:6]
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    return "plain"


@contextlib.contextmanager
def open_output(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Write a file atomically, compressed as its name says; standard output for "-".

    Raises
    ------
    FileAccessError
        As ``seqtools.io.atomic.atomic_writer``.
    """
    if os.fspath(path) == "-":
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except OSError as error:
            if isinstance(error, (FileAccessError, BrokenPipeError)):
                raise
            raise FileAccessError.from_os_error(error, "stdout", "write") from error
        return
    suffix = Path(path).suffix
    with atomic_writer(path) as file, contextlib.ExitStack() as stack:
        yield _compressor(suffix, file, stack)


def standard_input() -> io.BufferedReader:
    """Return the bytes of standard input.

    Raises
    ------
    FileAccessError
        If it is closed.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise FileAccessError("stdin: cannot read: it is closed; name a file or pipe one in")
    return cast("io.BufferedReader", sys.stdin.buffer)


def _open_raw(path: str | os.PathLike[str], stack: contextlib.ExitStack) -> io.BufferedReader:
    """Open the bytes as they lie on disk."""
    if os.fspath(path) == "-":
        return standard_input()
    try:
        file = Path(path).open("rb", buffering=_BUFFER_BYTES)  # noqa: SIM115 - the stack closes it
        stack.callback(file.close)
        return cast("io.BufferedReader", file)
    except FileNotFoundError as error:
        raise FileAccessError.from_os_error(error, path, remedy=_suggestion(Path(path))) from error
    except (OSError, ValueError) as error:
        if not isinstance(error, OSError):
            raise FileAccessError(f"{os.fspath(path)!r}: cannot read: {error}") from error
        raise FileAccessError.from_os_error(error, path) from error


def _suggestion(path: Path) -> str:
    """Name the file that was probably meant, or where we looked."""
    if not path.parent.is_dir():
        return f"there is no directory {path.parent}"
    with contextlib.suppress(OSError):
        names = [entry.name for entry in path.parent.iterdir()]
        close = difflib.get_close_matches(path.name, names, n=1)
        if close:
            return f"did you mean {path.parent / close[0]}?"
    return f"looked in {path.parent.resolve()}"


def _decompressor(kind: str, raw: io.BufferedReader, stack: contextlib.ExitStack) -> BinaryIO:
    """Return a stream of the decompressed bytes."""
    if kind == "gz":
        import gzip

        return cast("BinaryIO", stack.enter_context(gzip.GzipFile(fileobj=raw)))
    if kind == "bz2":
        import bz2

        return cast("BinaryIO", stack.enter_context(bz2.BZ2File(raw)))
    if kind == "xz":
        import lzma

        return cast("BinaryIO", stack.enter_context(lzma.LZMAFile(raw)))
    if kind == "zst":
        from seqtools.io.zstandard_stream import ZstandardReader

        reader = io.BufferedReader(ZstandardReader(raw), _BUFFER_BYTES)
        return cast("BinaryIO", stack.enter_context(reader))
    return cast("BinaryIO", raw)


def _compressor(suffix: str, file: BinaryIO, stack: contextlib.ExitStack) -> BinaryIO:
    """Return a stream that compresses into `file`; no timestamp, so equal input is equal output."""
    if suffix == ".gz":
        import gzip

        stream = gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0)
        return cast("BinaryIO", stack.enter_context(stream))
    if suffix == ".bz2":
        import bz2

        return cast("BinaryIO", stack.enter_context(bz2.BZ2File(file, "wb")))
    if suffix == ".xz":
        import lzma

        return cast("BinaryIO", stack.enter_context(lzma.LZMAFile(file, "wb")))
    if suffix == ".zst":
        import zstandard

        writer = zstandard.ZstdCompressor(level=6).stream_writer(file, closefd=False)
        return cast("BinaryIO", stack.enter_context(writer))
    return file


def _damaged(kind: str, path: str | os.PathLike[str], error: Exception) -> FileContentError:
    """Report damaged compressed data."""
    return FileContentError(
        f"damaged or cut short .{kind} data ({error})",
        path=path,
        remedy="fetch or compress the file again",
    )
