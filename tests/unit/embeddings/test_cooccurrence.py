"""Files of co-occurrences: the same bytes whatever threads, memory and shards."""

import errno
import hashlib
import json
import os
from dataclasses import replace

import numpy as np
import pytest

from seqtools.embeddings.cooccurrence import count_cooccurrences
from seqtools.embeddings.cooccurrence_entries import ENTRY, read_entries
from seqtools.embeddings.cooccurrence_merge import Run, _Merger, merge_files
from seqtools.embeddings.cooccurrence_settings import (
    CooccurrenceSettings,
    distance_weights,
    plan_counting,
    plan_merging,
)
from seqtools.embeddings.ordered_work import tasks_under_way
from seqtools.errors import FileAccessError, FileContentError, SettingsError
from seqtools.io.cooccurrence_file import (
    CooccurrenceFile,
    CooccurrenceHeader,
    _header_bytes,
    check_output,
    write_cooccurrences,
)
from seqtools.io.cooccurrence_magic import MAGIC, is_cooccurrence_file
from seqtools.io.row_reader import RowReader
from seqtools.text.id_cache import TextSettings, build_id_cache
from seqtools.text.vocabulary import Vocabulary
from tests.reference.cooccurrence_rows import encode

SETTINGS = CooccurrenceSettings(window=4)


@pytest.fixture(scope="module")
def lines():
    generator = np.random.default_rng(11)
    words = generator.zipf(1.4, 60_000).clip(max=300)
    borders = np.sort(generator.choice(60_000, 4_000, replace=False))
    return [" ".join(f"w{word}" for word in line) for line in np.split(words, borders)]


