"""All measures of bias of one state of word vectors: as they are, or debiased."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from seqtools.bias.audit_plan import AuditPlan
from seqtools.bias.direct_bias import indirect_bias
from seqtools.bias.group_audit import audit_groups
from seqtools.bias.leaning import leanings
from seqtools.bias.measure import Measure
from seqtools.bias.residual_audit import audit_residue
from seqtools.bias.settings import AuditSettings
from seqtools.bias.vector_state import VectorState
from seqtools.bias.weat import WeatScore, score_weat
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.types import Float32Array, Float64Array

_LEAST_LEANING = 1e-4
_STEPS = ("groups", "association tests", "most biased words")


class IndirectBias(NamedTuple):
    """The share of two words' similarity that comes from the bias subspace."""

    first: str
    second: str
    beta: float | None


class WeatResult(NamedTuple):
    """The outcome of an association test and the words it lost; no score if too few are left."""

    score: WeatScore | None
    lost: tuple[str, ...]


@dataclass(frozen=True)
class BiasAudit:
    """All measures.

    Attributes
    ----------
    measures : dict of str to Measure
        One number each, by name; see `seqtools.bias.measure.TITLES`.
    weat : dict of str to WeatResult
        By name of the test.
    indirect : tuple of IndirectBias
        By pair of words.
    most_biased : dict of str to list of (word, leaning)
        For each group the words that lean to it most.
    target_words : tuple of str
        Words that should be neutral.
    target_cosines : float64 array, shape (targets, K)
        Their cosines with each direction of the bias subspace.
    settings : AuditSettings
        How all this was obtained.
    """

    measures: dict[str, Measure]
    weat: dict[str, WeatResult]
    indirect: tuple[IndirectBias, ...]
    most_biased: dict[str, list[tuple[str, float]]]
    target_words: tuple[str, ...]
    target_cosines: Float64Array
    settings: AuditSettings

    def as_dict(self) -> dict[str, Any]:
        """Return everything as it is written to JSON."""
        key = self.settings.interval_name
        return {
            **{name: measure.value for name, measure in self.measures.items()},
            "weat": {name: _test_dict(result, key) for name, result in self.weat.items()},
            "indirect_bias": [pair._asdict() for pair in self.indirect],
            "most_biased": self.most_biased,
            key: {name: measure.interval for name, measure in self.measures.items()},
            "details": {
                name: measure.details for name, measure in self.measures.items() if measure.details
            },
            "targets": dict(zip(self.target_words, self.target_cosines.tolist(), strict=True)),
        }


def audit(
    state: VectorState,
    plan: AuditPlan,
    settings: AuditSettings | None = None,
    monitor: Monitor | None = None,
) -> BiasAudit:
    """Measure the bias of vectors.

    Parameters
    ----------
    state : VectorState
        The vectors, debiased or not.
    plan : AuditPlan
        The words, found among the vectors before debiasing.
    settings : AuditSettings, optional
        Those of the plan.
    monitor : Monitor, optional
        Told of the steps.
    """
    settings = settings or AuditSettings()
    monitor = monitor or NullMonitor()
    monitor.start("measuring bias", len(_STEPS), "steps")
    try:
        targets = state.unit(plan.targets.rows)
        measures = audit_groups(state, plan, targets, settings)
        monitor.update(Progress(1, len(_STEPS), "steps", note=_STEPS[0]))
        weat = _audit_tests(state, plan, settings)
        monitor.update(Progress(2, len(_STEPS), "steps", note=_STEPS[1]))
        vocabulary = state.unit(plan.vocabulary)
        measures |= audit_residue(plan, targets, vocabulary, settings)
        most_biased = _most_biased(state, plan, vocabulary, settings.top)
        monitor.update(Progress(3, len(_STEPS), "steps", note=_STEPS[2]))
    finally:
        monitor.finish()
    return BiasAudit(
        measures,
        weat,
        tuple(_audit_pairs(state, plan)),
        most_biased,
        plan.targets.words,
        targets @ plan.direction.basis.T,
        settings,
    )


def _audit_tests(
    state: VectorState, plan: AuditPlan, settings: AuditSettings
) -> dict[str, WeatResult]:
    """Score every test that has enough words."""
    results = {}
    for test in plan.tests:
        score = None
        if test.can_be_scored:
            first, second = (state.unit(found.rows) for found in test.targets)
            third, fourth = (state.unit(found.rows) for found in test.attributes)
            score = score_weat(
                (first, second),
                (third, fourth),
                samples=settings.samples,
                resamples=settings.resamples,
                confidence=settings.confidence,
                seed=settings.seed,
            )
        results[test.test.name] = WeatResult(score, test.lost)
    return results


def _audit_pairs(state: VectorState, plan: AuditPlan) -> list[IndirectBias]:
    """Return the indirect bias of every pair."""
    found = []
    for (first, second), rows in plan.indirect:
        w, v = state.unit(rows)
        found.append(IndirectBias(first, second, indirect_bias(w, v, plan.direction.basis)))
    return found


def _most_biased(
    state: VectorState, plan: AuditPlan, vocabulary: Float32Array, top: int
) -> dict[str, list[tuple[str, float]]]:
    """Return the words that lean most to each group now, if they lean at all."""
    means = np.stack(
        [state.unit(rows).mean(axis=0, dtype=np.float64) for rows in plan.direction.groups]
    )
    leaning = leanings(vocabulary, plan.direction, means)
    words = state.vectors.words
    listed = {}
    for group, name in enumerate(plan.direction.group_names):
        order = np.argsort(-leaning[:, group], kind="stable")[:top]
        listed[name] = [
            (words[plan.vocabulary[place]], float(leaning[place, group]))
            for place in order.tolist()
            if leaning[place, group] > _LEAST_LEANING
        ]
    return listed


def _test_dict(result: WeatResult, key: str) -> dict[str, Any]:
    """Return a test as it is written to JSON."""
    if result.score is None:
        nothing = dict.fromkeys(("statistic", "effect_size", key, "p_value", "p_value_two_sided"))
        return {**nothing, "exact": False, "partitions": 0, "lost_words": result.lost}
    return {**result.score.as_dict(key), "lost_words": result.lost}
