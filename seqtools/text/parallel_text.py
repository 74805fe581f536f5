"""Parallel text: two files whose lines are translations of one another."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqtools.errors import CorpusError, FileAccessError, SettingsError
from seqtools.io.compressed import COMPRESSED_SUFFIXES
from seqtools.monitor import Monitor, NullMonitor
from seqtools.text.encoding import EncodedLines
from seqtools.text.lines import EncodingErrors, name_of, read_lines
from seqtools.types import BoolArray, Int64Array

_SHOWN_NAMES = 6


@dataclass(frozen=True)
class ParallelText:
    """Source lines and target lines, as many of the one as of the other.

    Attributes
    ----------
    sources, targets : list of str
        Without line feeds; a line may be empty.
    source_name, target_name : str
        The files, for messages.
    """

    sources: list[str]
    targets: list[str]
    source_name: str
    target_name: str

    def __len__(self) -> int:
        return len(self.sources)

    def check_words(self) -> None:
        """Refuse text without a word on one side, by which nothing can be judged.

        Raises
        ------
        CorpusError
            If all lines of a side are blank.
        """
        for name, lines in ((self.source_name, self.sources), (self.target_name, self.targets)):
            if not any(line.strip() for line in lines):
                raise CorpusError(
                    f"no words in its {_lines(len(lines))}",
                    path=name,
                    remedy="name a file with text",
                )

    def take(self, rows: Int64Array) -> "ParallelText":
        """Return some pairs, in the order given."""
        chosen = rows.tolist()
        return ParallelText(
            [self.sources[row] for row in chosen],
            [self.targets[row] for row in chosen],
            self.source_name,
            self.target_name,
        )


def read_parallel(
    source_path: str | os.PathLike[str],
    target_path: str | os.PathLike[str],
    encoding_errors: EncodingErrors | None = None,
) -> ParallelText:
    """Read two files line by line, plain or compressed; one of them may be "-".

    Raises
    ------
    FileAccessError, FileContentError
        If a file cannot be read.
    CorpusError
        If a file is no text, if the numbers of lines differ (both are named), or if there are none.
    SettingsError
        If both are standard input.
    """
    if os.fspath(source_path) == "-" == os.fspath(target_path):
        raise SettingsError("standard input (-) can be source or target, not both; name one file")
    sources = list(read_lines(source_path, encoding_errors))
    targets = list(read_lines(target_path, encoding_errors))
    source_name, target_name = name_of(source_path), name_of(target_path)
    if len(sources) != len(targets):
        raise CorpusError(
            f"{source_name} has {_lines(len(sources))} but {target_name} has "
            f"{_lines(len(targets))}; line n of the one must be the translation of line n of the "
            "other"
        )
    if not sources:
        raise CorpusError("no lines", path=source_name, remedy="name a file with text")
    return ParallelText(sources, targets, source_name, target_name)


def language_paths(
    prefix: str | os.PathLike[str],
    source_language: str | None = None,
    target_language: str | None = None,
) -> tuple[Path, Path]:
    """Find the two files of a corpus that share a name: PREFIX.de and PREFIX.en.

    A compression suffix may follow, as in PREFIX.de.gz. Where one language is named, the other may
    be left out if only one more file is there.

    Raises
    ------
    FileAccessError
        If a file is missing; the message names those that are there.
    SettingsError
        If it is not clear which file is the source.
    """
    found = _languages_of(Path(prefix))
    for language in (source_language, target_language):
        if language is not None and language not in found:
            raise FileAccessError(
                f"{os.fspath(prefix)}.{language}: cannot read: there is no such file; "
                f"{_described(prefix, found)}"
            )
    if source_language is not None and source_language == target_language:
        raise SettingsError(f"source and target language must differ, got {source_language} twice")
    named = {source_language, target_language} - {None}
    others = [language for language in found if language not in named]
    if not named or (len(named) == 1 and len(others) != 1):
        raise SettingsError(
            f"source and target language must be named for {os.fspath(prefix)}; "
            f"{_described(prefix, found)}"
        )
    source = source_language or others[0]
    target = target_language or others[0]
    return found[source], found[target]


def trainable_pairs(
    sources: EncodedLines,
    targets: EncodedLines,
    max_length: int | None = None,
    monitor: Monitor | None = None,
    name: str = "the corpus",
) -> Int64Array:
    """Choose the pairs to train on, and say how many are left out, and which is the first.

    Left out are pairs one side of which holds nothing (a model would learn to say nothing) or more
    than `max_length` symbols. Where lines must not be lost, in decoding and scoring, use all of
    them, or ``EncodedLines.cut``.

    Returns
    -------
    int64 array, shape (number of pairs kept,)
        Rising line numbers, counted from 0.

    Raises
    ------
    CorpusError
        If nothing is left.
    """
    monitor = monitor or NullMonitor()
    source_lengths, target_lengths = sources.lengths, targets.lengths
    is_empty = (source_lengths == 0) | (target_lengths == 0)
    is_long = np.zeros(len(sources), dtype=np.bool_)
    if max_length is not None:
        is_long = np.maximum(source_lengths, target_lengths) > max_length
    for is_left_out, reason in (
        (is_empty, "has an empty side"),
        (is_long & ~is_empty, f"is longer than {max_length} symbols"),
    ):
        if np.any(is_left_out):
            monitor.message(f"{name}: {_left_out(is_left_out, reason)}")
    kept = np.flatnonzero(~is_empty & ~is_long)
    if not kept.size:
        num_empty = int(is_empty.sum())
        raise CorpusError(
            f"{num_empty} pairs have an empty side and {len(sources) - num_empty} are longer than "
            f"{max_length} symbols: none is left",
            path=name,
            remedy="raise --max-length, or check that the files hold one sentence a line",
        )
    return kept


def _left_out(is_left_out: BoolArray, reason: str) -> str:
    """Say how many pairs are left out, and where the first stands."""
    count, first = int(is_left_out.sum()), int(np.argmax(is_left_out)) + 1
    if count == 1:
        return f"1 pair of {is_left_out.size:,} is left out, which {reason} (line {first:,})"
    return (
        f"{count:,} pairs of {is_left_out.size:,} are left out, each of which {reason} "
        f"(the first on line {first:,})"
    )


def _languages_of(prefix: Path) -> dict[str, Path]:
    """Return the files PREFIX.LANGUAGE that are there, a plain one before a compressed one."""
    found: dict[str, Path] = {}
    if prefix.parent.is_dir() and prefix.name:
        for path in sorted(prefix.parent.iterdir(), key=lambda path: (len(path.name), path.name)):
            if path.name.startswith(f"{prefix.name}.") and path.is_file():
                plain = path.with_suffix("") if path.suffix in COMPRESSED_SUFFIXES else path
                language = plain.name[len(prefix.name) + 1 :]
                if language and "." not in language:
                    found.setdefault(language, path)
    return found


def _described(prefix: str | os.PathLike[str], found: dict[str, Path]) -> str:
    """Say which files are there."""
    names = [path.name for path in found.values()]
    if not names:
        return f"no file is named {os.fspath(prefix)}.LANGUAGE"
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return f"there are {', '.join(names[:_SHOWN_NAMES])}{more}"


def _lines(count: int) -> str:
    return f"{count:,} line" if count == 1 else f"{count:,} lines"
