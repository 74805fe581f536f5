"""A toy language pair: the target is the source backwards, letter by letter."""

import numpy as np

from seqtools.models.translation_run import TranslationPlan
from seqtools.models.translator_settings import TranslatorSettings
from seqtools.text.batch_settings import BatchSettings
from seqtools.text.symbols import CodecSettings
from seqtools.training.settings import OptimizerSettings, TrainingSettings


def write_pairs(folder, count=500, seed=0):
    """Write source and target lines of a few letters, and return both paths."""
    generator = np.random.default_rng(seed)
    sources = [
        " ".join(generator.choice(list("abcdef"), generator.integers(1, 5))) for _ in range(count)
    ]
    source, target = folder / "pairs.src", folder / "pairs.trg"
    source.write_text("".join(f"{line}\n" for line in sources))
    target.write_text("".join(f"{line[::-1]}\n" for line in sources))
    return source, target


def make_plan(folder, output, epochs=2, threads=1, **changes):
    """Return a plan that learns the pairs of a folder."""
    source, target = write_pairs(folder)
    training = TrainingSettings(
        optimizer=OptimizerSettings(learning_rate=changes.pop("learning_rate", 0.01)),
        epochs=epochs,
        threads=threads,
        checkpoint_seconds=1e6,
    )
    resumed = changes.pop("is_resumed", False)
    model = {"embedding_size": 16, "hidden_size": 32, "dropout": 0.0, "label_smoothing": 0.0}
    return TranslationPlan(
        str(source), str(target), str(output), codec=CodecSettings("word"),
        model=TranslatorSettings(**{**model, **changes}), batches=BatchSettings(16),
        training=training, is_resumed=resumed,
    )  # fmt: skip
