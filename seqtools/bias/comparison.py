"""Debiasing vectors and measuring what came of it: bias before and after, and the cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seqtools.bias.audit import BiasAudit, audit
from seqtools.bias.audit_plan import AuditPlan, plan_audit
from seqtools.bias.cost import DebiasingCost, measure_cost
from seqtools.bias.fitting import FittedDebiasing, fit_debiasing
from seqtools.bias.found_words import WordFinder
from seqtools.bias.settings import AuditSettings, DebiasSettings
from seqtools.bias.vector_state import VectorState, one_blas_thread
from seqtools.bias.word_sets import BiasAxis, WeatTest
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.evaluation.analogy_sets import AnalogySet
from seqtools.evaluation.similarity_sets import SimilaritySet
from seqtools.evaluation.vector_settings import EvaluationSettings
from seqtools.monitor import Monitor, NullMonitor

_SHOWN_VARIANCES = 10


@dataclass(frozen=True)
class Audited:
    """Vectors as they are, and their bias.

    Attributes
    ----------
    plan : AuditPlan
        The words looked at.
    before : BiasAudit
        The measures.
    """

    plan: AuditPlan
    before: BiasAudit

    def as_dict(self) -> dict[str, Any]:
        """Return everything as it is written to JSON."""
        return {
            "axis": self.plan.axis.name,
            "direction": direction_dict(self.plan),
            **self.before.as_dict(),
            "lost_words": self.plan.lost,
        }


@dataclass(frozen=True)
class Comparison:
    """Vectors before and after debiasing.

    Attributes
    ----------
    plan : AuditPlan
        The words looked at, chosen before.
    fitted : FittedDebiasing
        What was done.
    before, after : BiasAudit
        The measures.
    cost : DebiasingCost
        Similarity and analogy scores.
    """

    plan: AuditPlan
    fitted: FittedDebiasing
    before: BiasAudit
    after: BiasAudit
    cost: DebiasingCost

    @property
    def lost(self) -> tuple[str, ...]:
        """Words of any set without a vector, each once."""
        return tuple(dict.fromkeys([*self.plan.lost, *self.fitted.lost]))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as it is written to JSON."""
        learned = self.fitted.learned
        return {
            "method": self.fitted.settings.method,
            "axis": self.plan.axis.name,
            "direction": direction_dict(self.plan),
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "cost": self.cost.as_dict(),
            "neutralized": self.fitted.num_neutralized,
            "equalized": self.fitted.num_equalized,
            "kept": self.fitted.num_kept,
            "zero_vectors": self.fitted.num_zeros,
            "learned_specific": learned and learned.as_dict(),
            "method_details": self.fitted.details,
            "lost_words": self.lost,
        }


def direction_dict(plan: AuditPlan) -> dict[str, Any]:
    """Return a direction as it is written to JSON."""
    direction = plan.direction
    shares = direction.subspace.explained_variance.tolist()
    return {
        "pairs": len(direction.sets),
        "components": direction.subspace.num_components,
        "explained_variance": shares[: direction.subspace.num_components],
        "spectrum": shares[:_SHOWN_VARIANCES],
        "sets": direction.sets,
        "groups": direction.group_names,
    }


def audit_vectors(
    vectors: WordVectors,
    axis: BiasAxis,
    tests: Sequence[WeatTest],
    settings: AuditSettings | None = None,
    *,
    components: int = 1,
    as_stored: bool = False,
    monitor: Monitor | None = None,
) -> Audited:
    """Measure the bias of vectors; nothing is changed.

    Parameters
    ----------
    vectors : WordVectors
        The vectors, most frequent word first.
    axis : BiasAxis
        What kind of bias, such as ``builtin_axis("gender")``.
    tests : sequence of WeatTest
        Association tests, such as ``builtin_tests()``.
    settings : AuditSettings, optional
        How it is measured.
    components : int
        Dimensions of the bias subspace.
    as_stored : bool
        Take the direction from vectors as they are stored, as the course does.
    monitor : Monitor, optional
        Told of the steps.

    Raises
    ------
    SettingsError
        If there is no direction, or a set loses more words than allowed.
    """
    settings = settings or AuditSettings()
    with one_blas_thread():
        plan = plan_audit(
            vectors, axis, tests, settings, components=components, as_stored=as_stored
        )
        return Audited(plan, audit(VectorState(vectors), plan, settings, monitor))


def compare_debiasing(
    vectors: WordVectors,
    axis: BiasAxis,
    tests: Sequence[WeatTest],
    similarity_sets: Sequence[SimilaritySet] = (),
    analogy_sets: Sequence[AnalogySet] = (),
    debias_settings: DebiasSettings | None = None,
    audit_settings: AuditSettings | None = None,
    cost_settings: EvaluationSettings | None = None,
    monitor: Monitor | None = None,
) -> Comparison:
    """Fit a debiasing, and measure bias and quality before and after; nothing is changed yet.

    Parameters
    ----------
    vectors : WordVectors
        The vectors, most frequent word first.
    axis, tests
        As for `audit_vectors`.
    similarity_sets, analogy_sets : sequences
        What quality is measured on.
    debias_settings, audit_settings, cost_settings : optional
        Method, measures, and scores of quality.
    monitor : Monitor, optional
        Told of the steps.

    Returns
    -------
    Comparison
        ``comparison.fitted.debiasing.apply(vectors.vectors, in_place=True)`` changes the vectors.

    Raises
    ------
    SettingsError
        If there is no direction, or a set loses more words than allowed.
    """
    debias_settings = debias_settings or DebiasSettings()
    audit_settings = audit_settings or AuditSettings()
    cost_settings = cost_settings or EvaluationSettings()
    monitor = monitor or NullMonitor()
    finder = WordFinder(vectors)
    with one_blas_thread():
        plan = plan_audit(
            vectors,
            axis,
            tests,
            audit_settings,
            components=debias_settings.components,
            finder=finder,
        )
        fitted = fit_debiasing(vectors, plan, debias_settings, finder=finder, monitor=monitor)
        states = VectorState(vectors), VectorState(vectors, fitted.debiasing)
        before, after = (audit(state, plan, audit_settings, monitor) for state in states)
        monitor.start("measuring the cost", None, "sets")
        try:
            cost = measure_cost(*states, similarity_sets, analogy_sets, cost_settings)
        finally:
            monitor.finish()
    return Comparison(plan, fitted, before, after, cost)
