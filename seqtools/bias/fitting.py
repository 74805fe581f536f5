"""Making the transformation that debiases vectors, by any of the methods."""

import warnings
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from seqtools.bias.audit_plan import AuditPlan
from seqtools.bias.axis_vectors import row_mask, specific_rows, unit_vectors_of
from seqtools.bias.clusters import labels_of
from seqtools.bias.debiasing import Debiasing
from seqtools.bias.double_hard import choose_component
from seqtools.bias.equalizing import equalize, find_equalize_sets
from seqtools.bias.found_words import WordFinder
from seqtools.bias.inlp import null_space
from seqtools.bias.leaning import extremes
from seqtools.bias.settings import DebiasSettings
from seqtools.bias.soft import soft_map
from seqtools.bias.specific_words import LearnedWords, learn_specific_words
from seqtools.bias.word_products import count_zero_rows, sum_of_products, sum_of_rows
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SeqtoolsWarning, SettingsError
from seqtools.monitor import Monitor, NullMonitor
from seqtools.seeding import numpy_generator
from seqtools.types import BoolArray, Float32Array, Float64Array, Int64Array

_INLP_WORDS = 7500
_DOUBLE_HARD_WORDS = 1000
_HARDLY_ANYTHING = 0.99


@dataclass(frozen=True)
class FittedDebiasing:
    """A transformation, and how it came about.

    Attributes
    ----------
    debiasing : Debiasing
        What is done to every row.
    settings : DebiasSettings
        How it was made.
    num_neutralized : int
        Words freed of the subspace.
    num_equalized : int
        Sets equalized.
    num_kept : int
        Words that are specific and keep their part in the subspace.
    num_zeros : int
        Words whose vector is all zeros, and stays so.
    lost : tuple of str
        Words to equalize without a vector.
    learned : LearnedWords or None
        The classifier of specific words, if one was trained.
    details : dict of str to object
        What the method has to say: classifiers of INLP, component of double-hard, search of soft.
    """

    debiasing: Debiasing
    settings: DebiasSettings
    num_neutralized: int
    num_equalized: int
    num_kept: int
    num_zeros: int
    lost: tuple[str, ...]
    learned: LearnedWords | None
    details: dict[str, Any] = field(default_factory=dict)


def fit_debiasing(
    vectors: WordVectors,
    plan: AuditPlan,
    settings: DebiasSettings | None = None,
    *,
    finder: WordFinder | None = None,
    monitor: Monitor | None = None,
) -> FittedDebiasing:
    """Make the transformation that debiases vectors; nothing is changed yet.

    Parameters
    ----------
    vectors : WordVectors
        The vectors.
    plan : AuditPlan
        The axis, and its words among the vectors.
    settings : DebiasSettings, optional
        The method.
    finder : WordFinder, optional
        One that is there already.
    monitor : Monitor, optional
        Told of long work.

    Raises
    ------
    SettingsError
        If the vectors do not give what the method needs.

    Notes
    -----
    Hard: neutralize every word that is not specific, then equalize. Soft: the linear map moves all
    words. INLP: the null-space projection for every word that is not specific. Double-hard: all
    words lose their mean and one principal component, then hard debiasing.
    """
    settings = settings or DebiasSettings()
    monitor = monitor or NullMonitor()
    finder = finder or WordFinder(vectors)
    kept, learned = _kept_words(vectors, plan, settings, finder, monitor)
    details: dict[str, Any] = {}
    start = Debiasing(kept)
    basis = plan.direction.basis
    if settings.method == "soft":
        start, details = _fit_soft(vectors, plan, kept, settings, monitor)
    elif settings.method == "inlp":
        start, details = _fit_inlp(vectors, plan, kept, settings, monitor)
    elif settings.method == "double-hard":
        start, basis, details = _fit_double_hard(vectors, plan, kept, settings, monitor)
    is_hard = settings.method in ("hard", "double-hard")
    if is_hard and settings.neutralize:
        start = replace(start, basis=basis.astype(np.float32))
    num_sets = 0
    lost: tuple[str, ...] = ()
    if is_hard and settings.equalize:
        sets = find_equalize_sets(plan.axis.equalize, finder)
        units = [start.rows(vectors.vectors, rows) for rows in sets.rows]
        rows, replaced, num_sets = equalize(sets, units, basis)
        lost = sets.lost
        start = replace(start, replaced_rows=rows, replaced=replaced)
    num_kept = int(kept.sum())
    num_zeros = count_zero_rows(vectors.vectors)
    if num_zeros:
        warnings.warn(
            f"{num_zeros} words have a vector of zeros, which has no direction and stays as it is",
            SeqtoolsWarning,
            stacklevel=2,
        )
    is_neutralized = start.basis is not None
    return FittedDebiasing(
        start,
        settings,
        num_neutralized=len(vectors) - num_kept - num_zeros if is_neutralized else 0,
        num_equalized=num_sets,
        num_kept=num_kept if is_neutralized else 0,
        num_zeros=num_zeros,
        lost=lost,
        learned=learned,
        details=details,
    )


