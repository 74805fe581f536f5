"""Vectors laid out in the plane: principal components and t-SNE."""

import numpy as np

from seqtools.errors import SettingsError
from seqtools.reports.one_thread import one_thread
from seqtools.types import Float32Array, Float64Array

FEWEST_FOR_TSNE = 4
_START_DEVIATION = 1e-4


def principal_components(vectors: Float32Array) -> tuple[Float64Array, Float64Array]:
    """Project on the two directions of largest variance.

    Parameters
    ----------
    vectors : float32 array, shape (N, D)
        Rows to lay out, N at least 1.

    Returns
    -------
    points : float64 array, shape (N, 2)
        Coordinates; zero where the data have fewer than two dimensions.
    explained : float64 array, shape (2,)
        Share of the variance along each coordinate.

    Notes
    -----
    Singular value decomposition of the centred rows. The sign of a component is arbitrary; it is
    fixed by making its largest entry positive, so that equal vectors give equal maps everywhere.
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    left, lengths, components = np.linalg.svd(centred, full_matrices=False)
    largest = np.abs(components).argmax(axis=1)
    signs = np.where(components[np.arange(len(components)), largest] < 0, -1.0, 1.0)
    num_found = min(2, len(lengths))
    points = np.zeros((len(vectors), 2))
    points[:, :num_found] = (left * lengths * signs)[:, :num_found]
    explained = np.zeros(2)
    variance = lengths**2
    if variance.sum() > 0:
        explained[:num_found] = (variance / variance.sum())[:num_found]
    return points, explained


def tsne(vectors: Float32Array, perplexity: float, generator: np.random.Generator) -> Float64Array:
    """Lay rows out so that near neighbours stay near.

    Parameters
    ----------
    vectors : float32 array, shape (N, D)
        Rows to lay out, N at least 4.
    perplexity : float
        About how many neighbours a row is kept near to; below N.
    generator : numpy.random.Generator
        Jitters the start, which separates equal vectors and seeds scikit-learn.

    Returns
    -------
    float64 array, shape (N, 2)

    Raises
    ------
    SettingsError
        If there are fewer than four rows or the perplexity is not below their number.

    Notes
    -----
    van der Maaten & Hinton (2008), in scikit-learn's Barnes-Hut form, started from the principal
    components (Kobak & Berens 2019). It runs on one thread: sums taken by several come in no fixed
    order, and maps amplify the last bit. Two threads measured no faster at 5,000 words (27 and
    30 s) and far slower below where the machine was shared.
    """
    from sklearn.manifold import TSNE

    if len(vectors) < FEWEST_FOR_TSNE:
        raise SettingsError(
            f"t-SNE needs at least {FEWEST_FOR_TSNE} words, got {len(vectors)}; use method pca"
        )
    if not 0 < perplexity < len(vectors):
        raise SettingsError(
            f"perplexity must be above 0 and below the number of words, {len(vectors)}, "
            f"got {perplexity:g}"
        )
    points, _ = principal_components(vectors)
    deviation = points[:, 0].std()
    start = points / deviation if deviation > 0 else points
    start = _START_DEVIATION * (start + 0.01 * generator.normal(size=start.shape))
    with one_thread():
        model = TSNE(
            perplexity=perplexity,
            init=start.astype(np.float32),
            random_state=int(generator.integers(2**31)),
            n_jobs=1,
        )
        layout: Float64Array = model.fit_transform(vectors).astype(np.float64)
    return layout


def unit_square(points: Float64Array) -> Float64Array:
    """Shift and scale points into [0, 1] x [0, 1], keeping proportions and the middle.

    Parameters
    ----------
    points : float64 array, shape (N, 2)

    Returns
    -------
    float64 array, shape (N, 2)
    """
    low, high = points.min(axis=0), points.max(axis=0)
    extent = float((high - low).max()) or 1.0
    scaled: Float64Array = (points - (low + high) / 2) / extent + 0.5
    return scaled
