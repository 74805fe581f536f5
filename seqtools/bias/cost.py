"""What debiasing costs: similarity and analogy scores before and after, item by item.

Both states are scored on the same resamples of the same items, so that the interval is that of the
difference and not of two scores apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtools.bias.found_words import WordFinder
from seqtools.bias.vector_state import VectorState
from seqtools.evaluation.analogy_marks import right_answers
from seqtools.evaluation.analogy_sets import AnalogySet
from seqtools.evaluation.bootstrap import Interval, percentile_interval, resample_counts
from seqtools.evaluation.lookup import WordLookup
from seqtools.evaluation.rank_correlation import resampled_spearman
from seqtools.evaluation.similarity_sets import SimilaritySet
from seqtools.evaluation.vector_settings import EvaluationSettings
from seqtools.seeding import numpy_generator
from seqtools.types import Float32Array, Float64Array, Int64Array


@dataclass(frozen=True)
class ScoreChange:
    """A score before and after.

    Attributes
    ----------
    before, after, difference : float or None
        The scores, and after less before; None if they are not defined.
    interval : (float, float) or None
        Paired bootstrap interval of the difference.
    p_value : float or None
        Two-sided, from the same resamples: how often the difference is 0 or of the other sign.
    covered, total : int
        Items with all words in the vocabulary, and in the set.
    """

    before: float | None
    after: float | None
    difference: float | None
    interval: Interval | None
    p_value: float | None
    covered: int
    total: int

    def as_dict(self, interval_name: str = "ci95") -> dict[str, Any]:
        """Return the change as it is written to JSON."""
        return {
            "before": self.before,
            "after": self.after,
            "difference": self.difference,
            interval_name: self.interval,
            "p_value": self.p_value,
            "covered": self.covered,
            "total": self.total,
        }


@dataclass(frozen=True)
class DebiasingCost:
    """How scores change.

    Attributes
    ----------
    similarity : dict of str to ScoreChange
        Spearman's correlation, by name of the set.
    analogies : dict of str to ScoreChange
        Share of right answers, by name of the set.
    settings : EvaluationSettings
        How they were obtained.
    """

    similarity: dict[str, ScoreChange]
    analogies: dict[str, ScoreChange]
    settings: EvaluationSettings

    def as_dict(self) -> dict[str, Any]:
        """Return all changes as they are written to JSON."""
        key = self.settings.interval_name
        return {
            "similarity": {name: change.as_dict(key) for name, change in self.similarity.items()},
            "analogies": {name: change.as_dict(key) for name, change in self.analogies.items()},
            "policy": self.settings.policy,
        }


def measure_cost(
    before: VectorState,
    after: VectorState,
    similarity_sets: Sequence[SimilaritySet],
    analogy_sets: Sequence[AnalogySet],
    settings: EvaluationSettings,
) -> DebiasingCost:
    """Score both states on every set.

    Parameters
    ----------
    before, after : VectorState
        The same words, debiased or not.
    similarity_sets, analogy_sets : sequences
        Sets with different names.
    settings : EvaluationSettings
        Policies and bootstrap. Items with unknown words are left out.
    """
    states = (before, after)
    similarity = {
        pairs.name: _similarity_change(states, pairs, settings) for pairs in similarity_sets
    }
    analogies: dict[str, ScoreChange] = {}
    if analogy_sets:
        top = np.arange(min(settings.restrict, len(before.vectors)), dtype=np.int64)
        lookup = WordLookup(before.vectors.words[: len(top)], settings.analogy_case)
        tables = [state.unit(top) for state in states]
        for questions in analogy_sets:
            analogies[questions.name] = _analogy_change(tables, questions, lookup, settings)
    return DebiasingCost(similarity, analogies, settings)


def _similarity_change(
    states: tuple[VectorState, VectorState], pairs: SimilaritySet, settings: EvaluationSettings
) -> ScoreChange:
    """Return how the correlation with ratings changes."""
    finder = WordFinder(states[0].vectors)
    rows = np.array([[finder.row(word) for word in pair] for pair in pairs.pairs], dtype=np.int64)
    covered = rows.min(axis=1) >= 0
    found, ratings = rows[covered], pairs.ratings[covered]
    nothing = ScoreChange(None, None, None, None, None, len(found), len(rows))
    if len(found) < 2:
        return nothing

    def resampled(state: VectorState) -> tuple[float, Float64Array]:
        statistic = resampled_spearman(ratings, _cosines(state, found))
        generator = numpy_generator(settings.seed, "bootstrap")
        blocks = resample_counts(generator, len(found), settings.resamples)
        whole = statistic(np.ones((1, len(found)), dtype=np.int64))
        return float(whole[0]), np.concatenate([statistic(counts) for counts in blocks])

    (first, resampled_first), (second, resampled_second) = map(resampled, states)
    if not np.isfinite([first, second]).all():
        return nothing
    differences = resampled_second - resampled_first
    return _change((first, second), differences, settings, len(found), len(rows))


def _cosines(state: VectorState, rows: Int64Array) -> Float64Array:
    """Return the cosine of each pair of rows."""
    left, right = (state.unit(rows[:, side]).astype(np.float64) for side in (0, 1))
    cosines: Float64Array = np.einsum("nd,nd->n", left, right)
    return cosines


def _analogy_change(
    tables: Sequence[Float32Array],
    questions: AnalogySet,
    lookup: WordLookup,
    settings: EvaluationSettings,
) -> ScoreChange:
    """Return how the share of right answers changes.

    A resample of questions that are gained, lost or neither follows the multinomial distribution.
    """
    rows = lookup.rows(questions.questions)
    covered = rows.min(axis=1) >= 0
    num_covered = int(covered.sum())
    if num_covered == 0:
        return ScoreChange(None, None, None, None, None, 0, len(rows))
    same_as = lookup.first_spelling()
    right_before, right_after = (
        right_answers(table, rows[covered], same_as, settings.method) for table in tables
    )
    gained = int((right_after & ~right_before).sum())
    lost = int((right_before & ~right_after).sum())
    shares = np.array([gained, lost, num_covered - gained - lost]) / num_covered
    generator = numpy_generator(settings.seed, "bootstrap")
    drawn = generator.multinomial(num_covered, shares, size=settings.resamples)
    differences = (drawn[:, 0] - drawn[:, 1]) / num_covered
    scores = (float(right_before.mean()), float(right_after.mean()))
    return _change(scores, differences, settings, num_covered, len(rows))


def _change(
    scores: tuple[float, float],
    differences: Float64Array,
    settings: EvaluationSettings,
    covered: int,
    total: int,
) -> ScoreChange:
    """Return a change with its interval and p-value."""
    numbers = differences[np.isfinite(differences)]
    p_value = None
    if len(numbers):
        tail = min(int((numbers <= 0).sum()), int((numbers >= 0).sum()))
        p_value = min(1.0, 2 * (tail + 1) / (len(numbers) + 1))
    return ScoreChange(
        scores[0],
        scores[1],
        scores[1] - scores[0],
        percentile_interval(differences, settings.confidence),
        p_value,
        covered,
        total,
    )
