"""The measures that are taken over words that should be neutral, or over the groups' words."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from seqtools.bias.audit_plan import AuditPlan
from seqtools.bias.direct_bias import direct_bias, word_biases
from seqtools.bias.group_measures import (
    average_cosine_distances,
    mean_cosines,
    relational_products,
    relative_norm_distances,
)
from seqtools.bias.measure import Measure
from seqtools.bias.settings import AuditSettings
from seqtools.bias.subspace import bias_subspace
from seqtools.bias.vector_state import VectorState
from seqtools.errors import SettingsError
from seqtools.evaluation.bootstrap import Interval, bootstrap_interval
from seqtools.evaluation.rank_correlation import resampled_spearman, spearman
from seqtools.types import Float32Array, Float64Array, FloatArray, Int64Array


def audit_groups(
    state: VectorState, plan: AuditPlan, targets: Float32Array, settings: AuditSettings
) -> dict[str, Measure]:
    """Take direct bias, RIPA, RND, ECT and MAC.

    Parameters
    ----------
    state : VectorState
        The vectors.
    plan : AuditPlan
        The words.
    targets : float32 array, shape (targets, D)
        Unit vectors of the words that should be neutral.
    settings : AuditSettings
        Strictness and bootstrap.

    Notes
    -----
    With more than two groups, RND is that of the two groups that differ most, and ECT that of the
    two that agree least.
    """
    if not len(targets):
        names = ("direct_bias", "direct_bias_own", "ripa", "ripa_unit", "ripa_signed")
        nothing = dict.fromkeys((*names, "rnd", "ect"), Measure(None))
        return {**nothing, "mac": _coherence_of_stereotypes(state, plan, targets, settings)}
    means = [state.unit(rows).mean(axis=0, dtype=np.float64) for rows in plan.direction.groups]
    pairs = list(combinations(range(len(means)), 2))
    return {
        "direct_bias": _direct_bias(targets, plan.direction.basis, settings),
        "direct_bias_own": _own_direct_bias(state, plan, targets, settings),
        **_relational(state, plan, targets, settings),
        "rnd": _norm_distances(targets, means, pairs, plan, settings),
        "ect": _coherence(targets, means, pairs, plan, settings),
        "mac": _coherence_of_stereotypes(state, plan, targets, settings),
    }


def mean_interval(values: Float64Array, settings: AuditSettings) -> Interval | None:
    """Return the bootstrap interval of a mean over words."""

    def means(counts: Int64Array) -> Float64Array:
        resampled: Float64Array = (counts @ values) / len(values)
        return resampled

    return bootstrap_interval(
        means,
        len(values),
        resamples=settings.resamples,
        confidence=settings.confidence,
        seed=settings.seed,
    )


def _direct_bias(units: FloatArray, basis: FloatArray, settings: AuditSettings) -> Measure:
    """Return direct bias along a subspace."""
    strictness = settings.strictness
    biases = word_biases(units, basis)
    powers = (biases > 0).astype(np.float64) if strictness == 0 else biases**strictness
    details = {"words": len(units), "strictness": strictness}
    value = direct_bias(units, basis, strictness)
    return Measure(value, mean_interval(powers, settings), details)


def _own_direct_bias(
    state: VectorState, plan: AuditPlan, targets: Float32Array, settings: AuditSettings
) -> Measure:
    """Return direct bias along the subspace that the definitional sets have in this state.

    There is none if the sets differ no more.
    """
    try:
        subspace = bias_subspace(
            [state.unit(rows) for rows in plan.direction.rows], len(plan.direction.basis)
        )
    except SettingsError:
        return Measure(None)
    return _direct_bias(targets, subspace.basis, settings)


def _relational(
    state: VectorState, plan: AuditPlan, targets: Float32Array, settings: AuditSettings
) -> dict[str, Measure]:
    """Return RIPA of vectors as stored and at length 1."""
    stored = [state.stored(rows) for rows in plan.direction.rows]
    as_stored = relational_products(state.stored(plan.targets.rows), stored)
    scaled = relational_products(targets, [state.unit(rows) for rows in plan.direction.rows])
    if as_stored.shape[1] == 0:
        return dict.fromkeys(("ripa", "ripa_unit", "ripa_signed"), Measure(None))
    means = as_stored.mean(axis=1)
    details = {"pairs": as_stored.shape[1], "mean_deviation": float(as_stored.std(axis=1).mean())}
    sizes, unit_sizes = np.abs(means), np.abs(scaled.mean(axis=1))
    return {
        "ripa": Measure(float(sizes.mean()), mean_interval(sizes, settings), details),
        "ripa_unit": Measure(float(unit_sizes.mean()), mean_interval(unit_sizes, settings)),
        "ripa_signed": Measure(float(means.mean()), mean_interval(means, settings)),
    }


def _norm_distances(
    targets: Float32Array,
    means: Sequence[Float64Array],
    pairs: Sequence[tuple[int, int]],
    plan: AuditPlan,
    settings: AuditSettings,
) -> Measure:
    """Return RND of the two groups that differ most."""
    distances = [relative_norm_distances(targets, means[i], means[j]) for i, j in pairs]
    worst = int(np.argmax([abs(values.mean()) for values in distances]))
    values = distances[worst]
    details = {"sum": float(values.sum()), "groups": _names(plan, pairs[worst])}
    return Measure(float(values.mean()), mean_interval(values, settings), details)


def _coherence(
    targets: Float32Array,
    means: Sequence[Float64Array],
    pairs: Sequence[tuple[int, int]],
    plan: AuditPlan,
    settings: AuditSettings,
) -> Measure:
    """Return ECT of the two groups that agree least."""
    cosines = mean_cosines(targets, *means)
    values = [spearman(cosines[i], cosines[j]) for i, j in pairs]
    if not np.isfinite(values).all():
        return Measure(None)
    worst = int(np.argmin(values))
    i, j = pairs[worst]
    interval = bootstrap_interval(
        resampled_spearman(cosines[i], cosines[j]),
        len(targets),
        resamples=settings.resamples,
        confidence=settings.confidence,
        seed=settings.seed,
    )
    return Measure(values[worst], interval, {"groups": _names(plan, pairs[worst])})


def _coherence_of_stereotypes(
    state: VectorState, plan: AuditPlan, targets: Float32Array, settings: AuditSettings
) -> Measure:
    """Return MAC of the groups' words with the stereotypes, or with the targets without any."""
    sets = [state.unit(found.rows) for _, found in plan.stereotypes if len(found)]
    if not sets and len(targets):
        sets = [targets]
    if not sets:
        return Measure(None)
    members = state.unit(np.unique(np.concatenate(plan.direction.groups)))
    distances = average_cosine_distances(members, sets)
    details = {"words": len(members), "attribute_sets": len(sets)}
    return Measure(float(distances.mean()), mean_interval(distances, settings), details)


def _names(plan: AuditPlan, pair: tuple[int, int]) -> list[str]:
    """Return the names of two groups."""
    return [plan.direction.group_names[group] for group in pair]
