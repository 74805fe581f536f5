"""The directions in which sets of words differ that should differ in nothing else.

Source: Bolukbasi et al. 2016, "Man is to Computer Programmer as Woman is to Homemaker? Debiasing
Word Embeddings", section 5.1 (arXiv 1607.06520).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqtools.errors import SettingsError
from seqtools.types import Float64Array, FloatArray

# Shorter differences of unit vectors are rounding errors of float32.
_SMALLEST_DIFFERENCE = 1e-6


@dataclass(frozen=True)
class Subspace:
    """A bias direction, or several.

    Attributes
    ----------
    basis : float64 array, shape (K, D)
        Orthonormal rows, the one of most variance first. Each points towards the first word of the
        first set.
    explained_variance : float64 array, shape (rank,)
        Share of the variance within sets along every direction that there is, K of them kept.
    """

    basis: Float64Array
    explained_variance: Float64Array

    @property
    def num_components(self) -> int:
        """The number K of directions kept."""
        return len(self.basis)


def bias_subspace(sets: Sequence[FloatArray], components: int = 1) -> Subspace:
    """Return the directions of most variance within sets.

    Parameters
    ----------
    sets : sequence of float arrays, each of shape (words, D)
        The vectors of each definitional set, usually of length 1: pairs, or larger sets.
    components : int
        Directions wanted; no more than there are come out.

    Raises
    ------
    SettingsError
        If there is no set, or no difference within any.

    Notes
    -----
    The first right singular vectors of the words less the mean of *their own* set, which belong to
    C = sum_i sum_{w in D_i} (w - mu_i)(w - mu_i)^T / |D_i|. Centring the differences of pairs by
    their common mean instead, as PCA on differences does, removes the very direction that the
    pairs share: for ten noisy pairs the cosine with the true direction falls from 0.97 to 0.18.
    """
    if components < 1:
        raise SettingsError(f"components must be at least 1, got {components}")
    if not sets:
        raise SettingsError("a bias direction needs at least one definitional set, got none")
    groups = [np.asarray(group, dtype=np.float64) for group in sets]
    centred = np.concatenate(
        [(group - group.mean(axis=0)) / np.sqrt(len(group)) for group in groups]
    )
    _, lengths, directions = np.linalg.svd(centred, full_matrices=False)
    rank = int((lengths > _SMALLEST_DIFFERENCE).sum())
    if rank == 0:
        raise SettingsError("the words of every definitional set have the same vector")
    variance = lengths[:rank] ** 2
    basis = directions[: min(components, rank)]
    towards_first = (groups[0][0] - groups[0].mean(axis=0)) @ basis.T
    return Subspace(
        basis * np.where(towards_first < 0, -1.0, 1.0)[:, None], variance / variance.sum()
    )


def pair_direction(first: FloatArray, second: FloatArray) -> Float64Array:
    """Return the unit vector from one word's vector to another's, as the course takes it.

    Parameters
    ----------
    first, second : float array, shape (D,)
        Of any length: the course's ``woman - man`` is taken of vectors as they are stored.

    Raises
    ------
    SettingsError
        If the vectors are the same.
    """
    difference = np.asarray(first, dtype=np.float64) - second
    length = float(np.linalg.norm(difference))
    if length < _SMALLEST_DIFFERENCE:
        raise SettingsError("two words with the same vector have no direction between them")
    direction: Float64Array = difference / length
    return direction


def same_vector(vectors: FloatArray) -> tuple[int, int] | None:
    """Return the places of two rows of a set that are the same vector, None if all differ."""
    rows = np.asarray(vectors, dtype=np.float64)
    for later in range(1, len(rows)):
        distances = np.linalg.norm(rows[:later] - rows[later], axis=1)
        if distances.min() < _SMALLEST_DIFFERENCE:
            return int(distances.argmin()), later
    return None
