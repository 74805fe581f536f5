"""Analogy questions in the format of Google's questions-words.txt."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqtools.errors import TestSetError
from seqtools.evaluation.set_lines import set_lines, set_name, set_names, set_path
from seqtools.types import Int64Array

_COMMENTS = ("#", "//")
UNNAMED_SECTION = "(no section)"


@dataclass(frozen=True)
class AnalogySet:
    """Questions "a is to b as c is to d", in sections.

    Attributes
    ----------
    name : str
        What the set is called in reports.
    questions : tuple of (str, str, str, str)
        a, b, c and the answer d, as the file writes them.
    sections : tuple of str
        Names of the sections, in the file's order.
    section_of : int64 array, shape (N,)
        Index of each question's section.
    """

    name: str
    questions: tuple[tuple[str, str, str, str], ...]
    sections: tuple[str, ...]
    section_of: Int64Array


def is_syntactic(section: str) -> bool:
    """Say whether a section asks for grammar: its name starts with "gram"."""
    return section.lower().startswith("gram")


def read_analogy_set(path: str | os.PathLike[str], name: str | None = None) -> AnalogySet:
    """Read four words a line, in sections that begin with ": NAME".

    Lines that start with "#" or "//" are comments. Questions before the first section are counted
    under "(no section)".

    Parameters
    ----------
    path : path-like
        Plain or compressed text in UTF-8; "-" is standard input.
    name : str, optional
        What to call the set; by default the file's name without suffix.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    TestSetError
        If a line is neither a question nor a section, or there is no question.
    """
    questions: list[tuple[str, str, str, str]] = []
    section_of: list[int] = []
    sections: dict[str, int] = {}
    current: str = UNNAMED_SECTION
    for number, line in set_lines(path):
        if line.startswith(_COMMENTS):
            continue
        if line.startswith(":"):
            current = _section_name(line, number, path)
            continue
        words = line.split()
        if len(words) != 4:
            raise TestSetError(
                f"{len(words)} words where 4 are expected",
                path=set_path(path),
                line=number,
                remedy='a line is "a b c d" (a is to b as c is to d) or ": SECTION"',
            )
        questions.append((words[0], words[1], words[2], words[3]))
        section_of.append(sections.setdefault(current, len(sections)))
    if not questions:
        raise TestSetError("no questions", path=set_path(path), remedy='a line is "a b c d"')
    return AnalogySet(
        name or set_name(path),
        tuple(questions),
        tuple(sections),
        np.array(section_of, dtype=np.int64),
    )


def read_analogy_sets(paths: Sequence[str | os.PathLike[str]]) -> list[AnalogySet]:
    """Read several sets under different names."""
    names = set_names(paths)
    return [read_analogy_set(path, name) for path, name in zip(paths, names, strict=True)]


def _section_name(line: str, number: int, path: str | os.PathLike[str]) -> str:
    """Return the name after the colon."""
    name = line.lstrip(": \t").strip()
    if not name:
        raise TestSetError(
            "a section without a name",
            path=set_path(path),
            line=number,
            remedy='write ": NAME"',
        )
    return name
