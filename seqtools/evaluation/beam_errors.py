"""Is the search or the model at fault? The classes and their arithmetic.

A beam returns a hypothesis; a person would rather have had the reference. If the model scores the
reference higher, the search missed something better than what it found: a search error, proved. If
the model scores the reference lower, no search could have returned it: a model error, though the
search may have missed something better still. The comparison holds under one objective only, that
by which the beam itself ranked: sum of log P divided by ((beta + T) / (beta + 1))^alpha (beta 0
with Ng's T^alpha; beta 5 is equation 14 of Wu et al. 2016). The raw log-probability turns some
verdicts.

Ng's course, "Error analysis in beam search", has two classes. A third party can prove a search
error as well as the reference can: a hypothesis of a wider beam, or the best one by exact search
(Stahlberg and Byrne 2019). Outputs that are as good as the reference are no errors at all, and ties
and references that the model cannot say prove nothing.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from seqtools.errors import SettingsError
from seqtools.evaluation.beam_errors_objective import Candidate, Objective


class ErrorClass(StrEnum):
    """What a sentence shows; each has exactly one class, the first that applies."""

    MATCH = "match"
    NOT_WORSE = "not_worse"
    SEARCH_ERROR_REFERENCE = "search_error_reference"
    SEARCH_ERROR_BEAM = "search_error_beam"
    SEARCH_ERROR_EXACT = "search_error_exact"
    UNREACHABLE = "unreachable"
    INCONCLUSIVE = "inconclusive"
    TIE = "tie"
    MODEL_ERROR = "model_error"


GOOD_CLASSES = frozenset({ErrorClass.MATCH, ErrorClass.NOT_WORSE})
SEARCH_CLASSES = frozenset(
    {
        ErrorClass.SEARCH_ERROR_REFERENCE,
        ErrorClass.SEARCH_ERROR_BEAM,
        ErrorClass.SEARCH_ERROR_EXACT,
    }
)
MEANINGS = {
    ErrorClass.MATCH: "the output is the reference",
    ErrorClass.NOT_WORSE: "not worse than the reference by the metric",
    ErrorClass.SEARCH_ERROR_REFERENCE: "the model scores the reference higher than the output",
    ErrorClass.SEARCH_ERROR_BEAM: "the model scores another hypothesis higher than the output",
    ErrorClass.SEARCH_ERROR_EXACT: "exact search found a higher score than the output's",
    ErrorClass.UNREACHABLE: "the reference cannot be produced, so it proves nothing",
    ErrorClass.INCONCLUSIVE: "the reference was not scored",
    ErrorClass.TIE: "output and reference score the same within the margin",
    ErrorClass.MODEL_ERROR: "the model scores the output higher than the reference",
}


@dataclass(frozen=True)
class ScoredSentence:
    """One sentence's output and what it is compared with.

    Attributes
    ----------
    number : int
        Where the sentence stands, counted from 1.
    hypothesis : Candidate
        What the search returned.
    reference : Candidate or None
        None if it was not scored.
    alternatives : tuple of Candidate
        Other hypotheses the same model scored: a wider beam's, samples, an n-best list.
    exact : Candidate or None
        The model's best by a completed exact search.
    reference_text : str or None
        The reference's words, also where it was not scored.
    hypothesis_quality, reference_quality : float or None
        By a metric or a person; higher is better.
    source : str or None
        What was translated.
    fell_off_step, fell_off_rank : int or None
        The step at which the reference left the beam, counted from 1, and its rank there.
    fell_off_margin : float or None
        Its sum of log-probabilities there less that of the last hypothesis kept.
    is_reference_allowed : bool
        Whether the search may write the reference: its symbols, its length.
    """

    number: int
    hypothesis: Candidate
    reference: Candidate | None
    alternatives: tuple[Candidate, ...] = ()
    exact: Candidate | None = None
    reference_text: str | None = None
    hypothesis_quality: float | None = None
    reference_quality: float | None = None
    source: str | None = None
    fell_off_step: int | None = None
    fell_off_rank: int | None = None
    fell_off_margin: float | None = None
    is_reference_allowed: bool = True


@dataclass(frozen=True)
class VerdictSettings:
    """How scores and qualities are compared.

    Attributes
    ----------
    tie_margin : float
        Objectives this close are equal.
    max_length : int or None
        The longest output the search allows, as T; longer references are unreachable.
    not_worse_at : float
        A hypothesis without a reference quality is not worse from this quality on.
    """

    tie_margin: float = 1e-4
    max_length: int | None = None
    not_worse_at: float = 100.0

    def __post_init__(self) -> None:
        if not 0 <= self.tie_margin < math.inf:
            raise SettingsError(f"tie_margin must be at least 0 and finite, got {self.tie_margin}")


@dataclass(frozen=True)
class Verdict:
    """What a sentence shows.

    Attributes
    ----------
    error_class : ErrorClass
        The sentence's one class.
    hypothesis_value, reference_value, alternative_value, exact_value : float or None
        Under the objective; of the alternatives the best. None where there is nothing to compare.
    proofs : tuple of str
        Every proof of a search error: "reference", "beam", "exact". A good output may have some,
        too: the search erred and it did no harm.
    is_optimal : bool or None
        Whether exact search found nothing better; None without exact search.
    raw_would_differ : bool
        Whether the raw log-probability orders hypothesis and reference the other way.
    """

    error_class: ErrorClass
    hypothesis_value: float
    reference_value: float | None
    alternative_value: float | None
    exact_value: float | None
    proofs: tuple[str, ...]
    is_optimal: bool | None
    raw_would_differ: bool

    @property
    def gap(self) -> float | None:
        """The reference's value minus the hypothesis's; above 0 the search missed something."""
        if self.reference_value is None:
            return None
        return self.reference_value - self.hypothesis_value


def classify(
    sentence: ScoredSentence, objective: Objective, settings: VerdictSettings | None = None
) -> Verdict:
    """Say what a sentence shows.

    Parameters
    ----------
    sentence : ScoredSentence
        Scores of one model, all of them.
    objective : Objective
        The beam's own.
    settings : VerdictSettings, optional
        Margin, longest output, quality that counts as good.

    Notes
    -----
    A search error needs a candidate that the search could have returned and that scores higher.
    Hence a reference longer than the longest output proves none, nor does another score for the
    hypothesis's own words: that is a scorer that disagrees with the search
    (``find_score_mismatches``).
    """
    settings = settings or VerdictSettings()
    found = objective.value(sentence.hypothesis)
    reference = _comparable(sentence, objective, settings)
    others = [
        objective.value(other)
        for other in sentence.alternatives
        if _is_allowed(other, settings) and not same_text(other, sentence.hypothesis)
    ]
    alternative = max(others, default=None)
    exact = None if sentence.exact is None else objective.value(sentence.exact)
    witnesses = (("reference", reference), ("beam", alternative), ("exact", exact))
    is_match = same_text(sentence.hypothesis, _reference_words(sentence))
    proofs = tuple(
        name
        for name, value in witnesses
        if value is not None
        and value > found + settings.tie_margin
        and not (is_match and name == "reference")
    )
    return Verdict(
        error_class=_class_of(sentence, settings, is_match, proofs, found, reference),
        hypothesis_value=found,
        reference_value=reference,
        alternative_value=alternative,
        exact_value=exact,
        proofs=proofs,
        is_optimal=None if exact is None else exact <= found + settings.tie_margin,
        raw_would_differ=_raw_would_differ(sentence, objective, reference, found),
    )


def same_text(first: Candidate, second: Candidate) -> bool:
    """Say whether two candidates are known to be the same words."""
    if first.text is None or second.text is None:
        return False
    return first.text.split() == second.text.split()


def find_score_mismatches(
    sentence: ScoredSentence, objective: Objective, tolerance: float = 1e-2
) -> list[tuple[float, float]]:
    """Return pairs of values that the model gave to the same words.

    One model has one score for one output. If search and scorer differ (in the end symbol, in
    unknown words, in normalisation) then no comparison between them means anything.

    Parameters
    ----------
    tolerance : float
        Differences up to this share of the score, or this much in nats, are rounding.
    """
    others = [
        other
        for other in (sentence.reference, *sentence.alternatives)
        if other is not None and same_text(other, sentence.hypothesis)
    ]
    found = objective.value(sentence.hypothesis)
    values = [objective.value(other) for other in others]
    return [
        (found, value) for value in values if abs(value - found) > tolerance * max(1.0, abs(found))
    ]


def _class_of(
    sentence: ScoredSentence,
    settings: VerdictSettings,
    is_match: bool,
    proofs: tuple[str, ...],
    found: float,
    reference: float | None,
) -> ErrorClass:
    """Return the first class that applies."""
    if is_match:
        return ErrorClass.MATCH
    if _is_not_worse(sentence, settings):
        return ErrorClass.NOT_WORSE
    if proofs:
        return ErrorClass(f"search_error_{proofs[0]}")
    if sentence.reference is None:
        return ErrorClass.INCONCLUSIVE
    if reference is None:
        return ErrorClass.UNREACHABLE
    if abs(reference - found) <= settings.tie_margin:
        return ErrorClass.TIE
    return ErrorClass.MODEL_ERROR


def _comparable(
    sentence: ScoredSentence, objective: Objective, settings: VerdictSettings
) -> float | None:
    """Return the reference's value if the search could have returned the reference."""
    reference = sentence.reference
    if reference is None or not sentence.is_reference_allowed:
        return None
    if not _is_allowed(reference, settings):
        return None
    return objective.value(reference)


