"""Telling files of co-occurrences from others."""

import os
from pathlib import Path

MAGIC = b"seqtools co-occurrences\n"


def is_cooccurrence_file(path: str | os.PathLike[str]) -> bool:
    """Say whether a file begins like a file of co-occurrences; False if it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False
