"""From files to a report: read, check, score, test, explain.

What not every run needs is imported where it is needed: a plain score should come at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from seqtools.errors import SettingsError
from seqtools.evaluation.bleu import (
    CorpusScore,
    SystemComparison,
    compare_systems,
    score_corpus,
    score_fields,
    score_segments,
)
from seqtools.evaluation.bleu_checks import warn_about_roles, warn_about_text, without_empty
from seqtools.evaluation.bleu_files import (
    SegmentFile,
    check_line_counts,
    read_lines,
    read_references,
    read_segments,
)
from seqtools.evaluation.bleu_metrics import BleuMetric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sacrebleu.metrics.base import Score, Signature

    from seqtools.evaluation.bleu_buckets import Buckets
    from seqtools.evaluation.bleu_explain import Explanation
    from seqtools.evaluation.bleu_metrics import References
    from seqtools.evaluation.bleu_settings import BleuRequest
    from seqtools.monitor import Monitor


@dataclass(frozen=True)
class BleuReport:
    """What was read and what came out.

    Attributes
    ----------
    systems, references : list of SegmentFile
        The files in their roles.
    corpus : list of CorpusScore
        One system's scores, one a metric; empty for several systems or single segments.
    comparisons : list of SystemComparison
        Several systems' scores, one a metric.
    segments : list of Score
        One a line, where lines were to be scored one by one; `segment_signature` is theirs.
    explanation : Explanation or None
        Of the first system's BLEU.
    buckets : Buckets or None
        Of the first system's lines and words.
    """

    request: BleuRequest
    systems: list[SegmentFile]
    references: list[SegmentFile]
    corpus: list[CorpusScore] = field(default_factory=list)
    comparisons: list[SystemComparison] = field(default_factory=list)
    segments: list[Score] = field(default_factory=list)
    segment_signature: Signature | None = None
    explanation: Explanation | None = None
    buckets: Buckets | None = None

    def as_dict(self, width: int = 1) -> dict[str, Any]:
        """Return the report as one JSON object, scores to `width` decimals."""
        result: dict[str, Any] = {}
        if self.segment_signature is not None:
            result["sentences"] = self.segment_dicts(width)
        elif self.comparisons:
            result |= self._comparison_dict()
        elif len(self.corpus) == 1:
            result |= self.corpus[0].as_dict(width)
        else:
            result["scores"] = [score.as_dict(width) for score in self.corpus]
        if self.explanation is not None:
            from seqtools.evaluation.bleu_explain import formula

            result["explain"] = {
                **self.explanation.as_dict(),
                "formula": formula(self.explanation),
            }
        if self.buckets is not None:
            result["buckets"] = self.buckets.as_dict()
        if len(self.systems) == 1:
            result["hypothesis"] = _file_dict(self.systems[0])
        return result | {"references": [_file_dict(file) for file in self.references]}

    def segment_dicts(self, width: int = 1) -> list[dict[str, Any]]:
        """Return one object for each scored line."""
        signature = str(self.segment_signature)
        return [
            {"line": number, **score_fields(score, signature, width)}
            for number, score in enumerate(self.segments, 1)
        ]

    def _comparison_dict(self) -> dict[str, Any]:
        """Return sacreBLEU's object for each system, and the test's settings."""
        test = self.request.test
        settings = {
            "test": test,
            "samples": self.request.num_test_samples,
            "seed": self.request.seed,
        }
        return {
            **(settings if test else {"test": None}),
            "signatures": {
                item.scores[0].score.name: str(item.signature) for item in self.comparisons
            },
            "systems": [
                {
                    "system": file.name,
                    "baseline": index == 0,
                    **_file_dict(file),
                    **{
                        item.scores[index].score.name: _system_dict(item, index)
                        for item in self.comparisons
                    },
                }
                for index, file in enumerate(self.systems)
            ],
        }


def run_bleu(request: BleuRequest, monitor: Monitor | None = None) -> BleuReport:
    """Read the files of a request and score them.

    Parameters
    ----------
    request : BleuRequest
        Files, roles and settings.
    monitor : Monitor, optional
        Hears how far the slower metrics have come.

    Raises
    ------
    FileAccessError, SegmentError
        If a file cannot be read or does not pair with the others.
    SettingsError
        If the request contradicts itself.

    Warns
    -----
    SeqtoolsWarning
        If text and settings, or names and roles, do not fit.
    """
    systems, references = _read(request)
    settings = request.settings
    if request.sentence_level:
        settings = replace(settings, effective_order=True)
    for system in systems:
        warn_about_text(system, references, settings)
    warn_about_roles(systems[0], references)
    texts: References = [reference.lines for reference in references]
    if request.skip_empty_references:
        texts = without_empty(references)
    report: dict[str, Any] = {}
    if request.sentence_level:
        scores, signature = score_segments(systems[0].lines, texts, settings)
        report |= {"segments": scores, "segment_signature": signature}
    elif len(systems) > 1:
        report["comparisons"] = compare_systems(
            {system.name: system.lines for system in systems},
            texts,
            settings,
            test=request.test,
            num_samples=request.num_test_samples,
            seed=request.seed,
            monitor=monitor,
        )
    else:
        report["corpus"] = score_corpus(
            systems[0].lines,
            texts,
            settings,
            confidence_samples=request.confidence_samples,
            seed=request.seed,
            monitor=monitor,
        )
    report |= _details(request, systems[0], references, texts)
    return BleuReport(request, systems, references, **report)


def _read(request: BleuRequest) -> tuple[list[SegmentFile], list[SegmentFile]]:
    """Read hypotheses and references and pair them."""
    options: dict[str, Any] = {
        "encoding": request.encoding,
        "replace_invalid": request.replace_invalid,
    }
    role = "hypothesis"
    systems = [read_segments(path, role, **options) for path in request.hypotheses]
    references = [
        file
        for path in request.references
        for file in read_references(path, request.num_references, **options)
    ]
    for system in systems:
        check_line_counts(system, references)
    return systems, references


def _details(
    request: BleuRequest,
    system: SegmentFile,
    references: Sequence[SegmentFile],
    texts: References,
) -> dict[str, Any]:
    """Explain and group, where asked for."""
    if not (request.explain or request.buckets):
        return {}
    if "bleu" not in request.settings.metrics:
        raise SettingsError("BLEU is explained and grouped, not other metrics; add bleu to metrics")
    metric = BleuMetric(request.settings, texts)
    details: dict[str, Any] = {}
    if request.explain:
        from seqtools.evaluation.bleu_explain import explain

        details["explanation"] = explain(
            system.lines,
            texts,
            metric,
            lines=request.lines,
            num_lines=request.num_lines,
            num_ngrams=request.num_ngrams,
        )
    if request.buckets:
        from seqtools.evaluation.bleu_buckets import bucket

        training = None
        if request.training is not None:
            training = read_lines(
                request.training, encoding=request.encoding, replace_invalid=request.replace_invalid
            )
        lines = [reference.lines for reference in references]
        details["buckets"] = bucket(system.lines, lines, metric, training)
    return details


def _file_dict(file: SegmentFile) -> dict[str, Any]:
    """Describe a file that was read."""
    return {
        "path": file.name,
        "lines": len(file.lines),
        "words": file.num_words,
        "empty_lines": file.num_empty,
    }


def _system_dict(item: SystemComparison, index: int) -> dict[str, Any]:
    """Return sacreBLEU's fields for one system and metric, and the difference."""
    score, interval = item.scores[index].score, item.scores[index].interval
    comparison = item.comparisons[index - 1] if index and item.comparisons else None
    return {
        "score": score.score,
        "p_value": comparison.p_value if comparison else None,
        "mean": interval.mean if interval else None,
        "ci": interval.half_width if interval else None,
        "ci95": [interval.low, interval.high] if interval else None,
        "difference": comparison.difference if comparison else None,
    }
