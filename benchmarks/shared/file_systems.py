"""Where benchmarks write: a disk takes time of its own, memory takes none but the writer's."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

_MEMORY = Path("/dev/shm")


@contextlib.contextmanager
def folders_to_write_to(folder: Path) -> Iterator[dict[str, Path]]:
    """Yield a folder on a memory file system, where there is one, and a folder on the disk.

    The first is removed when the block ends. Memory is where Linux has it.
    """
    if not (_MEMORY.is_mount() and os.access(_MEMORY, os.W_OK)):
        print(f"{_MEMORY} is not there or closed to us: files are written to the disk only")
        yield {"a file on the disk": folder}
        return
    with tempfile.TemporaryDirectory(dir=_MEMORY) as name:
        yield {"a file in memory": Path(name), "a file on the disk": folder}
