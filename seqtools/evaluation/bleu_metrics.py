"""BLEU, chrF and TER: sacreBLEU's tokenizers, formulas and signatures over our statistics.

sacreBLEU's metric classes keep what a resampling needs (statistics of each segment, a score from
their sums) for their own use. The subclasses here give it a name. For BLEU the statistics are our
own, equal number by number and several times as fast; its score still is sacreBLEU's.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
from sacrebleu.metrics.base import Score, Signature
from sacrebleu.metrics.bleu import BLEU, BLEUScore
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER
from sacrebleu.utils import SACREBLEU_DIR

from seqtools.errors import MissingDependencyError, SettingsError
from seqtools.evaluation.bleu_settings import BleuSettings
from seqtools.evaluation.bleu_statistics import MAX_ORDER, bleu_scores, match_statistics
from seqtools.evaluation.bleu_tokens import TokenTable
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.types import BoolArray, Float64Array

Lines = Sequence[str]
References = Sequence[Sequence[str | None]]


class SegmentMetric(Protocol):
    """A metric whose score depends on sums over segments alone."""

    name: str

    def statistics(self, hypotheses: Lines) -> Float64Array:
        """Return the sufficient statistics of each segment, shape (N, K)."""

    def score(self, statistics: Float64Array) -> Score:
        """Return sacreBLEU's score of segments, from their statistics."""

    def scores(self, totals: Float64Array) -> Float64Array:
        """Return the scores of many sums of statistics, shape (S, K) to (S,)."""

    def signature(self, **additions: object) -> Signature:
        """Return sacreBLEU's signature with items such as bs and seed added."""


class BleuMetric:
    """BLEU against fixed references.

    Parameters
    ----------
    settings : BleuSettings
        The metric's settings.
    references : sequence of sequences of (str or None)
        One sequence a reference file; None where a segment lacks that reference.
    """

    name = "BLEU"

    def __init__(self, settings: BleuSettings, references: References) -> None:
        self._settings = settings
        self._bleu = _construct_bleu(settings)
        self.tokens = TokenTable(
            self._bleu.tokenizer, settings.tokenize, lowercase=settings.lowercase
        )
        self._references = [
            self.tokens.encode([line or "" for line in reference]) for reference in references
        ]
        self._is_absent = _absences(references)
        self._bleu.num_refs = _common_count(references)

    def statistics(self, hypotheses: Lines) -> Float64Array:
        """Return the statistics of each segment, as ``match_statistics`` orders them."""
        encoded = self.tokens.encode(hypotheses)
        return match_statistics(encoded, self._references, self._is_absent).astype(np.float64)

    def score(self, statistics: Float64Array) -> BLEUScore:
        """Return sacreBLEU's score of segments, from their statistics."""
        totals = [int(total) for total in statistics.sum(axis=0)]
        return BLEU.compute_bleu(
            correct=totals[2 : 2 + MAX_ORDER],
            total=totals[2 + MAX_ORDER :],
            sys_len=totals[0],
            ref_len=totals[1],
            smooth_method=self._settings.smooth_method,
            smooth_value=self._settings.smooth_value,
            effective_order=self._settings.effective_order,
            max_ngram_order=MAX_ORDER,
        )

    def scores(self, totals: Float64Array) -> Float64Array:
        """Return BLEU of many sums of statistics."""
        return bleu_scores(
            totals,
            self._settings.smooth_method,
            self._settings.smooth_value,
            effective_order=self._settings.effective_order,
        )

    def signature(self, **additions: object) -> Signature:
        """Return the signature."""
        return _signature(self._bleu.get_signature(), additions)


class _Chrf(CHRF):
    """chrF with names for what a resampling needs."""

    def segment_statistics(self, hypotheses: Iterable[str]) -> list[list[float]]:
        """Return hypothesis, reference and matched n-grams of each order, for each segment."""
        rows: list[list[float]] = self._extract_corpus_statistics(hypotheses, None)  # type: ignore[arg-type]
        return rows

    def score_of(self, rows: list[list[float]]) -> Score:
        """Return the score of segments."""
        return self._aggregate_and_compute(rows)  # type: ignore[arg-type]


