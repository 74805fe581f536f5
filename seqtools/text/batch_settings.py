"""How lines are put into batches; apart, because the command line reads the defaults."""

from dataclasses import dataclass
from typing import Literal

from seqtools.errors import SettingsError

_LARGEST_BATCH = 1 << 24


@dataclass(frozen=True)
class BatchSettings:
    """How lines are put into batches.

    Attributes
    ----------
    batch_size : int
        Lines a batch, or symbols with "token".
    batch_type : "sentence" or "token"
        With "token", the lines of a batch times the length of the longest (in a pair: of its longer
        side) are at most `batch_size`; a line that is longer makes a batch by itself.
    pool_batches : int
        Batches in a pool. More of them save padding, fewer make batches more random.
    seed : int
        Seed of the order.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    batch_size: int = 64
    batch_type: Literal["sentence", "token"] = "sentence"
    pool_batches: int = 100
    seed: int = 1

    def __post_init__(self) -> None:
        if self.batch_type not in ("sentence", "token"):
            raise SettingsError(
                f"batch_type must be 'sentence' or 'token', got {self.batch_type!r}"
            )
        for name, largest in (("batch_size", _LARGEST_BATCH), ("pool_batches", 1 << 20)):
            value = getattr(self, name)
            if not 1 <= value <= largest:
                raise SettingsError(f"{name} must lie in 1..{largest}, got {value}")
        if self.seed < 0:
            raise SettingsError(f"seed must be at least 0, got {self.seed}")
