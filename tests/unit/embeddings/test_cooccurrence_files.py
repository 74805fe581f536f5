"""Files of co-occurrences that were damaged, cut or forged, and files that are read in parts."""

import hashlib
import json
import os
from dataclasses import replace

import numpy as np
import pytest

from seqtools.embeddings.cooccurrence_entries import read_entries
from seqtools.embeddings.cooccurrence_merge import merge_files
from seqtools.embeddings.cooccurrence_runs import Run, _Merger
from seqtools.embeddings.cooccurrence_settings import (
    CooccurrenceSettings,
)
from seqtools.errors import FileAccessError, FileContentError, SettingsError
from seqtools.io.cooccurrence_file import (
    CooccurrenceFile,
    CooccurrenceHeader,
    _header_bytes,
    check_output,
    write_cooccurrences,
)
from seqtools.io.cooccurrence_magic import MAGIC
from seqtools.io.row_reader import RowReader
from tests.reference.cooccurrence_rows import encode
from tests.unit.embeddings.test_cooccurrence import merging_memory

SETTINGS = CooccurrenceSettings(window=4)


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


@pytest.mark.parametrize("length", [60, 10**7])
def test_a_row_longer_than_its_columns_is_named_before_memory_is_judged(tmp_path, length):
    rows = [bytearray(encode([(row, 0, 7)])) for row in range(60)]
    rows[3][4:8] = (length).to_bytes(4, "little")
    path = forge(tmp_path / "x.cooc", b"".join(rows), 60)
    other = forge(tmp_path / "y.cooc", encode([(5, 0, 1)]), 60)
    damaged = CooccurrenceFile.open(path).header.first_row_byte + 30
    little = replace(SETTINGS, memory_bytes=merging_memory(60, 2, 30))
    with pytest.raises(FileContentError, match=rf"x\.cooc, byte {damaged}: a damaged row"):
        merge_files([path, other], tmp_path / "out", little)
