"""Counting words without encoding the text: vocabularies, and counts that add up over shards."""

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqtools.errors import CorpusError, SeqtoolsWarning, SettingsError, VocabularyError
from seqtools.io.compressed import open_output
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.text.corpus import read_chunks, size_on_disk
from seqtools.text.id_cache import TextSettings
from seqtools.text.shards import Shard, own_lines
from seqtools.text.vocabulary import Vocabulary
from seqtools.text.word_choice import choose_frequent, spell_words
from seqtools.text.word_table import WordTable


@dataclass(frozen=True)
class WordCounts:
    """Words and how often they occur.

    Attributes
    ----------
    vocabulary : Vocabulary or None
        The words that were kept; None if a shard has none.
    tokens_read, types_read : int
        Words of the text, and different words.
    """

    vocabulary: Vocabulary | None
    tokens_read: int
    types_read: int

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write ``word<TAB>count`` lines; a shard without words leaves an empty file.

        Raises
        ------
        FileAccessError
            If the file cannot be written.
        """
        with open_output(path) as file:
            file.write(b"" if self.vocabulary is None else self.vocabulary.content)


def count_words(
    paths: Sequence[str | os.PathLike[str]],
    settings: TextSettings,
    shard: Shard | None = None,
    monitor: Monitor | None = None,
) -> WordCounts:
    """Count the words of text files.

    Parameters
    ----------
    paths : sequence of path-like
        Text files, plain or compressed; "-" is standard input.
    settings : TextSettings
    shard : Shard, optional
        Count its lines alone. All its words must be kept, for counts of shards to add up.
    monitor : Monitor, optional
        Hears of the progress.

    Raises
    ------
    SettingsError
        If words of a shard are to be dropped.
    CorpusError
        If the text is faulty, or no word is left.
    FileAccessError
        If a file cannot be read.
    """
    monitor = monitor or NullMonitor()
    if shard is not None and (settings.min_count > 1 or settings.max_vocabulary is not None):
        raise SettingsError(
            "counts of a shard must keep all words; choose words when the shards are merged"
        )
    table = WordTable(settings.encoding_errors)
    _read(paths, shard, table, monitor)
    counted = spell_words(table.content, table.counts, settings.lower)
    types_read, vocabulary = int(counted.counts.size), None
    if types_read:
        vocabulary, _ = choose_frequent(counted, settings.min_count, settings.max_vocabulary)
    if vocabulary is None and shard is None:
        _refuse(paths, settings, types_read)
    return WordCounts(vocabulary, table.num_tokens, types_read)


def merge_counts(paths: Sequence[str | os.PathLike[str]], settings: TextSettings) -> WordCounts:
    """Add up files of ``word<TAB>count`` lines, and choose the words to keep.

    Parameters
    ----------
    paths : sequence of path-like
        Files of counts; empty ones count nothing.
    settings : TextSettings
        `min_count` and `max_vocabulary` choose; the rest is not used.

    Raises
    ------
    VocabularyError
        If a line is malformed, or no word is left.
    FileAccessError
        If a file cannot be read.
    """
    totals: dict[str, int] = {}
    for path in paths:
        if _is_empty(path):
            continue
        vocabulary = Vocabulary.load(path)
        counts = vocabulary.counts.tolist()
        _warn_if_cut(path, vocabulary, len(paths))
        for word, count in zip(vocabulary.words, counts, strict=True):
            totals[word] = totals.get(word, 0) + count
    kept = {word: count for word, count in totals.items() if count >= settings.min_count}
    if not kept:
        raise VocabularyError(
            f"no word occurs {settings.min_count} times or more, of {len(totals)}",
            path=paths[0],
            remedy="lower --min-count",
        )
    if max(kept.values()) > np.iinfo(np.int64).max:
        raise VocabularyError("a count exceeds 64 bits", path=paths[0])
    merged = Vocabulary.from_counts(list(kept), list(kept.values()))
    if settings.max_vocabulary is not None:
        limit = settings.max_vocabulary
        merged = Vocabulary(merged.words[:limit], merged.counts[:limit])
    return WordCounts(merged, sum(totals.values()), len(totals))


def _read(
    paths: Sequence[str | os.PathLike[str]],
    shard: Shard | None,
    table: WordTable,
    monitor: Monitor,
) -> None:
    """Read all text into the table."""
    total, bytes_read, started = size_on_disk(paths), 0, time.monotonic()
    monitor.start("counting words", total, "bytes")
    with contextlib.closing(read_chunks(paths)) as chunks:
        for chunk in chunks if shard is None else own_lines(chunks, shard):
            table.add(chunk)
            bytes_read += chunk.num_bytes
            speed = bytes_read / max(time.monotonic() - started, 1e-9)
            note = f"{table.num_tokens:,} words"
            monitor.update(Progress(bytes_read, total, "bytes", speed, note=note))
    monitor.finish()


def _refuse(
    paths: Sequence[str | os.PathLike[str]], settings: TextSettings, types_read: int
) -> None:
    """Say why no word is left."""
    name = "stdin" if os.fspath(paths[0]) == "-" else paths[0]
    if types_read == 0:
        raise CorpusError("no words in the text", path=name, remedy="name a file with text")
    raise CorpusError(
        f"no word occurs {settings.min_count} times or more, of {types_read} different words",
        path=name,
        remedy="lower --min-count, to 1 for a very small text",
    )


def _is_empty(path: str | os.PathLike[str]) -> bool:
    """Say whether a file has no bytes."""
    try:
        return Path(path).is_file() and Path(path).stat().st_size == 0
    except OSError:
        return False  # opening it for reading will say why


def _warn_if_cut(path: str | os.PathLike[str], vocabulary: Vocabulary, num_files: int) -> None:
    """Warn of counts whose rare words seem to be missing: their sum would be wrong."""
    import warnings

    fewest = int(vocabulary.counts[-1])
    if fewest > 1 and num_files > 1:
        warnings.warn(
            f"{os.fspath(path)}: no word has a count below {fewest}; if rare words were dropped, "
            "their sums are wrong: count with --shard or --min-count 1",
            SeqtoolsWarning,
            stacklevel=3,
        )
