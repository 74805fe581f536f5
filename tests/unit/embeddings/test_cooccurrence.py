"""Files of co-occurrences: the same bytes whatever threads, memory and shards."""

import errno
import math
import os
from dataclasses import replace

import numpy as np
import pytest

from seqtools.embeddings import cooccurrence_merge
from seqtools.embeddings.cooccurrence import count_cooccurrences
from seqtools.embeddings.cooccurrence_entries import ENTRY, read_entries
from seqtools.embeddings.cooccurrence_merge import merge_files
from seqtools.embeddings.cooccurrence_settings import (
    CooccurrenceSettings,
    distance_weights,
    plan_counting,
)
from seqtools.embeddings.ordered_work import tasks_under_way
from seqtools.errors import FileAccessError, FileContentError, SettingsError
from seqtools.io.cooccurrence_file import (
    CooccurrenceFile,
)
from seqtools.io.cooccurrence_magic import is_cooccurrence_file
from seqtools.text.id_cache import TextSettings, build_id_cache
from seqtools.text.vocabulary import Vocabulary

SETTINGS = CooccurrenceSettings(window=4)


@pytest.fixture
def small_chunks(monkeypatch):
    """Let memory that holds a few thousand words be enough."""
    name = "seqtools.embeddings.cooccurrence_settings._SMALLEST_CHUNK_TOKENS"
    monkeypatch.setattr(name, 1_000)


def memory_for(tokens, threads, vocabulary_size):
    """Return the memory with which chunks of so many tokens are counted."""
    low = 1
    while True:
        try:
            plan = plan_counting(CooccurrenceSettings(4, threads, low), vocabulary_size)
        except SettingsError:
            low = low * 2
            continue
        if plan.chunk_tokens >= tokens:
            return low
        low += 8 * (tokens - plan.chunk_tokens)


def test_a_file_holds_the_counts_and_says_of_what(cache, whole):
    file = CooccurrenceFile.open(whole)
    assert is_cooccurrence_file(whole)
    assert file.header.window == 4
    assert file.header.scale == 12
    assert file.header.tokens_kept == cache.statistics.tokens_kept
    assert file.vocabulary == cache.vocabulary.content
    expected = np.zeros((len(cache.vocabulary),) * 2, np.int64)
    ids, weights = np.array(cache.ids), distance_weights(4)[1]
    for distance in range(1, 5):
        first, second = ids[:-distance], ids[distance:]
        ends = np.add.accumulate(ids < 0)
        is_near = (first >= 0) & (second >= 0) & (ends[:-distance] == ends[distance:])
        for rows, columns in ((first, second), (second, first)):
            np.add.at(expected, (rows[is_near], columns[is_near]), weights[distance])
    found = np.zeros_like(expected)
    entries = np.concatenate(list(read_entries(file)))
    found[entries["row"], entries["column"]] = entries["weight"]
    np.testing.assert_array_equal(found, np.tril(expected))
    np.testing.assert_array_equal(expected, expected.T)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_do_not_change_a_byte(cache, whole, threads, tmp_path):
    counting = count_cooccurrences(cache, tmp_path / "x.cooc", replace(SETTINGS, threads=threads))
    assert counting.num_spills == 0
    assert (tmp_path / "x.cooc").read_bytes() == whole.read_bytes()


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(("threads", "tokens"), [(1, 1_000), (2, 4_321), (3, 20_000)])
def test_memory_does_not_change_a_byte(cache, whole, threads, tokens, tmp_path):
    memory = memory_for(tokens, threads, len(cache.vocabulary))
    settings = replace(SETTINGS, threads=threads, memory_bytes=memory)
    counting = count_cooccurrences(cache, tmp_path / "x.cooc", settings)
    assert counting.num_spills >= 3
    assert (tmp_path / "x.cooc").read_bytes() == whole.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["x.cooc"]


