"""A corpus as vocabulary ids on disk: read once as text, then memory-mapped as often as wanted.

A cache is a directory of three files: ``ids-*.int32`` (little-endian ids, -1 after each sentence),
``vocabulary-*.tsv`` (``word<TAB>count``) and ``cache.json``, which describes the two.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from seqtools.errors import CorpusError, SettingsError
from seqtools.monitor import Monitor, NullMonitor
from seqtools.text.cache_files import (
    DESCRIPTION_FILE,
    REMEDY,
    fingerprint_of,
    ids_file,
    load_vocabulary,
    map_ids,
    read_description,
    vocabulary_file,
)
from seqtools.text.vocabulary import Vocabulary
from seqtools.types import Int32Array

if TYPE_CHECKING:
    from seqtools.text.shards import Shard

SENTENCE_END = -1


@dataclass(frozen=True)
class TextSettings:
    """How text becomes words, and which words are kept.

    Attributes
    ----------
    min_count : int
        Words that occur less often are dropped.
    max_vocabulary : int or None
        Keep only this many words, the most frequent ones.
    lower : bool
        Fold upper to lower case, by the full Unicode rules.
    encoding_errors : str
        "strict" refuses invalid UTF-8; "replace" puts U+FFFD in its place and counts it.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    min_count: int = 5
    max_vocabulary: int | None = None
    lower: bool = False
    encoding_errors: Literal["strict", "replace"] = "strict"

    def __post_init__(self) -> None:
        if self.min_count < 1:
            raise SettingsError(f"min_count must be at least 1, got {self.min_count}")
        if self.max_vocabulary is not None and self.max_vocabulary < 2:
            raise SettingsError(
                f"max_vocabulary must be at least 2, got {self.max_vocabulary}; "
                "leave it out to keep all words"
            )
        if self.encoding_errors not in ("strict", "replace"):
            raise SettingsError(
                f"encoding_errors must be 'strict' or 'replace', got {self.encoding_errors!r}"
            )


@dataclass(frozen=True)
class TextStatistics:
    """What was read, and what of it was kept.

    Attributes
    ----------
    bytes_read : int
        Bytes of text, after decompression.
    lines_read : int
        Lines, blank ones included.
    tokens_read, tokens_kept : int
        Words of the text; those of them that are in the vocabulary.
    types_read : int
        Different words, after lower-casing and replacing.
    sentences : int
        Lines that hold a word of the vocabulary.
    replaced_characters, replaced_tokens : int
        Invalid UTF-8 sequences that became U+FFFD, and the tokens they were in.
    """

    bytes_read: int
    lines_read: int
    tokens_read: int
    tokens_kept: int
    types_read: int
    sentences: int
    replaced_characters: int = 0
    replaced_tokens: int = 0


@dataclass(frozen=True)
class IdCache:
    """An encoded corpus.

    Attributes
    ----------
    ids : int32 memory map, shape (tokens_kept + sentences,)
        Ids of the kept words, read-only; SENTENCE_END closes each sentence. Words outside the
        vocabulary are absent, and a sentence of nothing else leaves no mark.
    vocabulary : Vocabulary
        The words behind the ids.
    statistics : TextStatistics
        What was read and kept.
    settings : TextSettings
        How it was read.
    fingerprint : str
        64 hexadecimal digits that tell this content, ids and vocabulary, from any other.
    directory : Path
        Where the files lie.
    """

    ids: Int32Array
    vocabulary: Vocabulary
    statistics: TextStatistics
    settings: TextSettings
    fingerprint: str
    directory: Path

    @classmethod
    def open(cls, directory: str | os.PathLike[str]) -> "IdCache":
        """Map a cache that ``build_id_cache`` finished.

        Sizes, the description and the vocabulary are checked; the ids themselves are not read
        (``verify`` does so).

        Raises
        ------
        CorpusError
            If there is no finished cache, or if its files do not fit together.
        """
        folder = Path(directory)
        description = read_description(folder / DESCRIPTION_FILE)
        num_ids, vocabulary_sha256 = description["num_ids"], description["vocabulary_sha256"]
        fingerprint = fingerprint_of(num_ids, description["ids_checksum"], vocabulary_sha256)
        vocabulary = load_vocabulary(folder / vocabulary_file(fingerprint))
        if vocabulary.fingerprint != vocabulary_sha256:
            raise CorpusError("damaged", path=folder / vocabulary_file(fingerprint), remedy=REMEDY)
        return cls(
            ids=map_ids(folder / ids_file(fingerprint), num_ids),
            vocabulary=vocabulary,
            statistics=TextStatistics(**description["statistics"]),
            settings=TextSettings(**description["settings"]),
            fingerprint=fingerprint,
            directory=folder,
        )

    def verify(self) -> None:
        """Read all ids and compare them with the fingerprint.

        Raises
        ------
        CorpusError
            If they are not the ids that were written.
        """
        from seqtools.kernels.renumber import add_to_checksum

        checksum = np.zeros(1, dtype=np.uint64)
        with np.errstate(over="ignore"):  # wraps around on purpose
            add_to_checksum(np.asarray(self.ids), checksum)
        found = fingerprint_of(
            self.ids.size, f"{int(checksum[0]):016x}", self.vocabulary.fingerprint
        )
        if found != self.fingerprint:
            raise CorpusError(
                "damaged", path=self.directory / ids_file(self.fingerprint), remedy=REMEDY
            )


def build_id_cache(
    paths: Sequence[str | os.PathLike[str]],
    directory: str | os.PathLike[str],
    settings: TextSettings,
    vocabulary: Vocabulary | None = None,
    monitor: Monitor | None = None,
    shard: "Shard | None" = None,
) -> IdCache:
    """Read text once, count its words and write it as ids.

    Memory grows with the number of different words, never with the length of the text. A cache
    that stood in `directory` stays until the new one is ready.

    Parameters
    ----------
    paths : sequence of path-like
        Text files, plain, .gz, .bz2, .xz or .zst; "-" is standard input. Words are separated by
        ASCII white space, sentences by line feeds; no sentence spans two files.
    directory : path-like
        Where to write the cache; made if missing.
    settings : TextSettings
        How to read. With a `vocabulary`, `min_count` and `max_vocabulary` are not used.
    vocabulary : Vocabulary, optional
        Take these words, ids and counts instead of those of the text. Other words are dropped.
    monitor : Monitor, optional
        Hears of the progress.
    shard : Shard, optional
        Read its lines alone, which may hold no word at all.

    Raises
    ------
    FileAccessError
        If a file cannot be read, or the cache cannot be written.
    CorpusError
        If the text is faulty (with line and byte), or leaves nothing to train on.
    SettingsError
        If no path is given, or standard input twice.
    """
    from seqtools.text.cache_builder import build  # the only part that needs Numba

    return build(paths, Path(directory), settings, vocabulary, monitor or NullMonitor(), shard)
