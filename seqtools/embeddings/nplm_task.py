"""The neural probabilistic language model in training: n-grams in random order."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtools.embeddings.nplm import NPLM
from seqtools.layers.parameters import Gradients
from seqtools.layers.workspace import Workspace
from seqtools.text.ngram_batches import NgramBatch, NgramBatches, NgramSettings
from seqtools.training.task import Batch, LossSum
from seqtools.training.team import Team
from seqtools.types import Int32Array

_SCORED_ROWS = 1_024


class NPLMTask:
    """What the training loop sees of the model; see ``seqtools.training.task.Task``.

    Parameters
    ----------
    model : NPLM
    train_ids, valid_ids : int32 arrays
        As in ``IdCache``; the second may be empty.
    """

    unit, metric, is_higher_better = "tokens", "perplexity", False
    ties: Sequence[str] = ()
    floor = 0.0

    def __init__(self, model: NPLM, train_ids: Int32Array, valid_ids: Int32Array) -> None:
        self.model, self.parameters = model, model.parameters
        settings, num_words = model.settings, model.num_symbols - 1
        order = settings.window + 1
        self._batches = NgramBatches(
            train_ids, num_words, NgramSettings(order, settings.batch_size, settings.seed)
        )
        self._valid = None
        if valid_ids.size:
            self._valid = NgramBatches(valid_ids, num_words, NgramSettings(order, _SCORED_ROWS))
        self.fingerprint = _fingerprint(train_ids, valid_ids)

    @property
    def num_batches(self) -> int:
        """Updates an epoch."""
        return self._batches.num_batches()

    @property
    def num_targets(self) -> int:
        """Words and ends of sentences an epoch."""
        return self._batches.num_tokens

    def begin_epoch(self, epoch: int) -> None:
        """Do nothing: no state is carried."""

    def batches(self, epoch: int, first: int) -> Iterator[Batch[NgramBatch]]:
        """Return the batches of an epoch from number `first` on."""
        for number in range(first, self.num_batches):
            batch = self._batches.batch(epoch, number)
            shards = list(_cut(batch, self.model.settings.shards))
            yield Batch(shards, batch.num_tokens, batch.num_tokens)

    def loss_and_gradients(
        self,
        index: int,
        shard: NgramBatch,
        gradients: Gradients,
        workspace: Workspace,
        generator: np.random.Generator,
        scale: float,
    ) -> LossSum:
        """Add the gradient of a shard."""
        del index, generator
        return self.model.train(shard.contexts, shard.targets, gradients, workspace, scale)

    def evaluate(self, team: Team) -> dict[str, float]:
        """Return the perplexity of the validation text."""
        if self._valid is None:
            return {}
        nats, count = 0.0, self._valid.num_batches()
        for first in range(0, count, team.num_shards):
            team.check_stop()
            numbers = range(first, min(first + team.num_shards, count))
            batches = [self._valid.batch(0, number) for number in numbers]
            nats += sum(loss.nats for loss in team.run(self._score, batches))
        with np.errstate(over="ignore"):
            return {"perplexity": float(np.exp(nats / self._valid.num_tokens))}

    def carried_state(self) -> Mapping[str, NDArray[Any]]:
        """Return nothing: no state is carried."""
        return {}

    def restore_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Do nothing: no state is carried."""

    def _score(self, _: int, batch: NgramBatch, workspace: Workspace) -> LossSum:
        """Return the loss of a batch of the validation text."""
        return self.model.score(batch.contexts, batch.targets, workspace)


def _cut(batch: NgramBatch, num_shards: int) -> Iterator[NgramBatch]:
    """Cut a batch into parts of nearly the same size, fewer if it has fewer rows."""
    bounds = np.linspace(0, batch.num_tokens, min(num_shards, batch.num_tokens) + 1).astype(int)
    for first, last in pairwise(bounds):
        yield NgramBatch(batch.contexts[first:last], batch.targets[first:last])


def _fingerprint(train_ids: Int32Array, valid_ids: Int32Array) -> str:
    """Return what tells the text from others."""
    digest = hashlib.sha256()
    for ids in (train_ids, valid_ids):
        digest.update(f"{ids.size} ".encode())
        digest.update(np.ascontiguousarray(ids).data)
    return digest.hexdigest()[:16]