@pytest.mark.parametrize("num_shards", [2, 4, 7])
def test_shards_of_lines_merge_to_the_same_bytes(lines, cache, whole, num_shards, tmp_path):
    files = []
    for shard in range(num_shards):
        text = tmp_path / f"{shard}.txt"
        text.write_text("\n".join(lines[shard::num_shards]) + "\n")
        part = build_id_cache([text], tmp_path / f"cache{shard}", TextSettings(), cache.vocabulary)
        files.append(tmp_path / f"{shard}.cooc")
        count_cooccurrences(part, files[-1], SETTINGS)
    header = merge_files(files, tmp_path / "merged.cooc", SETTINGS)
    merged = (tmp_path / "merged.cooc").read_bytes()
    assert merged == whole.read_bytes()
    assert header == CooccurrenceFile.open(whole).header
    # In two steps, in another order, into one of the files themselves, in little memory.
    merge_files(files[1:], files[1], replace(SETTINGS, threads=2))
    little = replace(SETTINGS, memory_bytes=18 * len(cache.vocabulary) + 64 * 40)
    merge_files([files[1], files[0]], files[0], little)
    assert files[0].read_bytes() == merged


def test_too_little_memory_says_how_much_is_needed(cache, tmp_path):
    with pytest.raises(SettingsError, match=r"use --memory \d+M or more") as caught:
        count_cooccurrences(cache, tmp_path / "x", replace(SETTINGS, memory_bytes=10_000))
    needed = int(str(caught.value).split("--memory ")[1].split("M")[0]) << 20
    count_cooccurrences(cache, tmp_path / "x", replace(SETTINGS, memory_bytes=needed))


@pytest.fixture
def passes(monkeypatch):
    """Let two rows fill the memory; return a list that grows with each pass before the last."""
    seen, temporary = [], cooccurrence_merge.temporary_directory
    monkeypatch.setattr(cooccurrence_merge, "runs_at_a_time", lambda *_: 2)
    monkeypatch.setattr(
        cooccurrence_merge,
        "temporary_directory",
        lambda *arguments: seen.append(arguments) or temporary(*arguments),
    )
    return seen


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("threads", [1, 2])
def test_parts_are_merged_in_as_many_passes_as_memory_asks_for(
    cache, whole, tmp_path, passes, threads
):
    memory = memory_for(4_000, threads, len(cache.vocabulary))
    settings = replace(SETTINGS, threads=threads, memory_bytes=memory)
    counting = count_cooccurrences(cache, tmp_path / "x.cooc", settings)
    assert counting.num_spills > 4
    assert len(passes) == math.ceil(math.log2(counting.num_spills)) - 1
    assert (tmp_path / "x.cooc").read_bytes() == whole.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["x.cooc"]


def test_files_that_are_merged_in_passes_stay(whole, tmp_path, passes):
    paths = [tmp_path / f"{number}.cooc" for number in range(5)]
    for path in paths:
        path.write_bytes(whole.read_bytes())
    merge_files(paths, tmp_path / "sum", SETTINGS)
    assert len(passes) == 2
    assert all(path.read_bytes() == whole.read_bytes() for path in paths)
    assert len(list(tmp_path.iterdir())) == 6
    entries, five = (
        np.concatenate(list(read_entries(CooccurrenceFile.open(path))))
        for path in (whole, tmp_path / "sum")
    )
    entries["weight"] *= 5
    np.testing.assert_array_equal(five, entries)


def merging_memory(vocabulary_size, num_files, bytes_of_each):
    """Return the memory with which so many bytes of each file are read at a time, by a thread."""
    return 18 * vocabulary_size + 2 * tasks_under_way(1) * num_files * bytes_of_each


@pytest.mark.parametrize("size", [400, 1_000, 20_000])
def test_memory_of_a_merge_does_not_change_a_byte(cache, whole, size, tmp_path):
    copy, merged = tmp_path / "copy.cooc", tmp_path / "merged.cooc"
    copy.write_bytes(whole.read_bytes())
    merge_files([whole, copy], merged, SETTINGS)
    expected = merged.read_bytes()
    memory = merging_memory(len(cache.vocabulary), 2, size)
    for threads in (1, 3):
        settings = replace(SETTINGS, memory_bytes=threads * memory, threads=threads)
        merge_files([whole, copy], merged, settings)
        assert merged.read_bytes() == expected


