"""Acoustic models on disk: settings, alphabet and weights in one directory."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from seqtools.audio.feature_settings import FeatureSettings
from seqtools.errors import ModelError, SettingsError
from seqtools.io.model_directory import ModelDirectory
from seqtools.models.speech import SpeechModel
from seqtools.models.speech_settings import SpeechSettings
from seqtools.models.weights import restore_weights
from seqtools.text.alphabet import Alphabet, load_alphabet

KIND = "speech-model"
ALPHABET_FILE = "alphabet.json"


@dataclass(frozen=True)
class StoredSpeechModel:
    """An acoustic model as it was read.

    Attributes
    ----------
    model : SpeechModel
    alphabet : Alphabet
    features : FeatureSettings
        How recordings become what the model reads.
    training : mapping
        How it was trained.
    """

    model: SpeechModel
    alphabet: Alphabet
    features: FeatureSettings
    training: Mapping[str, Any]


def describe_settings(
    settings: SpeechSettings, features: FeatureSettings, lower: bool
) -> dict[str, Any]:
    """Return the settings that weights belong to."""
    return {"model": asdict(settings), "features": asdict(features), "lower": lower}


def write_description(
    directory: ModelDirectory,
    settings: SpeechSettings,
    features: FeatureSettings,
    alphabet: Alphabet,
    training: Mapping[str, Any],
) -> None:
    """Write the configuration of a model whose alphabet lies in the directory already."""
    definitions = {
        "loss": "connectionist temporal classification (Graves et al. 2006), nats a character",
        "blank": "symbol 0 of alphabet.json",
        "features": "natural logarithms of mel energies; see the settings",
    }
    described = describe_settings(settings, features, alphabet.lower)
    directory.write_config(KIND, described, definitions, (ALPHABET_FILE,), training)


def load_speech_model(path: str | os.PathLike[str]) -> StoredSpeechModel:
    """Read an acoustic model.

    Raises
    ------
    ModelError, VocabularyError
        If a file is missing, cut short, changed, or belongs to another model.
    FileAccessError
        If a file cannot be read.
    """
    directory = ModelDirectory(path)
    config = directory.read_config(KIND)
    try:
        settings = SpeechSettings(**config["settings"]["model"])
        features = FeatureSettings(**config["settings"]["features"])
    except (KeyError, TypeError, ValueError, SettingsError) as error:
        raise ModelError(
            f"config.json holds settings that this seqtools does not know ({error})",
            path=directory.path,
            remedy="use the seqtools that wrote it",
        ) from error
    alphabet = load_alphabet(directory.path / ALPHABET_FILE)
    model = SpeechModel(settings, features.dim, len(alphabet), seed=None)
    restore_weights(model.parameters, directory)
    return StoredSpeechModel(model, alphabet, features, config.get("training", {}))
