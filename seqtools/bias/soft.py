"""Soft debiasing: the linear map that removes most bias for least change of inner products.

Source: Bolukbasi et al. 2016, section 6, "soften".
"""

from dataclasses import dataclass

import numpy as np

from seqtools.errors import SettingsError
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.types import Float64Array, FloatArray

_TOLERANCE = 1e-10
_MOST_STEPS = 2000
# Directions in which the words hardly extend cannot be told from rounding errors.
_SMALLEST_EXTENT = 1e-9


@dataclass(frozen=True)
class SoftMap:
    """The map of soft debiasing.

    Attributes
    ----------
    matrix : float64 array, shape (D, D)
        T, symmetric and positive semidefinite, the map closest to the identity with its inner
        products; a row vector w becomes w @ T.
    objective : float
        Value of what is minimized, divided by that of changing nothing.
    steps : int
        Steps of the search.
    """

    matrix: Float64Array
    objective: float
    steps: int


def soft_map(
    words: FloatArray,
    neutral: FloatArray,
    basis: FloatArray,
    strength: float = 0.2,
    monitor: Monitor | None = None,
) -> SoftMap:
    """Minimize |(TW)^T TW - W^T W|^2 + strength |(TN)^T TB|^2 over T.

    Parameters
    ----------
    words : float array, shape (D, D)
        W W^T, the sum of w w^T over the unit vectors of all words.
    neutral : float array, shape (D, D)
        N N^T, the same over the words that should be neutral.
    basis : float array, shape (K, D)
        Orthonormal rows of the bias subspace B.
    strength : float
        Weight of the bias, lambda.
    monitor : Monitor, optional
        Told of the steps.

    Raises
    ------
    SettingsError
        If the words do not extend in any direction.

    Notes
    -----
    The problem is convex in X = T^T T, positive semidefinite. With A = W W^T both terms depend on
    X through Z = A^(1/2) X A^(1/2) only: the objective is |Z - A|^2 + strength tr(H^T Z S Z H) with
    S = A^(-1/2) N N^T A^(-1/2) and H = A^(-1/2) B, which is well conditioned because N is part of
    W. Accelerated projected gradient steps (Nesterov 2004, constant momentum) with projection on
    the positive semidefinite matrices run until Z moves by less than 1e-10 of its size. T is the
    symmetric root of X.
    """
    monitor = monitor or NullMonitor()
    root, inverse_root = _roots(np.asarray(words, dtype=np.float64))
    spread = inverse_root @ neutral @ inverse_root  # S
    reach = inverse_root @ np.asarray(basis, dtype=np.float64).T  # H, (D, K)
    pull = reach @ reach.T  # (D, D)
    target = root @ root
    steepest = 1.0 + strength * _largest(spread) * _largest(pull)
    momentum = (np.sqrt(steepest) - 1) / (np.sqrt(steepest) + 1)
    current = previous = target.copy()
    size = float(np.linalg.norm(target))
    steps = 0
    monitor.start("soft debiasing", _MOST_STEPS, "steps")
    try:
        for step in range(1, _MOST_STEPS + 1):
            steps = step
            ahead = current + momentum * (current - previous)
            both = spread @ ahead @ pull
            gradient = (ahead - target) + strength / 2 * (both + both.T)
            previous, current = current, _semidefinite(ahead - gradient / steepest)
            moved = float(np.linalg.norm(current - previous)) / size
            monitor.update(Progress(step, _MOST_STEPS, "steps", note=f"moved {moved:.1e}"))
            if moved < _TOLERANCE:
                break
    finally:
        monitor.finish()
    inner = inverse_root @ current @ inverse_root  # X on the span of the words
    outside = np.eye(len(root)) - inverse_root @ root
    start = _objective(target, target, spread, pull, strength)
    ratio = _objective(current, target, spread, pull, strength) / start if start > 0 else 1.0
    return SoftMap(_root_of(inner + outside), ratio, steps)


def _objective(
    current: Float64Array,
    target: Float64Array,
    spread: Float64Array,
    pull: Float64Array,
    strength: float,
) -> float:
    """Return the value of what is minimized."""
    change = current - target
    bias = np.einsum("ij,ji->", current @ spread @ current, pull)
    return float((change * change).sum() + strength * bias)


def _roots(words: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return A^(1/2) and its pseudo-inverse."""
    values, axes = np.linalg.eigh(words)
    usable = values > _SMALLEST_EXTENT * max(float(values[-1]), 0.0)
    if not usable.any():
        raise SettingsError("soft debiasing needs vectors that are not all zeros")
    lengths = np.sqrt(np.where(usable, values, 0.0))
    inverse = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=usable)
    return (axes * lengths) @ axes.T, (axes * inverse) @ axes.T


def _semidefinite(matrix: Float64Array) -> Float64Array:
    """Return the nearest positive semidefinite matrix."""
    values, axes = np.linalg.eigh((matrix + matrix.T) / 2)
    if values[0] >= 0:
        return (matrix + matrix.T) / 2
    nearest: Float64Array = (axes * np.maximum(values, 0.0)) @ axes.T
    return nearest


def _root_of(matrix: Float64Array) -> Float64Array:
    """Return the symmetric root of a positive semidefinite matrix."""
    values, axes = np.linalg.eigh((matrix + matrix.T) / 2)
    root: Float64Array = (axes * np.sqrt(np.maximum(values, 0.0))) @ axes.T
    return root


def _largest(matrix: Float64Array) -> float:
    """Return the largest eigenvalue of a symmetric matrix."""
    return float(np.linalg.eigvalsh(matrix)[-1])
