"""Text from a stored language model, and what of it is copied from the training text."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from seqtools.evaluation.copying import (
    CHARACTER_SETTINGS,
    WORD_SETTINGS,
    CopyingReport,
    report_copying,
)
from seqtools.models.language_model_files import load_language_model
from seqtools.models.text_generation import GeneratedText, GenerationSettings, generate_text
from seqtools.text.encoding import encode_text


@dataclass(frozen=True)
class GeneratedSamples:
    """What a model wrote.

    Attributes
    ----------
    samples : list of GeneratedText
    level : str
        What its symbols are: "char", "word" or "subword".
    copying : CopyingReport or None
        What was copied from the training text, if that was given.
    longest_copy : str
        The longest stretch that stands in the training text.
    """

    samples: list[GeneratedText]
    level: str
    copying: CopyingReport | None
    longest_copy: str


def generate_samples(
    path: str | os.PathLike[str],
    prompt: str,
    settings: GenerationSettings,
    training_texts: Sequence[str | os.PathLike[str]] = (),
) -> GeneratedSamples:
    """Let the language model of a directory write, and compare with its training text.

    Parameters
    ----------
    path : path-like
        The model's directory.
    prompt : str
    settings : GenerationSettings
    training_texts : sequence of path-like
        To be compared with; empty for no comparison.
    """
    stored = load_language_model(path)
    samples = generate_text(stored.model, stored.codec, prompt, settings)
    level = stored.codec.settings.level
    if not training_texts:
        return GeneratedSamples(samples, level, None, "")
    training = encode_text(training_texts, stored.codec)
    report = report_copying(
        [sample.ids for sample in samples],
        training.ids,
        stored.codec.line_end,
        CHARACTER_SETTINGS if level == "char" else WORD_SETTINGS,
    )
    span = report.longest_copy
    copied = samples[span.sample].ids[span.start : span.start + span.length]
    return GeneratedSamples(samples, level, report, stored.codec.decode(copied))
