"""Word and character error rates of transcripts, with alignments and intervals.

The rate is (substitutions + deletions + insertions) / units of the references, summed over all
segments before dividing; it may be above 1. Where the references hold nothing at all, it is the
number of insertions, 0 if there are none: what jiwer 4 says. Segment N of one side is compared with
segment N of the other, empty or not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtools.errors import SegmentError, SettingsError
from seqtools.evaluation.bootstrap import Interval, bootstrap_interval
from seqtools.evaluation.transcript_text import (
    UNITS,
    WORD,
    check_normalizations,
    split_transcript,
)
from seqtools.kernels.edit_distance import (
    DELETION,
    INSERTION,
    MATCH,
    NUM_OPERATIONS,
    SUBSTITUTION,
    align_sequences,
)
from seqtools.types import Float64Array, Int64Array, Uint8Array

# 4 GB of scratch; what both sides begin and end with costs nothing.
_LARGEST_TABLE = 1 << 30
_MARKS = {MATCH: "", SUBSTITUTION: "S", DELETION: "D", INSERTION: "I"}


@dataclass(frozen=True)
class ErrorRateSettings:
    """What to compare, and how.

    Attributes
    ----------
    unit : str
        "word" or "character".
    normalizations : tuple of str
        What is evened out on both sides before: "nfkc", "lower", "punctuation".
    samples : int
        Bootstrap resamples for the 95% interval; 0 for none.
    seed : int
        Seed of the resamples.
    """

    unit: str = WORD
    normalizations: tuple[str, ...] = ()
    samples: int = 1000
    seed: int = 1

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise SettingsError(f"unit must be one of {', '.join(UNITS)}, got {self.unit!r}")
        object.__setattr__(self, "normalizations", check_normalizations(self.normalizations))
        for name in ("samples", "seed"):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name} must be at least 0, got {getattr(self, name)}")


@dataclass(frozen=True)
class SegmentAlignment:
    """A reference and a hypothesis, unit by unit.

    Attributes
    ----------
    reference, hypothesis : tuple of str
        Words or characters.
    operations : uint8 array
        MATCH, SUBSTITUTION, DELETION and INSERTION of ``seqtools.kernels.edit_distance``.
    """

    reference: tuple[str, ...]
    hypothesis: tuple[str, ...]
    operations: Uint8Array

    @property
    def counts(self) -> Int64Array:
        """Matches, substitutions, deletions and insertions."""
        return np.bincount(self.operations, minlength=NUM_OPERATIONS).astype(np.int64)

    @property
    def num_errors(self) -> int:
        """Substitutions, deletions and insertions."""
        return int(np.count_nonzero(self.operations))

    def columns(self) -> list[tuple[str | None, str | None, str]]:
        """Return pairs of units, None where there is none, each with "", "S", "D" or "I"."""
        reference, hypothesis = iter(self.reference), iter(self.hypothesis)
        return [
            (
                None if operation == INSERTION else next(reference),
                None if operation == DELETION else next(hypothesis),
                _MARKS[operation],
            )
            for operation in self.operations.tolist()
        ]


@dataclass(frozen=True)
class ErrorRate:
    """The errors of a set of transcripts.

    Attributes
    ----------
    settings : ErrorRateSettings
    counts : int64 array, shape (N, 4)
        Matches, substitutions, deletions and insertions of each segment.
    interval : (float, float) or None
        95% bootstrap interval of the rate over segments.
    alignments : list of SegmentAlignment
        In the order of the segments.
    """

    settings: ErrorRateSettings
    counts: Int64Array
    interval: Interval | None
    alignments: list[SegmentAlignment]

    @property
    def rate(self) -> float:
        """Errors for each unit of the references."""
        return float(_rates(self.counts.sum(0)[None])[0])

    @property
    def num_segments_with_errors(self) -> int:
        """Segments that are not as their reference."""
        return int(np.count_nonzero(self.counts[:, SUBSTITUTION:].any(-1)))

    def as_dict(self) -> dict[str, Any]:
        """Return the object that ``seqtools wer --json`` prints."""
        matches, substitutions, deletions, insertions = self.counts.sum(0).tolist()
        return {
            "rate": self.rate,
            "ci95": list(self.interval) if self.interval else None,
            "errors": substitutions + deletions + insertions,
            "substitutions": substitutions,
            "deletions": deletions,
            "insertions": insertions,
            "matches": matches,
            "reference_length": matches + substitutions + deletions,
            "hypothesis_length": matches + substitutions + insertions,
            "segments": len(self.counts),
            "segments_with_errors": self.num_segments_with_errors,
        }


def align_units(reference: Sequence[str], hypothesis: Sequence[str]) -> SegmentAlignment:
    """Align words or characters with the fewest errors.

    Raises
    ------
    SegmentError
        If the table of both would not fit into memory.
    """
    if (len(reference) + 1) * (len(hypothesis) + 1) > _LARGEST_TABLE:
        raise SegmentError(
            f"a segment of {len(reference)} and {len(hypothesis)} units is too long to align",
            remedy="split it into lines",
        )
    ids: dict[str, int] = {}
    numbers = [
        np.array([ids.setdefault(unit, len(ids)) for unit in units], np.int32)
        for units in (reference, hypothesis)
    ]
    table = np.zeros((len(reference) + 1) * (len(hypothesis) + 1), np.int32)
    operations = np.zeros(len(reference) + len(hypothesis), np.uint8)
    number = align_sequences(numbers[0], numbers[1], table, operations)
    return SegmentAlignment(tuple(reference), tuple(hypothesis), operations[:number])


def score_transcripts(
    hypotheses: Sequence[str],
    references: Sequence[str],
    settings: ErrorRateSettings | None = None,
) -> ErrorRate:
    """Count the errors of transcripts.

    Parameters
    ----------
    hypotheses, references : sequences of str
        Segment N of one belongs to segment N of the other; segments may be empty.
    settings : ErrorRateSettings, optional

    Raises
    ------
    SegmentError
        If there are more of one than of the other.

    Examples
    --------
    >>> from seqtools import score_transcripts
    >>> result = score_transcripts(["the bat sat"], ["the cat sat down"])
    >>> result.rate, result.as_dict()["substitutions"], result.as_dict()["deletions"]
    (0.5, 1, 1)
    """
    settings = settings or ErrorRateSettings()
    if isinstance(hypotheses, str) or isinstance(references, str):
        raise SettingsError("hypotheses and references are lists of segments, not single texts")
    if len(hypotheses) != len(references):
        raise SegmentError(
            f"{len(hypotheses)} hypotheses for {len(references)} references",
            remedy="segment N of one must belong to segment N of the other",
        )
    alignments = [
        align_units(
            *(split_transcript(text, settings.unit, settings.normalizations) for text in pair)
        )
        for pair in zip(references, hypotheses, strict=True)
    ]
    counts = np.array([item.counts for item in alignments], np.int64).reshape(-1, NUM_OPERATIONS)
    interval = None
    if settings.samples:
        interval = bootstrap_interval(
            lambda draws: _rates(draws @ counts),
            len(counts),
            resamples=settings.samples,
            seed=settings.seed,
        )
    return ErrorRate(settings, counts, interval, alignments)


def _rates(counts: Int64Array) -> Float64Array:
    """Return the error rate of each row of counts."""
    lengths = counts[:, [MATCH, SUBSTITUTION, DELETION]].sum(-1)
    rates: Float64Array = counts[:, SUBSTITUTION:].sum(-1) / np.maximum(lengths, 1)
    return rates
