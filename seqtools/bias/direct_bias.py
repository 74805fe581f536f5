"""Bias along the bias subspace: of words, of pairs of words, and of a list.

Source: Bolukbasi et al. 2016, section 5.2 (direct) and 5.3 (indirect bias).
"""

import numpy as np

from seqtools.types import Float64Array, FloatArray

# A product smaller than this has no share that could be told from rounding.
_SMALLEST_PRODUCT = 1e-9


def word_biases(units: FloatArray, basis: FloatArray) -> Float64Array:
    """Return how much of each word lies in the bias subspace, float64 array, shape (N,).

    Parameters
    ----------
    units : float array, shape (N, D)
        Unit vectors.
    basis : float array, shape (K, D)
        Orthonormal rows.

    Notes
    -----
    |w_B|, which for one direction g is |cos(w, g)|.
    """
    parts = np.asarray(units, dtype=np.float64) @ np.asarray(basis, dtype=np.float64).T
    lengths: Float64Array = np.sqrt((parts * parts).sum(axis=1))
    return lengths


def direct_bias(units: FloatArray, basis: FloatArray, strictness: float = 1.0) -> float:
    """Return the mean over neutral words of |cos(w, g)|^c.

    Parameters
    ----------
    units : float array, shape (N, D)
        Unit vectors of words that should be neutral, at least one.
    basis : float array, shape (K, D)
        Orthonormal rows; more than one direction count together.
    strictness : float
        The exponent c: 0 counts every word that is not exactly neutral, 1 is the paper's.
    """
    biases = word_biases(units, basis)
    if strictness == 0:
        return float((biases > 0).mean())
    return float((biases**strictness).mean())


def indirect_bias(first: FloatArray, second: FloatArray, basis: FloatArray) -> float | None:
    """Return the share of the similarity of two words that comes from the bias subspace.

    Parameters
    ----------
    first, second : float array, shape (D,)
        Unit vectors.
    basis : float array, shape (K, D)
        Orthonormal rows.

    Returns
    -------
    float or None
        None if the words are not similar at all, or one lies within the subspace.

    Notes
    -----
    beta(w, v) = (w . v - w' . v' / (|w'| |v'|)) / w . v with w' the part of w outside the subspace:
    0 if it has no part in the similarity, 1 if there is none without it, and below 0 if the words
    are more similar without it.
    """
    w, v = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    whole = float(w @ v)
    w_rest, v_rest = w - (basis @ w) @ basis, v - (basis @ v) @ basis
    lengths = float(np.linalg.norm(w_rest) * np.linalg.norm(v_rest))
    if abs(whole) < _SMALLEST_PRODUCT or lengths < _SMALLEST_PRODUCT:
        return None
    return (whole - float(w_rest @ v_rest) / lengths) / whole
