"""Which rows each thread copies, and how often a copy is merged.

See ``seqtools.kernels.row_copies`` for the reason. A thread alone copies nothing, and is therefore
exact and the same in every run.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtools.kernels.row_copies import NO_COPIES, RowCopies
from seqtools.types import Int64Array

_MOST_TURNS = 2.0**30


@dataclass(frozen=True)
class CopyRules:
    """What to copy.

    Attributes
    ----------
    most_rows : int
        Rows of a matrix that each thread copies, the most frequent ones.
    visits_a_merge : int
        About so many visits to a row lie between two merges, but a turn at least. What other
        threads learn is seen as much later.
    """

    most_rows: int
    visits_a_merge: int


def rows_with_copies(num_rows: int, num_threads: int, rules: CopyRules) -> int:
    """Return the rows of a matrix that has room for the copies of all threads."""
    return num_rows + (2 * num_threads * min(num_rows, rules.most_rows) if num_threads > 1 else 0)


def plan_copies(
    visits: NDArray[np.floating[Any]], num_threads: int, rules: CopyRules
) -> list[RowCopies]:
    """Plan the copies of each thread of one matrix.

    Parameters
    ----------
    visits : float64 array, shape (V,)
        How often a thread visits each row between two turns. The frequent rows stand at the start,
        or at the end.
    num_threads : int
    rules : CopyRules
    """
    if num_threads == 1:
        return [NO_COPIES]
    num_rows = len(visits)
    count = min(num_rows, rules.most_rows)
    first = 0 if visits[0] >= visits[-1] else num_rows - count
    masks = _masks(visits[first : first + count], rules.visits_a_merge)
    return [
        RowCopies(first, count, num_rows - first + 2 * thread * count, masks)
        for thread in range(num_threads)
    ]


def _masks(visits: NDArray[np.floating[Any]], visits_a_merge: int) -> Int64Array:
    """Return 2**n - 1 for rows that are merged every 2**n turns."""
    turns = np.clip(visits_a_merge / np.maximum(visits, 1e-9), 1.0, _MOST_TURNS)
    masks: Int64Array = 2 ** np.log2(turns).astype(np.int64) - 1
    return masks
