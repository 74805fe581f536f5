"""Score files of any toolkit: a table of sentences with a header, separated by tabs.

Columns may stand in any order. Needed are ``hypothesis_score`` and ``reference_score``; the rest
of `COLUMNS` is optional, and columns with other names are left out with a warning.
"""

import difflib
import json
import math
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from seqtools.errors import FileContentError, ScoreFileError, SeqtoolsWarning
from seqtools.evaluation.beam_errors import ScoredSentence
from seqtools.evaluation.beam_errors_cells import CellReader, shown
from seqtools.evaluation.beam_errors_objective import Candidate, Objective
from seqtools.evaluation.bleu_files import file_name, read_lines
from seqtools.io.text_numbers import whole_number

_SEPARATORS = re.compile(r"\s*(?:[,;]|\|\|\||\s)\s*")
REQUIRED = ("hypothesis_score", "reference_score")
COLUMNS = (
    *REQUIRED,
    "hypothesis_length",
    "reference_length",
    "hypothesis",
    "reference",
    "source",
    "alternatives",
    "exact_score",
    "exact_length",
    "hypothesis_quality",
    "reference_quality",
    "fell_off_step",
    "fell_off_rank",
)


def read_score_table(
    path: str | os.PathLike[str],
    objective: Objective,
    *,
    lengths_without_eos: bool = False,
    is_cost: bool = False,
) -> list[ScoredSentence]:
    """Read a table of scores.

    Parameters
    ----------
    path : path-like
        The file, plain or compressed; "-" is standard input.
    objective : Objective
        The beam's own.
    lengths_without_eos : bool
        The file's lengths leave the end symbol out.
    is_cost : bool
        The file's scores are negative log-probabilities.

    Returns
    -------
    list of ScoredSentence
        One a line, in the file's order. A reference score that is empty or NA was not computed; one
        of -inf cannot be produced.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    ScoreFileError
        If a column is missing or a cell cannot be what its column says, with the line.
    """
    cells = CellReader(file_name(path), objective, lengths_without_eos, is_cost)
    lines = _lines(path)
    if not lines:
        raise ScoreFileError(
            "the score file is empty", path=cells.path, remedy=f"its header is {_header_example()}"
        )
    names = _columns(lines[0], cells)
    if objective.needs_lengths and not {"hypothesis_length", "reference_length"} <= set(names):
        warnings.warn(
            f"{cells.path}: no columns hypothesis_length and reference_length, so T is counted "
            "from the words of the texts; a model of subwords counts otherwise",
            SeqtoolsWarning,
            stacklevel=2,
        )
    sentences = []
    for line, text in enumerate(lines[1:], 2):
        fields = text.split("\t")
        if len(fields) != len(names):
            raise cells.fault(
                f"{len(fields)} fields, but the header has {len(names)} columns",
                line,
                "separate fields by one tab each",
            )
        row = {name: field for name, field in zip(names, fields, strict=True) if name}
        sentences.append(_sentence(row, line, cells))
    if not sentences:
        raise ScoreFileError(
            "no sentence below the header", path=cells.path, remedy="give a line a sentence"
        )
    return sentences


def parse_json(text: str, what: str, cells: CellReader, line: int) -> Any:
    """Parse JSON, or say where it ends to be some."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise cells.fault(
            f"{what} is not JSON: {error.msg} at character {error.pos + 1}", line
        ) from error
    except RecursionError as error:
        raise cells.fault(f"{what} is nested too deeply", line) from error
    except ValueError as error:  # Python reads no number of thousands of digits
        raise cells.fault(f"{what} holds a number of too many digits", line) from error


def read_candidate(item: Any, cells: CellReader, name: str, line: int) -> Candidate:
    """Read a candidate from JSON: a score, [score, length, text] or an object with those keys.

    Raises
    ------
    ScoreFileError
        If it is none of these.
    """
    if isinstance(item, Mapping):
        if "score" not in item:
            raise cells.fault(f"{name} without a score: {_shown(item)}", line)
        parts = (item["score"], item.get("length"), item.get("text"))
    elif isinstance(item, list) and 1 <= len(item) <= 3:
        parts = (*item, *[None] * (3 - len(item)))
    elif isinstance(item, int | float) and not isinstance(item, bool):
        parts = (item, None, None)
    else:
        raise cells.fault(
            f"{_shown(item)} is no {name}", line, "give a score, [score, length, text] or an object"
        )
    score, length, text = parts
    if text is not None and not isinstance(text, str):
        raise cells.fault(f"the text of {name} is not a string: {_shown(text)}", line)
    if isinstance(score, bool) or score is None:
        raise cells.fault(f"the score of {name} is not a number: {_shown(score)}", line)
    return cells.candidate(score, length, text, name, line)


def _lines(path: str | os.PathLike[str]) -> list[str]:
    """Read the file's lines without blank ones at its end."""
    try:
        lines = read_lines(path)
    except FileContentError as error:
        raise ScoreFileError(
            error.cause, path=error.path, line=error.line, byte=error.byte, remedy=error.remedy
        ) from error
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _columns(header: str, cells: CellReader) -> list[str]:
    """Return the names of the columns, "" for those to leave out."""
    names = [name.strip().lower() for name in header.split("\t")]
    for name in REQUIRED:
        if name not in names:
            raise cells.fault(f"no column {name}", 1, _hint(name, names, header))
    repeated = {name for name in names if name in COLUMNS and names.count(name) > 1}
    if repeated:
        raise cells.fault(f"column {min(repeated)} stands twice", 1, "name each column once")
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        warnings.warn(
            f"{cells.path}: columns left out: {', '.join(unknown)}; known are {', '.join(COLUMNS)}",
            SeqtoolsWarning,
            stacklevel=3,
        )
    return [name if name in COLUMNS else "" for name in names]


