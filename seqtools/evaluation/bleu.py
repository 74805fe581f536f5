"""Scores of translations against references: BLEU, chrF and TER, as sacreBLEU computes them.

Post (2018), "A call for clarity in reporting BLEU scores": a score says nothing without its
settings, so each comes with sacreBLEU's signature. ``docs/bleu.md`` has the formulas, and the
course notes' slips beside what they would give.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sacrebleu.metrics.bleu import BLEUScore
from sacrebleu.metrics.ter import TERScore

from seqtools.errors import SettingsError
from seqtools.evaluation.bleu_metrics import make_metric
from seqtools.evaluation.bleu_settings import (
    NUM_SAMPLES,
    PAIRED_TESTS,
    SACREBLEU_SEED,
    BleuSettings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sacrebleu.metrics.base import Score, Signature

    from seqtools.evaluation.bleu_metrics import Lines, References, SegmentMetric
    from seqtools.evaluation.significance import Comparison, Interval
    from seqtools.monitor import Monitor
    from seqtools.types import Float64Array

_SIGNATURE_KEYS = {"bootstrap": "bs", "randomization": "ar"}


@dataclass(frozen=True)
class CorpusScore:
    """One system's score by one metric.

    Attributes
    ----------
    score : sacrebleu Score
        Formats itself; BLEU's has precisions, counts, totals, bp, sys_len and ref_len.
    signature : sacrebleu Signature
        The settings that make the number repeatable.
    statistics : float64 array, shape (N, K)
        Sufficient statistics of each segment.
    interval : Interval or None
        The 95% bootstrap interval, if asked for.
    """

    score: Score
    signature: Signature
    statistics: Float64Array = field(repr=False)
    interval: Interval | None = None

    def as_dict(self, width: int = 1) -> dict[str, Any]:
        """Return sacreBLEU's JSON fields, to `width` decimals, and what the score is made of."""
        return score_fields(self.score, str(self.signature), width) | _interval_fields(
            self.interval
        )


@dataclass(frozen=True)
class SystemComparison:
    """Several systems by one metric, the first of them the baseline.

    Attributes
    ----------
    signature : sacrebleu Signature
        With the test's samples and seed.
    scores : list of CorpusScore
        One a system; the intervals are those of a paired bootstrap.
    comparisons : list of Comparison
        One for each system after the first; empty if no test was asked for.
    """

    signature: Signature
    scores: list[CorpusScore]
    comparisons: list[Comparison]


def score_corpus(
    hypotheses: Lines,
    references: References,
    settings: BleuSettings | None = None,
    *,
    confidence_samples: int = 0,
    seed: int = SACREBLEU_SEED,
    monitor: Monitor | None = None,
) -> list[CorpusScore]:
    """Score a system by each metric of the settings.

    Parameters
    ----------
    hypotheses : sequence of str
        N segments, detokenized.
    references : sequence of sequences of (str or None)
        Reference files, each of N segments; None where a segment lacks that reference.
    settings : BleuSettings, optional
        Metrics and their settings.
    confidence_samples : int
        Bootstrap resamples behind the interval; 0 for none.
    seed : int
        Seed of the resampling.
    monitor : Monitor, optional
        Hears how far the slower metrics have come.

    Returns
    -------
    list of CorpusScore
        In the order of ``settings.metrics``.

    Raises
    ------
    SettingsError
        If the references do not pair with the hypotheses.

    Examples
    --------
    >>> [result] = score_corpus(["the cat sat on the mat"], [["the cat sat on the mat"]])
    >>> f"{result.score.score:.1f}"
    '100.0'
    """
    settings = settings or BleuSettings()
    check_shape(hypotheses, references)
    results = []
    for kind in settings.metrics:
        metric = make_metric(kind, settings, references, monitor)
        statistics = metric.statistics(hypotheses)
        additions: dict[str, object] = {}
        interval = None
        if confidence_samples:
            from seqtools.evaluation.significance import bootstrap_interval_of_score

            interval = bootstrap_interval_of_score(
                statistics, metric.scores, confidence_samples, seed
            )
            additions = {"bs": confidence_samples, "seed": seed}
        score = with_interval(metric.score(statistics), interval)
        results.append(CorpusScore(score, metric.signature(**additions), statistics, interval))
    return results


def score_segments(
    hypotheses: Lines, references: References, settings: BleuSettings | None = None
) -> tuple[list[Score], Signature]:
    """Score each segment on its own, by the first metric of the settings.

    BLEU should be given ``effective_order``, or short segments score 0.

    Parameters
    ----------
    hypotheses, references, settings
        As `score_corpus`.
    """
    settings = settings or BleuSettings(effective_order=True)
    check_shape(hypotheses, references)
    metric = make_metric(settings.metrics[0], settings, references)
    statistics = metric.statistics(hypotheses)
    return [metric.score(row[None]) for row in statistics], metric.signature()


