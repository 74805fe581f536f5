"""The files of an id cache: names, description, checks.

``cache.json`` describes the other two files, whose names hold the fingerprint of their content. It
is written last and replaced in one step, so that at any moment a directory holds the old cache or
the new one, whole.
"""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seqtools.errors import CorpusError, VocabularyError
from seqtools.io.atomic import atomic_writer
from seqtools.text.vocabulary import Vocabulary
from seqtools.types import Int32Array

DESCRIPTION_FILE, UNFINISHED_FILE = "cache.json", "ids.part"
FORMAT, VERSION = "seqtools id cache", 1
REMEDY = "delete the directory and read the corpus again"

_NAME_DIGITS = 16


def ids_file(fingerprint: str) -> str:
    """Return the name of the file of ids."""
    return f"ids-{fingerprint[:_NAME_DIGITS]}.int32"


def vocabulary_file(fingerprint: str) -> str:
    """Return the name of the file of words and counts."""
    return f"vocabulary-{fingerprint[:_NAME_DIGITS]}.tsv"


def is_described(folder: Path, fingerprint: str) -> bool:
    """Say whether the directory's description is that of this content."""
    try:
        found = read_description(folder / DESCRIPTION_FILE)
    except CorpusError:
        return False
    parts = (found["num_ids"], found["ids_checksum"], found["vocabulary_sha256"])
    return fingerprint_of(*parts) == fingerprint


def remove_other_files(folder: Path, fingerprint: str) -> None:
    """Remove what earlier caches left in the directory."""
    keep = {ids_file(fingerprint), vocabulary_file(fingerprint)}
    for pattern in (ids_file("?" * _NAME_DIGITS), vocabulary_file("?" * _NAME_DIGITS)):
        for path in folder.glob(pattern):
            if path.name not in keep:
                with contextlib.suppress(OSError):
                    path.unlink()


def fingerprint_of(num_ids: int, ids_checksum: str, vocabulary_sha256: str) -> str:
    """Return the fingerprint of a cache from its parts."""
    parts = f"{FORMAT} {VERSION} {num_ids} {ids_checksum} {vocabulary_sha256}"
    return hashlib.sha256(parts.encode()).hexdigest()


def write_description(path: Path, description: Mapping[str, Any]) -> None:
    """Write the file that declares a cache finished, atomically and with a checksum."""
    content = {"format": FORMAT, "version": VERSION, **description}
    content["checksum"] = _checksum(content)
    with atomic_writer(path) as file:
        file.write(json.dumps(content, indent=1, ensure_ascii=True).encode() + b"\n")


def _checksum(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a description without its checksum."""
    rest = {key: value for key, value in content.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def read_description(path: Path) -> dict[str, Any]:
    """Read and check cache.json."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise CorpusError(
            f"no finished id cache ({error.strerror})", path=path, remedy=REMEDY
        ) from error
    except ValueError as error:
        raise CorpusError("damaged, not JSON", path=path, remedy=REMEDY) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CorpusError("not the description of an id cache", path=path, remedy=REMEDY)
    if content.get("version") != VERSION:
        raise CorpusError(
            f"version {content.get('version')} of the id cache, this program reads {VERSION}",
            path=path,
            remedy=REMEDY,
        )
    if content.get("checksum") != _checksum(content):
        raise CorpusError("damaged", path=path, remedy=REMEDY)
    return content


def load_vocabulary(path: Path) -> Vocabulary:
    """Load the vocabulary; a fault in it is a fault of the cache."""
    try:
        return Vocabulary.load(path)
    except (OSError, VocabularyError) as error:
        cause = error.cause if isinstance(error, VocabularyError) else error.strerror or error
        raise CorpusError(f"damaged ({cause})", path=path, remedy=REMEDY) from error


def map_ids(path: Path, num_ids: int) -> Int32Array:
    """Map the ids, after their number was checked against the size of the file."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise CorpusError(
            f"no ids in the id cache ({error.strerror})", path=path, remedy=REMEDY
        ) from error
    if size != 4 * num_ids:
        raise CorpusError(f"expected {4 * num_ids} bytes, found {size}", path=path, remedy=REMEDY)
    if num_ids == 0:  # a shard without words; an empty file cannot be mapped
        return np.empty(0, np.int32)
    return np.memmap(path, dtype=np.dtype("<i4"), mode="r", shape=(num_ids,))