def _is_allowed(candidate: Candidate, settings: VerdictSettings) -> bool:
    """Say whether the search could have returned a candidate."""
    if candidate.score == -math.inf:
        return False
    limit = settings.max_length
    return limit is None or candidate.length is None or candidate.length <= limit


def _reference_words(sentence: ScoredSentence) -> Candidate:
    """Return the reference's words, scored or not."""
    text = sentence.reference_text
    if text is None and sentence.reference is not None:
        text = sentence.reference.text
    return Candidate(-math.inf, None, text)


def _is_not_worse(sentence: ScoredSentence, settings: VerdictSettings) -> bool:
    """Say whether the hypothesis is as good as the reference."""
    quality = sentence.hypothesis_quality
    if quality is None:
        return False
    wanted = sentence.reference_quality
    return quality >= (settings.not_worse_at if wanted is None else wanted)


def _raw_would_differ(
    sentence: ScoredSentence, objective: Objective, reference: float | None, found: float
) -> bool:
    """Say whether sums of log-probabilities order hypothesis and reference otherwise."""
    other = sentence.reference
    if reference is None or other is None or objective.alpha == 0:
        return False
    if sentence.hypothesis.length is None or other.length is None:
        return False
    raw_gap = objective.total(other.score, other.length) - objective.total(
        sentence.hypothesis.score, sentence.hypothesis.length
    )
    return raw_gap * (reference - found) < 0
