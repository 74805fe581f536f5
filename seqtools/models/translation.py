"""A translator with its vocabularies: text in, text out, and a directory to keep both in."""

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from seqtools.decoding.limits import OutputLimits
from seqtools.errors import ModelError, SettingsError
from seqtools.io.model_directory import ModelDirectory
from seqtools.models.translator import Translator
from seqtools.models.translator_settings import TranslatorSettings
from seqtools.models.weights import restore_weights
from seqtools.text.codecs import DESCRIPTION_FILE as CODEC_FILE
from seqtools.text.codecs import SUBWORD_FILE, VOCABULARY_FILE, load_codec, save_codec
from seqtools.text.encoding import EncodedLines, encode_lines
from seqtools.text.symbols import Codec

KIND = "translator"
_SOURCE_PREFIX, _TARGET_PREFIX, _JOINT_PREFIX = "source-", "target-", "joint-"


@dataclass
class TranslationModel:
    """A translator and the codecs of both sides.

    Attributes
    ----------
    translator : Translator
        Allocated.
    source_codec, target_codec : Codec
        One and the same where the vocabulary is joint.
    limits : OutputLimits
        What search may write if nothing else is asked for.
    """

    translator: Translator
    source_codec: Codec
    target_codec: Codec
    limits: OutputLimits = field(default_factory=OutputLimits)

    @classmethod
    def new(
        cls,
        settings: TranslatorSettings,
        source_codec: Codec,
        target_codec: Codec,
        generator: np.random.Generator,
    ) -> "TranslationModel":
        """Build a translator for two vocabularies and draw its first weights."""
        translator = Translator(settings, len(source_codec), len(target_codec))
        translator.parameters.allocate(generator)
        return cls(translator, source_codec, target_codec)

    def encode_sources(self, lines: Sequence[str]) -> EncodedLines:
        """Turn source lines into ids."""
        return encode_lines(lines, self.source_codec)

    def encode_targets(self, lines: Sequence[str]) -> EncodedLines:
        """Turn target lines into ids."""
        return encode_lines(lines, self.target_codec)

    def describe(self, directory: ModelDirectory, training: dict[str, Any] | None = None) -> None:
        """Write vocabularies and configuration; the weights follow in training.

        Raises
        ------
        FileAccessError
            If a file cannot be written.
        """
        files: tuple[str, ...] = ()
        for prefix, codec in self._codecs().items():
            save_codec(codec, directory.path, prefix)
            content = SUBWORD_FILE if codec.settings.level == "subword" else VOCABULARY_FILE
            files = (*files, f"{prefix}{CODEC_FILE}", f"{prefix}{content}")
        settings = {
            **asdict(self.translator.settings),
            "source_size": len(self.source_codec),
            "target_size": len(self.target_codec),
            "training": training or {},
        }
        directory.write_config(KIND, settings, _definitions(self.translator.settings), files)

    def _codecs(self) -> dict[str, Codec]:
        """Return the codecs by the prefix of their files."""
        if self.source_codec is self.target_codec:
            return {_JOINT_PREFIX: self.source_codec}
        return {_SOURCE_PREFIX: self.source_codec, _TARGET_PREFIX: self.target_codec}


def load_translation(path: str | os.PathLike[str]) -> TranslationModel:
    """Read a model that ``train-nmt`` wrote.

    Raises
    ------
    ModelError
        If the directory holds no translator, or a damaged one.
    VocabularyError
        If a vocabulary is missing or damaged.
    """
    directory = ModelDirectory(path)
    config = directory.read_config(KIND)
    source, target = load_codecs(directory)
    translator = Translator(_settings(config, path), len(source), len(target))
    translator.parameters.allocate(None)
    restore_weights(translator.parameters, directory)
    return TranslationModel(translator, source, target)


def load_codecs(directory: ModelDirectory) -> tuple[Codec, Codec]:
    """Read the vocabularies of a model, of sources and of targets."""
    names = directory.read_config(KIND)["files"]
    for name in names:
        directory.read_file(name)
    if any(name.startswith(_JOINT_PREFIX) for name in names):
        codec = load_codec(directory.path, _JOINT_PREFIX)
        return codec, codec
    return load_codec(directory.path, _SOURCE_PREFIX), load_codec(directory.path, _TARGET_PREFIX)


def _settings(config: dict[str, Any], path: str | os.PathLike[str]) -> TranslatorSettings:
    """Read the settings of a configuration; what it does not know yet takes its default."""
    names = {entry.name for entry in dataclasses.fields(TranslatorSettings)}
    stored = {name: value for name, value in config["settings"].items() if name in names}
    try:
        return TranslatorSettings(**stored)
    except (SettingsError, TypeError) as error:
        raise ModelError(
            f"config.json is damaged ({error})", path=path, remedy="train the model again"
        ) from error


def _definitions(settings: TranslatorSettings) -> dict[str, str]:
    """Say in words which of several definitions hold."""
    names = {
        "additive": "e = v . tanh(W s + U h + b), before each step (Bahdanau et al. 2015)",
        "dot": "e = s . h, after each step, without input feeding (Luong et al. 2015)",
        "general": "e = s . W h, after each step, without input feeding (Luong et al. 2015)",
        "none": "the decoder starts from the encoder's last state (Sutskever et al. 2014)",
    }
    definitions = {"attention": names[settings.attention]}
    if settings.cell == "gru":
        definitions["gru"] = settings.gru_variant
    definitions["score"] = "sum of ln p of the target symbols, the end symbol among them"
    return definitions
