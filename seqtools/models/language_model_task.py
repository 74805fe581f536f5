"""A language model in training: running text, its state carried from batch to batch."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtools.layers.parameters import Gradients
from seqtools.layers.workspace import Workspace
from seqtools.models.language_model import LanguageModel, mask_targets, put_rows, take_rows
from seqtools.models.perplexity import score_ids
from seqtools.monitor import Monitor
from seqtools.text.stream_batches import StreamBatch, StreamBatches
from seqtools.text.stream_settings import StreamSettings
from seqtools.training.task import Batch, LossSum
from seqtools.training.team import Team
from seqtools.types import Int32Array


class LanguageModelTask:
    """What the training loop sees of a language model; see ``seqtools.training.task.Task``.

    Parameters
    ----------
    model : LanguageModel
    train_ids, valid_ids : int32 arrays
        The training text, and the validation text, which may be empty.
    line_end : int
        What is read before a text's first symbol.
    settings : StreamSettings
    num_shards : int
        Parts of a batch.
    monitor : Monitor, optional
        Hears of it if the text is too short for the batches asked for.
    """

    unit, metric, is_higher_better = "tokens", "perplexity", False
    ties: Sequence[str] = ()
    floor = 0.0

    def __init__(
        self,
        model: LanguageModel,
        train_ids: Int32Array,
        valid_ids: Int32Array,
        line_end: int,
        settings: StreamSettings,
        num_shards: int,
        monitor: Monitor | None = None,
    ) -> None:
        self.model, self.parameters = model, model.parameters
        self._batches = StreamBatches(train_ids, settings, line_end, monitor)
        self._valid_ids, self._line_end, self._num_shards = valid_ids, line_end, num_shards
        self._states = model.zero_states(self._batches.batch_size)
        self.fingerprint = _fingerprint(train_ids, valid_ids, settings)

    @property
    def num_batches(self) -> int:
        """Updates an epoch."""
        return len(self._batches)

    @property
    def num_targets(self) -> int:
        """Symbols an epoch."""
        return self._batches.num_tokens

    def begin_epoch(self, epoch: int) -> None:
        """Begin the text with an empty state."""
        del epoch
        for state in self._states:
            for array in state:
                array[...] = 0

    def batches(self, epoch: int, first: int) -> Iterator[Batch[StreamBatch]]:
        """Return the batches of the text from number `first` on, in order."""
        for number in range(first, len(self._batches)):
            batch = self._batches.batch(epoch, number)
            shards = [batch.take(rows) for rows in batch.shard_columns(self._num_shards)]
            # Rows that are one symbol shorter have nothing in the last batch.
            shards = [shard for shard in shards if shard.num_tokens]
            yield Batch(shards, batch.num_tokens, int(batch.rows.size))

    def loss_and_gradients(
        self,
        index: int,
        shard: StreamBatch,
        gradients: Gradients,
        workspace: Workspace,
        generator: np.random.Generator,
        scale: float,
    ) -> LossSum:
        """Add the gradient of a shard, and carry its state on."""
        del index
        lengths = shard.lengths.astype(np.int64)
        rows = slice(int(shard.rows[0]), int(shard.rows[-1]) + 1)
        rng_state = generator.integers(2**63, size=1).astype(np.uint64)
        loss, states = self.model.train(
            shard.inputs, mask_targets(shard.targets, lengths), lengths,
            take_rows(self._states, rows), gradients, workspace, rng_state, scale,
        )  # fmt: skip
        put_rows(self._states, rows, states)
        return loss

    def evaluate(self, team: Team) -> dict[str, float]:
        """Return the perplexity of the validation text."""
        if not self._valid_ids.size:
            return {}
        settings = StreamSettings(
            self._batches.settings.batch_size, max(self._batches.settings.num_steps, 32)
        )
        score = score_ids(self.model, self._valid_ids, self._line_end, team, settings)
        return {"perplexity": score.perplexity}

    def carried_state(self) -> Mapping[str, NDArray[Any]]:
        """Return the states of all rows."""
        return {
            f"{layer}.{part}": array
            for layer, state in enumerate(self._states)
            for part, array in enumerate(state)
        }

    def restore_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over the states of a checkpoint."""
        for name, array in self.carried_state().items():
            array[...] = arrays[name]


def _fingerprint(train_ids: Int32Array, valid_ids: Int32Array, settings: StreamSettings) -> str:
    """Return what tells text and batches from others."""
    digest = hashlib.sha256(f"{settings.batch_size} {settings.num_steps}".encode())
    for ids in (train_ids, valid_ids):
        digest.update(f" {ids.size} ".encode())
        digest.update(np.ascontiguousarray(ids).data)
    return digest.hexdigest()[:16]
