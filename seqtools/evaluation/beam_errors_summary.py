"""Counts, fractions and intervals over sentences: what to improve, the search or the model."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from seqtools.evaluation.beam_errors import (
    GOOD_CLASSES,
    SEARCH_CLASSES,
    ErrorClass,
    ScoredSentence,
    Verdict,
    VerdictSettings,
    classify,
    find_score_mismatches,
    same_text,
)
from seqtools.evaluation.beam_errors_advice import advise
from seqtools.evaluation.beam_errors_objective import Objective
from seqtools.evaluation.beam_errors_quality import (
    CandidateLists,
    Oracle,
    SweepPoint,
    repetition,
    with_qualities,
)
from seqtools.evaluation.bootstrap import Interval, proportion_interval

FRACTIONS = {
    "search": SEARCH_CLASSES,
    "model": frozenset({ErrorClass.MODEL_ERROR}),
    "tie": frozenset({ErrorClass.TIE}),
    "unreachable": frozenset({ErrorClass.UNREACHABLE}),
    "inconclusive": frozenset({ErrorClass.INCONCLUSIVE}),
}
_SHORT = 0.5


@dataclass(frozen=True)
class SummarySettings:
    """How sentences are counted.

    Attributes
    ----------
    verdict : VerdictSettings
        How each is classified.
    metric : {"bleu", "chrf", "none"}
        Sentence metric for outputs that come with their text and without a quality.
    resamples : int
        Bootstrap resamples behind each interval.
    confidence : float
        Share of resamples within an interval.
    seed : int
        Seed of the resampling.
    """

    verdict: VerdictSettings = field(default_factory=VerdictSettings)
    metric: str = "bleu"
    resamples: int = 1000
    confidence: float = 0.95
    seed: int = 1


@dataclass(frozen=True)
class Lengths:
    """Lengths in words or tokens without the end symbol.

    Attributes
    ----------
    ratio : float or None
        Sum of output lengths by sum of reference lengths, where both are known.
    ratio_by_class : dict of str to float
        The same for each class.
    empty, short : int
        Outputs without a word, and shorter than half of their reference.
    known : int
        Sentences with both lengths.
    """

    ratio: float | None
    ratio_by_class: dict[str, float]
    empty: int
    short: int
    known: int


@dataclass(frozen=True)
class BeamErrorSummary:
    """What a set of scored sentences shows.

    Attributes
    ----------
    objective : Objective
        Under which all scores were compared.
    settings : SummarySettings
        Margin, metric, intervals.
    sentences, verdicts : list
        Each sentence and what it shows.
    counts : dict of ErrorClass to int
        Sentences of each class; every class is there.
    num_errors : int
        Sentences whose output is neither the reference nor as good.
    fractions, ci95 : dict
        Shares of the errors: search, model, tie, unreachable, inconclusive; they sum to 1. None
        without errors.
    proved : int
        Sentences with a proof of a search error, also those where it did no harm.
    model_errors_checked : dict of str to int
        Of the model errors, how many outputs exact search showed to be the model's best, how many
        withstood a list of alternatives, and how many nothing was compared with. The latter may
        hide search errors.
    raw_would_differ : int
        Sentences where raw log-probabilities would turn the comparison with the reference.
    mismatches : list of int
        Sentences where the same words were scored differently.
    exact_below : int
        Sentences where exact search, so called, scores below the beam.
    mean_gaps : dict of str to float
        Mean of reference value minus output value, by class.
    lengths : Lengths
        Of outputs and references.
    repetition : dict of str to (float or None)
        Share of repeated 4-grams in "hypothesis" and "reference".
    oracle : Oracle or None
        Of the lists of texts, if there are any.
    sweep : list of SweepPoint
        What the lists give under other length penalties, and other beams.
    beam_size : int or None
        Of the search; None if it is not known.
    """

    objective: Objective
    settings: SummarySettings
    sentences: list[ScoredSentence]
    verdicts: list[Verdict]
    counts: dict[ErrorClass, int]
    num_errors: int
    fractions: dict[str, float | None]
    ci95: dict[str, Interval | None]
    proved: int
    model_errors_checked: dict[str, int]
    raw_would_differ: int
    mismatches: list[int]
    exact_below: int
    mean_gaps: dict[str, float]
    lengths: Lengths
    repetition: dict[str, float | None]
    oracle: Oracle | None
    sweep: list[SweepPoint]
    beam_size: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        objective = self.objective
        return {
            "objective": {
                "length_penalty": objective.formula,
                "alpha": objective.alpha,
                "beta": objective.beta,
                "eos_counted": objective.eos_counted,
                "score_kind": objective.score_kind,
                "coverage": objective.coverage,
                "beam_size": self.beam_size,
                "tie_margin": self.settings.verdict.tie_margin,
                "max_length": self.settings.verdict.max_length,
            },
            "metric": {
                "name": self.metric_name,
                "not_worse_at": self.settings.verdict.not_worse_at,
            },
            "num_sentences": len(self.sentences),
            "num_errors": self.num_errors,
            "counts": {str(name): count for name, count in self.counts.items()},
            "fractions": self.fractions,
            "ci95": self.ci95,
            "search_errors_proved": self.proved,
            "model_errors_checked": self.model_errors_checked,
            "raw_would_differ": self.raw_would_differ,
            "score_mismatches": self.mismatches,
            "exact_below_hypothesis": self.exact_below,
            "mean_gaps": self.mean_gaps,
            "lengths": asdict(self.lengths),
            "repetition": self.repetition,
            "oracle": None if self.oracle is None else asdict(self.oracle),
            "sweep": [asdict(point) for point in self.sweep],
            "fell_off": self.fell_off(),
            "advice": self.advice,
            "sentences": [
                _sentence_dict(sentence, verdict, objective)
                for sentence, verdict in zip(self.sentences, self.verdicts, strict=True)
            ],
        }

    @property
    def advice(self) -> str:
        """What to improve first, in a line."""
        return advise(self)

    @property
    def metric_name(self) -> str | None:
        """What the qualities are: a metric's name, "given" for a column, None without any."""
        if all(sentence.hypothesis_quality is None for sentence in self.sentences):
            return None
        given = any(sentence.reference_quality is not None for sentence in self.sentences)
        return "given" if given or self.settings.metric == "none" else self.settings.metric

    def fell_off(self) -> dict[str, dict[int, int]] | None:
        """Return where references left the beam, None if it is not known."""
        steps = Counter(s.fell_off_step for s in self.sentences if s.fell_off_step is not None)
        ranks = Counter(s.fell_off_rank for s in self.sentences if s.fell_off_rank is not None)
        if not (steps or ranks):
            return None
        return {
            "step_histogram": dict(sorted(steps.items())),
            "rank_histogram": dict(sorted(ranks.items())),
        }


