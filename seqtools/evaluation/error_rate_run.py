"""From two files to error rates: what ``seqtools wer`` calls."""

import os
from dataclasses import dataclass, replace
from typing import Any

from seqtools.errors import SegmentError, SettingsError
from seqtools.evaluation.bleu_files import SegmentFile, file_name, read_lines
from seqtools.evaluation.error_rate import ErrorRate, ErrorRateSettings, score_transcripts
from seqtools.evaluation.transcript_text import CHARACTER, WORD

_REMEDY = "line N of one must belong to line N of the other; keep empty lines"


@dataclass(frozen=True)
class ErrorRateReport:
    """The errors of a file of transcripts.

    Attributes
    ----------
    hypothesis, reference : SegmentFile
    words : ErrorRate
    characters : ErrorRate or None
        If they were asked for.
    """

    hypothesis: SegmentFile
    reference: SegmentFile
    words: ErrorRate
    characters: ErrorRate | None

    def as_dict(self, has_alignments: bool = False) -> dict[str, Any]:
        """Return the JSON object; with `has_alignments` all segments, unit by unit."""
        content: dict[str, Any] = {
            "hypothesis": _describe(self.hypothesis),
            "reference": _describe(self.reference),
            "normalize": list(self.words.settings.normalizations),
            "wer": self.words.as_dict(),
        }
        if self.characters is not None:
            content["cer"] = self.characters.as_dict()
        if has_alignments:
            content["sentences"] = _sentences(self.characters or self.words)
        return content


def run_error_rate(
    hypothesis: str | os.PathLike[str],
    reference: str | os.PathLike[str],
    settings: ErrorRateSettings | None = None,
    *,
    has_characters: bool = False,
    encoding: str = "utf-8",
    replace_invalid: bool = False,
) -> ErrorRateReport:
    """Compare two files, a segment a line.

    Parameters
    ----------
    hypothesis, reference : path-like
        Plain or compressed; "-" is standard input, for one of them. Empty lines stay where
        they are.
    settings : ErrorRateSettings, optional
        Its unit is not looked at.
    has_characters : bool
        Count the errors of characters too.
    encoding : str
        That of the files.
    replace_invalid : bool
        Read bytes that are no text in `encoding` as U+FFFD rather than refuse a file.

    Raises
    ------
    FileAccessError, SegmentError
        If a file cannot be read, is empty, or has another number of lines than the other, or if
        there is no word in the references.
    SettingsError
        If both files are standard input.
    """
    settings = settings or ErrorRateSettings()
    if os.fspath(hypothesis) == os.fspath(reference) == "-":
        raise SettingsError("only one of hypothesis and reference can be standard input")
    files = [
        _read(path, role, encoding, replace_invalid)
        for path, role in ((hypothesis, "hypothesis"), (reference, "reference"))
    ]
    counts = [len(file.lines) for file in files]
    if counts[0] != counts[1]:
        raise SegmentError(
            f"{counts[0]} hypothesis lines, but {files[1].name} has {counts[1]} reference lines",
            path=files[0].name,
            remedy=_REMEDY,
        )
    lines = [file.lines for file in files]
    words = score_transcripts(lines[0], lines[1], replace(settings, unit=WORD))
    characters = None
    if has_characters:
        characters = score_transcripts(lines[0], lines[1], replace(settings, unit=CHARACTER))
    return ErrorRateReport(files[0], files[1], words, characters)


def _read(
    path: str | os.PathLike[str], role: str, encoding: str, replace_invalid: bool
) -> SegmentFile:
    """Read a file that has at least one line; references have a word too."""
    lines = read_lines(path, encoding=encoding, replace_invalid=replace_invalid)
    if not lines:
        raise SegmentError(
            f"the {role} file is empty",
            path=file_name(path),
            remedy="name a file with a segment a line",
        )
    file = SegmentFile(file_name(path), [line.strip() for line in lines])
    if role == "reference" and not file.num_words:
        raise SegmentError(
            f"the reference file has no word in its {len(lines)} lines, to count errors by",
            path=file.name,
            remedy="name a file with a segment a line",
        )
    return file


def _describe(file: SegmentFile) -> dict[str, Any]:
    """Return what JSON says of a file."""
    return {
        "path": file.name,
        "lines": len(file.lines),
        "words": file.num_words,
        "empty_lines": file.num_empty,
    }


def _sentences(result: ErrorRate) -> list[dict[str, Any]]:
    """Return each segment with its errors and its columns."""
    return [
        {
            "line": line,
            "errors": item.num_errors,
            "columns": [list(column) for column in item.columns()],
        }
        for line, item in enumerate(result.alignments, start=1)
    ]
