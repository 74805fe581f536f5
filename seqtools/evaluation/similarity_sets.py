"""Word pairs with human ratings: WordSim-353, SimLex-999, MEN, RG-65 and the like."""

import csv
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seqtools.errors import TestSetError
from seqtools.evaluation.set_lines import set_lines, set_name, set_names, set_path
from seqtools.types import Float64Array

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"\d+,\d+")
# The columns' names in the published files: "word1", "Word 2", "SimLex999", "Human (mean)", ...
_HEADER = re.compile(
    r"(word|w)[ _-]?[12]\b|mean\b|score|rating|simlex|human|similarity\)?$", re.IGNORECASE
)


@dataclass(frozen=True)
class SimilaritySet:
    """Word pairs and how alike people find them.

    Attributes
    ----------
    name : str
        What the set is called in reports.
    pairs : tuple of (str, str)
        The words as the file writes them.
    ratings : float64 array, shape (N,)
        The human rating of each pair, on any scale that grows with similarity.
    """

    name: str
    pairs: tuple[tuple[str, str], ...]
    ratings: Float64Array


def read_similarity_set(path: str | os.PathLike[str], name: str | None = None) -> SimilaritySet:
    """Read "word word rating" lines.

    The first line decides what separates the fields: tabs, commas or blanks. The rating is the
    first column from the third on that holds a number there, so that a part of speech may stand
    between, and columns after it are ignored. Lines that start with "#" are comments, and the
    first line may name the columns.

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
        If a line is not a pair with a rating, or there is none.

    Examples
    --------
    >>> read_similarity_set("wordsim353.tsv").pairs[0]  # doctest: +SKIP
    ('love', 'sex')
    """
    pairs: list[tuple[str, str]] = []
    ratings: list[float] = []
    layout: _Layout | None = None
    is_first = True
    for number, line in set_lines(path):
        if line.startswith("#"):
            continue
        if layout is None:
            layout = _Layout.of(line, may_be_header=is_first)
            is_first = False
            if layout is None:
                continue
        try:
            first, second, rating = layout.parse(line)
        except ValueError as error:
            raise TestSetError(
                str(error),
                path=set_path(path),
                line=number,
                remedy="a line is two words and a number, separated by tabs, commas or blanks",
            ) from None
        pairs.append((first, second))
        ratings.append(rating)
    if not pairs:
        raise TestSetError(
            "no word pairs", path=set_path(path), remedy="a line is two words and a number"
        )
    return SimilaritySet(name or set_name(path), tuple(pairs), np.array(ratings))


def read_similarity_sets(paths: Sequence[str | os.PathLike[str]]) -> list[SimilaritySet]:
    """Read several sets under different names."""
    names = set_names(paths)
    return [read_similarity_set(path, name) for path, name in zip(paths, names, strict=True)]


@dataclass(frozen=True)
class _Layout:
    """How the fields of one file are separated and where the rating stands."""

    split: Callable[[str], list[str]]
    rating_index: int
    num_fields: int | None

    @classmethod
    def of(cls, line: str, may_be_header: bool) -> "_Layout | None":
        """Read the layout off the first line of a file; None if that line names the columns."""
        split = _splitter(line)
        fields = split(line)
        if may_be_header and _is_header(line, fields):
            return None
        numbers = [i for i, field in enumerate(fields) if i >= 2 and _NUMBER.fullmatch(field)]
        exact = len(fields) if split is _split_blanks else None
        return cls(split, numbers[0] if numbers else 2, exact)

    def parse(self, line: str) -> tuple[str, str, float]:
        """Return both words and the rating; ValueError says what is wrong."""
        fields = self.split(line)
        if len(fields) <= self.rating_index:
            raise ValueError(f"{len(fields)} fields where {self.rating_index + 1} are expected")
        if self.num_fields is not None and len(fields) != self.num_fields:
            raise ValueError(f"{len(fields)} fields where {self.num_fields} are expected")
        if not fields[0] or not fields[1]:
            raise ValueError("an empty word")
        rating = fields[self.rating_index]
        if not _NUMBER.fullmatch(rating) or not np.isfinite(float(rating)):
            comma = "; decimals take a point" if _DECIMAL_COMMA.fullmatch(rating) else ""
            raise ValueError(f"the rating {rating[:40]!r} is not a finite number{comma}")
        return fields[0], fields[1], float(rating)


def _is_header(line: str, fields: list[str]) -> bool:
    """Say whether a line names columns.

    Column names with digits of their own ("Word 1 Word 2") are known by their start; any other
    header has no number where a rating could stand.
    """
    if re.match(r"word[ _-]?1\b", line, re.IGNORECASE):
        return True
    has_number = any(_NUMBER.fullmatch(field) for field in fields[2:])
    return not has_number and bool(_HEADER.search(line))


def _splitter(line: str) -> Callable[[str], list[str]]:
    """Return the function that splits the lines of the file that `line` begins."""
    if "\t" in line:
        return _split_tabs
    return _split_commas if "," in line else _split_blanks


def _split_tabs(line: str) -> list[str]:
    return [field.strip() for field in line.split("\t")]


def _split_blanks(line: str) -> list[str]:
    return line.split()


def _split_commas(line: str) -> list[str]:
    return [field.strip() for field in next(csv.reader([line]))]
