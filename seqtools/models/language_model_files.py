"""Language models on disk: configuration, vocabulary and weights in one directory."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from seqtools.errors import ModelError, SettingsError
from seqtools.io.model_directory import ModelDirectory
from seqtools.models.language_model import LanguageModel
from seqtools.models.perplexity import DEFINITION
from seqtools.models.settings import LanguageModelSettings
from seqtools.models.weights import restore_weights
from seqtools.text.codecs import DESCRIPTION_FILE, SUBWORD_FILE, VOCABULARY_FILE, load_codec
from seqtools.text.symbols import Codec

KIND = "language-model"


@dataclass(frozen=True)
class StoredLanguageModel:
    """A language model as it was read.

    Attributes
    ----------
    model : LanguageModel
    codec : Codec
    training : mapping
        How it was trained.
    """

    model: LanguageModel
    codec: Codec
    training: Mapping[str, Any]


def write_description(
    directory: ModelDirectory,
    settings: LanguageModelSettings,
    codec: Codec,
    training: Mapping[str, Any],
) -> None:
    """Write the configuration of a model whose codec lies in the directory already."""
    is_subword = codec.settings.level == "subword"
    definitions = {
        "cell": _cell_definition(settings),
        "perplexity": DEFINITION,
        "text": f"{codec.settings.level} symbols; id {codec.line_end} ends every line and is read "
        "before the first symbol of a text",
    }
    directory.write_config(
        KIND,
        {"model": asdict(settings), "vocabulary_size": len(codec), "codec": asdict(codec.settings)},
        definitions,
        (DESCRIPTION_FILE, SUBWORD_FILE if is_subword else VOCABULARY_FILE),
        training,
    )


def load_language_model(path: str | os.PathLike[str]) -> StoredLanguageModel:
    """Read a language model.

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
        settings = LanguageModelSettings(**config["settings"]["model"])
        vocabulary_size = int(config["settings"]["vocabulary_size"])
    except (KeyError, TypeError, ValueError, SettingsError) as error:
        raise ModelError(
            f"config.json holds settings that this seqtools does not know ({error})",
            path=directory.path,
            remedy="use the seqtools that wrote it",
        ) from error
    codec = load_codec(directory.path)
    if len(codec) != vocabulary_size:
        raise ModelError(
            f"its vocabulary holds {len(codec)} symbols, config.json names {vocabulary_size}",
            path=directory.path,
            remedy="train the model again, or copy it from where it is whole",
        )
    model = LanguageModel(settings, vocabulary_size, seed=None)
    restore_weights(model.parameters, directory)
    return StoredLanguageModel(model, codec, config.get("training", {}))


def _cell_definition(settings: LanguageModelSettings) -> str:
    """Say which variant of its cell a model has."""
    if settings.cell == "gru":
        return (
            "GRU, reset gate after the recurrent product: n = tanh(W x + b + r (U h + c)), "
            "h' = (1 - z) n + z h (cuDNN, PyTorch)"
            if settings.gru_variant == "reset-after"
            else "GRU, reset gate before the recurrent product: n = tanh(W x + U (r h) + b), "
            "h' = (1 - z) n + z h (Cho et al. 2014, v3)"
        )
    if settings.cell == "lstm":
        peepholes = (
            "; peepholes, of which the output gate's sees the new cell"
            if settings.has_peepholes
            else ""
        )
        return (
            "LSTM with forget gate: c' = f c + i tanh(.), h' = o tanh(c') "
            f"(Gers et al. 2000){peepholes}"
        )
    return "RNN: h' = tanh(W x + U h + b) (Elman 1990)"