def _hint(wanted: str, names: Sequence[str], header: str) -> str:
    """Say what may be wrong with a header."""
    close = difflib.get_close_matches(wanted, names, n=1, cutoff=0.75)
    if close:
        return f"rename {close[0]}"
    if "\t" not in header and ("," in header or " " in header):
        return "separate columns by tabs"
    return f"the header is {_header_example()}"


def _header_example() -> str:
    """Return a header."""
    return "hypothesis_score<TAB>reference_score, other columns as there are"


def _sentence(row: Mapping[str, str], line: int, cells: CellReader) -> ScoredSentence:
    """Read one row."""
    hypothesis = cells.candidate(
        row["hypothesis_score"],
        row.get("hypothesis_length"),
        row.get("hypothesis"),
        "hypothesis",
        line,
    )
    if hypothesis.score == -math.inf:
        raise cells.fault(
            "hypothesis_score is minus infinity",
            line,
            "the search returned it, so the model can produce it",
        )
    return ScoredSentence(
        number=line - 1,
        hypothesis=hypothesis,
        reference=_reference(row, line, cells),
        alternatives=_alternatives(row.get("alternatives", ""), line, cells),
        exact=_exact(row, line, cells),
        reference_text=row.get("reference"),
        hypothesis_quality=cells.quality(
            row.get("hypothesis_quality", ""), "hypothesis_quality", line
        ),
        reference_quality=cells.quality(
            row.get("reference_quality", ""), "reference_quality", line
        ),
        source=row.get("source"),
        fell_off_step=_whole(row.get("fell_off_step", ""), "fell_off_step", line, cells),
        fell_off_rank=_whole(row.get("fell_off_rank", ""), "fell_off_rank", line, cells),
    )


def _reference(row: Mapping[str, str], line: int, cells: CellReader) -> Candidate | None:
    """Read the reference, None if it was not scored."""
    if cells.is_nothing(row["reference_score"]):
        return None
    length, text = row.get("reference_length"), row.get("reference")
    if cells.score(row["reference_score"], "reference_score", line) == -math.inf:
        return Candidate(-math.inf, None, text)
    return cells.candidate(row["reference_score"], length, text, "reference", line)


def _exact(row: Mapping[str, str], line: int, cells: CellReader) -> Candidate | None:
    """Read the result of exact search, None if there is none."""
    score = row.get("exact_score", "")
    if cells.is_nothing(score):
        return None
    exact = cells.candidate(score, row.get("exact_length"), None, "exact", line)
    if exact.score == -math.inf:
        raise cells.fault("exact_score is minus infinity", line, "leave it empty if none was found")
    return exact


def _alternatives(cell: str, line: int, cells: CellReader) -> tuple[Candidate, ...]:
    """Read the cell of alternatives: a JSON array, or scores between spaces, commas or |||."""
    if cells.is_nothing(cell):
        return ()
    if not cell.lstrip().startswith("["):
        return tuple(
            cells.candidate(score, None, None, "alternative", line)
            for score in _SEPARATORS.split(cell.strip())
        )
    items = parse_json(cell, "alternatives", cells, line)
    return tuple(read_candidate(item, cells, "alternative", line) for item in items)


def _whole(cell: str, name: str, line: int, cells: CellReader) -> int | None:
    """Read a whole number of at least 1, None for an empty cell."""
    text = cell.strip()
    if cells.is_nothing(text):
        return None
    number = whole_number(text)
    if not number:
        raise cells.fault(f"{name} {shown(text)} is not a whole number of at least 1", line)
    return number


def _shown(item: Any) -> str:
    """Return a short form of a JSON value."""
    text = json.dumps(item, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