def summarize(
    sentences: Sequence[ScoredSentence],
    objective: Objective,
    settings: SummarySettings | None = None,
) -> BeamErrorSummary:
    """Classify sentences and count what they show.

    Parameters
    ----------
    sentences : sequence of ScoredSentence
        At least one.
    objective : Objective
        The beam's own.
    settings : SummarySettings, optional
        Margin, metric, intervals.
    """
    settings = settings or SummarySettings()
    scored = with_qualities(sentences, settings.metric)
    verdicts = [classify(sentence, objective, settings.verdict) for sentence in scored]
    found = Counter(verdict.error_class for verdict in verdicts)
    counts = {name: found[name] for name in ErrorClass}
    num_errors = sum(count for name, count in counts.items() if name not in GOOD_CLASSES)
    lists = CandidateLists(scored, objective)
    hypotheses = [s.hypothesis.text for s in scored if s.hypothesis.text is not None]
    references = [s.reference_text for s in scored if s.reference_text is not None]
    return BeamErrorSummary(
        objective=objective,
        settings=settings,
        sentences=scored,
        verdicts=verdicts,
        counts=counts,
        num_errors=num_errors,
        fractions=_fractions(counts, num_errors),
        ci95=_intervals(counts, num_errors, settings),
        proved=sum(bool(verdict.proofs) for verdict in verdicts),
        model_errors_checked=_checked(scored, verdicts),
        raw_would_differ=sum(verdict.raw_would_differ for verdict in verdicts),
        mismatches=[s.number for s in scored if find_score_mismatches(s, objective)],
        exact_below=_num_exact_below(verdicts, settings.verdict.tie_margin),
        mean_gaps=_mean_gaps(verdicts),
        lengths=_lengths(scored, verdicts, objective),
        repetition={"hypothesis": repetition(hypotheses), "reference": repetition(references)},
        oracle=lists.oracle(),
        sweep=lists.sweep(settings.verdict),
    )