def compare_systems(
    systems: Mapping[str, Lines],
    references: References,
    settings: BleuSettings | None = None,
    *,
    test: str | None = "bootstrap",
    num_samples: int | None = None,
    seed: int = SACREBLEU_SEED,
    monitor: Monitor | None = None,
) -> list[SystemComparison]:
    """Score several systems and test each against the first.

    Parameters
    ----------
    systems : mapping of str to sequence of str
        Names and hypotheses, the baseline first.
    references, settings, seed, monitor
        As `score_corpus`.
    test : {"bootstrap", "randomization"} or None
        Paired bootstrap resampling, approximate randomization, or scores alone.
    num_samples : int, optional
        Resamples (default 1000) or shuffles (default 10,000).

    Returns
    -------
    list of SystemComparison
        In the order of ``settings.metrics``.
    """
    settings = settings or BleuSettings()
    if test is not None and test not in PAIRED_TESTS:
        raise SettingsError(f"test must be one of {', '.join(PAIRED_TESTS)}, got {test!r}")
    if num_samples is None and test is not None:
        num_samples = NUM_SAMPLES[test]
    for hypotheses in systems.values():
        check_shape(hypotheses, references)
    return [
        _compare(make_metric(kind, settings, references, monitor), systems, test, num_samples, seed)
        for kind in settings.metrics
    ]


def check_shape(hypotheses: Lines, references: References) -> None:
    """Refuse references that are not one sequence a file, as long as the hypotheses.

    References listed the other way round (one sequence a segment) would pair the first few
    segments alone, and can make 100 of them.

    Raises
    ------
    SettingsError
        With both shapes.
    """
    if isinstance(hypotheses, str) or not hypotheses:
        raise SettingsError("hypotheses must be a sequence of at least one segment")
    if isinstance(references, str) or not references:
        raise SettingsError("references must be a sequence of at least one reference file's lines")
    for number, lines in enumerate(references, 1):
        if isinstance(lines, str) or len(lines) != len(hypotheses):
            got = "a single string" if isinstance(lines, str) else f"{len(lines)} segments"
            raise SettingsError(
                f"reference {number} of {len(references)} must be a sequence of "
                f"{len(hypotheses)} segments, as many as hypotheses, got {got}; "
                "give one sequence a reference file, not one a segment"
            )
    for number, texts in enumerate(zip(*references, strict=True), 1):
        if all(text is None for text in texts):
            raise SettingsError(f"segment {number} has no reference; it needs at least one")


def with_interval(score: Score, interval: Interval | None) -> Score:
    """Let a score print an interval as sacreBLEU does."""
    if interval is not None:
        score._mean, score._ci = interval.mean, interval.half_width  # noqa: SLF001 - no setter
    return score


def score_fields(score: Score, signature: str, width: int = 1) -> dict[str, Any]:
    """Return the fields of sacreBLEU's JSON, then the numbers the score is made of.

    ``score_exact`` is the score before it is rounded to `width` decimals.
    """
    fields: dict[str, Any] = json.loads(score.format(width, signature=signature, is_json=True))
    fields["score_exact"] = score.score
    if isinstance(score, BLEUScore):
        fields |= {
            "precisions": score.precisions,
            "counts": score.counts,
            "totals": score.totals,
            "bp": score.bp,
            "ratio": score.ratio,
            "hyp_len": score.sys_len,
            "ref_len": score.ref_len,
        }
    elif isinstance(score, TERScore):
        fields |= {"num_edits": score.num_edits, "ref_len": score.ref_length}
    return fields


def _interval_fields(interval: Interval | None) -> dict[str, Any]:
    """Return the ends of an interval, which sacreBLEU leaves out."""
    return {} if interval is None else {"ci95": [interval.low, interval.high]}


def _compare(
    metric: SegmentMetric,
    systems: Mapping[str, Lines],
    test: str | None,
    num_samples: int | None,
    seed: int,
) -> SystemComparison:
    """Score systems by one metric and test them."""
    statistics = [metric.statistics(lines) for lines in systems.values()]
    intervals: list[Interval | None] = [None] * len(statistics)
    comparisons: list[Comparison] = []
    additions: dict[str, object] = {}
    if test is not None and num_samples is not None:
        additions = {"seed": seed, _SIGNATURE_KEYS[test]: num_samples}
    if test == "bootstrap":
        from seqtools.evaluation.significance import paired_bootstrap

        baseline, comparisons = paired_bootstrap(statistics, metric.scores, num_samples or 0, seed)
        intervals = [baseline, *(comparison.interval for comparison in comparisons)]
    elif test == "randomization":
        from seqtools.evaluation.significance import paired_randomization

        comparisons = paired_randomization(statistics, metric.scores, num_samples or 0, seed)
    signature = metric.signature(**additions)
    scores = [
        CorpusScore(with_interval(metric.score(rows), interval), signature, rows, interval)
        for rows, interval in zip(statistics, intervals, strict=True)
    ]
    return SystemComparison(signature, scores, comparisons)
