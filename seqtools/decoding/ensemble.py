"""Several models as one scorer: the mean of their probabilities."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from seqtools.decoding.step_scorer import StepScorer
from seqtools.errors import SettingsError
from seqtools.types import Float32Array, Int32Array, Int64Array

SourceT = TypeVar("SourceT")


class EnsembleScorer(Generic[SourceT]):
    """A ``StepScorer`` whose probabilities are the mean of its members'.

    Parameters
    ----------
    members : sequence of StepScorer
        Models that read the same sources and number the same symbols.

    Raises
    ------
    SettingsError
        If there is none, or they differ in their symbols.

    Notes
    -----
    Attention is the mean of the members that have one; None if none has.
    """

    def __init__(self, members: Sequence[StepScorer[SourceT, Any]]) -> None:
        if not members:
            raise SettingsError("an ensemble needs at least one model")
        self._members = list(members)
        first = self._members[0]
        self.vocabulary_size, self.unk_id = first.vocabulary_size, first.unk_id
        self.bos_id, self.eos_id = first.bos_id, first.eos_id
        self.unwritten_ids = first.unwritten_ids
        for number, member in enumerate(self._members[1:], 2):
            for name in ("vocabulary_size", "bos_id", "eos_id", "unk_id", "unwritten_ids"):
                if getattr(member, name) != getattr(first, name):
                    raise SettingsError(
                        f"models of an ensemble must share their symbols: {name} is "
                        f"{getattr(first, name)} in model 1, {getattr(member, name)} in model "
                        f"{number}"
                    )

    def source_length(self, source: SourceT) -> int:
        """Return the first member's count of source positions."""
        return self._members[0].source_length(source)

    def start(self, sources: Sequence[SourceT]) -> list[Any]:
        """Encode a batch with every member."""
        return [member.start(sources) for member in self._members]

    def step(
        self, state: list[Any], tokens: Int32Array
    ) -> tuple[Float32Array, list[Any], Float32Array | None]:
        """Step every member and average."""
        steps = [
            member.step(part, tokens) for member, part in zip(self._members, state, strict=True)
        ]
        if len(steps) == 1:
            log_probs, part, attention = steps[0]
            return log_probs, [part], attention
        attentions = [attention for _, _, attention in steps if attention is not None]
        return (
            mean_log_probs([log_probs for log_probs, _, _ in steps]),
            [part for _, part, _ in steps],
            np.mean(attentions, axis=0, dtype=np.float32) if attentions else None,
        )

    def select(self, state: list[Any], rows: Int64Array) -> list[Any]:
        """Choose rows in every member."""
        return [
            member.select(part, rows) for member, part in zip(self._members, state, strict=True)
        ]


def mean_log_probs(log_probs: Sequence[Float32Array]) -> Float32Array:
    """Return the log of the mean of probabilities given as logs, all of one shape."""
    highest = np.maximum.reduce(log_probs)
    # Where every member says impossible there is nothing to take the difference from.
    shift = np.where(np.isneginf(highest), np.float32(0.0), highest)
    total = np.zeros_like(shift)
    for values in log_probs:
        total += np.exp(values - shift)
    with np.errstate(divide="ignore"):
        result: Float32Array = np.log(total / np.float32(len(log_probs))) + shift
    return result
