"""Maps of words: vectors laid out in the plane, drawn as a picture or as a page to explore."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from seqtools.embeddings.nearest import unit_rows
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SeqtoolsWarning, SettingsError
from seqtools.monitor import Monitor, NullMonitor
from seqtools.reports.projection import (
    FEWEST_FOR_TSNE,
    principal_components,
    tsne,
    unit_square,
)
from seqtools.reports.word_groups import WordGroups, group_words
from seqtools.seeding import numpy_generator
from seqtools.types import Float32Array, Float64Array, Int64Array

MapMethod: TypeAlias = Literal["pca", "tsne"]
MAP_METHODS: tuple[MapMethod, ...] = get_args(MapMethod)
MOST_WORDS = 5000

_METHOD_TITLES = {"pca": "PCA", "tsne": "t-SNE"}
_BLOCK_ROWS = 1024


@dataclass(frozen=True)
class MapSettings:
    """How words are laid out and coloured.

    Attributes
    ----------
    method : {"pca", "tsne"}
        Principal components keep the large distances, t-SNE the near neighbours.
    perplexity : float
        About how many neighbours t-SNE keeps a word near to.
    groups : int
        Colours: groups found by k-means among the full vectors; 0 for one colour.
    neighbors : int
        Nearest words listed for each word of a page.
    seed : int
        Seed of the layout and of the groups.
    """

    method: MapMethod = "pca"
    perplexity: float = 30.0
    groups: int = 8
    neighbors: int = 10
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse values outside their range."""
        if self.method not in MAP_METHODS:
            raise SettingsError(
                f"method must be one of {', '.join(MAP_METHODS)}, got {self.method!r}"
            )
        if not 0 < self.perplexity <= MOST_WORDS:
            raise SettingsError(
                f"perplexity must be above 0 and at most {MOST_WORDS}, got {self.perplexity:g}"
            )
        for name, highest in (("groups", 8), ("neighbors", 100)):
            value = getattr(self, name)
            if not 0 <= value <= highest:
                raise SettingsError(f"{name} must be from 0 to {highest}, got {value}")
        if self.seed < 0:
            raise SettingsError(f"seed must be at least 0, got {self.seed}")


@dataclass(frozen=True)
class EmbeddingMap:
    """Words in the plane, and all that is said about them.

    Attributes
    ----------
    words : tuple of str
        The words, most important first.
    rows : int64 array, shape (N,)
        Where each stands in the file, counted from 0.
    points : float64 array, shape (N, 2)
        Places within the unit square, y upwards.
    groups : WordGroups
        The colours.
    neighbors : int64 array, shape (N, k)
        Indices of the nearest words on the map by cosine of the full vectors, nearest first.
    cosines : float32 array, shape (N, k)
        Their cosines.
    title, caption : str
        What is shown, and how it was made.
    explained_variance : tuple of float
        Share of the variance along each axis, for principal components; else empty.
    perplexity : float or None
        The perplexity used, for t-SNE.
    dim : int
        Dimensions of the vectors.
    """

    words: tuple[str, ...]
    rows: Int64Array
    points: Float64Array
    groups: WordGroups
    neighbors: Int64Array
    cosines: Float32Array
    title: str
    caption: str
    explained_variance: tuple[float, ...]
    perplexity: float | None
    dim: int


