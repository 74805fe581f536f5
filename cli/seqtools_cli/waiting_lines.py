"""Lines of input as they come: blocks that never wait for more while one is ready."""

import os
import select
import sys
from collections.abc import Iterator
from itertools import islice

from seqtools.errors import CorpusError


def line_blocks(path: str, block_size: int) -> Iterator[list[str]]:
    """Yield blocks of up to `block_size` lines, without line feeds.

    A file is cut into full blocks. From a pipe or terminal a block ends where no further line is
    waiting, so that a program that sends a line gets its answer before it sends the next.

    Raises
    ------
    FileAccessError, FileContentError
        If the file cannot be read.
    CorpusError
        If a line is not UTF-8, or holds a NUL.
    """
    if path == "-" and _is_waited_for():
        yield from _blocks_as_they_come(block_size)
        return
    from seqtools.text.lines import read_lines

    lines = read_lines(path)
    while block := list(islice(lines, block_size)):
        yield block


def _is_waited_for() -> bool:
    """Say whether standard input is a pipe or a terminal."""
    try:
        descriptor = sys.stdin.fileno()
    except (OSError, ValueError, AttributeError):
        return False
    return not os.path.isfile(f"/dev/fd/{descriptor}")  # noqa: PTH113 - a descriptor, no path


def _blocks_as_they_come(block_size: int) -> Iterator[list[str]]:
    """Yield blocks of the lines that have arrived."""
    descriptor, rest, ready, number = sys.stdin.fileno(), b"", list[bytes](), 0
    is_open = True
    while is_open or ready or rest:
        while is_open and (not ready or (len(ready) < block_size and _has_more(descriptor))):
            piece = os.read(descriptor, 1 << 16)
            is_open = bool(piece)
            *whole, rest = (rest + piece).split(b"\n")
            ready += whole
        if not is_open and rest:
            ready, rest = [*ready, rest], b""
        block, ready = ready[:block_size], ready[block_size:]
        if block:
            yield [_decoded(line, number + place) for place, line in enumerate(block, start=1)]
            number += len(block)


def _has_more(descriptor: int) -> bool:
    """Say whether reading would not wait."""
    return bool(select.select([descriptor], [], [], 0)[0])


def _decoded(line: bytes, number: int) -> str:
    """Turn the bytes of a line into text."""
    if number == 1:
        line = line.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in line:
        raise CorpusError(
            f"a NUL at byte {line.index(0)} of the line, which text never holds", path="stdin",
            line=number, remedy="check that it is text; if so, remove NULs with tr -d '\\000'",
        )  # fmt: skip
    try:
        return line.removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"not UTF-8 at byte {error.start} of the line", path="stdin", line=number,
            remedy="convert it with iconv",
        ) from error  # fmt: skip
