"""What debiasing does to vectors: one transformation of rows, applied block by block.

Every method here ends in the same form, so that the vectors of a table too large to copy can be
changed in place, or computed while they are written.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seqtools.types import BoolArray, Float32Array, Int64Array

# A block stays in the cache: 100,937 x 50 rows take 0.03 to 0.05 s, in one block 0.15 s
# (benchmarks/bias.py).
_ROWS_AT_ONCE = 2048
# What is left of a unit vector when less than this is left is rounding errors.
_SMALLEST_REST = 1e-5
# A projection is repeated where little is left, because scaling up enlarges the errors.
_SMALL_REST = 0.25
# Between these lengths the squares of float32 neither vanish nor overflow.
_SAFE_LENGTHS = (1e-12, 1e15)


@dataclass(frozen=True)
class Debiasing:
    """A change of every row: scaled to length 1, moved, freed of a subspace, some replaced.

    Attributes
    ----------
    kept : bool array, shape (V,)
        Words that are not freed of the subspace.
    basis : float32 array, shape (K, D), or None
        Orthonormal rows: the subspace that is removed.
    matrix : float32 array, shape (D, D), or None
        What every row is multiplied by first (w @ matrix).
    offset : float32 array, shape (D,), or None
        What is subtracted then.
    replaced_rows : int64 array, shape (N,)
        Rows that get vectors of their own, such as equalized words.
    replaced : float32 array, shape (N, D)
        These vectors.

    Notes
    -----
    With unit w: w <- w M - m; w <- w / |w|; unless kept, w <- w - (w B^T) B; w <- w / |w|. Rows of
    zeros, and those with nothing left, become zeros.
    """

    kept: BoolArray
    basis: Float32Array | None = None
    matrix: Float32Array | None = None
    offset: Float32Array | None = None
    replaced_rows: Int64Array = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    replaced: Float32Array = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))

    def apply(self, vectors: Float32Array, *, in_place: bool = False) -> Float32Array:
        """Return all vectors changed.

        Parameters
        ----------
        vectors : float32 array, shape (V, D)
            The rows that the transformation was made for.
        in_place : bool
            Write into `vectors` itself: no second array is made.

        Returns
        -------
        float32 array, shape (V, D)
        """
        out = vectors if in_place else np.empty(vectors.shape, dtype=np.float32)
        for start in range(0, len(vectors), _ROWS_AT_ONCE):
            block = slice(start, start + _ROWS_AT_ONCE)
            if not in_place:
                out[block] = vectors[block]
            self._change(out[block], self.kept[block])
        if len(self.replaced_rows):
            out[self.replaced_rows] = self.replaced
        return out

    def rows(self, vectors: Float32Array, rows: Int64Array) -> Float32Array:
        """Return some of the vectors changed, shape (N, D)."""
        out = np.array(vectors[rows], dtype=np.float32)
        for start in range(0, len(out), _ROWS_AT_ONCE):
            block = slice(start, start + _ROWS_AT_ONCE)
            self._change(out[block], self.kept[rows[block]])
        if len(self.replaced_rows):
            order = np.argsort(self.replaced_rows)
            places = np.searchsorted(self.replaced_rows, rows, sorter=order)
            places = order[np.minimum(places, len(order) - 1)]
            is_replaced = self.replaced_rows[places] == rows
            out[is_replaced] = self.replaced[places[is_replaced]]
        return out

    def on_demand(self, vectors: Float32Array) -> "ChangedRows":
        """Return an array of the changed vectors that are computed where it is sliced."""
        return ChangedRows(self, vectors)

    def _change(self, block: Float32Array, kept: BoolArray) -> None:
        """Change a block of rows in place."""
        to_unit_length(block)
        if self.matrix is not None:
            block[:] = block @ self.matrix
            if self.offset is not None:
                block -= self.offset
            to_unit_length(block)
        if self.basis is not None:
            remove_subspace(block, self.basis, kept)


@dataclass(frozen=True)
class ChangedRows:
    """Vectors that are changed where they are read: as long as the table, but never in memory.

    It can stand for an array where rows are taken by slices, as the writers of files take them.
    """

    debiasing: Debiasing
    vectors: Float32Array

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the array that this stands for."""
        return (len(self.vectors), int(self.vectors.shape[1]))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.vectors)

    def __getitem__(self, rows: slice) -> Float32Array:
        """Return a slice of rows, changed."""
        return self.debiasing.rows(self.vectors, np.arange(*rows.indices(len(self.vectors))))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Return all rows, changed, where an array is needed after all."""
        del copy
        return np.asarray(self.debiasing.apply(self.vectors), dtype=dtype)


def remove_subspace(block: Float32Array, basis: Float32Array, kept: BoolArray) -> None:
    """Free unit rows of a subspace and scale them to length 1 again, in place.

    Parameters
    ----------
    block : float32 array, shape (N, D)
        Rows of length 1, or of zeros.
    basis : float32 array, shape (K, D)
        Orthonormal rows.
    kept : bool array, shape (N,)
        Rows that stay as they are.
    """
    parts = block @ basis.T  # (N, K)
    parts[kept] = 0
    block -= parts @ basis
    lengths = to_unit_length(block, _SMALLEST_REST)
    short = np.flatnonzero((lengths < _SMALL_REST) & ~kept)
    if len(short):
        rest = block[short]
        rest -= (rest @ basis.T) @ basis
        to_unit_length(rest)
        block[short] = rest


def to_unit_length(block: Float32Array, smallest: float = 0.0) -> Float32Array:
    """Scale rows to length 1 in place and return the lengths they had.

    Parameters
    ----------
    block : float32 array, shape (N, D)
        Rows no longer than `smallest`, and those that are not finite, become zeros.
    smallest : float
        Length at which nothing but rounding errors is left.

    Returns
    -------
    float32 array, shape (N,)
    """
    lengths: Float32Array = np.sqrt(np.einsum("nd,nd->n", block, block))
    low, high = _SAFE_LENGTHS
    if smallest == 0 and not ((lengths > low) & (lengths < high)).all():
        lengths = _unusual_lengths(block, lengths)
    usable = lengths > smallest
    if usable.all():
        block /= lengths[:, None]
    else:
        block[~usable] = 0
        block /= np.where(usable, lengths, 1)[:, None]
    return lengths


def _unusual_lengths(block: Float32Array, lengths: Float32Array) -> Float32Array:
    """Bring rows that are too short or too long for float32 squares to length 1 about."""
    low, high = _SAFE_LENGTHS
    rows = np.flatnonzero(~((lengths > low) & (lengths < high)))
    wide = block[rows].astype(np.float64)
    exact = np.sqrt(np.einsum("nd,nd->n", wide, wide))
    has_direction = np.isfinite(exact) & (exact > 0)
    wide[~has_direction] = 0
    block[rows] = wide / np.where(has_direction, exact, 1)[:, None]
    lengths = lengths.copy()
    lengths[rows] = has_direction
    return lengths
