"""Lines of running text: where they end, how long ones are cut, and what is refused."""

import bz2
import gzip
import io
import lzma
import sys
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from seqtools.errors import CorpusError, FileAccessError, SeqtoolsWarning
from seqtools.text.lines import read_lines, read_pieces


def write(folder: Path, content: bytes) -> Path:
    path = folder / "text.txt"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a", ["a"]),
        (b"a\nb\n", ["a", "b"]),
        (b"a\r\nb\r", ["a", "b"]),
        (b"\xef\xbb\xbfa\n\n", ["a", ""]),
        ("a\u2028b\x85c\x0cd\n".encode(), ["a\u2028b\x85c\x0cd"]),
    ],
)
def test_only_a_line_feed_ends_a_line(tmp_path: Path, content: bytes, lines: list[str]) -> None:
    assert list(read_lines(write(tmp_path, content))) == lines


@given(text=st.text("ab é日\U0001f600\t\r", max_size=60), limit=st.integers(8, 30))
def test_pieces_add_up_to_their_line(tmp_path: Path, text: str, limit: int) -> None:
    path = write(tmp_path, f"{text}\n{text}".encode())
    pieces = list(read_pieces(path, piece_bytes=limit))
    joined = ["".join(p.text for p in pieces if p.line == line) for line in (1, 2)]
    text = text.removesuffix("\r")
    assert joined == [text, text] if text else joined[0] == ""
    assert all(len(piece.text.encode()) <= limit for piece in pieces)
    assert [p.ends_line for p in pieces].count(True) == (2 if text else 1) or not text
    assert pieces[-1].ends_line


def test_a_long_line_is_cut_between_words(tmp_path: Path) -> None:
    path = write(tmp_path, b"one two three " * 1000)
    words = [word for piece in read_pieces(path, piece_bytes=100) for word in piece.text.split()]
    assert words == ["one", "two", "three"] * 1000


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress],
    ids=["gz", "bz2", "xz", "zst"],
)
def test_compressed_text_reads_as_plain(tmp_path: Path, pack: object) -> None:
    assert list(read_lines(write(tmp_path, pack("a é\nb\n".encode())))) == ["a é", "b"]


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"a\nb"))))
    assert list(read_lines("-")) == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"ab\nc\xffd\n", "line 2, byte 4: invalid UTF-8"),
        (b"\xef\xbb\xbfab\nc\xffd\n", "line 2, byte 7: invalid UTF-8"),
        (b"ab\nc\0d\n", "line 2, byte 4: a NUL byte"),
        ("ab\n".encode("utf-16"), "looks like UTF-16LE; convert it"),
        (b"\x89PNG\r\n\x1a\n", "not text: a PNG picture"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(CorpusError) as caught:
        list(read_lines(path))
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_invalid_bytes_are_replaced_when_asked_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path, b"ab\nc\xffd\xfe\n\xef\xbf\xbd\n")
    with pytest.warns(SeqtoolsWarning, match=r"line 2, byte 4: invalid .* replaced 2 characters"):
        assert list(read_lines(path, "replace")) == ["ab", "c\ufffdd\ufffd", "\ufffd"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"none\.txt: cannot read"):
        list(read_lines(tmp_path / "none.txt"))
