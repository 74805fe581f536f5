"""From text to an id cache in one reading.

Words get provisional ids, in order of first occurrence, which go straight to the file; when the
counts are known, one pass over the file puts the final ids in their place. Where text comes slowly,
from a decompressor or a pipe, a second thread encodes one chunk (the kernel runs without the
interpreter lock) while this one reads the next.
"""

import contextlib
import fcntl
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from seqtools.errors import CorpusError, FileAccessError, SeqtoolsWarning
from seqtools.io.vector_table import MAX_WORD_BYTES
from seqtools.kernels.compiler_code import let_go_of_compiler_code
from seqtools.kernels.renumber import SELECTED_SENTENCES, SELECTED_TOKENS, select_ids
from seqtools.monitor import Monitor, Progress
from seqtools.text.cache_files import (
    DESCRIPTION_FILE,
    UNFINISHED_FILE,
    fingerprint_of,
    ids_file,
    is_described,
    map_ids,
    remove_other_files,
    vocabulary_file,
    write_description,
)
from seqtools.text.corpus import TextChunk, check_paths, read_chunks, size_on_disk
from seqtools.text.id_cache import IdCache, TextSettings, TextStatistics
from seqtools.text.shards import Shard, own_lines
from seqtools.text.vocabulary import Vocabulary
from seqtools.text.word_choice import CountedWords, choose_frequent, choose_given, spell_words
from seqtools.text.word_table import WordTable
from seqtools.types import Int32Array, Uint8Array

_IDS_AT_A_TIME = 1 << 18
_BYTES_AN_ID = 4


@dataclass(frozen=True)
class _Renumbered:
    """What the second pass left in the file."""

    num_ids: int
    num_tokens: int
    num_sentences: int
    checksum: str


def build(
    paths: Sequence[str | os.PathLike[str]],
    folder: Path,
    settings: TextSettings,
    vocabulary: Vocabulary | None,
    monitor: Monitor,
    shard: Shard | None = None,
) -> IdCache:
    """Build a cache; see ``seqtools.text.id_cache.build_id_cache``."""
    check_paths(paths)
    with _directory(folder), _unfinished_ids(folder) as file:
        table = WordTable(settings.encoding_errors)
        bytes_read, num_ids = _count(paths, shard, table, file, monitor)
        let_go_of_compiler_code()  # room for the words as strings
        name = _name_of(paths)
        if table.num_tokens == 0 and shard is None:
            raise CorpusError("no words in the text", path=name, remedy="name a file with text")
        counted = spell_words(table.content, table.counts, settings.lower)
        if vocabulary is None:
            vocabulary, new_ids = _choose_frequent(counted, settings, name)
            rule = f"of {counted.counts.size:,}, --min-count {settings.min_count}"
        else:
            new_ids = choose_given(counted, vocabulary)
            rule = "given"
            if shard is None:
                _check_given(new_ids, vocabulary, name)
        if shard is None:
            _check_lengths(vocabulary, name)
        final = _renumber(file, num_ids, new_ids, monitor)
        statistics = TextStatistics(
            bytes_read=bytes_read,
            lines_read=table.num_lines,
            tokens_read=table.num_tokens,
            tokens_kept=final.num_tokens,
            types_read=counted.counts.size,
            sentences=final.num_sentences,
            replaced_characters=counted.replaced_characters,
            replaced_tokens=counted.replaced_tokens,
        )
        _warn_of_replaced(table, statistics)
        monitor.message(
            f"vocabulary of {len(vocabulary):,} words ({rule}): "
            f"{final.num_tokens:,} of the {table.num_tokens:,} words of the text are kept"
        )
        return _finish(folder, file, vocabulary, settings, statistics, final)


def _count(
    paths: Sequence[str | os.PathLike[str]],
    shard: Shard | None,
    table: WordTable,
    file: BinaryIO,
    monitor: Monitor,
) -> tuple[int, int]:
    """Read all text into the table and the file; return bytes read and ids written."""
    total, started = size_on_disk(paths), time.monotonic()
    bytes_read, num_ids = 0, 0

    def encode(chunk: TextChunk) -> None:
        nonlocal num_ids
        ids = table.add(chunk)
        _write(file, ids.view(np.uint8))
        num_ids += ids.size

    monitor.start("reading corpus", total, "bytes")
    with contextlib.closing(read_chunks(paths)) as chunks:
        # Plain files come so fast that handing them over costs more than it saves.
        own = chunks if shard is None else own_lines(chunks, shard)
        for num_bytes in _encode_all(own, encode, overlap=total is None):
            bytes_read += num_bytes
            speed = bytes_read / max(time.monotonic() - started, 1e-9)
            note = f"{table.num_tokens:,} words"
            monitor.update(Progress(bytes_read, total, "bytes", speed, note=note))
    monitor.finish()
    return bytes_read, num_ids


