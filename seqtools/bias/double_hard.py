"""Double-hard debiasing: drop the component that hides bias, then debias hard.

Source: Wang et al. 2020, "Double-Hard Debias: Tailoring Word Embeddings for Gender Bias
Mitigation" (arXiv 2005.00965), algorithm 1.
"""

from dataclasses import dataclass

import numpy as np

from seqtools.bias.clusters import cluster_accuracy
from seqtools.bias.debiasing import remove_subspace, to_unit_length
from seqtools.bias.subspace import Subspace, bias_subspace
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.types import Float32Array, Float64Array, Int64Array


@dataclass(frozen=True)
class Purification:
    """The component that double-hard debiasing drops.

    Attributes
    ----------
    component : int
        Which principal component, counted from 1.
    matrix : float32 array, shape (D, D)
    offset : float32 array, shape (D,)
        A row w becomes w @ matrix - offset.
    subspace : Subspace
        The bias subspace of the purified vectors.
    accuracies : tuple of float
        How well clusters find the groups, for each component tried.
    """

    component: int
    matrix: Float32Array
    offset: Float32Array
    subspace: Subspace
    accuracies: tuple[float, ...]


def choose_component(
    mean: Float64Array,
    products: Float64Array,
    definitional: list[Float64Array],
    biased: Float32Array,
    labels: Int64Array,
    *,
    num_components: int,
    candidates: int,
    generator: np.random.Generator,
    monitor: Monitor | None = None,
) -> Purification:
    """Try principal components and keep the one whose removal mixes the groups best.

    Parameters
    ----------
    mean : float64 array, shape (D,)
        Mean of all unit vectors.
    products : float64 array, shape (D, D)
        Mean of w w^T over all unit vectors.
    definitional : list of float64 arrays, each of shape (words, D)
        Unit vectors of the definitional sets.
    biased : float32 array, shape (N, D)
        Unit vectors of the words that lean most to each group.
    labels : int64 array, shape (N,)
        Their groups.
    num_components : int
        Dimensions of the bias subspace.
    candidates : int
        Principal components tried; the authors try 20.
    generator : numpy.random.Generator
        Starts the clusters, alike for every component.
    monitor : Monitor, optional
        Told of each component.

    Notes
    -----
    For each component u: w' = w - mean - (u . w) u; the bias subspace of the purified definitional
    sets is removed; k-means divides the biased words; the component with the lowest accuracy wins,
    the first of equals. The product is with w, not with w - mean, as in the authors' program: all
    words keep the same part -(u . mean) along u.
    """
    monitor = monitor or NullMonitor()
    dim = len(mean)
    _, axes = np.linalg.eigh(products - np.outer(mean, mean))
    axes = axes[:, ::-1].T[: min(candidates, dim - 1)]
    seed = int(generator.integers(2**31))
    accuracies: list[float] = []
    best: Purification | None = None
    monitor.start("double-hard debiasing", len(axes), "components")
    try:
        for place, axis in enumerate(axes):
            matrix = np.eye(dim) - np.outer(axis, axis)
            sets = [_unit(group @ matrix - mean) for group in definitional]
            subspace = bias_subspace(sets, num_components)
            trial = biased @ matrix.astype(np.float32) - mean.astype(np.float32)
            to_unit_length(trial)
            free = np.zeros(len(trial), dtype=np.bool_)
            remove_subspace(trial, subspace.basis.astype(np.float32), free)
            accuracy = cluster_accuracy(trial, labels, np.random.default_rng(seed))
            if not accuracies or accuracy < min(accuracies):
                best = Purification(
                    place + 1,
                    matrix.astype(np.float32),
                    mean.astype(np.float32),
                    subspace,
                    (),
                )
            accuracies.append(accuracy)
            note = f"component {place + 1}: clusters {accuracy:.3f}"
            monitor.update(Progress(place + 1, len(axes), "components", note=note))
    finally:
        monitor.finish()
    if best is None:
        raise AssertionError("no component was tried")
    return Purification(best.component, best.matrix, best.offset, best.subspace, tuple(accuracies))


def _unit(rows: Float64Array) -> Float64Array:
    """Return rows at length 1; zeros stay zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Float64Array = rows / np.where(lengths > 0, lengths, 1)
    return unit