def test_a_row_that_does_not_fit_says_how_much_memory_is_needed(cache, whole, tmp_path):
    copy, merged = tmp_path / "copy.cooc", tmp_path / "merged.cooc"
    copy.write_bytes(whole.read_bytes())
    little = replace(SETTINGS, memory_bytes=merging_memory(len(cache.vocabulary), 2, 9))
    with pytest.raises(SettingsError, match=r"merge pairs of \d+ words .* use --memory 1M or more"):
        merge_files([whole, copy], merged, little)
    merge_files([whole, copy], merged, replace(SETTINGS, memory_bytes=1 << 20))


@pytest.mark.parametrize("changes", [{"window": 0}, {"threads": 0}, {"memory_bytes": 0}])
def test_settings_outside_their_range_are_refused(changes):
    with pytest.raises(SettingsError, match=f"{next(iter(changes))} must be between 1 and"):
        replace(SETTINGS, **changes)


def test_files_of_another_window_or_vocabulary_are_refused(cache, whole, tmp_path):
    other = tmp_path / "other.cooc"
    count_cooccurrences(cache, other, replace(SETTINGS, window=5))
    with pytest.raises(FileContentError, match=r"other\.cooc: .* window 5, but .* window 4"):
        merge_files([whole, other], tmp_path / "m", SETTINGS)
    words = Vocabulary.from_counts(["w1", "w2", "w3"], [9, 9, 9])
    text = tmp_path / "text.txt"
    text.write_text("w1 w2 w3\n")
    part = build_id_cache([text], tmp_path / "cache", TextSettings(), words)
    count_cooccurrences(part, other, SETTINGS)
    with pytest.raises(FileContentError, match="another vocabulary than"):
        merge_files([whole, other], tmp_path / "m", SETTINGS)
    with pytest.raises(SettingsError, match="named twice"):
        merge_files([whole, whole], tmp_path / "m", SETTINGS)
    assert not (tmp_path / "m").exists()


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("failing", range(6))
def test_a_full_disk_leaves_the_old_file_and_nothing_else(cache, tmp_path, failing, monkeypatch):
    from seqtools.io import cooccurrence_file

    path, writes = tmp_path / "x.cooc", 0
    path.write_bytes(b"old")
    write = cooccurrence_file.CooccurrenceWriter.add

    def add(self, rows, totals):
        nonlocal writes
        writes += 1
        if writes > failing * 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(self, rows, totals)

    monkeypatch.setattr(cooccurrence_file.CooccurrenceWriter, "add", add)
    memory = memory_for(10_000, 1, len(cache.vocabulary))
    with pytest.raises(FileAccessError, match=r"cannot write: No space left on device"):
        count_cooccurrences(cache, path, replace(SETTINGS, memory_bytes=memory))
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.cooc"]
    assert path.read_bytes() == b"old"


def test_the_smallest_corpora_are_counted(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("a\nb a\n")
    cache = build_id_cache([text], tmp_path / "cache", TextSettings(min_count=1))
    count_cooccurrences(cache, tmp_path / "x", replace(SETTINGS, threads=8))
    (entries,) = read_entries(CooccurrenceFile.open(tmp_path / "x"))
    assert entries.tolist() == [(1, 0, 12)]
    assert entries.dtype == ENTRY


def test_a_flush_that_fails_on_the_way_is_reported(cache, whole, tmp_path, monkeypatch):
    monkeypatch.setattr("seqtools.io.early_flush._BYTES_A_FLUSH", 1)
    path, flushes, flush = tmp_path / "x.cooc", [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushes.append(flush(descriptor)))
    count_cooccurrences(cache, path, SETTINGS)
    assert path.read_bytes() == whole.read_bytes()
    assert len(flushes) >= 3  # one on the way, the file's and the directory's
    failed = []

    def fail_once(descriptor):
        if not failed:
            failed.append(descriptor)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail_once)
    with pytest.raises(FileAccessError, match="cannot write: Input/output error"):
        count_cooccurrences(cache, path, replace(SETTINGS, window=3))
    assert path.read_bytes() == whole.read_bytes()
