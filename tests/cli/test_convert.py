"""`seqtools embed convert` and `seqtools embed info`."""

import json

import numpy as np
import pytest

from seqtools.embeddings.vector_files import load_vectors, save_vectors
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.io.vector_formats import READABLE_FORMATS, SUFFIXES, WRITABLE_FORMATS
from seqtools_cli.vector_options import READABLE, WRITABLE


@pytest.fixture(autouse=True, scope="module")
def unflushed():
    """Leave out flushing to the disk, which takes most of the time and is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        yield


@pytest.fixture
def table():
    vectors = np.random.default_rng(2).standard_normal((6, 3)).astype(np.float32)
    return WordVectors(list("abcdef"), vectors, [9, 8, 7, 6, 5, 4], {"model": "cbow"})


@pytest.mark.parametrize("target", SUFFIXES)
@pytest.mark.parametrize("source", SUFFIXES)
def test_every_format_converts_to_every_other(seqtools, tmp_path, table, source, target):
    save_vectors(tmp_path / f"in{source}", table)
    output = tmp_path / f"out{target}"
    outcome = seqtools("embed", "convert", tmp_path / f"in{source}", output, "--allow-pickle")
    assert (outcome.exit_code, outcome.stdout) == (0, "")
    assert outcome.stderr == f"{output}: 6 words, 3 dimensions, {SUFFIXES[target]}\n"
    loaded = load_vectors(output, allow_pickle=True)
    assert loaded.words == table.words
    np.testing.assert_array_equal(loaded.vectors, table.vectors)


def test_there_and_back_gives_the_same_bytes(seqtools, tmp_path, table):
    save_vectors(tmp_path / "v.vec", table)
    for suffix in (".bin", ".glove.txt.gz", ".safetensors.zst"):
        seqtools("embed", "convert", tmp_path / "v.vec", tmp_path / f"v{suffix}")
        seqtools("embed", "convert", tmp_path / f"v{suffix}", tmp_path / "back.vec")
        assert (tmp_path / "back.vec").read_bytes() == (tmp_path / "v.vec").read_bytes()


def test_limit_and_words_choose_rows(seqtools, tmp_path, table):
    save_vectors(tmp_path / "v.vec", table)
    (tmp_path / "list.txt").write_text("e\nb\t12\n\nzz\n")
    arguments = ("embed", "convert", tmp_path / "v.vec", tmp_path / "o.bin")
    assert seqtools(*arguments, "--limit", 2).exit_code == 0
    assert load_vectors(tmp_path / "o.bin").words == ["a", "b"]
    outcome = seqtools(*arguments, "--words", tmp_path / "list.txt", "--json")
    assert load_vectors(tmp_path / "o.bin").words == ["b", "e"]
    assert f"1 words of {tmp_path / 'list.txt'} are not in IN: zz" in outcome.stderr
    payload = json.loads(outcome.stdout)
    assert payload["missing_words"] == ["zz"]
    assert payload["num_words"] == 2
    assert (payload["input_format"], payload["output_format"]) == ("word2vec", "word2vec-binary")


def test_the_format_can_be_said(seqtools, tmp_path, table):
    save_vectors(tmp_path / "v.vec", table)
    output = tmp_path / "plain"
    assert seqtools("embed", "convert", tmp_path / "v.vec", output).exit_code == 1
    outcome = seqtools(
        "embed", "convert", tmp_path / "v.vec", output, "--format", "glove", "--from", "word2vec"
    )
    assert outcome.exit_code == 0
    assert output.read_text().startswith("a ")


def test_standard_output_gets_text(seqtools, tmp_path, table):
    save_vectors(tmp_path / "v.bin", table)
    outcome = seqtools("embed", "convert", tmp_path / "v.bin", "-", "--limit", 1, "-q")
    assert outcome.stdout.startswith("1 3\na 0.1")
    assert outcome.stderr == ""


def test_standard_output_cannot_hold_vectors_and_json(seqtools, tmp_path):
    outcome = seqtools("embed", "convert", tmp_path / "v.bin", "-", "--json")
    assert outcome.exit_code == 2


def test_an_unknown_suffix_is_refused_before_the_input_is_read(seqtools, tmp_path):
    outcome = seqtools("embed", "convert", tmp_path / "missing", tmp_path / "o.foo")
    assert outcome.exit_code == 1
    assert "no vector format has this suffix; end the name in .glove.txt, .vec" in outcome.stderr


def test_duplicates_and_bad_words_are_warned_of_and_counted(seqtools, tmp_path):
    (tmp_path / "v.txt").write_bytes(b"a 1 2\nb\xff 3 4\na 5 6\n")
    arguments = ("embed", "convert", tmp_path / "v.txt", tmp_path / "o.vec")
    outcome = seqtools(*arguments)
    assert outcome.exit_code == 1
    assert "--encoding-errors" in outcome.stderr
    outcome = seqtools(*arguments, "--encoding-errors", "replace", "--json")
    payload = json.loads(outcome.stdout)
    assert (payload["num_duplicates"], payload["num_invalid_words"]) == (1, 1)
    warnings = outcome.stderr.splitlines()
    assert len(warnings) == 2
    assert all(line.startswith(f"seqtools: warning: {tmp_path / 'v.txt'}: 1") for line in warnings)
    assert seqtools(*arguments, "--encoding-errors", "skip", "-q").stderr == ""
    assert load_vectors(tmp_path / "o.vec").words == ["a"]


def test_info_describes_a_file(seqtools, tmp_path, table):
    save_vectors(tmp_path / "v.safetensors.gz", table)
    outcome = seqtools("embed", "info", tmp_path / "v.safetensors.gz", "--json")
    payload = json.loads(outcome.stdout)
    norms = np.linalg.norm(table.vectors, axis=1)
    assert payload["format"] == "safetensors"
    assert payload["compression"] == "gz"
    assert payload["file_bytes"] == (tmp_path / "v.safetensors.gz").stat().st_size
    assert (payload["num_words"], payload["dim"]) == (6, 3)
    assert payload["mean_norm"] == pytest.approx(norms.mean(), rel=1e-6)
    assert payload["largest_norm"] == pytest.approx(norms.max(), rel=1e-6)
    assert payload["total_count"] == 39
    assert payload["first_words"] == list("abcdef")
    assert payload["metadata"] == {"model": "cbow"}
    outcome = seqtools("embed", "info", tmp_path / "v.safetensors.gz")
    assert "num words\t6\n" in outcome.stdout
    assert "metadata\tmodel: cbow\n" in outcome.stdout


def test_info_counts_rows_without_direction(seqtools, tmp_path):
    (tmp_path / "v.txt").write_text("a 0 0\nb nan 1\nc 3 4\n")
    outcome = seqtools("embed", "info", tmp_path / "v.txt", "--allow-nonfinite", "--json")
    payload = json.loads(outcome.stdout)
    assert (payload["num_zero_vectors"], payload["num_nonfinite_vectors"]) == (1, 1)
    assert payload["mean_norm"] == 2.5


def test_the_options_name_the_librarys_formats():
    assert tuple(WRITABLE.choices) == WRITABLE_FORMATS
    assert tuple(READABLE.choices) == READABLE_FORMATS


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a\n\xff\n"])
def test_a_bad_list_of_words_is_one_line(seqtools, tmp_path, table, content):
    save_vectors(tmp_path / "v.vec", table)
    (tmp_path / "list").write_bytes(content)
    outcome = seqtools(
        "embed", "convert", tmp_path / "v.vec", tmp_path / "o.vec", "--words", tmp_path / "list"
    )
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith(f"seqtools: error: {tmp_path / 'list'}")
    assert outcome.stderr.count("\n") == 1


def test_a_file_is_not_converted_over_itself(seqtools, tmp_path, table):
    save_vectors(tmp_path / "v.vec", table)
    before = (tmp_path / "v.vec").read_bytes()
    outcome = seqtools("embed", "convert", tmp_path / "v.vec", tmp_path / "v.vec", "--limit", 2)
    assert outcome.exit_code == 1
    assert "v.vec: cannot write: this run reads it; name another output" in outcome.stderr
    assert (tmp_path / "v.vec").read_bytes() == before
