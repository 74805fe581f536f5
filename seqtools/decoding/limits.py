"""What an output may be: how long, of which symbols, repeating itself or not."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtools.decoding.step_scorer import StepScorer
from seqtools.errors import SettingsError
from seqtools.types import Float32Array, Int32Array, Int64Array

# Short sources have outputs of any ratio.
_EXTRA_LENGTH = 10


@dataclass(frozen=True)
class OutputLimits:
    """What search may write.

    Attributes
    ----------
    max_length : int
        Longest output, the end symbol counted. An output that long is ended by force and pays for
        its end symbol as any other, so that every score is that of a whole output.
    max_length_ratio : float or None
        Outputs are no longer than this many times the source plus 10; None for no such limit.
    min_length : int
        Shortest output, the end symbol counted.
    forbid_unk : bool
        Never write the symbol for unknown words.
    block_repeats : int
        Write no n-gram of this order twice in an output; 0 to allow it.
    """

    max_length: int = 250
    max_length_ratio: float | None = 2.0
    min_length: int = 1
    forbid_unk: bool = True
    block_repeats: int = 0

    def __post_init__(self) -> None:
        for name, least in (("max_length", 1), ("min_length", 1), ("block_repeats", 0)):
            if getattr(self, name) < least:
                raise SettingsError(f"{name} must be at least {least}, got {getattr(self, name)}")
        ratio = self.max_length_ratio
        if ratio is not None and not 0 < ratio < math.inf:
            raise SettingsError(f"max_length_ratio must be above 0 and finite, got {ratio}")
        if self.min_length > self.max_length:
            raise SettingsError(
                f"min_length must be at most max_length {self.max_length}, got {self.min_length}"
            )

    def longest(self, source_length: int) -> int:
        """Return the longest output for a source, the end symbol counted."""
        if self.max_length_ratio is None:
            return self.max_length
        return min(self.max_length, int(self.max_length_ratio * source_length) + _EXTRA_LENGTH)

    def allows(self, tokens: Int32Array, scorer: StepScorer[Any, Any], source_length: int) -> bool:
        """Say whether search could return an output, its end symbol last."""
        longest = self.longest(source_length)
        written = tokens[:-1].tolist()
        return (
            min(self.min_length, longest) <= len(tokens) <= longest
            and not set(written) & {scorer.eos_id, *forbidden_ids(scorer, self)}
            and not _repeats(written, self.block_repeats)
        )


class Restraint:
    """The limits applied to a batch: writes minus infinity where an output may not go.

    Parameters
    ----------
    limits : OutputLimits
        What search may write.
    scorer : StepScorer
        Which symbols it has.
    sources : sequence
        The batch.
    """

    def __init__(
        self, limits: OutputLimits, scorer: StepScorer[Any, Any], sources: Sequence[Any]
    ) -> None:
        self.source_lengths = [scorer.source_length(source) for source in sources]
        lengths = [limits.longest(length) for length in self.source_lengths]
        self.longest: Int64Array = np.array(lengths, dtype=np.int64)
        self.needs_prefixes = limits.block_repeats > 0
        self._shortest = np.minimum(limits.min_length, self.longest)
        self._free_from, self._free_to = limits.min_length, int(self.longest.min(initial=2**62))
        self._order = limits.block_repeats
        self._eos_id = scorer.eos_id
        self._forbidden = forbidden_ids(scorer, limits)

    def is_free(self, length: int) -> bool:
        """Say whether outputs of a length may end or go on as they like, whatever their source."""
        return self._free_from <= length < self._free_to

    def apply(
        self,
        log_probs: Float32Array,
        length: int,
        sentences: Int64Array | None,
        prefixes: Int32Array | None = None,
    ) -> None:
        """Restrain the symbol that makes outputs `length` long.

        Parameters
        ----------
        log_probs : float32 array, shape (N, V)
            Changed in place.
        length : int
            Symbols of each row, the one to choose counted.
        sentences : int64 array, shape (N,), or None
            Which source of the batch each row belongs to; not needed if ``is_free(length)``.
        prefixes : int32 array, shape (N, length - 1), optional
            The rows' symbols; given if `needs_prefixes`.
        """
        for symbol in self._forbidden:
            log_probs[:, symbol] = -np.inf
        if prefixes is not None and self._order:
            for row, prefix in enumerate(prefixes.tolist()):
                log_probs[row, _repeating(prefix, self._order)] = -np.inf
        if sentences is None:
            return
        if length < self._free_from:
            too_short = self._shortest[sentences] > length
            log_probs[too_short, self._eos_id] = -np.inf
        if length >= self._free_to:
            last = np.flatnonzero(self.longest[sentences] <= length)
            ends = log_probs[last, self._eos_id]
            log_probs[last] = -np.inf
            log_probs[last, self._eos_id] = ends


def forbidden_ids(scorer: StepScorer[Any, Any], limits: OutputLimits) -> list[int]:
    """Return the symbols that search never writes."""
    forbidden = set(scorer.unwritten_ids) - {scorer.eos_id}
    if limits.forbid_unk and scorer.unk_id is not None:
        forbidden.add(scorer.unk_id)
    return sorted(forbidden)


def _repeating(prefix: list[int], order: int) -> list[int]:
    """Return the symbols that would complete an n-gram which the prefix holds already."""
    context = prefix[len(prefix) - order + 1 :]
    if len(context) < order - 1:
        return []
    return [
        prefix[start + order - 1]
        for start in range(len(prefix) - order + 1)
        if prefix[start : start + order - 1] == context
    ]


def _repeats(tokens: list[int], order: int) -> bool:
    """Say whether an n-gram occurs twice."""
    if order == 0:
        return False
    grams = [tuple(tokens[start : start + order]) for start in range(len(tokens) - order + 1)]
    return len(set(grams)) < len(grams)
