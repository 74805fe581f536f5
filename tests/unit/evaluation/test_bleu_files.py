"""Reading segments."""

import bz2
import gzip
import lzma

import pytest
import zstandard

from seqtools.errors import FileAccessError, SegmentError, SettingsError
from seqtools.evaluation.bleu_files import (
    check_line_counts,
    read_lines,
    read_references,
    read_segments,
)

TEXT = "Ein Hund.\n\nZwei Hünde \n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.rstrip("\n").encode(),
        gzip.compress(TEXT.encode()),
        bz2.compress(TEXT.encode()),
        lzma.compress(TEXT.encode()),
        zstandard.compress(TEXT.encode()),
    ],
    ids=["plain", "BOM", "CRLF", "no last line feed", "gz", "bz2", "xz", "zst"],
)
def test_lines_are_the_same_however_they_are_stored(tmp_path, content):
    path = tmp_path / "text"
    path.write_bytes(content)
    segments = read_segments(path, "hypothesis")
    assert segments.lines == ["Ein Hund.", "", "Zwei Hünde"]
    assert (segments.num_empty, segments.num_words) == (1, 4)


@pytest.mark.parametrize("character", ["\u2028", "\x85", "\r", "\x0b", "\x0c", "\x1c"])
def test_only_a_line_feed_ends_a_line(tmp_path, character):
    path = tmp_path / "text"
    path.write_text(f"a{character}b\nc\n", "utf-8", newline="")
    assert read_lines(path) == [f"a{character}b", "c"]


def test_other_encodings_are_read(tmp_path):
    path = tmp_path / "text"
    path.write_bytes("é\n".encode("latin-1"))
    assert read_lines(path, encoding="latin1") == ["é"]
    path.write_bytes("é\n".encode("utf-16"))
    assert read_lines(path, encoding="utf-16") == ["é"]
    with pytest.raises(SettingsError, match="encoding 'klingon' is not known"):
        read_lines(path, encoding="klingon")


def test_invalid_bytes_are_replaced_only_on_request(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"a\nb\xffc\n")
    with pytest.raises(SegmentError, match=r"text, line 2, byte 3: byte 0xff is not text in utf-8"):
        read_lines(path)
    with pytest.raises(SegmentError, match=r"with iconv$"):
        read_lines(path)
    with pytest.raises(SegmentError, match=r"or use --replace-invalid$"):
        read_lines(path, replace_invalid=False)
    assert read_lines(path, replace_invalid=True) == ["a", "b\ufffdc"]


def test_references_are_split_at_tabs(tmp_path):
    path = tmp_path / "refs"
    path.write_text("a\tb \t\nc\td\te\n", "utf-8")
    columns = read_references(path, 3)
    assert [column.lines for column in columns] == [["a", "c"], ["b", "d"], ["", "e"]]
    with pytest.raises(SegmentError, match="line 1: 3 references, not 2"):
        read_references(path, 2)


def test_counts_of_both_files_are_named(tmp_path):
    (tmp_path / "h").write_text("a\nb\n", "utf-8")
    (tmp_path / "r").write_text("a\n", "utf-8")
    hypothesis = read_segments(tmp_path / "h", "hypothesis")
    with pytest.raises(SegmentError, match=r"h: 2 hypothesis lines, but .*r has 1 reference lines"):
        check_line_counts(hypothesis, read_references(tmp_path / "r"))


@pytest.mark.parametrize("content", [b"", b"\n", b" \t\r\n\n", b"\xef\xbb\xbf"])
def test_files_without_a_word_are_refused(tmp_path, content):
    path = tmp_path / "text"
    path.write_bytes(content)
    with pytest.raises(SegmentError, match="the reference file"):
        read_references(path)


def test_missing_file_is_named(tmp_path):
    (tmp_path / "hypothesis.txt").write_text("a", "utf-8")
    with pytest.raises(FileAccessError, match=r"hypotesis.txt: .* did you mean .*hypothesis.txt\?"):
        read_lines(tmp_path / "hypotesis.txt")
