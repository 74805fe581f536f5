"""Building, saving and loading codecs.

A codec lies in a model's directory as two files: ``vocabulary.json``, which says how text becomes
symbols and holds a checksum of both, and ``vocabulary.txt`` (characters and words, as
``word<TAB>count``) or ``subwords.model`` (sentencepiece). A model of two languages puts a prefix
before each name, such as ``source-``.
"""

import dataclasses
import hashlib
import io
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seqtools.errors import FileAccessError, SettingsError, VocabularyError
from seqtools.io.atomic import atomic_writer
from seqtools.monitor import Monitor, NullMonitor
from seqtools.text.symbols import Codec, CodecSettings
from seqtools.text.vocabulary import Vocabulary

DESCRIPTION_FILE = "vocabulary.json"
VOCABULARY_FILE = "vocabulary.txt"
SUBWORD_FILE = "subwords.model"

_FORMAT, _FORMAT_VERSION = "seqtools vocabulary", 1
_LARGEST_DESCRIPTION = 1 << 16
_LARGEST_VOCABULARY = 1 << 31
_REMEDY = "copy the model's directory again, or train it again"


def build_codec(
    lines: Iterable[str],
    settings: CodecSettings,
    monitor: Monitor | None = None,
    path: str | os.PathLike[str] = "the text",
) -> Codec:
    """Make a codec from the text it is to be used for.

    Parameters
    ----------
    lines : iterable of str
        The text, without line feeds; read once. For symbols that two languages share, chain both.
    settings : CodecSettings
    monitor : Monitor, optional
        Hears how large the vocabulary is, and whether it is smaller than was asked for.
    path : path-like
        How messages name the text.

    Raises
    ------
    CorpusError
        If the text holds nothing to make symbols of.
    SettingsError
        If there are fewer subwords asked for than bytes and special symbols need.
    """
    codec: Codec = _codec_class(settings.level).build(lines, settings, path)
    monitor = monitor or NullMonitor()
    asked = settings.num_subwords if settings.level == "subword" else settings.vocabulary_size
    nouns = {"char": "characters", "word": "words", "subword": "subwords"}
    if asked is not None and len(codec) < asked:
        monitor.message(
            f"{path}: vocabulary of {len(codec):,} symbols instead of {asked:,}: "
            f"the text holds no more {nouns[settings.level]}"
        )
    else:
        monitor.message(f"{path}: vocabulary of {len(codec):,} symbols ({nouns[settings.level]})")
    return codec


def save_codec(codec: Codec, directory: str | os.PathLike[str], prefix: str = "") -> None:
    """Write a codec's two files, each atomically; the same codec always gives the same bytes.

    Parameters
    ----------
    codec : Codec
    directory : path-like
        A directory that exists.
    prefix : str
        Put before both names, such as "source-".

    Raises
    ------
    FileAccessError
        If a file cannot be written.
    """
    folder = Path(directory)
    with atomic_writer(folder / f"{prefix}{_file_of(codec.settings)}") as file:
        file.write(codec.content)
    with atomic_writer(folder / f"{prefix}{DESCRIPTION_FILE}") as file:
        file.write(_description(codec))


def load_codec(directory: str | os.PathLike[str], prefix: str = "") -> Codec:
    """Read what ``save_codec`` wrote.

    Raises
    ------
    VocabularyError
        If a file is missing, cut short, changed, or of another kind or version.
    FileAccessError
        If a file is there but cannot be read.
    """
    folder = Path(directory)
    path = folder / f"{prefix}{DESCRIPTION_FILE}"
    description = _read_description(path)
    settings = _settings_of(description, path)
    path = folder / f"{prefix}{_file_of(settings)}"
    content = _read(path, _LARGEST_VOCABULARY)
    if _checksum(settings, content) != description.get("sha256"):
        raise VocabularyError(
            f"damaged: it does not fit the checksum in {prefix}{DESCRIPTION_FILE}",
            path=path,
            remedy=_REMEDY,
        )
    is_model = settings.level == "subword"
    try:
        vocabulary = content if is_model else Vocabulary.read(io.BytesIO(content), path)
        codec: Codec = _codec_class(settings.level)(vocabulary, settings)
    except VocabularyError as error:
        if error.path is not None:
            raise
        raise VocabularyError(error.cause, path=path, remedy=error.remedy) from error
    return codec


def fingerprint_of(codec: Codec) -> str:
    """Return 64 hexadecimal digits that tell a codec, with its settings, from any other."""
    return hashlib.sha256(_description(codec)).hexdigest()


def _codec_class(level: str) -> Any:
    """Import the class for a level; the sentencepiece library is loaded for subwords alone."""
    if level == "char":
        from seqtools.text.character_codec import CharacterCodec

        return CharacterCodec
    if level == "word":
        from seqtools.text.word_codec import WordCodec

        return WordCodec
    from seqtools.text.subword_codec import SubwordCodec

    return SubwordCodec


def _file_of(settings: CodecSettings) -> str:
    return SUBWORD_FILE if settings.level == "subword" else VOCABULARY_FILE


def _description(codec: Codec) -> bytes:
    """Return the bytes of the description."""
    description = {
        "format": _FORMAT,
        "format_version": _FORMAT_VERSION,
        "settings": dataclasses.asdict(codec.settings),
        "sha256": _checksum(codec.settings, codec.content),
    }
    return (json.dumps(description, indent=2) + "\n").encode()


def _checksum(settings: CodecSettings, content: bytes) -> str:
    """Return the SHA-256 of settings and content, in hexadecimal digits."""
    listed = json.dumps(dataclasses.asdict(settings), sort_keys=True).encode()
    return hashlib.sha256(listed + content).hexdigest()


def _read_description(path: Path) -> dict[str, Any]:
    """Read a description and check that it is ours."""
    try:
        description = json.loads(_read(path, _LARGEST_DESCRIPTION))
    except (ValueError, RecursionError) as error:
        if isinstance(error, VocabularyError):
            raise
        raise VocabularyError("cut short or not JSON", path=path, remedy=_REMEDY) from error
    if not isinstance(description, dict) or description.get("format") != _FORMAT:
        raise VocabularyError("not a vocabulary of seqtools", path=path, remedy=_REMEDY)
    version = description.get("format_version")
    if version != _FORMAT_VERSION:
        raise VocabularyError(
            f"format version {version!r}, but this seqtools reads version {_FORMAT_VERSION}",
            path=path,
            remedy="upgrade seqtools",
        )
    return description


def _settings_of(description: dict[str, Any], path: Path) -> CodecSettings:
    """Check the settings of a description."""
    values = description.get("settings")
    defaults = dataclasses.asdict(CodecSettings())
    if not isinstance(values, dict) or set(values) != set(defaults):
        raise VocabularyError("settings are missing or unknown", path=path, remedy=_REMEDY)
    try:
        return CodecSettings(**values)
    except (SettingsError, TypeError) as error:
        raise VocabularyError(f"faulty settings: {error}", path=path, remedy=_REMEDY) from error


def _read(path: Path, largest: int) -> bytes:
    """Read a whole file of bounded size."""
    try:
        if path.stat().st_size > largest:
            raise VocabularyError("too large", path=path, remedy=_REMEDY)
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise VocabularyError(
            "missing", path=path, remedy="name a directory that holds a whole model"
        ) from error
    except OSError as error:
        raise FileAccessError.from_os_error(error, path) from error
