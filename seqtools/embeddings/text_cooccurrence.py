"""From text files to a file of co-occurrences."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seqtools.embeddings.cooccurrence import count_cooccurrences
from seqtools.embeddings.cooccurrence_settings import CooccurrenceSettings, plan_counting
from seqtools.errors import SettingsError
from seqtools.io.atomic import check_is_no_input, check_writable
from seqtools.io.cooccurrence_file import check_output
from seqtools.io.temporary import temporary_directory
from seqtools.monitor import Monitor, NullMonitor
from seqtools.text.id_cache import TextSettings, build_id_cache
from seqtools.text.shards import Shard
from seqtools.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class CountingPlan:
    """What to count.

    Attributes
    ----------
    text : TextSettings
        How text becomes words; with a `vocabulary` its choice of words is not used.
    counting : CooccurrenceSettings
    vocabulary : path-like or None
        Take the words and counts of this file.
    shard : Shard or None
        Count its lines alone.
    """

    text: TextSettings = field(default_factory=TextSettings)
    counting: CooccurrenceSettings = field(default_factory=CooccurrenceSettings)
    vocabulary: str | os.PathLike[str] | None = None
    shard: Shard | None = None


@dataclass(frozen=True)
class TextCounting:
    """The outcome of counting text.

    Attributes
    ----------
    vocabulary_size : int
    tokens_read, tokens_kept : int
        Words of the text, and those in the vocabulary.
    num_entries : int
        Different pairs of words, each kept once.
    num_spills : int
        Sorted parts that were written and merged because the memory was full.
    count_seconds : float
        Time spent counting, without reading text.
    """

    vocabulary_size: int
    tokens_read: int
    tokens_kept: int
    num_entries: int
    num_spills: int
    count_seconds: float


def count_text_cooccurrences(
    paths: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    plan: CountingPlan,
    monitor: Monitor | None = None,
) -> TextCounting:
    """Count the co-occurrences of text files.

    Parameters
    ----------
    paths : sequence of path-like
        Text files, plain or compressed; "-" is standard input.
    output : path-like
        The file; hidden directories beside it hold what is needed on the way.
    plan : CountingPlan
    monitor : Monitor, optional
        Hears of the progress.

    Raises
    ------
    SettingsError
        If a shard is to be counted without a vocabulary, or the memory is too little.
    CorpusError
        If the text is faulty, or holds none of the words.
    FileAccessError
        If a file cannot be read or written.
    """
    monitor = monitor or NullMonitor()
    if plan.shard is not None and plan.vocabulary is None:
        raise SettingsError(
            "a shard needs the words of the whole corpus: count them with `seqtools embed count` "
            "and give the file to --vocab"
        )
    check_output(output)
    check_writable(output)
    check_is_no_input(output, [*paths, plan.vocabulary])
    vocabulary = None if plan.vocabulary is None else Vocabulary.load(plan.vocabulary)
    if vocabulary is not None:
        plan_counting(plan.counting, len(vocabulary))  # too little memory is said before reading
    with temporary_directory(Path(output).resolve().parent, "corpus") as folder:
        cache = build_id_cache(paths, folder, plan.text, vocabulary, monitor, plan.shard)
        counting = count_cooccurrences(cache, output, plan.counting, monitor)
        return TextCounting(
            vocabulary_size=len(cache.vocabulary),
            tokens_read=cache.statistics.tokens_read,
            tokens_kept=cache.statistics.tokens_kept,
            num_entries=counting.num_entries,
            num_spills=counting.num_spills,
            count_seconds=counting.count_seconds,
        )