def _fractions(counts: dict[ErrorClass, int], num_errors: int) -> dict[str, float | None]:
    """Return the share of the errors that each group has."""
    return {
        name: sum(counts[member] for member in members) / num_errors if num_errors else None
        for name, members in FRACTIONS.items()
    }


def _intervals(
    counts: dict[ErrorClass, int], num_errors: int, settings: SummarySettings
) -> dict[str, Interval | None]:
    """Return the bootstrap interval of each share."""
    return {
        name: proportion_interval(
            sum(counts[member] for member in members),
            num_errors,
            resamples=settings.resamples,
            confidence=settings.confidence,
            seed=settings.seed,
        )
        for name, members in FRACTIONS.items()
    }


def _checked(sentences: Sequence[ScoredSentence], verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Count what the outputs of model errors were compared with."""
    checked = {"optimal": 0, "withstood_alternatives": 0, "unchecked": 0}
    for sentence, verdict in zip(sentences, verdicts, strict=True):
        if verdict.error_class is not ErrorClass.MODEL_ERROR:
            continue
        others = [a for a in sentence.alternatives if not same_text(a, sentence.hypothesis)]
        how = "withstood_alternatives" if others else "unchecked"
        checked["optimal" if verdict.is_optimal else how] += 1
    return checked


def _num_exact_below(verdicts: Sequence[Verdict], margin: float) -> int:
    """Count outputs that beat what exact search is said to have found."""
    return sum(
        verdict.exact_value is not None and verdict.exact_value < verdict.hypothesis_value - margin
        for verdict in verdicts
    )


def _mean_gaps(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """Return the mean gap of each class that has any."""
    gaps: dict[str, list[float]] = {}
    for verdict in verdicts:
        if verdict.gap is not None:
            gaps.setdefault(str(verdict.error_class), []).append(verdict.gap)
    return {name: statistics.fmean(values) for name, values in sorted(gaps.items())}


def _lengths(
    sentences: Sequence[ScoredSentence], verdicts: Sequence[Verdict], objective: Objective
) -> Lengths:
    """Compare the lengths of outputs and references."""
    end = int(objective.eos_counted)
    sums: dict[str, list[int]] = {}
    empty = short = known = 0
    for sentence, verdict in zip(sentences, verdicts, strict=True):
        length = sentence.hypothesis.length
        if length is not None:
            empty += length - end <= 0
        reference = None if sentence.reference is None else sentence.reference.length
        if length is None or reference is None:
            continue
        known += 1
        short += length - end < _SHORT * (reference - end)
        for name in ("all", str(verdict.error_class)):
            pair = sums.setdefault(name, [0, 0])
            pair[0] += length - end
            pair[1] += reference - end
    ratios = {name: pair[0] / pair[1] for name, pair in sums.items() if pair[1]}
    overall = ratios.pop("all", None)
    return Lengths(overall, dict(sorted(ratios.items())), empty, short, known)


def _sentence_dict(
    sentence: ScoredSentence, verdict: Verdict, objective: Objective
) -> dict[str, Any]:
    """Describe one sentence; keys without a value are left out."""
    reference, better, exact = sentence.reference, None, sentence.exact
    if "beam" in verdict.proofs:
        better = next(
            other.text
            for other in sentence.alternatives
            if objective.value(other) == verdict.alternative_value
        )
    fields = {
        "sentence": sentence.number,
        "class": str(verdict.error_class),
        "hypothesis_value": verdict.hypothesis_value,
        "reference_value": verdict.reference_value,
        "gap": verdict.gap,
        "alternative_value": verdict.alternative_value,
        "exact_value": verdict.exact_value,
        "proved_by": list(verdict.proofs) or None,
        "hypothesis_length": sentence.hypothesis.length,
        "reference_length": None if reference is None else reference.length,
        "quality": sentence.hypothesis_quality,
        "reference_quality": sentence.reference_quality,
        "fell_off_step": sentence.fell_off_step,
        "fell_off_rank": sentence.fell_off_rank,
        "fell_off_margin": sentence.fell_off_margin,
        "source": sentence.source,
        "hypothesis": sentence.hypothesis.text,
        "reference": sentence.reference_text,
        "better_alternative": better,
        "better_exact": exact.text if exact and "exact" in verdict.proofs else None,
    }
    return {name: value for name, value in fields.items() if value is not None}