def make_embedding_map(
    vectors: WordVectors,
    rows: Sequence[int] | Int64Array,
    settings: MapSettings | None = None,
    source: str = "vectors",
    monitor: Monitor | None = None,
) -> EmbeddingMap:
    """Lay out some of the words.

    Parameters
    ----------
    vectors : WordVectors
        All the vectors.
    rows : sequence of int
        The words to draw, most important first: labels are placed in this order.
    settings : MapSettings, optional
        Method, colours, seed.
    source : str
        Name of the vectors' file, for title and caption.
    monitor : Monitor, optional
        Told of the phases.

    Raises
    ------
    SettingsError
        If there are no rows, too many, or too few for the method.

    Notes
    -----
    Vectors are scaled to length 1 first, so that the map shows what cosines see.
    """
    settings = settings or MapSettings()
    monitor = monitor or NullMonitor()
    chosen = np.asarray(rows, dtype=np.int64)
    if not 1 <= len(chosen) <= MOST_WORDS:
        raise SettingsError(f"a map holds 1 to {MOST_WORDS:,} words, got {len(chosen):,}")
    units = _unit_rows(vectors.vectors[chosen])
    method = _METHOD_TITLES[settings.method]
    monitor.start(f"laying out {len(chosen):,} words by {method}", None, "words")
    try:
        layout = _lay_out(units, settings)
    finally:
        monitor.finish()
    groups = group_words(units, settings.groups, numpy_generator(settings.seed, "layout"))
    neighbors, cosines = nearest_words(units, settings.neighbors)
    caption = ", ".join(
        [
            f"{len(chosen):,} of {len(vectors.words):,} words of {source}",
            f"{vectors.vectors.shape[1]} dimensions, unit length",
            method,
            layout.description,
            f"{len(groups.typical)} colours by k-means"
            if len(groups.typical) > 1
            else "one colour",
            f"seed {settings.seed}",
        ]
    )
    return EmbeddingMap(
        words=tuple(vectors.words[row] for row in chosen.tolist()),
        rows=chosen,
        points=unit_square(layout.points),
        groups=groups,
        neighbors=neighbors,
        cosines=cosines,
        title=f"{source}: {method} map",
        caption=caption,
        explained_variance=layout.explained_variance,
        perplexity=layout.perplexity,
        dim=int(vectors.vectors.shape[1]),
    )


def nearest_words(units: Float32Array, k: int) -> tuple[Int64Array, Float32Array]:
    """Return the nearest other rows of each row by cosine.

    Parameters
    ----------
    units : float32 array, shape (N, D)
        Rows of length 1 (or 0).
    k : int
        Rows wanted; N - 1 at most come out.

    Returns
    -------
    neighbors : int64 array, shape (N, k)
        Nearest first, equal ones in the order of the rows.
    cosines : float32 array, shape (N, k)
    """
    k = min(k, len(units) - 1)
    neighbors = np.empty((len(units), k), dtype=np.int64)
    nearness = np.empty((len(units), k), dtype=np.float32)
    for start in range(0, len(units), _BLOCK_ROWS):
        cosines = units[start : start + _BLOCK_ROWS] @ units.T
        own = np.arange(len(cosines))
        cosines[own, start + own] = -np.inf
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
        neighbors[start : start + len(best)] = best
        nearness[start : start + len(best)] = np.take_along_axis(cosines, best, axis=1)
    return neighbors, nearness


class _Layout(NamedTuple):
    """Places, and how they came about."""

    points: Float64Array
    explained_variance: tuple[float, ...]
    perplexity: float | None
    description: str


def _lay_out(units: Float32Array, settings: MapSettings) -> _Layout:
    """Lay out the rows by the method asked for."""
    if settings.method == "pca":
        points, explained = principal_components(units)
        shares = tuple(explained.tolist())
        return _Layout(points, shares, None, f"{sum(shares):.1%} of the variance shown")
    perplexity = settings.perplexity
    highest = (len(units) - 1) / 3
    if len(units) >= FEWEST_FOR_TSNE and perplexity > highest:
        warnings.warn(
            f"perplexity {perplexity:g} is too large for {len(units)} words; using {highest:g}",
            SeqtoolsWarning,
            stacklevel=3,
        )
        perplexity = highest
    points = tsne(units, perplexity, numpy_generator(settings.seed, "layout"))
    return _Layout(points, (), perplexity, f"perplexity {perplexity:g}")


def _unit_rows(vectors: Float32Array) -> Float32Array:
    """Return the rows at length 1; zero rows stay zero."""
    return unit_rows(vectors, np.sqrt(np.einsum("vd,vd->v", vectors, vectors, dtype=np.float64)))
