"""Which epochs were good: early stopping, and the weights that are kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seqtools.types import FloatArray


@dataclass
class KeptWeights:
    """The weights of one epoch.

    Attributes
    ----------
    epoch : int
        Counted from 1.
    metrics : dict of str to float
        What its evaluation gave.
    weights : float array, shape (size,)
    """

    epoch: int
    metrics: dict[str, float]
    weights: FloatArray


@dataclass
class Selection:
    """The best epochs so far.

    Parameters
    ----------
    metric : str
        What decides. Epochs without it count as better than all before.
    is_higher_better : bool
    size : int
        Number of epochs whose weights are kept.
    min_delta : float
        What an epoch must be better by for training to go on.
    ties : sequence of str
        Metrics that decide, lower being better, between epochs that are alike in those before.
    floor : float
        Values of `metric` below this are all alike.

    Attributes
    ----------
    kept : list of KeptWeights
        Best first.
    waited : int
        Epochs since the last improvement.
    """

    metric: str
    is_higher_better: bool
    size: int
    min_delta: float = 0.0
    ties: Sequence[str] = ()
    floor: float = float("-inf")
    kept: list[KeptWeights] = field(default_factory=list)
    waited: int = 0
    _reference: tuple[float, ...] | None = None

    def add(self, epoch: int, metrics: dict[str, float], weights: FloatArray) -> bool:
        """Take note of an epoch, and say whether it is the best so far.

        Parameters
        ----------
        epoch : int
            Counted from 1.
        metrics : dict of str to float
        weights : float array
            Copied if they are kept.
        """
        cost = self.cost(metrics)
        if cost is None:
            self.kept = [KeptWeights(epoch, metrics, weights.copy())]
            return True
        if self._reference is None or self._is_progress(cost, self._reference):
            self._reference, self.waited = cost, 0
        else:
            self.waited += 1
        place = sum(self._kept_cost(index) <= cost for index in range(len(self.kept)))
        if place < self.size:
            if len(self.kept) == self.size:
                room = self.kept.pop().weights
                room[:] = weights
            else:
                room = weights.copy()
            self.kept.insert(place, KeptWeights(epoch, metrics, room))
        return place == 0

    def cost(self, metrics: dict[str, float]) -> tuple[float, ...] | None:
        """Return the metrics that decide, turned so that lower is better; None without them."""
        value = metrics.get(self.metric)
        if value is None:
            return None
        first = max(value, self.floor) * (-1 if self.is_higher_better else 1)
        costs = [first, *(metrics[name] for name in self.ties if name in metrics)]
        if not np.isfinite(value):
            costs[0] = np.inf
        return tuple(float(cost) if np.isfinite(cost) else float("inf") for cost in costs)

    def _is_progress(self, cost: tuple[float, ...], reference: tuple[float, ...]) -> bool:
        """Say whether an epoch is better by enough than the one that was."""
        if cost[0] == reference[0]:
            return cost < reference
        return cost[0] < reference[0] - self.min_delta

    def mean_weights(self) -> FloatArray:
        """Return the mean of the weights that are kept, summed in float64."""
        total = np.zeros(self.kept[0].weights.size)
        for kept in sorted(self.kept, key=lambda kept: kept.epoch):
            total += kept.weights
        total /= len(self.kept)
        return total.astype(self.kept[0].weights.dtype)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint stores beside the weights."""
        return {
            "waited": self.waited,
            "reference": None if self._reference is None else list(self._reference),
            "kept": [{"epoch": kept.epoch, "metrics": kept.metrics} for kept in self.kept],
        }

    def restore(self, state: dict[str, Any], weights: list[FloatArray]) -> None:
        """Take over the state of a checkpoint."""
        self.waited, reference = state["waited"], state["reference"]
        self._reference = None if reference is None else tuple(reference)
        self.kept = [
            KeptWeights(kept["epoch"], kept["metrics"], array)
            for kept, array in zip(state["kept"], weights, strict=True)
        ]

    def _kept_cost(self, index: int) -> tuple[float, ...]:
        """Return the cost of an epoch that is kept."""
        cost = self.cost(self.kept[index].metrics)
        return (float("inf"),) if cost is None else cost
