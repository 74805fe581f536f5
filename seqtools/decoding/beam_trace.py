"""What a beam kept and pruned, step by step, and where it lost a reference.

A watcher of ``beam_search``: it sees every step and changes none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from seqtools.decoding.beam import BeamStep
from seqtools.kernels.top_k import best_extensions
from seqtools.types import Int32Array

KEPT, ENDED, PRUNED, STOPPED = "kept", "ended", "pruned", "stopped"


@dataclass(frozen=True)
class TraceCandidate:
    """An extension that a step considered.

    Attributes
    ----------
    parent : int
        Which of the rows kept at the step before it extends, counted from 0 (0 at the first step).
    token : int
        Its new symbol.
    total : float
        Sum of its log-probabilities.
    log_prob : float
        What the new symbol added.
    fate : {"kept", "ended", "pruned", "stopped"}
        Kept in the beam, ended into the pool, pruned, or left when search of the sentence stopped.
    """

    parent: int
    token: int
    total: float
    log_prob: float
    fate: str


@dataclass(frozen=True)
class ReferencePlace:
    """Where the reference stood at a step while all before it was in the beam.

    Attributes
    ----------
    step : int
        Counted from 1.
    rank : int
        Among all extensions of the sentence, 1 for the best.
    margin : float
        Its sum minus that of the last extension kept; below 0 it fell off. Minus infinity if it
        may not be written.
    total : float
        Its sum.
    parent : int
        Which of the rows it extends.
    fate : {"kept", "ended", "pruned", "stopped"}
        As in ``TraceCandidate``.
    """

    step: int
    rank: int
    margin: float
    total: float
    parent: int
    fate: str


@dataclass
class BeamTrace:
    """The steps of one sentence.

    Attributes
    ----------
    steps : list of lists of TraceCandidate
        Best first at each step; the rows that live on keep their order. Empty if not asked for.
    places : list of ReferencePlace
        Up to the step at which the reference ended, fell off, or search stopped.
    """

    steps: list[list[TraceCandidate]] = field(default_factory=list)
    places: list[ReferencePlace] = field(default_factory=list)

    @property
    def fell_off(self) -> ReferencePlace | None:
        """Where the reference left the beam; None if it never did."""
        if self.places and self.places[-1].fate == PRUNED:
            return self.places[-1]
        return None


class BeamTracer:
    """A watcher that writes down steps and follows references.

    Parameters
    ----------
    references : sequence of (int32 array or None)
        For each source of the batch, its end symbol last.
    num_pruned : int
        Pruned extensions to write down of each step.
    detailed : collection of int, optional
        Places in the batch whose steps are written down; all by default. References are followed
        for all.
    """

    def __init__(
        self,
        references: Sequence[Int32Array | None],
        num_pruned: int = 3,
        detailed: Sequence[int] | None = None,
    ) -> None:
        self.traces = [BeamTrace() for _ in references]
        self._references = list(references)
        self._num_pruned = num_pruned
        self._detailed = set(range(len(references)) if detailed is None else detailed)

    def observe(self, step: BeamStep) -> None:
        """Write a step down."""
        for index, sentence in enumerate(step.sentences.tolist()):
            self._follow(step, index, sentence)
            if sentence in self._detailed:
                self.traces[sentence].steps.append(self._candidates(step, index))

    def _follow(self, step: BeamStep, index: int, sentence: int) -> None:
        """Note where the reference stands, if all of it so far is in the beam."""
        reference, places = self._references[sentence], self.traces[sentence].places
        if reference is None or len(places) < step.step or step.step >= len(reference):
            return
        if places and places[-1].fate != KEPT:
            return
        first, last = int(step.starts[index]), int(step.starts[index + 1])
        is_it = (step.prefixes[first:last] == reference[: step.step]).all(axis=1)
        if not is_it.any():
            return
        row = first + int(is_it.argmax())
        token = int(reference[step.step])
        total = float(step.totals[row]) + min(float(step.log_probs[row, token]), 0.0)
        sums = step.totals[first:last, None] + step.log_probs[first:last]
        kept = step.values[index][step.is_kept[index] | step.is_ended[index]]
        places.append(
            ReferencePlace(
                step=step.step + 1,
                rank=1 + int((sums > total).sum()),
                margin=total - float(kept[-1]) if len(kept) else 0.0,
                total=total,
                parent=row - first,
                fate=self._fate(step, index, row, token),
            )
        )

    def _fate(self, step: BeamStep, index: int, row: int, token: int) -> str:
        """Return what became of an extension."""
        is_it = (step.rows[index] == row) & (step.tokens[index] == token)
        if (is_it & step.is_ended[index]).any():
            return ENDED
        if (is_it & step.is_kept[index]).any():
            return KEPT
        return PRUNED if self._goes_on(step, index) else STOPPED

    @staticmethod
    def _goes_on(step: BeamStep, index: int) -> bool:
        """Say whether the beam was used up or goes on, rather than stopped by its bound."""
        num_ended = int(step.is_ended[index].sum())
        return bool(step.is_kept[index].any()) or num_ended == int(step.widths[index])

    def _candidates(self, step: BeamStep, index: int) -> list[TraceCandidate]:
        """Return the extensions of a sentence, best first."""
        first = int(step.starts[index])
        size = int(step.widths[index]) + self._num_pruned
        values, counts = np.empty((1, size)), np.empty(1, dtype=np.int64)
        rows, tokens = np.empty((1, size), dtype=np.int64), np.empty((1, size), dtype=np.int32)
        best_extensions(
            step.log_probs, step.totals, step.starts[index : index + 2], np.array([size]),
            values, rows, tokens, counts,
        )  # fmt: skip
        return [
            TraceCandidate(
                parent=row - first,
                token=token,
                total=value,
                log_prob=float(step.log_probs[row, token]),
                fate=self._fate(step, index, row, token),
            )
            for value, row, token in zip(
                values[0, : counts[0]].tolist(),
                rows[0, : counts[0]].tolist(),
                tokens[0, : counts[0]].tolist(),
                strict=True,
            )
        ]
