"""The measures that look for bias left around words: clusters, neighbours and a probe."""

from collections.abc import Callable

import numpy as np

from seqtools.bias.audit_plan import AuditPlan
from seqtools.bias.clusters import cluster_accuracy, labels_of
from seqtools.bias.measure import Measure
from seqtools.bias.neighborhood import leaning_neighbors
from seqtools.bias.probe import probe_accuracy
from seqtools.bias.settings import AuditSettings
from seqtools.evaluation.bootstrap import bootstrap_interval, proportion_interval
from seqtools.seeding import numpy_generator
from seqtools.types import Float32Array, Float64Array, Int64Array

_FEWEST_CLUSTERED = 5
_FEWEST_PROBED = 10
_FEWEST_TARGETS = 3
_SMALLEST_SCALE = 1e-12


def audit_residue(
    plan: AuditPlan, targets: Float32Array, vocabulary: Float32Array, settings: AuditSettings
) -> dict[str, Measure]:
    """Take cluster accuracy, neighbourhood bias and probe accuracy.

    Parameters
    ----------
    plan : AuditPlan
        The words, and how they leaned before debiasing.
    targets : float32 array, shape (targets, D)
        Unit vectors of the words that should be neutral.
    vocabulary : float32 array, shape (P, D)
        Unit vectors of ordinary words.
    settings : AuditSettings
        Numbers of words, and the seed.

    Notes
    -----
    Gonen and Goldberg 2019. Each is None where too few words lean to some group.
    """
    return {
        "cluster_accuracy": _clusters(plan, vocabulary, settings),
        "neighborhood": _neighbors(plan, targets, vocabulary, settings),
        "probe": _probe(plan, vocabulary, settings),
    }


def _clusters(plan: AuditPlan, vocabulary: Float32Array, settings: AuditSettings) -> Measure:
    """Return how well clusters of the most biased words agree with their groups."""
    members = tuple(places[: settings.cluster_words] for places in plan.extremes)
    if len(members[0]) < _FEWEST_CLUSTERED:
        return Measure(None)
    units = vocabulary[np.concatenate(members)]
    generator = numpy_generator(settings.seed, "clusters")
    accuracy = cluster_accuracy(units, labels_of(members), generator)
    return _proportion(accuracy, len(units), settings)


def _probe(plan: AuditPlan, vocabulary: Float32Array, settings: AuditSettings) -> Measure:
    """Return how well a classifier tells the groups of biased words that it was not trained on."""
    members = tuple(places[: settings.probe_words] for places in plan.extremes)
    if len(members[0]) < _FEWEST_PROBED:
        return Measure(None)
    generator = numpy_generator(settings.seed, "classifier")
    places = np.concatenate(members)
    accuracy, num_tested = probe_accuracy(vocabulary[places], labels_of(members), generator)
    return _proportion(accuracy, num_tested, settings)


def _neighbors(
    plan: AuditPlan, targets: Float32Array, vocabulary: Float32Array, settings: AuditSettings
) -> Measure:
    """Return the correlation of words' bias before with the leaning of their neighbours now."""
    k = min(settings.neighbors, len(vocabulary) - 1)
    if k < 1 or len(targets) < _FEWEST_TARGETS:
        return Measure(None)
    place_of = {row: place for place, row in enumerate(plan.vocabulary.tolist())}
    own = np.array([place_of.get(row, -1) for row in plan.targets.rows.tolist()], dtype=np.int64)
    leans_to = plan.leaning.argmax(axis=1)
    num_groups = plan.leaning.shape[1]
    groups = range(1 if num_groups == 2 else num_groups)
    shares = leaning_neighbors(
        targets, own, vocabulary, np.stack([leans_to == group for group in groups], axis=1), k
    )
    statistics = [
        _resampled_correlation(plan.target_leaning[:, group].astype(np.float64), shares[:, i])
        for i, group in enumerate(groups)
    ]

    def mean_correlation(counts: Int64Array) -> Float64Array:
        mean: Float64Array = np.mean([statistic(counts) for statistic in statistics], axis=0)
        return mean

    value = float(mean_correlation(np.ones((1, len(targets)), dtype=np.int64))[0])
    if not np.isfinite(value):
        return Measure(None)
    interval = bootstrap_interval(
        mean_correlation,
        len(targets),
        resamples=settings.resamples,
        confidence=settings.confidence,
        seed=settings.seed,
    )
    return Measure(value, interval, {"neighbors": k, "words": len(targets)})


def _resampled_correlation(
    x: Float64Array, y: Float64Array
) -> Callable[[Int64Array], Float64Array]:
    """Return the function that maps resamples, given as counts, to Pearson's correlation."""
    columns = np.stack([x, y, x * x, y * y, x * y], axis=1)

    def statistic(counts: Int64Array) -> Float64Array:
        mean_x, mean_y, xx, yy, xy = (counts @ columns / len(x)).T
        scale = np.sqrt(np.maximum(xx - mean_x**2, 0) * np.maximum(yy - mean_y**2, 0))
        correlation = np.full(len(counts), np.nan)
        np.divide(xy - mean_x * mean_y, scale, out=correlation, where=scale > _SMALLEST_SCALE)
        return correlation

    return statistic


def _proportion(accuracy: float, num_words: int, settings: AuditSettings) -> Measure:
    """Return a share of words and its interval."""
    interval = proportion_interval(
        round(accuracy * num_words),
        num_words,
        resamples=settings.resamples,
        confidence=settings.confidence,
        seed=settings.seed,
    )
    return Measure(accuracy, interval, {"words": num_words})
