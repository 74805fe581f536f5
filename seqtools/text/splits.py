"""Setting some text apart for development, where none is given."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from seqtools.errors import CorpusError, SettingsError
from seqtools.seeding import numpy_generator
from seqtools.types import Int32Array, Int64Array


@dataclass(frozen=True)
class SplitSettings:
    """How much is set apart, and where.

    Attributes
    ----------
    size : float
        Below 1 the share of the lines, from 1 on their number.
    place : "last" or "random"
        The last lines, or lines drawn at random. Neighbouring lines of running text are alike, so
        that lines drawn from among them flatter a model.
    seed : int
        Seed of the drawing.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    size: float = 0.05
    place: Literal["last", "random"] = "last"
    seed: int = 1

    def __post_init__(self) -> None:
        if self.place not in ("last", "random"):
            raise SettingsError(f"place must be 'last' or 'random', got {self.place!r}")
        if not self.size > 0 or (self.size >= 1 and self.size % 1):
            raise SettingsError(
                f"size must be a share between 0 and 1 or a number of lines, got {self.size}"
            )
        if self.seed < 0:
            raise SettingsError(f"seed must be at least 0, got {self.seed}")


def split_rows(num_rows: int, settings: SplitSettings) -> tuple[Int64Array, Int64Array]:
    """Divide lines into those to train on and those set apart, both in order.

    A share is rounded up, so that at least one line is set apart.

    Returns
    -------
    train_rows, dev_rows : int64 arrays
        Rising line numbers, counted from 0.

    Raises
    ------
    CorpusError
        If no line would be left to train on.
    """
    num_dev = math.ceil(settings.size * num_rows) if settings.size < 1 else int(settings.size)
    if num_dev >= num_rows:
        raise CorpusError(
            f"{num_dev} of {num_rows} lines would be set apart for development",
            remedy="name a development text, or set less apart",
        )
    rows = np.arange(num_rows, dtype=np.int64)
    if settings.place == "random":
        rows = numpy_generator(settings.seed, "splits").permutation(rows)
    return np.sort(rows[:-num_dev]), np.sort(rows[-num_dev:])


def split_stream(ids: Int32Array, share: float, line_end: int) -> tuple[Int32Array, Int32Array]:
    """Divide a running text at a line end, so that about `share` of its symbols come after it.

    Parameters
    ----------
    ids : int32 array, shape (N,)
    share : float
        Between 0 and 1.
    line_end : int
        The codec's `line_end`. A text of one line is cut within the line.

    Returns
    -------
    train_ids, dev_ids : int32 arrays
        Both hold at least one symbol.

    Raises
    ------
    CorpusError
        If the text has fewer than two symbols.
    SettingsError
        If the share is outside its range.
    """
    if not 0 < share < 1:
        raise SettingsError(f"share must lie between 0 and 1, got {share}")
    if ids.size < 2:
        raise CorpusError(
            f"a text of {ids.size} symbols cannot be divided", remedy="name a development text"
        )
    wanted = min(max(1, round((1 - share) * ids.size)), ids.size - 1)
    cuts = np.flatnonzero(ids[:-1] == line_end) + 1
    cut = int(cuts[np.argmin(np.abs(cuts - wanted))]) if cuts.size else wanted
    return ids[:cut], ids[cut:]