class ChrfMetric:
    """chrF (Popović 2015) or chrF++ (2017) against fixed references; parameters as BleuMetric."""

    def __init__(
        self, settings: BleuSettings, references: References, monitor: Monitor | None = None
    ) -> None:
        self._settings = settings
        self._monitor = monitor or NullMonitor()
        self._chrf = _Chrf(
            char_order=settings.chrf_char_order,
            word_order=settings.chrf_word_order,
            beta=settings.chrf_beta,
            lowercase=settings.chrf_lowercase,
            whitespace=settings.chrf_whitespace,
            eps_smoothing=settings.chrf_eps_smoothing,
            references=references,  # type: ignore[arg-type]
        )
        self.name = f"chrF{settings.chrf_beta}" + "+" * settings.chrf_word_order

    def statistics(self, hypotheses: Lines) -> Float64Array:
        """Return n-grams of hypothesis, reference and both, for each order."""
        watched = _watched(hypotheses, self.name, self._monitor)
        return np.array(self._chrf.segment_statistics(watched), dtype=np.float64)

    def score(self, statistics: Float64Array) -> Score:
        """Return sacreBLEU's score of segments, from their statistics."""
        return self._chrf.score_of([statistics.sum(axis=0).tolist()])

    def scores(self, totals: Float64Array) -> Float64Array:
        """Return chrF of many sums of statistics: F of mean precision and mean recall."""
        hypothesis, reference, matched = np.moveaxis(totals.reshape(len(totals), -1, 3), 2, 0)
        if self._settings.chrf_eps_smoothing:
            return self._scores_with_epsilon(hypothesis, reference, matched)
        is_counted = (hypothesis > 0) & (reference > 0)
        precision = np.divide(matched, hypothesis, out=np.zeros_like(matched), where=is_counted)
        recall = np.divide(matched, reference, out=np.zeros_like(matched), where=is_counted)
        orders = np.maximum(is_counted.sum(axis=1), 1)
        return 100.0 * self._f(precision.sum(axis=1) / orders, recall.sum(axis=1) / orders)

    def _scores_with_epsilon(
        self, hypothesis: Float64Array, reference: Float64Array, matched: Float64Array
    ) -> Float64Array:
        """Return the mean F over orders, where an order without n-grams counts a trifle."""
        epsilon = np.full_like(matched, 1e-16)
        precision = np.divide(matched, hypothesis, out=epsilon.copy(), where=hypothesis > 0)
        recall = np.divide(matched, reference, out=epsilon.copy(), where=reference > 0)
        means: Float64Array = self._f(precision, recall, 1e-16).mean(axis=1)
        return 100.0 * means

    def _f(
        self, precision: Float64Array, recall: Float64Array, undefined: float = 0.0
    ) -> Float64Array:
        """Return F with recall weighing beta times as much as precision."""
        factor = self._settings.chrf_beta**2
        below = factor * precision + recall
        f: Float64Array = np.divide(
            (1 + factor) * precision * recall,
            below,
            out=np.full_like(below, undefined),
            where=below > 0,
        )
        return f

    def signature(self, **additions: object) -> Signature:
        """Return the signature."""
        return _signature(self._chrf.get_signature(), additions)


class _Ter(TER):
    """TER with names for what a resampling needs."""

    def segment_statistics(self, hypotheses: Iterable[str]) -> list[list[float]]:
        """Return edits and mean reference length of each segment."""
        rows: list[list[float]] = self._extract_corpus_statistics(hypotheses, None)  # type: ignore[arg-type]
        return rows

    def score_of(self, rows: list[list[float]]) -> Score:
        """Return the score of segments."""
        return self._aggregate_and_compute(rows)