@pytest.fixture(scope="module")
def cache(lines, tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    text = folder / "text.txt"
    text.write_text("\n".join(lines) + "\n")
    return build_id_cache([text], folder / "cache", TextSettings(min_count=2))


@pytest.fixture(scope="module")
def whole(cache, tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "whole.cooc"
    count_cooccurrences(cache, path, SETTINGS)
    return path


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
    with pytest.raises(SettingsError, match=r"merge 3 files .* use --memory 1M or more"):
        plan_merging(replace(SETTINGS, memory_bytes=5_000), len(cache.vocabulary), 3)


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
    with pytest.raises(SettingsError, match=r"merge 2 files .* use --memory 1M or more"):
        merge_files([whole, copy], merged, little)
    merge_files([whole, copy], merged, replace(SETTINGS, memory_bytes=1 << 20))


def forge(path, rows, words=9):
    """Write a file with a sound header around some rows."""
    vocabulary = "".join(f"w{word}\t9\n" for word in range(words)).encode()
    header = CooccurrenceHeader(
        4, 12, 99, 99, 9, words, len(vocabulary), hashlib.sha256(vocabulary).hexdigest()
    )
    with write_cooccurrences(path, header, vocabulary) as writer:
        writer.add(np.frombuffer(rows, np.uint8), np.array([1, 1], np.uint64))
    return path


FORGED_ROWS = {
    "falling": [encode([(5, 0, 1)]), encode([(4, 0, 1)]), encode([(6, 0, 1)])],
    "beyond the vocabulary": [encode([(5, 0, 1)]), encode([(9, 0, 1)])],
    "longer than the file": [encode([(5, 0, 1)]), b"\6\0\0\0\xff\xff\xff\xff\0\1"],
    "of seven bytes": [encode([(5, 0, 1)]), b"\6\0\0\0\2\0\0"],
    "falling at first": [encode([(8, 0, 1)]), encode([(3, 0, 1)])],
}


@pytest.mark.parametrize("rows", FORGED_ROWS.values(), ids=FORGED_ROWS)
@pytest.mark.parametrize("size", [10, 25, 1_000])
def test_forged_rows_are_named_whatever_is_read_at_a_time(tmp_path, monkeypatch, rows, size):
    path = forge(tmp_path / "forged.cooc", b"".join(rows))
    sound = forge(tmp_path / "sound.cooc", encode([(n, 0, 1) for n in range(1, 9)]))
    monkeypatch.setattr("seqtools.embeddings.cooccurrence_entries._BYTES_A_PART", size)
    damaged = CooccurrenceFile.open(path).header.first_row_byte + len(rows[0])
    with pytest.raises(FileContentError, match=rf"forged\.cooc, byte {damaged}: a damaged row"):
        list(read_entries(CooccurrenceFile.open(path)))
    settings = replace(SETTINGS, memory_bytes=merging_memory(9, 2, size))
    with pytest.raises(FileContentError, match=r"forged\.cooc, byte \d+: a damaged row"):
        merge_files([sound, path], tmp_path / "out", settings)
    assert not (tmp_path / "out").exists()


def test_a_damaged_row_leaves_nothing_behind_for_the_rows_after_it(tmp_path):
    damaged = bytearray(encode([(8, 0, 1), (8, 1, 1)]))
    damaged[-1] = 0
    file = CooccurrenceFile.open(forge(tmp_path / "x.cooc", bytes(damaged)))
    merger = _Merger([Run(file.reader, 2, file)], 9, SETTINGS)
    with pytest.raises(FileContentError, match="a damaged row"):
        list(merger.merged())
    scratch = merger._scratch.get()
    assert not scratch.sums.any()
    assert not scratch.marks.any()


@pytest.mark.parametrize(
    "changes",
    [
        {"vocabulary_size": 8}, {"vocabulary_size": 10**6}, {"vocabulary_size": 9.0},
        {"vocabulary_size": "9"}, {"vocabulary_size": [9]}, {"vocabulary_size": 2**32},
        {"vocabulary_bytes": -5, "num_row_bytes": 60}, {"vocabulary_bytes": 10**12},
        {"scale": 11}, {"scale": 0}, {"scale": 12.0}, {"window": 0}, {"window": True},
        {"window": "4"}, {"window": float("nan")}, {"window": 10**300}, {"tokens_read": -1},
        {"num_entries": 2}, {"num_entries": -1}, {"entries_checksum": 1}, {"sentences": None},
    ],
)  # fmt: skip
def test_a_forged_header_is_damaged(tmp_path, changes):
    path = forge(tmp_path / "x.cooc", encode([(5, 0, 1)]))
    content = path.read_bytes()
    header = {**json.loads(content[:1024][len(MAGIC) :]), **changes}
    del header["header_crc32"], header["format_version"]
    path.write_bytes(_header_bytes(header) + content[1024:])
    wanted = r"x\.cooc: (its header is damaged|cut short: expected .* bytes, found 1079)"
    with pytest.raises(FileContentError, match=wanted):
        list(read_entries(CooccurrenceFile.open(path)))
    with pytest.raises(FileContentError, match=wanted):
        merge_files([path], tmp_path / "out", SETTINGS)


def test_a_hard_link_is_the_same_file(whole, tmp_path):
    os.link(whole, tmp_path / "link.cooc")
    with pytest.raises(SettingsError, match="named twice"):
        merge_files([whole, tmp_path / "link.cooc"], tmp_path / "m", SETTINGS)


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


def test_a_file_cut_anywhere_is_refused(whole, tmp_path):
    content, path = whole.read_bytes(), tmp_path / "cut.cooc"
    header = CooccurrenceFile.open(whole).header
    ends = [0, 5, 24, 600, 1023, 1024, 2000, header.first_row_byte, len(content) - 1]
    for end in ends:
        path.write_bytes(content[:end])
        with pytest.raises(FileContentError, match=r"cut\.cooc: ") as caught:
            CooccurrenceFile.open(path)
        assert "\n" not in str(caught.value)
    path.write_bytes(content + b"\0")
    with pytest.raises(FileContentError, match="bytes after its end"):
        CooccurrenceFile.open(path)


def test_any_flipped_bit_is_noticed(whole, tmp_path):
    content, path = whole.read_bytes(), tmp_path / "flipped.cooc"
    file = CooccurrenceFile.open(whole)
    first_row = file.header.first_row_byte
    generator = np.random.default_rng(2)
    places = [*generator.integers(0, first_row, 150), *generator.integers(0, len(content), 100)]
    for place in places:
        if place < 1024 and content[place : place + 1] in b" \n":
            continue
        changed = bytearray(content)
        changed[place] ^= 1 << int(generator.integers(8))
        path.write_bytes(changed)
        with pytest.raises(FileContentError, match=r"flipped\.cooc"):
            merge_files([path], tmp_path / "out", SETTINGS)
    assert not (tmp_path / "out").exists()


def test_another_format_version_is_named(whole, tmp_path):
    path = tmp_path / "new.cooc"
    path.write_bytes(whole.read_bytes().replace(b'"format_version": 2', b'"format_version": 7'))
    with pytest.raises(FileContentError, match="format version 7, this program reads 2"):
        CooccurrenceFile.open(path)


@pytest.mark.parametrize("path", ["/dev/null", "/dev/full", "-"])
def test_pipes_and_devices_are_refused(path):
    with pytest.raises(FileAccessError, match="need a regular file"):
        check_output(path)


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


def test_a_reader_reads_parts(tmp_path):
    path = tmp_path / "rows"
    path.write_bytes(b"head" + bytes(range(10)))
    reader, part = RowReader(path, 4, 10), np.empty(3, np.uint8)
    reader.read(7, part)
    assert part.tolist() == [7, 8, 9]
    path.write_bytes(b"head" + bytes(range(9)))
    with pytest.raises(FileContentError, match="became shorter while in use"):
        reader.read(7, part)
    path.unlink()
    with pytest.raises(FileAccessError, match="cannot read"):
        reader.read(0, part)


@pytest.mark.parametrize("size", [1, 100, 5_000])
def test_entries_are_the_same_whatever_is_read_at_a_time(whole, monkeypatch, size):
    file = CooccurrenceFile.open(whole)
    expected = np.concatenate(list(read_entries(file)))
    monkeypatch.setattr("seqtools.embeddings.cooccurrence_entries._BYTES_A_PART", size)
    parts = list(read_entries(file))
    assert len(parts) > 3
    np.testing.assert_array_equal(np.concatenate(parts), expected)
    assert len(expected) == file.header.num_entries


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
