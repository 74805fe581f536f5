"""What debiasing costs: similarity and analogy scores before and after, item by item.

Both states are scored on the same resamples of the same items, so that the interval is that of the
difference and not of two scores apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtools.bias.vector_state import VectorState
from seqtools.evaluation.analogy_search import answer_analogies
from seqtools.evaluation.analogy_sets import AnalogySet
from seqtools.evaluation.bootstrap import Interval, percentile_interval, resample_counts
from seqtools.evaluation.lookup import WordLookup
from seqtools.evaluation.rank_correlation import resampled_spearman
from seqtools.evaluation.similarity_sets import SimilaritySet
from seqtools.evaluation.vector_settings import EvaluationSettings
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.seeding import numpy_generator
from seqtools.types import BoolArray, Float64Array, Int64Array


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
    monitor: Monitor | None = None,
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
    monitor : Monitor, optional
        Told after each set.
    """
    monitor = monitor or NullMonitor()
    words = before.vectors.words
    total = len(similarity_sets) + len(analogy_sets)
    similarity: dict[str, ScoreChange] = {}
    analogies: dict[str, ScoreChange] = {}
    monitor.start("measuring the cost", total, "sets")
    try:
        lookup = WordLookup(words, settings.similarity_case) if similarity_sets else None
        for pairs in similarity_sets:
            if lookup is not None:
                rows = lookup.rows(pairs.pairs)
                similarity[pairs.name] = _similarity_change(before, after, pairs, rows, settings)
            monitor.update(Progress(len(similarity), total, "sets", note=pairs.name))
        if analogy_sets:
            restricted = WordLookup(words[: settings.restrict], settings.analogy_case)
            marks = _AnalogyMarks(before, after, restricted, settings)
            for questions in analogy_sets:
                analogies[questions.name] = marks.change(questions)
                done = len(similarity) + len(analogies)
                monitor.update(Progress(done, total, "sets", note=questions.name))
    finally:
        monitor.finish()
    return DebiasingCost(similarity, analogies, settings)


def _similarity_change(
    before: VectorState,
    after: VectorState,
    pairs: SimilaritySet,
    rows: Int64Array,
    settings: EvaluationSettings,
) -> ScoreChange:
    """Return how the correlation with ratings changes."""
    covered = rows.min(axis=1) >= 0
    found, ratings = rows[covered], pairs.ratings[covered]
    if len(found) < 2:
        return ScoreChange(None, None, None, None, None, len(found), len(rows))
    statistics = [resampled_spearman(ratings, _cosines(state, found)) for state in (before, after)]
    ones = np.ones((1, len(found)), dtype=np.int64)
    scores = [float(statistic(ones)[0]) for statistic in statistics]
    if not np.isfinite(scores).all():
        return ScoreChange(None, None, None, None, None, len(found), len(rows))
    generator = numpy_generator(settings.seed, "bootstrap")
    differences = np.concatenate(
        [
            statistics[1](counts) - statistics[0](counts)
            for counts in resample_counts(generator, len(found), settings.resamples)
        ]
    )
    return _change(scores, differences, settings, len(found), len(rows))


def _cosines(state: VectorState, rows: Int64Array) -> Float64Array:
    """Return the cosine of each pair of rows."""
    left, right = (state.unit(rows[:, side]).astype(np.float64) for side in (0, 1))
    cosines: Float64Array = np.einsum("nd,nd->n", left, right)
    return cosines


class _AnalogyMarks:
    """Answers analogies by both states, the look-up of words being shared."""

    def __init__(
        self,
        before: VectorState,
        after: VectorState,
        lookup: WordLookup,
        settings: EvaluationSettings,
    ) -> None:
        self._settings, self._lookup = settings, lookup
        self._same_as = lookup.first_spelling()
        top = np.arange(min(settings.restrict, len(before.vectors)), dtype=np.int64)
        self._vectors = [state.unit(top) for state in (before, after)]

    def change(self, questions: AnalogySet) -> ScoreChange:
        """Return how the share of right answers changes."""
        rows = self._lookup.rows(questions.questions)
        covered = rows.min(axis=1) >= 0
        num_covered = int(covered.sum())
        if num_covered == 0:
            return ScoreChange(None, None, None, None, None, 0, len(rows))
        right = [self._right(vectors, rows[covered]) for vectors in self._vectors]
        gained = int((right[1] & ~right[0]).sum())
        lost = int((right[0] & ~right[1]).sum())
        shares = np.array([gained, lost, num_covered - gained - lost]) / num_covered
        generator = numpy_generator(self._settings.seed, "bootstrap")
        drawn = generator.multinomial(num_covered, shares, size=self._settings.resamples)
        differences = (drawn[:, 0] - drawn[:, 1]) / num_covered
        scores = [float(marks.mean()) for marks in right]
        return _change(scores, differences, self._settings, num_covered, len(rows))

    def _right(self, vectors: Any, rows: Int64Array) -> BoolArray:
        """Return which questions are answered right."""
        answers = answer_analogies(vectors, rows[:, :3], self._same_as, self._settings.method)
        right: BoolArray = (answers >= 0) & (self._same_as[answers] == self._same_as[rows[:, 3]])
        return right


def _change(
    scores: Sequence[float],
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