def _encode_all(
    chunks: Iterator[TextChunk], encode: Callable[[TextChunk], None], overlap: bool
) -> Iterator[int]:
    """Encode every chunk, if asked for in a second thread, and yield its number of bytes."""
    if not overlap:
        for chunk in chunks:
            encode(chunk)
            yield chunk.num_bytes
        return
    pending: Future[None] | None = None
    with ThreadPoolExecutor(1) as worker:
        try:
            for chunk in chunks:
                if pending:
                    pending.result()
                pending = worker.submit(encode, chunk)
                yield chunk.num_bytes
        except Exception:
            # A fault in the chunk before stands earlier in the text: it is the one to report.
            if pending:
                pending.result()
            raise
        if pending:
            pending.result()


def _check_given(new_ids: Int32Array, vocabulary: Vocabulary, name: str) -> None:
    """Refuse a given vocabulary of which the text holds fewer than two words."""
    num_found = np.unique(new_ids[new_ids >= 0]).size
    if num_found < 2:
        raise CorpusError(
            f"{'only one' if num_found else 'none'} of the {len(vocabulary)} words of the "
            "vocabulary occurs in the text",
            path=name,
            remedy="check that --vocab and --lower fit the corpus",
        )


def _check_lengths(vocabulary: Vocabulary, name: str) -> None:
    """Refuse now a word that no file of vectors could hold after hours of training."""
    for word in vocabulary.words:
        if 4 * len(word) > MAX_WORD_BYTES and len(word.encode()) > MAX_WORD_BYTES:
            raise CorpusError(
                f"the word {_quote(word)} has {len(word.encode())} bytes, but files of vectors "
                f"hold words of {MAX_WORD_BYTES} at most",
                path=name,
                remedy="put white space into it, or raise --min-count above its count",
            )


def _choose_frequent(
    counted: CountedWords, settings: TextSettings, name: str
) -> tuple[Vocabulary, Int32Array]:
    """Choose the vocabulary, and refuse one that leaves nothing to learn."""
    vocabulary, new_ids = choose_frequent(counted, settings.min_count, settings.max_vocabulary)
    if vocabulary is not None and len(vocabulary) > 1:
        return vocabulary, new_ids
    if counted.counts.size == 1:
        raise CorpusError(
            f"the text holds a single word, {_quote(counted.words[0])}, over and over",
            path=name,
            remedy="there is nothing to learn from it",
        )
    left = "no word occurs" if vocabulary is None else "only one word occurs"
    raise CorpusError(
        f"{left} {settings.min_count} times or more; the text has {counted.counts.size} different "
        f"words, the commonest {counted.counts.max()} times",
        path=name,
        remedy="lower --min-count, to 1 for a very small text",
    )


def _renumber(file: BinaryIO, num_ids: int, new_ids: Int32Array, monitor: Monitor) -> _Renumbered:
    """Replace provisional by final ids, in place, and cut the file to what is left."""
    monitor.start("encoding corpus", num_ids, "words")
    state = np.zeros(3, dtype=np.int64)
    checksum = np.zeros(1, dtype=np.uint64)
    ids = np.empty(_IDS_AT_A_TIME, dtype=np.int32)
    num_read, num_written = 0, 0
    while num_read < num_ids:
        batch = ids[: min(_IDS_AT_A_TIME, num_ids - num_read)]
        file.seek(_BYTES_AN_ID * num_read)
        _read(file, batch.view(np.uint8))
        num_read += batch.size
        with np.errstate(over="ignore"):  # the checksum wraps around on purpose
            num_kept = select_ids(batch, new_ids, state, checksum, batch)
        kept = batch[:num_kept].view(np.uint8)
        file.seek(_BYTES_AN_ID * num_written)
        _write(file, kept)
        num_written += kept.size // _BYTES_AN_ID
        monitor.update(Progress(num_read, num_ids, "words"))
    file.truncate(_BYTES_AN_ID * num_written)
    monitor.finish()
    return _Renumbered(
        num_written,
        int(state[SELECTED_TOKENS]),
        int(state[SELECTED_SENTENCES]),
        f"{int(checksum[0]):016x}",
    )


