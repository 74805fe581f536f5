"""Malformed vector files: one line that names the file, the place and the cause; exit code 1."""

import bz2
import gzip
import io
import lzma
import tracemalloc
import zipfile

import numpy as np
import pytest

from seqtools.embeddings.vector_files import load_vectors
from seqtools.errors import SeqtoolsError

ROW = np.array([0.5, -1.5], "<f4").tobytes()
INF = np.array([0.5, np.inf], "<f4").tobytes()


def _zip():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("v.txt", "a 1 2\n")
    return buffer.getvalue()


def _npy():
    buffer = io.BytesIO()
    np.save(buffer, np.ones((2, 2), np.float32))
    return buffer.getvalue()


FAULTS = {
    # Under each name: the content, the place and the cause that the message names.
    "empty": (b"", "", "no words: the file is empty"),
    "blank": (b" \n\t\n", "", "no words: the file holds only blanks"),
    "header of one number": (b"3\na 1 2\nb 3 4\nc 5 6\n", "line 1", "the header is '3', but must"),
    "header that looks like a row": (b"2 2 2\na 1 2\nb 3 4\n", "line 1", "the header is '2 2 2'"),
    "header of three numbers": (b"3 2 1 9\na 1 2\nb 3 4\n", "line 1", "the header is '3 2 1 9'"),
    "count above rows": (
        b"3 2\na 0.1 0.2\nb 0.3 0.4\n",
        "line 3",
        "after 2 words, but its header decl",
    ),
    "count below rows": (b"1 2\na 1 2\nb 3 4\n", "line 3", "declares 1 words, but here is another"),
    "dim too small": (
        b"2 2\na .1 .2 .3\nb .4 .5 .6\n",
        "line 2",
        "3 numbers where 2 were expected",
    ),
    "dim too large": (b"2 3\na .1 .2\nb .3 .4\n", "line 2", "2 numbers where 3 were expected"),
    "huge count": (b"1000000000000 2\na 1 2\nb 3 4\n" + b"x" * 60, "", "truncated at byte 88"),
    "huge dim": (b"1 2147483648\na 1 2\n", "line 1", "dimensions 1 to 1048576"),
    "dim above the size": (b"2 1000000\na 1 2\nb 3 4\n", "", "truncated at byte 22"),
    "endless count": (b"9" * 40 + b" 2\na 1 2\n", "", "truncated at byte 49"),
    "negative count": (b"-2 2\na 1 2\nb 3 4\n", "line 1", "declares -2 words"),
    "negative dim": (b"2 -2\na 1 2\nb 3 4\n", "line 1", "of -2 dimensions"),
    "dim 0": (b"2 0\na\nb\n", "line 1", "of 0 dimensions"),
    "count 0": (b"0 2\n", "line 1", "declares 0 words"),
    "header alone": (b"2 2\n", "", "truncated at byte 4"),
    "nan in text": (b"a 1 2\nb nan 3\n", "line 2", "number 1 of the vector of 'b' is nan"),
    "inf in text": (b"2 2\na 1 2\nb 3 -inf\n", "line 3", "number 2 of the vector of 'b' is -inf"),
    "1e999": (b"a 1 2\nb 3 1e999\n", "line 2", "is inf, not finite"),
    "beyond float32": (b"a 1 2\nb 3 1e39\n", "line 2", "is inf, not finite"),
    "underscore": (b"a 1 2\nb 1_0 2\n", "line 2", "'1_0' is not a number (number 1 of 2)"),
    "decimal comma": (b"a 1,5 2,5\nb 3,5 4,5\n", "line 1", "'1,5' is not a number"),
    "one decimal comma": (b"a 1 2\nb 3 4,5\nc 5 6\n", "line 2", "'4,5' is not a number"),
    "decimal comma in the first column": (b"a 1,5 2\nb 3,5 4\n", "line 1", "'1,5' is not a number"),
    "hexadecimal": (b"a 1 2\nb 0x10 2\n", "line 2", "'0x10' is not a number"),
    "Arabic digits": ("a 1 2\nb ٣ 2\n".encode(), "line 2", "'٣' is not a number"),
    "two numbers in one": (b"a 1 2\nb 1-2 3\n", "line 2", "'1-2' is not a number"),
    "no numbers": (b"the quick brown fox\njumps over the dog\n", "line 1", "is not a number"),
    "one word": (b"hello\n", "line 1", "0 numbers"),
    "empty word": (b"a 1 2\n 3 4\n", "line 2", "empty word"),
    "blank line inside": (b"2 2\na 1 2\n\nb 3 4\n", "line 3", "blank line"),
    "blank line inside, no header": (b"a 1 2\n  \nb 3 4\n", "line 2", "blank line"),
    "blank first line": (b"\na 1 2\nb 3 4\n", "line 1", "blank line"),
    "short row": (b"a 1 2\nb 3\nc 5 6\n", "line 2", "1 numbers where 2 were expected"),
    "long row": (b"a .1 .2\nb .3 .4 .5\nc .5 .6\n", "line 2", "3 numbers where 2 were expected"),
    "two rows on a line": (
        b"a .1 .2 b .3 .4\nc .5 .6\nd .7 .8\n",
        "line 1",
        "4 numbers where 2 were",
    ),
    "invalid word": (b"a 1 2\nb\xff 3 4\n", "line 2", "is not UTF-8"),
    "NUL in a text word": (b"a 1 2\n" * 1000 + b"b\0 3 4\n", "line 1001", "a NUL byte"),
    "endless text word": (
        b"a 1 2\n" + b"b" * 10_001 + b" 3 4\n",
        "line 2",
        "more than 10000 bytes",
    ),
    "cut in a vector": (b"2 2\na " + ROW + b"\nb " + ROW[:5], "", "truncated at byte 22"),
    "cut in a word": (b"2 2\na " + ROW + b"\nbbbbbbbbbbbbbbbbb", "", "truncated at byte 32"),
    "cut after a row": (b"2 2\nabcdefghijklmnop " + ROW, "", "truncated at byte 29: 1 of 2 words"),
    "trailing bytes": (b"1 2\na " + ROW + b"\njunk", "byte 15", "data after the last vector"),
    "binary count too small": (b"1 2\na " + ROW + b"b " + ROW, "byte 14", "data after the last"),
    "binary count too large": (b"9 2\na " + ROW + b"b " + ROW, "", "truncated at byte 24"),
    "nan in binary": (
        b"2 2\na " + ROW + b"b " + INF,
        "byte 14",
        "number 2 of the vector of 'b' is",
    ),
    "empty binary word": (b"2 2\na " + ROW + b"\n " + ROW, "byte 15", "empty word"),
    "endless binary word": (
        b"2 2\na " + ROW + b"b" * 20_000 + b" " + ROW,
        "byte 14",
        "a word of more than 10000 bytes",
    ),
    "fastText model": (b"\xba\x16\x4f\x2f\x0c\0\0\0" + bytes(90), "", "this is a fastText model"),
    "pickle": (b"\x80\x04cos\nsystem\n(S'false'\ntR.", "", "this is a pickle"),
    "zip": (_zip(), "", "this is a zip archive; unpack it"),
    "UTF-16": ("2 2\na 1 2\nb 3 4\n".encode("utf-16"), "", "this looks like UTF-16"),
    "UTF-16 without mark": ("2 2\na 1 2\n".encode("utf-16-le"), "", "this looks like UTF-16"),
    "big-endian UTF-16": ("2 2\na 1 2\n".encode("utf-16-be"), "", "this looks like UTF-16"),
    "junk": (bytes(range(256)) * 20, "", "neither text nor a known format"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(40), "", "this is an HDF5 file"),
    "web page": (b"<!doctype html><html>404</html>", "", "this is a web page"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", "", "a Git LFS pointer"),
    "array without words": (_npy(), "", "its words are missing"),
    "damaged gzip": (gzip.compress(b"a 1 2\n" * 50)[:-12], "", "damaged or cut short .gz data"),
    "damaged bzip2": (bz2.compress(b"a 1 2\n" * 50)[:-12], "", "damaged or cut short .bz2 data"),
    "damaged xz": (lzma.compress(b"a 1 2\n" * 50)[:-12], "", "damaged or cut short .xz data"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_library_refuses_naming_file_place_and_cause(tmp_path, fault):
    content, place, cause = FAULTS[fault]
    path = tmp_path / "bad.vec"
    path.write_bytes(content)
    with pytest.raises(SeqtoolsError) as caught:
        load_vectors(path)
    message = str(caught.value)
    assert message.startswith(f"{path}{', ' + place if place else ''}: ")
    assert cause in message
    assert "\n" not in message


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", [("info", "{}"), ("neighbors", "{}", "a")])
def test_commands_fail_with_one_line(tmp_path, seqtools, fault, command):
    content, place, cause = FAULTS[fault]
    path = tmp_path / "bad.vec"
    path.write_bytes(content)
    outcome = seqtools("embed", *(part.format(path) for part in command))
    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    assert outcome.stderr.count("\n") == 1
    assert str(path) in outcome.stderr
    assert place in outcome.stderr
    assert cause in outcome.stderr


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_conversion_leaves_the_old_output(tmp_path, seqtools, fault):
    (tmp_path / "bad.vec").write_bytes(FAULTS[fault][0])
    output = tmp_path / "out.bin"
    output.write_bytes(b"old")
    outcome = seqtools("embed", "convert", tmp_path / "bad.vec", output)
    assert outcome.exit_code == 1
    assert output.read_bytes() == b"old"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["bad.vec", "out.bin"]


@pytest.mark.parametrize(
    ("said", "content", "found"),
    [
        ("word2vec-binary", b"1 2\na 1 2\n", "a word2vec text file, not a word2vec binary file"),
        ("word2vec", b"1 2\na " + ROW, "a word2vec binary file, not a word2vec text file"),
        ("glove", b"1 2\na " + ROW, "a word2vec binary file, not a text file without a header"),
        ("safetensors", b"a 1 2\n", "a text file without a header (GloVe), not a safetensors"),
        ("word2vec", b"\x80\x04N.", "a pickle (gensim's .kv or .model), not a word2vec text file"),
    ],
)
def test_a_file_of_another_format_than_said_is_named(tmp_path, seqtools, said, content, found):
    (tmp_path / "v").write_bytes(content)
    outcome = seqtools("embed", "info", tmp_path / "v", "--format", said)
    assert outcome.exit_code == 1
    assert f"this is {found}" in outcome.stderr


def test_a_header_that_the_file_is_said_to_lack_is_refused(tmp_path):
    (tmp_path / "v.txt").write_text("2 2\na 1 2\nb 3 4\n")
    with pytest.raises(SeqtoolsError, match="line 1: 1 numbers where 2 were expected"):
        load_vectors(tmp_path / "v.txt", format="glove")
    (tmp_path / "v.txt").write_text("a 1 2\nb 3 4\n")
    with pytest.raises(SeqtoolsError, match="line 1: the header is 'a 1 2', but must be two num"):
        load_vectors(tmp_path / "v.txt", format="word2vec")


@pytest.mark.parametrize("kind", ["missing", "directory", "null"])
def test_what_is_no_file_is_named(tmp_path, seqtools, kind):
    path = {"missing": tmp_path / "no.vec", "directory": tmp_path, "null": "/dev/null"}[kind]
    cause = {"missing": "No such file", "directory": "directory without vectors.npy"}
    for command in (
        ("info", path),
        ("neighbors", path, "a"),
        ("convert", path, tmp_path / "o.vec"),
    ):
        outcome = seqtools("embed", *command)
        assert outcome.exit_code == 1
        assert outcome.stderr.count("\n") == 1
        assert f"{path}: " in outcome.stderr
        assert cause.get(kind, "no words") in outcome.stderr


def test_a_misspelled_name_is_answered_with_the_right_one(tmp_path, seqtools):
    (tmp_path / "vectors.vec").write_text("a 1 2\n")
    outcome = seqtools("embed", "info", tmp_path / "vector.vec")
    assert f"did you mean {tmp_path / 'vectors.vec'}?" in outcome.stderr


@pytest.mark.parametrize(
    "content",
    [
        b"1000000000000 300\n" + b"a 1 2\n" * 10,
        b"100000 1048576\n" + b"a 1 2\n" * 10,
        b"2 1000000\na " + bytes(400),
        gzip.compress(b"1000000000000 300\na " + bytes(1200)),
        gzip.compress(b"100000 1048576\na 1 2\n"),
        gzip.compress(b"5000000 300\na" + b" 0.5" * 300 + b"\n"),
        gzip.compress(b"a" * 300_000_000),
        gzip.compress(b"a 1 2\n" + b" 1" * 100_000_000),
        gzip.compress(b"1 2\na " + ROW + bytes(200_000_000)),
        (1 << 40).to_bytes(8, "little") + b"{",
        (99_999_999).to_bytes(8, "little") + b"{" + bytes(100),
        gzip.compress((90_000_000).to_bytes(8, "little") + b"{" + b" " * 90_000_000),
    ],
    ids=lambda content: f"{len(content)} bytes",
)
def test_hostile_sizes_and_bombs_need_little_memory(tmp_path, content):
    path = tmp_path / "v.bin"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(SeqtoolsError):
            load_vectors(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 250_000_000


def test_a_pickle_is_never_opened_unasked(tmp_path, seqtools):
    proof = tmp_path / "proof"
    command = f"touch {proof}".encode()
    (tmp_path / "v.kv").write_bytes(b"\x80\x02cos\nsystem\n(S'" + command + b"'\ntR.")
    for arguments in ([], ["--format", "gensim"]):
        outcome = seqtools("embed", "info", tmp_path / "v.kv", *arguments)
        assert outcome.exit_code == 1
        assert "can run code hidden in it; if you trust where it came from" in outcome.stderr
    assert not proof.exists()


def test_prose_is_not_taken_for_vectors(seqtools, tmp_path):
    lines = [
        "the cat sat on the mat .",
        "a dog barked",
        "it was cold in 1999",
        "yes",
        "and so on .",
    ]
    (tmp_path / "text.txt").write_text("\n".join(lines) + "\n")
    outcome = seqtools("embed", "neighbors", tmp_path / "text.txt", "cat")
    assert outcome.exit_code == 1
    assert "text.txt: this is text, not word vectors; name a file that" in outcome.stderr
