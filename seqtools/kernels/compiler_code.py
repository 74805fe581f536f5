"""Giving the compiler's code back to the system once the kernels are there.

Numba's compiler is a library of 160 MB, of which loading a kernel from the cache on disk touches
66 MB. While kernels run nothing of it is needed, and if another kernel is loaded later its pages
come back from the file. Only pages that were never written to are let go.
"""

import ctypes
import re
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

_LIBRARY = "llvmlite"
_MAPPINGS = Path("/proc/self/smaps")
_MADV_DONTNEED = 4
_HEADING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) ([rwxsp-]{4}) \S+ \S+ \S+ *(.*)\n")


def let_go_of_compiler_code() -> None:
    """Let go of the pages of the compiler's library that lie in memory.

    Does nothing on systems that do not tell which pages these are, as Linux does.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        content = _MAPPINGS.read_text("utf-8", errors="replace")
    except OSError:
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int)
    for start, stop in unwritten_code(content):
        madvise(start, stop - start, _MADV_DONTNEED)  # if it fails, the pages stay


def unwritten_code(mappings: str) -> Iterator[tuple[int, int]]:
    """Yield start and stop of each part of the library that equals its file.

    Parameters
    ----------
    mappings : str
        What Linux says of a process in ``/proc/PID/smaps``.
    """
    headings = list(_HEADING.finditer(mappings))
    for heading, following in zip_longest(headings, headings[1:]):
        end = following.start() if following else None
        start, stop, rights, path = heading.groups()
        if _LIBRARY not in path or "w" in rights or "s" in rights:
            continue
        fields = dict(re.findall(r"^(\w+): +(\d+) kB", mappings[heading.end() : end], re.MULTILINE))
        # A page that the loader has written to lies in memory alone, though it may be read-only.
        if fields.get("Anonymous") == "0" and fields.get("Private_Dirty") == "0":
            yield int(start, 16), int(stop, 16)
