"""Giving the compiler's code back to the system once the kernels are there.

Numba's compiler is a library of 160 MB, of which loading a kernel from the cache on disk touches
66 MB. While kernels run nothing of it is needed, and if another kernel is loaded later its pages
come back from the file. Only pages that were never written to are let go.
"""

import ctypes
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_MAPPINGS = Path("/proc/self/smaps")
_MADV_DONTNEED = 4
# Addresses of a part that is only read, and what is known of it.
_PART_OF_LIBRARY = re.compile(
    r"^([0-9a-f]+)-([0-9a-f]+) r-[x-]p .*llvmlite.*\n((?:[A-Z]\w+:.*\n)*)", re.MULTILINE
)
_WRITTEN = re.compile(r"^(?:Anonymous|Private_Dirty): +(\d+) kB$", re.MULTILINE)


def let_go_of_compiler_code() -> None:
    """Let go of the pages of the compiler's library that lie in memory.

    Does nothing on systems that do not tell which pages these are, as Linux does.
    """
    parts = _parts_in_this_process()
    if not parts:
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int)
    for start, stop in parts:
        madvise(start, stop - start, _MADV_DONTNEED)  # if it fails, the pages stay


@cache
def _parts_in_this_process() -> list[tuple[int, int]]:
    """Return the parts that may be let go."""
    if not sys.platform.startswith("linux"):
        return []
    try:
        return list(unwritten_code(_MAPPINGS.read_text("utf-8", errors="replace")))
    except OSError:
        return []


def unwritten_code(mappings: str) -> Iterator[tuple[int, int]]:
    """Yield start and stop of each part of the library that equals its file.

    Parameters
    ----------
    mappings : str
        What Linux says of a process in ``/proc/PID/smaps``.
    """
    for start, stop, known in _PART_OF_LIBRARY.findall(mappings):
        # A page that the loader has written to lies in memory alone, though it may be read-only.
        if _WRITTEN.findall(known) == ["0", "0"]:
            yield int(start, 16), int(stop, 16)
