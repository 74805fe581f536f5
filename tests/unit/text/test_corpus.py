"""Chunks of text: borders of files and words, marks, foreign formats."""

import bz2
import gzip
import io
import lzma
import sys
from pathlib import Path
from types import ModuleType

import pytest
import zstandard

from seqtools.errors import CorpusError, FileAccessError, FileContentError, SettingsError
from seqtools.kernels import tokens
from seqtools.text import corpus
from seqtools.text.corpus import read_chunks, size_on_disk


def contents(paths: list[Path], chunk_bytes: int = corpus.CHUNK_BYTES) -> list[bytes]:
    return [chunk.content for chunk in read_chunks(paths, chunk_bytes)]


def test_limits_agree_with_those_of_the_kernel() -> None:
    assert corpus.LONGEST_WORD_BYTES == tokens.LONGEST_WORD
    assert corpus.CHUNK_PADDING_BYTES >= tokens.PADDING_BYTES


def test_chunks_are_cut_at_white_space_only(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one two three\nfour five six\n")
    pieces = contents([path], 8)
    assert pieces == [b"one two ", b"three\n", b"four five ", b"six\n"]


def test_a_file_without_a_last_line_feed_gets_one(tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_bytes(b"one two")
    second.write_bytes(b"three ")
    assert contents([first, second]) == [b"one two\n", b"three \n"]
    assert contents([second], 6) == [b"three ", b"\n"]


def test_an_empty_file_has_no_chunks(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"")
    assert contents([path, path]) == []


def test_chunks_tell_where_they_lie(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone two\nthree")
    chunks = [
        (chunk.offset, chunk.begins_file, chunk.num_bytes, chunk.path)
        for chunk in read_chunks([path, path], 8)
    ]
    name = str(path)
    places = [(3, True, 8, name), (7, False, 8, name), (11, False, 0, name)]
    assert chunks == places * 2


def test_bytes_around_a_chunk_are_spaces_and_may_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one two three four five six seven\n" * 20)
    for chunk in read_chunks([path], 16):
        assert chunk.start >= corpus.CHUNK_PADDING_BYTES
        after = chunk.text[chunk.stop : chunk.stop + corpus.CHUNK_PADDING_BYTES]
        assert after.tobytes() == b" " * corpus.CHUNK_PADDING_BYTES


@pytest.mark.parametrize("packer", [gzip, bz2, lzma, zstandard])
def test_compressed_files_are_known_by_their_content(tmp_path: Path, packer: ModuleType) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(packer.compress(b"\xef\xbb\xbfone two\n"))
    assert contents([path]) == [b"one two\n"]
    assert size_on_disk([path]) is None


def test_joined_gzip_files_are_read_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n"))
    assert b"".join(contents([path])) == b"one\ntwo\n"


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b"one two\n")
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(packed)))
    monkeypatch.setattr(sys, "stdin", stdin)
    chunks = [(chunk.content, chunk.path) for chunk in read_chunks(["-"])]
    assert chunks == [(b"one two\n", "stdin")]
    assert size_on_disk(["-"]) is None


def test_size_is_known_for_plain_files_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one two\n")
    assert size_on_disk([path, path]) == 16
    assert size_on_disk([path, tmp_path / "missing"]) is None


def test_paths_are_checked() -> None:
    with pytest.raises(SettingsError, match=r"must be a list of file names, got 'corpus\.txt'"):
        contents("corpus.txt")
    with pytest.raises(SettingsError, match="no corpus file given"):
        contents([])
    with pytest.raises(SettingsError, match="only once"):
        contents(["-", "-"])


def test_missing_files_and_directories_are_named(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("a b\n")
    with pytest.raises(FileAccessError, match=r"did you mean .*corpus\.txt\?"):
        contents([tmp_path / "corpsu.txt"])
    with pytest.raises(FileAccessError, match="directory"):
        contents([tmp_path])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32"])
def test_other_encodings_are_recognised(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("The cat sat on the mat.\n".encode(encoding))
    with pytest.raises(CorpusError, match=r"looks like UTF-(16|32).*iconv -f UTF-(16|32)"):
        contents([path])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04abc", "a zip archive; unpack it first"),
        (b"seqtools co-occurrences\n{}", "train on them with --model glove --cooccurrences FILE"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"name.txt".ljust(257, b"\0") + b"ustar\x0000", "a tar archive"),
        (bytes(range(256)) + bytes(300), "not text but binary data"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    for name, data in (("a.txt", content), ("a.gz", gzip.compress(content))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CorpusError, match=message) as caught:
            contents([tmp_path / name])
        assert name in str(caught.value)


def test_damaged_compressed_data_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"one two three\n" * 1000)[:-20])
    with pytest.raises(FileContentError, match=r"a\.gz: damaged or cut short \.gz"):
        contents([path])


def test_a_word_that_never_ends_is_handed_over_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one " + b"x" * 1_000_000)
    first = next(read_chunks([path], 200_000))
    assert first.content.startswith(b"one ")
    second = contents([path], 200_000)[1]
    assert len(second) > corpus.LONGEST_WORD_BYTES
