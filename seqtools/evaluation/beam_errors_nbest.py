"""n-best lists: the Moses form and JSON Lines.

Moses: ``id ||| text ||| features ||| score``, as Marian, Nematus and Moses write it, where ids
count sentences from 0. JSON Lines: an object a sentence, with its list under ``hypotheses``, or an
object a hypothesis, with ``id``, ``score`` and optionally ``text`` and ``length``.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from seqtools.errors import FileContentError, ScoreFileError
from seqtools.evaluation.beam_errors import ScoredSentence
from seqtools.evaluation.beam_errors_cells import CellReader, shown
from seqtools.evaluation.beam_errors_files import parse_json, read_candidate
from seqtools.evaluation.beam_errors_objective import Candidate, Objective
from seqtools.evaluation.bleu_files import file_name, read_lines
from seqtools.io.text_numbers import whole_number

_LIST_KEYS = ("hypotheses", "nbest", "alternatives")


def with_nbest(
    sentences: Sequence[ScoredSentence],
    path: str | os.PathLike[str],
    objective: Objective,
    *,
    lengths_without_eos: bool = False,
    is_cost: bool = False,
    feature: str | None = None,
) -> list[ScoredSentence]:
    """Add the hypotheses of an n-best list to the alternatives of each sentence.

    Parameters
    ----------
    sentences : sequence of ScoredSentence
        Sentence i of the list is the i-th of these, counted from 0.
    path : path-like
        The list, plain or compressed.
    objective, lengths_without_eos, is_cost
        As ``read_score_table``. A length that is not given is counted from the text.
    feature : str, optional
        In the Moses form, take the score from this feature (such as F0) rather than the last field.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    ScoreFileError
        If a line is in neither form, or names a sentence there is not.
    """
    cells = CellReader(file_name(path), objective, lengths_without_eos, is_cost)
    try:
        lines = read_lines(path)
    except FileContentError as error:
        raise ScoreFileError(
            error.cause, path=error.path, line=error.line, byte=error.byte, remedy=error.remedy
        ) from error
    first = next((line.lstrip() for line in lines if line.strip()), "")
    if not first:
        raise ScoreFileError("the n-best list is empty", path=cells.path)
    is_json = first.startswith("{")
    entries = _json_entries(lines, cells) if is_json else _moses_entries(lines, cells, feature)
    added: list[list[Candidate]] = [[] for _ in sentences]
    for index, candidate, line in entries:
        if not 0 <= index < len(sentences):
            raise cells.fault(
                f"sentence id {index}, but there are {len(sentences)} sentences, counted from 0",
                line,
            )
        added[index].append(candidate)
    return [
        replace(sentence, alternatives=(*sentence.alternatives, *more))
        for sentence, more in zip(sentences, added, strict=True)
    ]


def _moses_entries(
    lines: Sequence[str], cells: CellReader, feature: str | None
) -> Iterator[tuple[int, Candidate, int]]:
    """Yield sentence index, candidate and line of a Moses list."""
    for line, content in enumerate(lines, 1):
        if not content.strip():
            continue
        fields = [field.strip() for field in content.split("|||")]
        if len(fields) < 3:
            raise cells.fault(
                f"{len(fields)} fields between |||, not id, text, features and score",
                line,
                "give a Moses list or JSON Lines",
            )
        index = whole_number(fields[0])
        if index is None:
            raise cells.fault(f"sentence id {shown(fields[0])} is not a whole number", line)
        score = fields[3] if len(fields) > 3 else fields[2]
        if feature is not None:
            score = _feature(fields[2], feature, cells, line)
        yield index, cells.candidate(score, None, fields[1], "n-best", line), line


def _feature(features: str, wanted: str, cells: CellReader, line: int) -> str:
    """Return the value of one of "name= value name= value"."""
    words = features.split()
    name = wanted.rstrip("=") + "="
    if name not in words or words.index(name) + 1 == len(words):
        raise cells.fault(f"no feature {name} among {features!r}", line)
    return words[words.index(name) + 1]


def _json_entries(lines: Sequence[str], cells: CellReader) -> Iterator[tuple[int, Candidate, int]]:
    """Yield sentence index, candidate and line of JSON Lines."""
    num_lists = 0
    for line, content in enumerate(lines, 1):
        if not content.strip():
            continue
        item = _json_object(content, cells, line)
        key = next((key for key in _LIST_KEYS if key in item), None)
        index = _index(item, num_lists if key is not None else None, cells, line)
        members = [item] if key is None else item[key]
        if not isinstance(members, list):
            raise cells.fault(f"{key} is not a list", line)
        num_lists += 1
        for member in members:
            yield index, read_candidate(member, cells, "n-best", line), line


def _json_object(content: str, cells: CellReader, line: int) -> Mapping[str, Any]:
    """Read a line as a JSON object."""
    item = parse_json(content, "the line", cells, line)
    if not isinstance(item, dict):
        raise cells.fault("not a JSON object", line)
    return item


def _index(item: Mapping[str, Any], position: int | None, cells: CellReader, line: int) -> int:
    """Return the sentence that a line belongs to, by its id or else its position."""
    index = item.get("id", position)
    if isinstance(index, str):
        index = whole_number(index)
    if isinstance(index, int) and not isinstance(index, bool):
        return index
    raise cells.fault(
        "no whole number under id", line, "give each object the id of its sentence, counted from 0"
    )
