"""What a model hands to the training loop.

A task owns the model's parameters and its data. The loop asks it for batches, each cut into a fixed
number of shards; for the loss and gradients of a shard, in whatever thread is free; and for its
validation metrics. Everything else (optimiser, schedule, clipping, checkpoints) is the loop's.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from seqtools.layers.parameters import Gradients, Parameters
from seqtools.layers.workspace import Workspace
from seqtools.training.team import Team

Shard = TypeVar("Shard")


class LossSum(NamedTuple):
    """The loss of some targets.

    Attributes
    ----------
    nats : float
        Sum of negative log probabilities.
    tokens : int
        Number of targets.
    """

    nats: float
    tokens: int


@dataclass(frozen=True)
class Batch(Generic[Shard]):
    """What one update of the parameters is learnt from.

    Attributes
    ----------
    shards : sequence
        Parts of the batch; their gradients are added in this order.
    tokens : int
        Targets of the whole batch, without padding.
    sequences : int
        Rows of the whole batch.
    """

    shards: Sequence[Shard]
    tokens: int
    sequences: int


class Task(Protocol[Shard]):
    """A model, its training data and its validation data.

    Attributes
    ----------
    unit : str
        What `num_targets` counts: "tokens", "frames".
    metric : str
        The metric of `evaluate` that tells which epoch is best.
    is_higher_better : bool
        Which way that metric improves.
    ties : sequence of str
        Metrics that decide, lower being better, between epochs that are alike in those before.
    floor : float
        Values of `metric` below this are all alike.
    fingerprint : str
        Tells the data from others; a run is resumed on the same data only.
    parameters : Parameters
        Allocated.
    num_batches, num_targets : int
        Updates, and targets, an epoch.
    """

    unit: str
    metric: str
    is_higher_better: bool
    ties: Sequence[str]
    floor: float
    fingerprint: str
    parameters: Parameters

    @property
    def num_batches(self) -> int:
        """Updates an epoch."""

    @property
    def num_targets(self) -> int:
        """Targets an epoch."""

    def begin_epoch(self, epoch: int) -> None:
        """Forget the state that is carried from batch to batch, if any."""

    def batches(self, epoch: int, first: int) -> Iterator[Batch[Shard]]:
        """Return the batches of an epoch from number `first` on, the same at every call."""

    def loss_and_gradients(
        self,
        index: int,
        shard: Shard,
        gradients: Gradients,
        workspace: Workspace,
        generator: np.random.Generator,
        scale: float,
    ) -> LossSum:
        """Add the gradient of `scale` times the loss of a shard, and return the loss.

        Parameters
        ----------
        index : int
            Number of the shard within its batch; state may be carried from batch to batch under it.
        shard : object
            Of `batches`.
        gradients : Gradients
            The shard's own, to be added to.
        workspace : Workspace
            The shard's own.
        generator : numpy.random.Generator
            Depends on seed, update and `index` alone.
        scale : float
            Factor of the gradient, not of the loss that is returned.
        """

    def evaluate(self, team: Team) -> dict[str, float]:
        """Return the metrics of the validation data; none if there is none."""

    def carried_state(self) -> Mapping[str, NDArray[Any]]:
        """Return the state carried from batch to batch, for a checkpoint."""

    def restore_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over the state of a checkpoint."""
