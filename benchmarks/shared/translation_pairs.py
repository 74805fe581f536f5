"""Our translator and its data for ``benchmarks.translation``."""

from collections.abc import Callable

import numpy as np

from seqtools.models.translator import Translator
from seqtools.models.translator_settings import TranslatorSettings
from seqtools.text.batch_settings import BatchSettings
from seqtools.text.batches import PairBatch, shards
from seqtools.text.encoding import EncodedLines
from seqtools.text.line_batches import PairBatches
from seqtools.training.settings import OptimizerSettings, TrainingSettings
from seqtools.training.steps import Stepper
from seqtools.training.task import Batch, LossSum
from seqtools.training.team import Team

SIZE, WIDTH, BATCH = 8_000, 256, 64


def make_batches(count: int = 4) -> list[PairBatch]:
    """Return batches of random pairs of 8 to 18 symbols, ends counted."""
    generator = np.random.default_rng(1)
    sides = [
        EncodedLines.from_lines(
            generator.integers(4, SIZE, generator.integers(7, 18)).astype(np.int32)
            for _ in range(BATCH * count)
        )
        for _ in range(2)
    ]
    pairs = PairBatches(*sides, BatchSettings(BATCH))
    return [pairs.batch(0, index) for index in range(count)]


def make_translator() -> Translator:
    """Return a translator of the shape of ``TorchTranslator``."""
    settings = TranslatorSettings(
        embedding_size=WIDTH, hidden_size=WIDTH, encoder_size=2 * WIDTH, attention_size=WIDTH,
        dropout=0.0, label_smoothing=0.0, tied_embeddings="none",
    )  # fmt: skip
    translator = Translator(settings, SIZE, SIZE)
    translator.parameters.allocate(np.random.default_rng(0))
    return translator


class OurTask:
    """As much of a task as a step needs."""

    def __init__(self, translator: Translator) -> None:
        self.parameters, self._translator = translator.parameters, translator

    def loss_and_gradients(self, index, shard, gradients, workspace, generator, scale) -> LossSum:
        """Add a shard's gradients."""
        del index
        losses = self._translator.loss_and_gradients(shard, gradients, workspace, generator, scale)
        return LossSum(-losses.log_likelihood, losses.num_targets)


def make_steps(
    translator: Translator, batches: list[PairBatch], num_threads: int
) -> Callable[[int], int]:
    """Return a function that takes a number of steps and says how many targets they saw."""
    training = TrainingSettings(
        optimizer=OptimizerSettings(clip_norm=1.0), shards=num_threads, threads=num_threads
    )
    stepper = Stepper(OurTask(translator), training, Team(num_threads, num_threads))
    cut = [Batch(shards(b, num_threads), b.num_tokens, len(b.rows)) for b in batches]

    def take(count: int) -> int:
        for step in range(count):
            stepper.step(cut[step % len(cut)], 1e-3)
        return sum(cut[step % len(cut)].tokens for step in range(count))

    return take
