"""What other beams and other length penalties would have given: the curve of the beam-search curse.

Koehn and Knowles (2017), "Six challenges for neural machine translation", and Yang, Huang and Ma
(2018), "Breaking the beam search curse", found wider beams to give higher model scores and worse
translations. Here both stand side by side, for each beam size and exponent.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from seqtools.evaluation.beam_errors_objective import Objective
from seqtools.evaluation.beam_errors_pools import PooledHypothesis
from seqtools.evaluation.beam_errors_quality import SweepPoint
from seqtools.evaluation.bleu_metrics import BleuMetric
from seqtools.evaluation.bleu_settings import BleuSettings
from seqtools.types import Float64Array

Pools = Sequence[Sequence[PooledHypothesis]]


class BeamSweep:
    """Beams of several sizes over the same sentences.

    Parameters
    ----------
    pools : mapping of int to lists
        For each beam size what ended for each sentence.
    references : sequence of PooledHypothesis
        Scored.
    is_allowed : sequence of bool
        Whether search may write each reference.
    texts : sequence of str
        The references' texts.
    """

    def __init__(
        self,
        pools: Mapping[int, Pools],
        references: Sequence[PooledHypothesis],
        is_allowed: Sequence[bool],
        texts: Sequence[str],
    ) -> None:
        self._pools, self._references = pools, references
        self._metric = BleuMetric(BleuSettings(), [list(texts)])
        self._is_allowed = np.array(is_allowed, dtype=np.bool_)

    def points(
        self, objective: Objective, alphas: Sequence[float], tie_margin: float
    ) -> list[SweepPoint]:
        """Return a point for every exponent and beam size, in this order.

        Parameters
        ----------
        objective : Objective
            The beam's own; its exponent is among those returned.
        alphas : sequence of float
            Exponents.
        tie_margin : float
            Values this close are equal.
        """
        found = []
        for alpha in sorted({*alphas, objective.alpha}):
            found += self._points_at(replace(objective, alpha=alpha), tie_margin)
        return found

    def _points_at(self, objective: Objective, tie_margin: float) -> list[SweepPoint]:
        """Return the points of one exponent."""
        tops = {size: self._tops(pools, objective) for size, pools in self._pools.items()}
        values = {
            size: np.array([objective.value(item.candidate) for item in items])
            for size, items in tops.items()
        }
        reference: Float64Array = np.array(
            [objective.value(item.candidate) for item in self._references]
        )
        reference = np.where(self._is_allowed, reference, -np.inf)
        best = np.maximum.reduce([*values.values(), reference])
        return [
            self._point(
                size, objective.alpha, tops[size], values[size], reference, best, tie_margin
            )
            for size in sorted(tops)
        ]

    def _tops(self, pools: Pools, objective: Objective) -> list[PooledHypothesis]:
        """Return the best of each pool; of equals the first."""
        return [max(pool, key=lambda item: objective.value(item.candidate)) for pool in pools]

    def _point(
        self,
        beam_size: int,
        alpha: float,
        tops: list[PooledHypothesis],
        values: Float64Array,
        reference: Float64Array,
        best: Float64Array,
        tie_margin: float,
    ) -> SweepPoint:
        """Describe one beam under one exponent."""
        texts = [item.candidate.text or "" for item in tops]
        statistics = self._metric.statistics(texts).sum(axis=0)
        finite = values[np.isfinite(values)].tolist()
        is_missed = (reference > values + tie_margin)[self._is_allowed]
        return SweepPoint(
            beam_size=beam_size,
            alpha=alpha,
            bleu=float(self._metric.scores(statistics[None])[0]),
            # Summed exactly, so that the order of the sentences changes nothing.
            mean_score=math.fsum(finite) / max(1, len(finite)),
            length_ratio=float(statistics[0] / max(1.0, statistics[1])),
            search_error_fraction=float(is_missed.mean()) if len(is_missed) else None,
            improvable_fraction=float((best > values + tie_margin).mean()),
            empty_fraction=float(np.mean([len(item.tokens) == 1 for item in tops])),
        )
