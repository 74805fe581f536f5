"""Iterative null-space projection: remove every direction in which a classifier finds the groups.

Source: Ravfogel et al. 2020, "Null It Out: Guarding Protected Attributes by Iterative Nullspace
Projection" (arXiv 2004.07667), algorithm 1.
"""

from dataclasses import dataclass

import numpy as np

from seqtools.errors import SettingsError
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.types import Float32Array, Float64Array, Int64Array

_TEST_SHARE = 0.3
_SMALLEST_WEIGHT = 1e-6


@dataclass(frozen=True)
class NullSpace:
    """What iterative projection removes.

    Attributes
    ----------
    basis : float64 array, shape (R, D)
        Orthonormal rows: the row spaces of all classifiers together.
    accuracies : tuple of float
        Accuracy of each classifier on words that it was not trained on, the last of which is no
        better than chance unless the iterations ran out.
    chance : float
        The accuracy of guessing.
    """

    basis: Float64Array
    accuracies: tuple[float, ...]
    chance: float


def null_space(
    units: Float32Array,
    labels: Int64Array,
    iterations: int,
    generator: np.random.Generator,
    monitor: Monitor | None = None,
) -> NullSpace:
    """Train linear classifiers, each where those before it see nothing.

    Parameters
    ----------
    units : float32 array, shape (N, D)
        Unit vectors of words that lean to groups.
    labels : int64 array, shape (N,)
        Their groups.
    iterations : int
        Classifiers trained at most.
    generator : numpy.random.Generator
        Draws the 30% of words that classifiers are tested on.
    monitor : Monitor, optional
        Told of each classifier.

    Raises
    ------
    SettingsError
        If there are less than ten words of a group.

    Notes
    -----
    The removed space is the sum of all row spaces, so that the projection is
    P = I - P_row(W_1; ...; W_n) (the paper's equation 3, after Ben-Israel) and not the product of
    the single projections, which is none. It ends when a classifier is no better than chance by
    two standard errors, or when no direction is left. Classifiers are linear SVMs.
    """
    from sklearn.svm import LinearSVC

    monitor = monitor or NullMonitor()
    counts = np.bincount(labels)
    if len(counts) < 2 or counts.min() < 10:
        raise SettingsError(
            "INLP needs at least 10 words that lean to each group, got "
            f"{', '.join(map(str, counts))}; use more vectors or --method hard"
        )
    order = generator.permutation(len(units))
    num_test = int(_TEST_SHARE * len(units))
    test, train = order[:num_test], order[num_test:]
    chance = float(np.bincount(labels[test]).max() / num_test)
    threshold = chance + 2 * np.sqrt(chance * (1 - chance) / num_test)
    dim = units.shape[1]
    basis = np.empty((0, dim))
    accuracies: list[float] = []
    monitor.start("INLP", iterations, "classifiers")
    try:
        for iteration in range(iterations):
            visible = units - (units @ basis.T) @ basis
            model = LinearSVC(dual=False, class_weight="balanced")
            model.fit(visible[train], labels[train])
            accuracies.append(float((model.predict(visible[test]) == labels[test]).mean()))
            note = f"accuracy {accuracies[-1]:.3f}"
            monitor.update(Progress(iteration + 1, iterations, "classifiers", note=note))
            if accuracies[-1] <= threshold:
                break
            grown = _with_rows(basis, model.coef_)
            if len(grown) in (len(basis), dim):
                break
            basis = grown
    finally:
        monitor.finish()
    return NullSpace(basis, tuple(accuracies), chance)


def _with_rows(basis: Float64Array, weights: Float64Array) -> Float64Array:
    """Return an orthonormal basis of the space of `basis` and more rows."""
    rows = weights / np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), _SMALLEST_WEIGHT)
    _, lengths, directions = np.linalg.svd(np.concatenate([basis, rows]), full_matrices=False)
    found: Float64Array = directions[lengths > _SMALLEST_WEIGHT]
    return found
