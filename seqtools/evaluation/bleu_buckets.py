"""Where a system is weak: scores by length, word accuracy by frequency, lines by score.

The views are those of compare-mt (Neubig et al. 2019).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from seqtools.evaluation.bleu_metrics import BleuMetric, Lines
from seqtools.evaluation.bleu_statistics import bleu_scores
from seqtools.evaluation.bleu_tokens import TokenizedSegments
from seqtools.types import Float64Array, Int64Array

LENGTH_EDGES = (0, 10, 20, 30, 40, 50, 60)
FREQUENCY_EDGES = (0, 1, 2, 3, 4, 5, 10, 100, 1000)
SCORE_EDGES = (0, 10, 20, 30, 40, 50, 60, 70, 80, 90)


@dataclass(frozen=True)
class LengthBucket:
    """Corpus BLEU of the lines whose nearest reference has `label` tokens."""

    label: str
    lines: int
    bleu: float
    length_ratio: float | None


@dataclass(frozen=True)
class FrequencyBucket:
    """How well words of a training frequency are translated.

    Attributes
    ----------
    label : str
        Frequencies.
    matched, hypothesis, reference : int
        Words matched (clipped a line), in the hypotheses, in the references.
    precision, recall, f1 : float or None
        None where there is nothing to divide by.
    """

    label: str
    matched: int
    hypothesis: int
    reference: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class ScoreBucket:
    """How many lines have a sentence BLEU of `label`."""

    label: str
    lines: int


@dataclass(frozen=True)
class Buckets:
    """A system's lines and words in groups; groups without any are left out.

    Attributes
    ----------
    by_length : list of LengthBucket
        By reference length.
    by_frequency : list of FrequencyBucket
        By how often a word occurs in the training text, or in the references without one.
    by_score : list of ScoreBucket
        By sentence BLEU with effective order.
    """

    by_length: list[LengthBucket]
    by_frequency: list[FrequencyBucket]
    by_score: list[ScoreBucket]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def bucket(
    hypotheses: Lines,
    references: Sequence[Lines],
    metric: BleuMetric,
    training: Lines | None = None,
) -> Buckets:
    """Group lines and words.

    Parameters
    ----------
    hypotheses, references
        As ``score_corpus``. Words are compared with the first reference.
    metric : BleuMetric
        Made for these references.
    training : sequence of str, optional
        Text whose word counts are the frequencies; the first reference without it.
    """
    statistics = metric.statistics(hypotheses)
    found, wanted = metric.tokens.encode(hypotheses), metric.tokens.encode(references[0])
    counted = wanted if training is None else metric.tokens.encode(training)
    return Buckets(
        by_length=_by_length(statistics, metric),
        by_frequency=_by_frequency(found, wanted, counted.token_ids),
        by_score=_by_score(statistics),
    )


def _by_length(statistics: Float64Array, metric: BleuMetric) -> list[LengthBucket]:
    """Score the lines of each reference length."""
    groups = _group(statistics[:, 1], LENGTH_EDGES)
    buckets = []
    for index, label in enumerate(_labels(LENGTH_EDGES)):
        rows = statistics[groups == index]
        if len(rows):
            score = metric.score(rows)
            ratio = score.sys_len / score.ref_len if score.ref_len else None
            buckets.append(LengthBucket(label, len(rows), score.score, ratio))
    return buckets


def _by_frequency(
    found: TokenizedSegments, wanted: TokenizedSegments, counted: Int64Array
) -> list[FrequencyBucket]:
    """Sum matched, found and wanted words of each frequency."""
    tokens = np.concatenate([found.token_ids, wanted.token_ids])
    size = 1 + max(int(tokens.max(initial=0)), int(counted.max(initial=0)))
    frequencies = np.bincount(counted, minlength=size)
    lines = np.concatenate(
        [np.repeat(np.arange(len(file.lengths)), file.lengths) for file in (found, wanted)]
    )
    words, ids = np.unique(lines * size + tokens, return_inverse=True)
    is_wanted = np.arange(tokens.size) >= found.token_ids.size
    in_hypothesis = np.bincount(ids[~is_wanted], minlength=words.size)
    in_reference = np.bincount(ids[is_wanted], minlength=words.size)
    matched = np.minimum(in_hypothesis, in_reference)
    groups = _group(frequencies[words % size], FREQUENCY_EDGES)
    buckets = []
    for index, label in enumerate(_labels(FREQUENCY_EDGES)):
        sums = [int(part[groups == index].sum()) for part in (matched, in_hypothesis, in_reference)]
        if sum(sums):
            buckets.append(_frequency_bucket(label, *sums))
    return buckets


def _frequency_bucket(label: str, matched: int, hypothesis: int, reference: int) -> FrequencyBucket:
    """Divide where there is something to divide by."""
    return FrequencyBucket(
        label,
        matched,
        hypothesis,
        reference,
        precision=matched / hypothesis if hypothesis else None,
        recall=matched / reference if reference else None,
        f1=2 * matched / (hypothesis + reference),
    )


def _by_score(statistics: Float64Array) -> list[ScoreBucket]:
    """Count the lines of each sentence BLEU."""
    groups = _group(bleu_scores(statistics, effective_order=True), SCORE_EDGES)
    counts = np.bincount(groups, minlength=len(SCORE_EDGES))
    return [
        ScoreBucket(f"{edge} to {edge + 10}", int(count))
        for edge, count in zip(SCORE_EDGES, counts, strict=True)
    ]


def _group(values: Float64Array | Int64Array, edges: Sequence[int]) -> Int64Array:
    """Return the index of the bucket of each value."""
    groups: Int64Array = np.searchsorted(np.array(edges), values, side="right") - 1
    return groups


def _labels(edges: Sequence[int]) -> list[str]:
    """Write the range of each bucket."""
    labels = [f"{low}" if high == low + 1 else f"{low}-{high - 1}" for low, high in pairwise(edges)]
    return [*labels, f"{edges[-1]}+"]