def _finish(
    folder: Path,
    file: BinaryIO,
    vocabulary: Vocabulary,
    settings: TextSettings,
    statistics: TextStatistics,
    final: _Renumbered,
) -> IdCache:
    """Put the files in their places, the description last, and map the ids."""
    fingerprint = fingerprint_of(final.num_ids, final.checksum, vocabulary.fingerprint)
    words_path, ids_path = folder / vocabulary_file(fingerprint), folder / ids_file(fingerprint)
    description = {
        "num_ids": final.num_ids,
        "ids_checksum": final.checksum,
        "vocabulary_sha256": vocabulary.fingerprint,
        "settings": asdict(settings),
        "statistics": asdict(statistics),
    }
    try:
        os.fsync(file.fileno())
        vocabulary.save(words_path)
        os.replace(folder / UNFINISHED_FILE, ids_path)  # noqa: PTH105 - tests make this call fail
        write_description(folder / DESCRIPTION_FILE, description)
    except BaseException:
        if not is_described(folder, fingerprint):
            for path in (words_path, ids_path):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
        raise
    remove_other_files(folder, fingerprint)
    return IdCache(
        ids=map_ids(ids_path, final.num_ids),
        vocabulary=vocabulary,
        statistics=statistics,
        settings=settings,
        fingerprint=fingerprint,
        directory=folder,
    )


@contextlib.contextmanager
def _directory(folder: Path) -> Iterator[None]:
    """Make a directory, and remove it again if it is empty when the block fails."""
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileAccessError.from_os_error(error, folder, "write") from error
    try:
        yield
    except BaseException:
        if is_new:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


@contextlib.contextmanager
def _unfinished_ids(folder: Path) -> Iterator[BinaryIO]:
    """Open the file for ids under its unfinished name, alone, and remove it if the block fails.

    The name is fixed, so that what a killed run left behind is used again, not heaped up.
    """
    part = folder / UNFINISHED_FILE
    try:
        with open(part, "a+b", buffering=0) as locked:  # noqa: PTH123
            fcntl.flock(locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with open(part, "r+b", buffering=0) as file:  # noqa: PTH123
                file.truncate(0)
                try:
                    yield file
                finally:
                    with contextlib.suppress(FileNotFoundError):
                        part.unlink()
    except BlockingIOError as error:
        raise FileAccessError(
            f"{folder}: another run is writing this id cache; wait for it or name another directory"
        ) from error
    except FileAccessError:
        raise
    except OSError as error:
        raise FileAccessError.from_os_error(error, part, "write") from error


def _write(file: BinaryIO, content: Uint8Array) -> None:
    """Write all bytes to an unbuffered file."""
    view = content.data
    while view:
        view = view[file.write(view) :]


def _read(file: BinaryIO, target: Uint8Array) -> None:
    """Fill `target` from an unbuffered file."""
    view = target.data
    while view:
        count = file.readinto(view)  # type: ignore[attr-defined]
        if not count:
            raise OSError("the file became shorter while it was in use")
        view = view[count:]


def _warn_of_replaced(table: WordTable, statistics: TextStatistics) -> None:
    """Say how much invalid UTF-8 was replaced, and where it began."""
    if table.invalid_place is None:
        return
    path, line, byte = table.invalid_place
    warnings.warn(
        f"{path}, line {line}, byte {byte}: invalid UTF-8 from here on: replaced "
        f"{statistics.replaced_characters} characters in {statistics.replaced_tokens} words",
        SeqtoolsWarning,
        stacklevel=4,
    )


def _name_of(paths: Sequence[str | os.PathLike[str]]) -> str:
    """Name the corpus in an error."""
    first = "stdin" if os.fspath(paths[0]) == "-" else os.fspath(paths[0])
    return first if len(paths) == 1 else f"{first} and {len(paths) - 1} more"


def _quote(word: str) -> str:
    """Quote a word in a line of bounded length."""
    return repr(word if len(word) <= 40 else word[:40] + "…")