class TerMetric:
    """TER (Snover et al. 2006) against fixed references; parameters as BleuMetric."""

    name = "TER"

    def __init__(
        self, settings: BleuSettings, references: References, monitor: Monitor | None = None
    ) -> None:
        self._monitor = monitor or NullMonitor()
        self._ter = _Ter(
            normalized=settings.ter_normalized,
            no_punct=settings.ter_no_punct,
            asian_support=settings.ter_asian_support,
            case_sensitive=settings.ter_case_sensitive,
            references=references,  # type: ignore[arg-type]
        )

    def statistics(self, hypotheses: Lines) -> Float64Array:
        """Return edits and mean reference length of each segment."""
        watched = _watched(hypotheses, self.name, self._monitor)
        return np.array(self._ter.segment_statistics(watched), dtype=np.float64)

    def score(self, statistics: Float64Array) -> Score:
        """Return sacreBLEU's score of segments, from their statistics."""
        return self._ter.score_of(statistics.tolist())

    def scores(self, totals: Float64Array) -> Float64Array:
        """Return TER of many sums of statistics; 100 for edits against no reference word."""
        edits, words = totals[:, 0], totals[:, 1]
        without_words = np.where(edits > 0, 1.0, 0.0)
        return 100.0 * np.divide(edits, words, out=without_words, where=words > 0)

    def signature(self, **additions: object) -> Signature:
        """Return the signature."""
        return _signature(self._ter.get_signature(), additions)


def make_metric(
    kind: str, settings: BleuSettings, references: References, monitor: Monitor | None = None
) -> SegmentMetric:
    """Make one of the metrics "bleu", "chrf" and "ter" against fixed references."""
    if kind == "bleu":
        return BleuMetric(settings, references)
    if kind == "chrf":
        return ChrfMetric(settings, references, monitor)
    return TerMetric(settings, references, monitor)


def _construct_bleu(settings: BleuSettings) -> BLEU:
    """Make sacreBLEU's metric, or say what its tokenizer lacks."""
    try:
        return BLEU(
            lowercase=settings.lowercase,
            force=True,
            tokenize=settings.tokenize,
            smooth_method=settings.smooth_method,
            smooth_value=settings.smooth_value,
            effective_order=settings.effective_order,
        )
    except (ImportError, RuntimeError) as error:
        extra = {"ja-mecab": "[ja]", "ko-mecab": "[ko]"}.get(settings.tokenize, "")
        raise MissingDependencyError(
            f"the tokenizer {settings.tokenize} lacks a package; "
            f"install it with: pip install 'sacrebleu{extra}'"
        ) from error
    except OSError as error:
        raise SettingsError(
            f"the tokenizer {settings.tokenize} needs a model that sacreBLEU could not fetch "
            f"({error}); take another, or put the model into {SACREBLEU_DIR}/models"
        ) from error


def _signature(signature: Signature, additions: dict[str, object]) -> Signature:
    """Add items to a signature."""
    for key, value in additions.items():
        signature.update(key, value)
    return signature


def _absences(references: References) -> list[BoolArray] | None:
    """Return which references are absent where, or None if all are there."""
    absences = [np.array([line is None for line in reference]) for reference in references]
    return absences if any(absence.any() for absence in absences) else None


def _common_count(references: References) -> int:
    """Return how many references each segment has, -1 if it varies."""
    counts = {sum(line is not None for line in lines) for lines in zip(*references, strict=True)}
    return counts.pop() if len(counts) == 1 else -1


def _watched(hypotheses: Lines, name: str, monitor: Monitor) -> Iterator[str]:
    """Yield segments and report how many are done: an edit distance takes its time."""
    monitor.start(f"{name} of {len(hypotheses)} lines", len(hypotheses), "lines")
    for done, hypothesis in enumerate(hypotheses):
        if done % 100 == 0:
            monitor.update(Progress(done, len(hypotheses), "lines"))
        yield hypothesis
    monitor.finish()