def _kept_words(
    vectors: WordVectors,
    plan: AuditPlan,
    settings: DebiasSettings,
    finder: WordFinder,
    monitor: Monitor,
) -> tuple[BoolArray, LearnedWords | None]:
    """Return the words that are never neutralized, and the classifier that found them, if any."""
    if not settings.learn_specific:
        return plan.specific, None
    seeds = plan.axis.seeds
    if not seeds:
        raise SettingsError(
            f"the axis {plan.axis.name!r} has no seed words to learn specific words from; "
            "name a list with --specific"
        )
    learned = learn_specific_words(
        vectors,
        seeds,
        finder,
        training_words=settings.training_words,
        generator=numpy_generator(settings.seed, "classifier"),
        monitor=monitor,
    )
    own_words = specific_rows(replace(plan.axis, specific=()), finder)
    return row_mask(len(vectors), np.union1d(learned.rows, own_words)), learned


def _fit_soft(
    vectors: WordVectors,
    plan: AuditPlan,
    kept: BoolArray,
    settings: DebiasSettings,
    monitor: Monitor,
) -> tuple[Debiasing, dict[str, Any]]:
    """Fit the linear map of soft debiasing."""
    words = sum_of_products(vectors.vectors)
    neutral = words - sum_of_products(vectors.vectors, kept)
    basis = plan.direction.basis
    strength = settings.strength
    bias = float(np.einsum("kd,de,ke->", basis, neutral, basis))
    if settings.relative_strength and bias > 0:
        strength *= float((words * words).sum()) / bias
    found = soft_map(words, neutral, basis, strength, monitor)
    if found.objective > _HARDLY_ANYTHING:
        warnings.warn(
            f"soft debiasing of strength {settings.strength:g} hardly changes {len(vectors):,} "
            f"words (what is minimized falls by {1 - found.objective:.2%}); use a relative or a "
            "larger strength",
            SeqtoolsWarning,
            stacklevel=3,
        )
    details = {"strength": strength, "objective": found.objective, "steps": found.steps}
    return Debiasing(kept, matrix=found.matrix.astype(np.float32)), details


def _fit_inlp(
    vectors: WordVectors,
    plan: AuditPlan,
    kept: BoolArray,
    settings: DebiasSettings,
    monitor: Monitor,
) -> tuple[Debiasing, dict[str, Any]]:
    """Fit the null-space projection on the words that lean most."""
    units, labels = _biased_words(vectors, plan, kept, _INLP_WORDS)
    generator = numpy_generator(settings.seed, "classifier")
    found = null_space(units, labels, settings.iterations, generator, monitor)
    details = {
        "directions_removed": len(found.basis),
        "accuracies": found.accuracies,
        "chance": found.chance,
        "training_words": len(units),
    }
    basis = found.basis.astype(np.float32) if len(found.basis) else None
    return Debiasing(kept, basis), details


def _fit_double_hard(
    vectors: WordVectors,
    plan: AuditPlan,
    kept: BoolArray,
    settings: DebiasSettings,
    monitor: Monitor,
) -> tuple[Debiasing, Float64Array, dict[str, Any]]:
    """Choose the component to drop."""
    biased, labels = _biased_words(vectors, plan, kept, _DOUBLE_HARD_WORDS)
    found = choose_component(
        sum_of_rows(vectors.vectors) / len(vectors),
        sum_of_products(vectors.vectors) / len(vectors),
        [unit_vectors_of(vectors, rows).astype(np.float64) for rows in plan.direction.rows],
        biased,
        labels,
        num_components=settings.components,
        candidates=settings.candidates,
        generator=numpy_generator(settings.seed, "clusters"),
        monitor=monitor,
    )
    details = {"component": found.component, "cluster_accuracies": found.accuracies}
    start = Debiasing(kept, matrix=found.matrix, offset=found.offset)
    return start, found.subspace.basis, details


def _biased_words(
    vectors: WordVectors, plan: AuditPlan, kept: BoolArray, per_group: int
) -> tuple[Float32Array, Int64Array]:
    """Return unit vectors and groups of the ordinary words that lean most to each group."""
    free = np.flatnonzero(~kept[plan.vocabulary])
    members = extremes(plan.leaning[free], per_group)
    if len(members[0]) == 0:
        raise SettingsError(
            f"no ordinary word among the first {len(plan.vocabulary)} leans to some group, so "
            "there is nothing to learn from; use more vectors or another method"
        )
    rows = plan.vocabulary[free[np.concatenate(members)]]
    return unit_vectors_of(vectors, rows), labels_of(members)
