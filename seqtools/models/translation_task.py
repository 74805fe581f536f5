"""Parallel text as a task for the training loop."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtools.decoding.stepwise import greedy_search
from seqtools.evaluation.bleu import score_corpus
from seqtools.layers.parameters import Gradients
from seqtools.layers.workspace import Workspace
from seqtools.models.perplexity import perplexity_of
from seqtools.models.translation import TranslationModel
from seqtools.models.translator_scorer import TranslatorScorer
from seqtools.text.batch_settings import BatchSettings
from seqtools.text.batches import PairBatch, shards
from seqtools.text.encoding import EncodedLines
from seqtools.text.line_batches import PairBatches
from seqtools.text.parallel_text import ParallelText
from seqtools.text.symbols import END
from seqtools.training.task import Batch, LossSum
from seqtools.training.team import Team
from seqtools.types import Int64Array

_SENTENCES_AT_ONCE = 64


class TranslationTask:
    """A translator, its training pairs, and the pairs it is judged by after each epoch.

    Parameters
    ----------
    model : TranslationModel
    sources, targets : EncodedLines
        Training pairs.
    development : ParallelText
        Lines of text; may be none.
    batches : BatchSettings
    num_shards : int
    """

    unit = "tokens"
    # A BLEU below 1 is chance: perplexity decides between such epochs, and between equal ones.
    ties: Sequence[str] = ("perplexity",)
    floor = 1.0

    def __init__(
        self,
        model: TranslationModel,
        sources: EncodedLines,
        targets: EncodedLines,
        development: ParallelText,
        batches: BatchSettings,
        num_shards: int,
    ) -> None:
        self._model, self._num_shards = model, num_shards
        self._development = development
        reverse = model.translator.settings.reverses_source
        self._batches = PairBatches(sources, targets, batches, reverse_source=reverse)
        self._num_targets = int(targets.lengths.sum()) + len(targets)
        self._dev_sources = model.encode_sources(development.sources)
        dev_targets = model.encode_targets(development.targets)
        self._dev_batches = PairBatches(
            self._dev_sources, dev_targets, BatchSettings(_SENTENCES_AT_ONCE),
            reverse_source=reverse,
        )  # fmt: skip
        self.parameters = model.translator.parameters
        self.metric = "bleu" if len(development) else "loss"
        self.is_higher_better = bool(len(development))
        self.fingerprint = _fingerprint(sources, targets, model)

    @property
    def num_batches(self) -> int:
        """Updates an epoch (of the first: with batches by tokens others may differ a little)."""
        return self._batches.num_batches(0)

    @property
    def num_targets(self) -> int:
        """Target symbols an epoch, ends counted."""
        return self._num_targets

    def begin_epoch(self, epoch: int) -> None:
        """Carry nothing from batch to batch."""

    def batches(self, epoch: int, first: int) -> Iterator[Batch[PairBatch]]:
        """Yield the batches of an epoch from number `first` on."""
        for index in range(first, self._batches.num_batches(epoch)):
            batch = self._batches.batch(epoch, index)
            yield Batch(shards(batch, self._num_shards), batch.num_tokens, len(batch.rows))

    def loss_and_gradients(
        self,
        index: int,
        shard: PairBatch,
        gradients: Gradients,
        workspace: Workspace,
        generator: np.random.Generator,
        scale: float,
    ) -> LossSum:
        """Add the gradients of a shard, and return its loss without smoothing."""
        del index
        losses = self._model.translator.loss_and_gradients(
            shard, gradients, workspace, generator, scale
        )
        return LossSum(-losses.log_likelihood, losses.num_targets)

    def evaluate(self, team: Team) -> dict[str, float]:
        """Return perplexity and BLEU (greedy search) on the development lines."""
        if not len(self._development):
            return {}
        nats, tokens = 0.0, 0
        for batch in self._dev_batches.in_order():
            for part_nats, part_tokens in team.run(self._score, shards(batch, team.num_shards)):
                nats, tokens = nats + part_nats, tokens + part_tokens
            team.check_stop()
        metrics = {"perplexity": perplexity_of(nats / tokens)}
        [bleu] = score_corpus(self._translate(team), [self._development.targets])
        return {**metrics, "bleu": float(bleu.score.score)}

    def carried_state(self) -> dict[str, NDArray[Any]]:
        """Return nothing: batches do not depend on each other."""
        return {}

    def restore_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Restore nothing."""

    def _score(self, _: int, batch: PairBatch, workspace: Workspace) -> tuple[float, int]:
        """Return the loss of development pairs."""
        found = self._model.translator.log_likelihoods(batch, workspace)
        return -float(found.sum()), batch.num_tokens

    def _translate(self, team: Team) -> list[str]:
        """Translate the development lines by greedy search, the longest first."""
        order = np.argsort(-self._dev_sources.lengths, kind="stable")
        groups = [
            order[first : first + _SENTENCES_AT_ONCE]
            for first in range(0, len(order), _SENTENCES_AT_ONCE)
        ]
        scorers = [TranslatorScorer(self._model.translator) for _ in range(team.num_shards)]
        texts = [""] * len(order)

        def translate(index: int, rows: Int64Array, _: Workspace) -> list[tuple[int, str]]:
            sources = [np.append(self._dev_sources[row], np.int32(END)) for row in rows.tolist()]
            found = greedy_search(scorers[index], sources, self._model.limits)
            decode = self._model.target_codec.decode
            return [(row, decode(h.symbols)) for row, h in zip(rows.tolist(), found, strict=True)]

        for first in range(0, len(groups), team.num_shards):
            for part in team.run(translate, groups[first : first + team.num_shards]):
                for row, text in part:
                    texts[row] = text
            team.check_stop()
        return texts


def _fingerprint(sources: EncodedLines, targets: EncodedLines, model: TranslationModel) -> str:
    """Return what tells this training data from others."""
    digest = hashlib.sha256()
    for part in (sources.ids, sources.offsets, targets.ids, targets.offsets):
        digest.update(np.ascontiguousarray(part).view(np.uint8).data)
    digest.update(model.source_codec.content)
    digest.update(model.target_codec.content)
    return digest.hexdigest()
