"""Where a training run stands, and what a checkpoint holds of it."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from seqtools.errors import CheckpointError
from seqtools.layers.parameters import Parameters
from seqtools.training.optimizers import Optimizer, first_not_finite
from seqtools.training.run_store import StoredRun
from seqtools.training.schedules import Plateau
from seqtools.training.selection import Selection
from seqtools.training.task import Task
from seqtools.types import FloatArray


@dataclass
class EpochSums:
    """What has been summed up in the running epoch.

    Attributes
    ----------
    nats : float
        Loss of the training data.
    tokens : int
        Targets.
    updates, clipped : int
        Updates, and those whose gradient was clipped.
    norms : float
        Sum of the gradients' norms before clipping.
    """

    nats: float = 0.0
    tokens: int = 0
    updates: int = 0
    clipped: int = 0
    norms: float = 0.0

    @property
    def loss(self) -> float | None:
        """Mean loss a target, in nats; None before the first."""
        return self.nats / self.tokens if self.tokens else None


@dataclass
class RunState:
    """Where a run stands.

    Attributes
    ----------
    epoch : int
        Epochs finished.
    batch : int
        Batches of the running epoch that are done.
    targets : int
        Targets trained on since the beginning.
    seconds : float
        Time spent on training, over all resumed runs.
    sums : EpochSums
    plateau : Plateau
    history : list of dict
        One a finished epoch, as in the log.
    """

    epoch: int = 0
    batch: int = 0
    targets: int = 0
    seconds: float = 0.0
    sums: EpochSums = field(default_factory=EpochSums)
    plateau: Plateau = field(default_factory=Plateau)
    history: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "RunState":
        """Return the state that `as_dict` described."""
        return cls(
            **{
                **values,
                "sums": EpochSums(**values["sums"]),
                "plateau": Plateau(**values["plateau"]),
            }
        )


@dataclass
class Run:
    """All that changes while a model is trained.

    Attributes
    ----------
    task : Task
    optimizer : Optimizer
    average : float array or None
        The moving average of the weights, if one is kept.
    selection : Selection
    state : RunState
    """

    task: Task[Any]
    optimizer: Optimizer
    average: FloatArray | None
    selection: Selection
    state: RunState = field(default_factory=RunState)

    @property
    def parameters(self) -> Parameters:
        """Those of the model."""
        return self.task.parameters

    def tensors(self) -> dict[str, Any]:
        """Return the arrays for a checkpoint."""
        tensors = {"parameters": self.parameters.flat}
        tensors |= {f"optimizer.{name}": state for name, state in self.optimizer.states.items()}
        tensors |= {f"carried.{name}": array for name, array in self.task.carried_state().items()}
        if self.average is not None:
            tensors["average"] = self.average
        for index, kept in enumerate(self.selection.kept):
            tensors[f"kept{index}"] = kept.weights
        return tensors

    def progress(self) -> dict[str, Any]:
        """Return the rest for a checkpoint."""
        return {
            "state": self.state.as_dict(),
            "selection": self.selection.state(),
            "updates": self.optimizer.num_updates,
        }

    def is_finite(self) -> bool:
        """Say whether all parameters are finite numbers."""
        return first_not_finite(self.parameters, self.parameters.flat) is None

    def restore(self, stored: StoredRun) -> None:
        """Take over a checkpoint.

        Raises
        ------
        CheckpointError
            If its arrays do not fit.
        """
        tensors, progress = stored.tensors, stored.progress
        try:
            self.parameters.flat[:] = tensors["parameters"]
            states = {name: tensors[f"optimizer.{name}"] for name in self.optimizer.states}
            self.optimizer.restore(states, progress["updates"])
            if self.average is not None:
                self.average[:] = tensors["average"]
            self.selection.restore(progress["selection"], _numbered(tensors, "kept"))
            self.state = RunState.from_dict(progress["state"])
            prefix = "carried."
            self.task.restore_state(
                {
                    name.removeprefix(prefix): array
                    for name, array in tensors.items()
                    if name.startswith(prefix)
                }
            )
        except (KeyError, ValueError, TypeError) as error:
            raise CheckpointError(
                f"the checkpoint does not fit this run ({error}); start again with --overwrite"
            ) from error


def _numbered(tensors: dict[str, np.ndarray[Any, Any]], prefix: str) -> list[Any]:
    """Return the arrays prefix0, prefix1 and so on."""
    arrays: list[Any] = []
    while f"{prefix}{len(arrays)}" in tensors:
        arrays.append(tensors[f"{prefix}{len(arrays)}"])
    return arrays
