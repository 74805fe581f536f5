"""The models that ``benchmarks.recurrent`` steps, and one training step of ours.

A step is forward, backward, clipping and Adam on one batch of random symbols, through the layers
and the updates that every model of seqtools trains with.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtools.layers.embedding import Embedding
from seqtools.layers.output import SoftmaxOutput
from seqtools.layers.parameters import Gradients, Parameters
from seqtools.layers.recurrent import CellSettings
from seqtools.layers.stacked import Stacked
from seqtools.layers.workspace import Workspace
from seqtools.training.settings import OptimizerSettings, TrainingSettings
from seqtools.training.steps import Stepper
from seqtools.training.task import Batch, LossSum
from seqtools.training.team import Team
from seqtools.types import Int32Array


@dataclass(frozen=True)
class Case:
    """A model and the shape of its batch.

    Attributes
    ----------
    title : str
    kind : "lstm" or "gru"
        The GRU has its reset gate after the product, as PyTorch's.
    vocabulary_size, num_classes : int
        Symbols that are read, and that are predicted.
    width, hidden_size, num_layers : int
    is_bidirectional : bool
    batch, steps : int
    reach, aim : float or None
        Ratios over PyTorch.
    """

    title: str
    kind: str
    vocabulary_size: int
    num_classes: int
    width: int
    hidden_size: int
    num_layers: int = 1
    is_bidirectional: bool = False
    batch: int = 32
    steps: int = 35
    reach: float | None = None
    aim: float | None = None

    @property
    def num_tokens(self) -> int:
        """Targets of a batch."""
        return self.batch * self.steps

    def draw(self) -> tuple[Int32Array, Int32Array]:
        """Return inputs and targets, int32, shape (T, B)."""
        generator, shape = np.random.default_rng(1), (self.steps, self.batch)
        x = generator.integers(0, self.vocabulary_size, shape, np.int32)
        return x, generator.integers(0, self.num_classes, shape, np.int32)


CASES = {
    "lm-lstm": Case("LSTM 256, 10k words", "lstm", 10_000, 10_000, 256, 256, reach=1.2, aim=1.45),
    "lm-lstm-2": Case("2 x LSTM 256, 10k words", "lstm", 10_000, 10_000, 256, 256, 2),
    "lm-gru": Case("GRU 256, 10k words", "gru", 10_000, 10_000, 256, 256, reach=1.2, aim=1.5),
    "char-lstm": Case("LSTM 128, 100 characters", "lstm", 100, 100, 128, 128, reach=1.0, aim=1.4),
    "char-lstm-2": Case("2 x LSTM 128, 100 characters", "lstm", 100, 100, 128, 128, 2),
    "char-gru": Case("GRU 128, 100 characters", "gru", 100, 100, 128, 128, reach=1.2, aim=1.5),
    "tagger": Case("BiLSTM 128, 20 tags", "lstm", 20_000, 20, 100, 128, 1, True, steps=30),
}


class _CaseTask:
    """A case as the training loop sees it, one batch for ever."""

    unit, metric, is_higher_better, fingerprint = "tokens", "loss", False, ""
    ties, floor = (), 0.0

    def __init__(self, case: Case, shards: int, dtype: type = np.float32) -> None:
        self.parameters = Parameters(dtype)
        parameters = self.parameters
        self.embedding = Embedding(parameters, "embedding", case.vocabulary_size, case.width)
        self.layers = Stacked(
            parameters, "layers", case.width, case.hidden_size, case.num_layers,
            CellSettings(case.kind), case.is_bidirectional,
        )  # fmt: skip
        self.output = SoftmaxOutput(parameters, "output", self.layers.output_size, case.num_classes)
        parameters.allocate(np.random.default_rng(1))
        parts = zip(*(np.array_split(part, shards, axis=1) for part in case.draw()), strict=True)
        cut = [tuple(map(np.ascontiguousarray, part)) for part in parts]
        self.batch = Batch(cut, case.num_tokens, case.batch)
        self.num_batches, self.num_targets = 1, case.num_tokens

    def begin_epoch(self, epoch: int) -> None:
        """Do nothing."""

    def batches(self, epoch: int, first: int) -> Iterator[Batch[Any]]:
        """Return the batch."""
        del epoch, first
        yield self.batch

    def loss_and_gradients(
        self,
        index: int,
        shard: tuple[Int32Array, Int32Array],
        gradients: Gradients,
        workspace: Workspace,
        generator: np.random.Generator,
        scale: float,
    ) -> LossSum:
        """Go forward and back."""
        del index, generator
        x, targets = shard
        hidden, cache = self.layers.forward(self.embedding.words(x), None, workspace)
        found = self.output.train(hidden, targets, scale, gradients, workspace)
        self.layers.backward(found.d_hidden, cache, gradients, workspace)
        return LossSum(found.loss, found.num_targets)

    def evaluate(self, team: Team) -> dict[str, float]:
        """Return nothing."""
        del team
        return {}

    def carried_state(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def restore_state(self, arrays: Any) -> None:
        """Do nothing."""


class OurModel:
    """Steps a case, one shard a thread.

    Parameters
    ----------
    case : Case
    threads : int
    """

    def __init__(self, case: Case, threads: int) -> None:
        self.task = _CaseTask(case, threads)
        self._team = Team(threads, threads)
        settings = TrainingSettings(OptimizerSettings(), shards=threads, threads=threads)
        self._stepper: Stepper[Any] = Stepper(self.task, settings, self._team)

    def step(self) -> float:
        """Make one step and return the loss a target before it."""
        loss = self._stepper.step(self.task.batch, 1e-3).loss
        return loss.nats / loss.tokens

    def weights(self) -> dict[str, Any]:
        """Return all parameters by name."""
        return {name: value.copy() for name, value in self.task.parameters.arrays().items()}
