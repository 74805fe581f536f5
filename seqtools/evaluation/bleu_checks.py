"""Signs that a score would not mean what its reader thinks."""

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

from seqtools.errors import SegmentError, SeqtoolsWarning
from seqtools.evaluation.bleu_files import SegmentFile
from seqtools.evaluation.bleu_settings import BleuSettings

_MANY_TOKENIZED = 100
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_CJK_SHARE = 0.1
_NAMED_REFERENCE = re.compile(r"(^|[._-])refs?(erence)?s?\d*([._-]|$)", re.IGNORECASE)


def warn_about_text(
    hypothesis: SegmentFile, references: Sequence[SegmentFile], settings: BleuSettings
) -> None:
    """Warn of text that the settings do not fit.

    Warns
    -----
    SeqtoolsWarning
        If the hypothesis looks tokenized already, if text without spaces between words meets a
        tokenizer that needs them, or if hypothesis lines are empty.
    """
    if hypothesis.num_empty:
        _warn(f"{hypothesis.name}: {hypothesis.num_empty} of {len(hypothesis.lines)} lines empty")
    if "bleu" not in settings.metrics:
        return
    if not settings.force and _num_tokenized(hypothesis) >= _MANY_TOKENIZED:
        _warn(
            f"{hypothesis.name}: {_num_tokenized(hypothesis)} lines end in a tokenized period; "
            "BLEU is meant for detokenized text (--force keeps this quiet)"
        )
    needs_spaces = settings.tokenize in {"13a", "intl", "none"}
    if needs_spaces and any(_is_cjk(file) for file in (hypothesis, *references)):
        _warn(
            f"Chinese, Japanese or Korean text under the {settings.tokenize} tokenizer, which "
            "finds words by spaces; use -tok zh, ja-mecab, ko-mecab or char"
        )


def warn_about_roles(hypothesis: SegmentFile, references: Sequence[SegmentFile]) -> None:
    """Warn if the names say that hypothesis and reference changed places."""
    names = [Path(reference.name).name for reference in references]
    if _NAMED_REFERENCE.search(Path(hypothesis.name).name) and not any(
        _NAMED_REFERENCE.search(name) for name in names
    ):
        _warn(
            f"{hypothesis.name} is read as the hypothesis and {references[0].name} as the "
            "reference; the hypothesis comes first, or after -i"
        )


def without_empty(references: Sequence[SegmentFile]) -> list[list[str | None]]:
    """Return the references with None for empty lines, which then are absent.

    Raises
    ------
    SegmentError
        If a line is empty in every file.
    """
    columns = [[line or None for line in reference.lines] for reference in references]
    for number, texts in enumerate(zip(*columns, strict=True), 1):
        if not any(texts):
            raise SegmentError(
                "no reference has a word here",
                path=references[0].name,
                line=number,
                remedy="give each segment at least one reference",
            )
    return columns


def _num_tokenized(hypothesis: SegmentFile) -> int:
    """Count lines that end in a period set off by a space."""
    return sum(line.endswith(" .") for line in hypothesis.lines)


def _is_cjk(segments: SegmentFile) -> bool:
    """Say whether a share of the characters belongs to a script without spaces."""
    text = "".join(segments.lines)
    return not text.isascii() and len(_CJK.findall(text)) > _CJK_SHARE * len(text)


def _warn(text: str) -> None:
    """Warn on behalf of the caller's caller."""
    warnings.warn(text, SeqtoolsWarning, stacklevel=3)
