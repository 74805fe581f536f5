"""Equalizing: making the words of a set differ in nothing but the bias subspace.

Source: Bolukbasi et al. 2016, section 6, step 2b, for sets of any size and subspaces of any
dimension; the pairs of that paper's published program are the case of two words and one direction.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqtools.bias.axis_vectors import case_variants
from seqtools.bias.found_words import WordFinder
from seqtools.errors import SeqtoolsWarning, SettingsError
from seqtools.types import Float32Array, Float64Array, FloatArray, Int64Array

_SMALLEST_PART = 1e-6


@dataclass(frozen=True)
class EqualizeSets:
    """Sets of words to equalize that were found among vectors.

    Attributes
    ----------
    words : tuple of tuple of str
        The words of each set, in the case in which they were found.
    rows : tuple of int64 arrays
        Their rows; no row stands in two sets.
    lost : tuple of str
        Words of which no case has a vector.
    """

    words: tuple[tuple[str, ...], ...]
    rows: tuple[Int64Array, ...]
    lost: tuple[str, ...]


def equalize_set(vectors: FloatArray, basis: FloatArray) -> Float64Array | None:
    """Return the vectors of a set, equalized.

    Parameters
    ----------
    vectors : float array, shape (N, D)
        Unit vectors of the words, at least two.
    basis : float array, shape (K, D)
        Orthonormal rows of the bias subspace.

    Returns
    -------
    float64 array, shape (N, D), or None
        Unit vectors; None if two words have the same part within the subspace, in which case
        nothing says how they should differ.

    Notes
    -----
    With mu the mean of the set, nu its part outside the subspace and w_B the part of w within it,
    w <- nu + sqrt(1 - |nu|^2) (w_B - mu_B) / |w_B - mu_B|. Every word of the set then has the same
    product with any vector outside the subspace, and for pairs nothing changes when it is done
    again. Words of larger sets in one direction can only lie on one of two sides.
    """
    units = np.asarray(vectors, dtype=np.float64)
    inside = units @ np.asarray(basis, dtype=np.float64).T  # (N, K)
    mean = units.mean(axis=0)
    outside = mean - (basis @ mean) @ basis
    apart = inside - inside.mean(axis=0)
    lengths = np.linalg.norm(apart, axis=1)
    if lengths.min() < _SMALLEST_PART:
        return None
    radius = np.sqrt(max(0.0, 1.0 - float(outside @ outside)))
    equalized: Float64Array = outside + radius * ((apart / lengths[:, None]) @ basis)
    return equalized


def equalize_pair_as_taught(
    first: FloatArray, second: FloatArray, direction: FloatArray
) -> tuple[Float64Array, Float64Array]:
    """Equalize a pair of vectors that are not scaled, by the formulas of the course.

    Parameters
    ----------
    first, second : float array, shape (D,)
        Vectors as they are stored.
    direction : float array, shape (D,)
        The bias direction, of any length.

    Raises
    ------
    SettingsError
        If the two vectors are the same.

    Notes
    -----
    As ``equalize_set``, but under the root stands ``|1 - |nu|^2|``, which is negative for long
    vectors in the paper's formula, and the divisor is ``|w - mu|`` instead of ``|w_B - mu_B|``.
    The results are not of length 1; they lie symmetrically about the direction's normal plane.
    """
    axis = np.asarray(direction, dtype=np.float64) / np.linalg.norm(direction)
    mean = (np.asarray(first, dtype=np.float64) + second) / 2
    half = (np.asarray(first, dtype=np.float64) - second) / 2
    if not half.any():
        raise SettingsError("two words with the same vector cannot be equalized")
    outside = mean - (mean @ axis) * axis
    radius = np.sqrt(abs(1.0 - outside @ outside))
    inside = radius * (half @ axis) / np.linalg.norm(half) * axis
    return outside + inside, outside - inside


def find_equalize_sets(sets: Sequence[Sequence[str]], finder: WordFinder) -> EqualizeSets:
    """Find sets to equalize, in every case in which at least two of their words have vectors.

    Parameters
    ----------
    sets : sequence of sequences of str
        As they are listed: "he she" also stands for "He She" and "HE SHE".
    finder : WordFinder
        Finds words exactly as a case spells them.
    """
    words, rows, lost = [], [], []
    taken: set[int] = set()
    for group in sets:
        for spelling in zip(*(case_variants_in_order(word) for word in group), strict=True):
            found = [(word, finder.exact_row(word)) for word in spelling]
            found = [(word, row) for word, row in found if row >= 0 and row not in taken]
            if len({row for _, row in found}) < 2:
                continue
            words.append(tuple(word for word, _ in found))
            rows.append(np.array([row for _, row in found], dtype=np.int64))
            taken.update(row for _, row in found)
        lost += [
            word
            for word in group
            if all(finder.exact_row(spelling) < 0 for spelling in case_variants(word))
        ]
    return EqualizeSets(tuple(words), tuple(rows), tuple(dict.fromkeys(lost)))


def equalize(
    sets: EqualizeSets, unit_vectors: Sequence[Float32Array], basis: FloatArray
) -> tuple[Int64Array, Float32Array, int]:
    """Equalize all sets.

    Parameters
    ----------
    sets : EqualizeSets
        What was found.
    unit_vectors : sequence of float32 arrays
        The vectors of each set.
    basis : float array, shape (K, D)
        The bias subspace.

    Returns
    -------
    rows : int64 array, shape (N,)
        All words equalized.
    vectors : float32 array, shape (N, D)
        Their new vectors.
    num_sets : int
        Sets equalized.

    Warns
    -----
    SeqtoolsWarning
        If words of a set do not differ along the subspace; the set is left as it is.
    """
    rows, changed, equal = [], [], []
    for words, members, vectors in zip(sets.words, sets.rows, unit_vectors, strict=True):
        result = equalize_set(vectors, basis)
        if result is None:
            equal.append(" ".join(words))
            continue
        rows.append(members)
        changed.append(result.astype(np.float32))
    if equal:
        warnings.warn(
            f"{len(equal)} sets are not equalized, because their words do not differ along the "
            f"bias direction: {', '.join(equal[:5])}",
            SeqtoolsWarning,
            stacklevel=2,
        )
    if not rows:
        width = int(np.asarray(basis).shape[1])
        return np.empty(0, dtype=np.int64), np.empty((0, width), dtype=np.float32), 0
    return np.concatenate(rows), np.concatenate(changed), len(rows)


def case_variants_in_order(word: str) -> tuple[str, str, str, str]:
    """Return a word as written, in lower, Title and UPPER case, with repetitions."""
    return word, word.lower(), word.title(), word.upper()
