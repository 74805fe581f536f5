"""Faulty inputs of counting, merging and GloVe: one line, and what existed still stands."""

import errno
import os
from pathlib import Path

import pytest

TEXT = "the cat sat on the mat and the dog sat on the rug\n" * 20


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture
def counted(seqtools, corpus):
    path = corpus.parent / "counts.cooc"
    assert seqtools("embed", "cooccur", corpus, "-o", path, "-q").exit_code == 0
    return path


def fails(outcome, *messages):
    """Make sure of one line and exit code 1."""
    assert outcome.exit_code == 1, outcome
    assert outcome.stderr.count("\n") == 1, outcome.stderr
    assert "Traceback" not in outcome.stderr
    for message in messages:
        assert message in outcome.stderr


def train(seqtools, path, *extra):
    return seqtools(
        "embed", "train", "--model", "glove", "--cooccurrences", path,
        "-o", path.parent / "out.vec", "-q", *extra,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content[:-1], "cut short: expected"),
        (lambda content: content[:300], "its header is damaged; count"),
        (lambda content: content[:10], "not a file of co-occurrences"),
        (lambda content: content[:0], "counts.cooc: not a file of co-occurrences"),
        (lambda content: content + b"x", "has bytes after its end"),
        (lambda content: content[:-1] + b"\x01", "checksum of its entries differs"),
        (lambda content: content[:-16] + b"\xff" * 16, ", byte "),
        (lambda content: content[:-1] + b"\x80", ": a damaged row; count again"),
        (lambda content: content.replace(b"the\t", b"teh\t"), "its vocabulary is damaged"),
        (lambda content: content.replace(b'"window": 15', b'"window": 25'), "header is damaged"),
    ],
)
def test_a_damaged_file_of_cooccurrences_is_named(seqtools, counted, change, message):
    counted.write_bytes(change(counted.read_bytes()))
    fails(train(seqtools, counted), "counts.cooc", message)
    merged = seqtools("embed", "merge", counted, counted.with_name("none"), "-o", "x", "-q")
    assert merged.exit_code == 1
    names = {path.name for path in counted.parent.iterdir()}
    assert names == {"corpus.txt", "counts.cooc"}


def test_files_that_are_something_else_are_refused(seqtools, corpus, counted):
    fails(train(seqtools, corpus), "corpus.txt: not a file of co-occurrences")
    fails(train(seqtools, corpus.with_name("missing")), "missing: cannot read: No such file")
    fails(train(seqtools, corpus.parent), "it is a directory; name a file")
    fails(seqtools("embed", "merge", corpus, "-o", "x"), "corpus.txt, line 1: ")
    words = corpus.with_name("words.tsv")
    assert seqtools("embed", "count", corpus, "-o", words).exit_code == 0
    fails(
        seqtools("embed", "merge", counted, words, "-o", "x"),
        "words.tsv: not a file of co-occurrences",
    )
    fails(seqtools("embed", "count", counted, "-o", "x", "-q"), "counts.cooc: not text")


def test_counts_of_another_vocabulary_or_window_do_not_mix(seqtools, corpus, counted):
    other = corpus.with_name("other.cooc")
    options = ["-o", other, "-q"]
    assert seqtools("embed", "cooccur", corpus, *options, "--window", 3).exit_code == 0
    fails(seqtools("embed", "merge", counted, other, "-o", "x", "-q"), "window 3, but", "window 15")
    fails(train(seqtools, other, "--window", "4"), "counted with window 3, not 4")
    assert seqtools("embed", "cooccur", corpus, *options, "--max-vocab", 3).exit_code == 0
    fails(seqtools("embed", "merge", counted, other, "-o", "x", "-q"), "another vocabulary than")
    words = corpus.with_name("words.tsv")
    words.write_text("cat\t3\nsat\t2\n")
    fails(train(seqtools, counted, "--vocab", words), "counted with another vocabulary than")
    fails(seqtools("embed", "merge", counted, counted, "-o", "x", "-q"), "named twice")


def test_steps_that_cannot_end_well_do_not_start(seqtools, corpus, monkeypatch):
    monkeypatch.chdir(corpus.parent)
    fails(
        seqtools("embed", "cooccur", corpus, "--shard", "1/4", "-o", "x"),
        "a shard needs the words of the whole corpus",
    )
    fails(
        seqtools("embed", "count", corpus, "--shard", "1/4", "--min-count", 2, "-o", "x", "-q"),
        "counts of a shard must keep all words",
    )
    for command in ("count", "cooccur"):
        fails(seqtools("embed", command, corpus, "-o", "missing/x"), "does not exist")
        fails(seqtools("embed", command, "missing.txt", "-o", "x", "-q"), "missing.txt")
    fails(seqtools("embed", "cooccur", corpus, "-o", "/dev/full"), "need a regular file")
    fails(seqtools("embed", "cooccur", corpus, "-o", "-"), "need a regular file")
    fails(seqtools("embed", "cooccur", corpus, "-o", ".", "-q"), "it is a directory")
    fails(seqtools("embed", "cooccur", corpus, "-o", "x", "--vocab", "no.tsv", "-q"), "no.tsv")
    fails(seqtools("embed", "count", corpus, "-o", "/dev/full", "-q"), "No space left")
    words = corpus.with_name("many.tsv")
    words.write_text("".join(f"word{number}\t5\n" for number in range(40_000)))
    fails(
        seqtools("embed", "cooccur", corpus, "-o", "x", "--vocab", words, "--memory", "1M", "-q"),
        "too little to count pairs of 40000 words", "use --memory",
    )  # fmt: skip
    assert {path.name for path in corpus.parent.iterdir()} == {"corpus.txt", "many.tsv"}


def test_text_without_neighbours_has_nothing_to_train_on(seqtools, tmp_path):
    path = tmp_path / "lonely.txt"
    path.write_text("one\ntwo\n" * 9)
    output = tmp_path / "x.vec"
    outcome = seqtools("embed", "train", path, "--model", "glove", "-o", output, "-q")
    fails(outcome, "no two words of the vocabulary stand near each other")
    pairs = tmp_path / "x.cooc"
    assert seqtools("embed", "cooccur", path, "-o", pairs, "-q").exit_code == 0
    fails(train(seqtools, pairs), "no two words")


@pytest.fixture
def full_disk(monkeypatch):
    """Let the disk be full for files whose name matches, from the given write on."""

    def fill(name, first=0):
        written = 0

        class Full:
            def __init__(self, file):
                self.file = file

            def __getattr__(self, attribute):
                return getattr(self.file, attribute)

            def __enter__(self):
                return self

            def __exit__(self, *_):
                self.file.close()

            def write(self, content):
                nonlocal written
                written += 1
                if written > first:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                return self.file.write(content)

        opened = Path.open

        def limited(self, *args, **kwargs):
            file = opened(self, *args, **kwargs)
            is_written = any(letter in str(args) for letter in "wa")
            return Full(file) if name in self.name and is_written else file

        monkeypatch.setattr(Path, "open", limited)

    return fill


def test_a_full_disk_during_a_spill_leaves_the_old_file(seqtools, corpus, full_disk, monkeypatch):
    settings = "seqtools.embeddings.cooccurrence_settings"
    monkeypatch.setattr(f"{settings}._SMALLEST_CHUNK_TOKENS", 1)
    monkeypatch.setattr(f"{settings}._LARGEST_CHUNK_TOKENS", 50)
    output = corpus.with_name("old.cooc")
    output.write_bytes(b"old")
    for first in range(4):
        with monkeypatch.context():
            full_disk(".rows", first)
            outcome = seqtools("embed", "cooccur", corpus, "-o", output, "-q")
            fails(outcome, ".rows: cannot write: No space left on device")
    assert output.read_bytes() == b"old"
    assert {path.name for path in corpus.parent.iterdir()} == {"corpus.txt", "old.cooc"}


def test_a_full_disk_while_shuffling_leaves_the_old_file(seqtools, counted, full_disk):
    output = counted.parent / "out.vec"
    output.write_text("1 1\nold 0.5\n")
    full_disk("pairs.bin")
    fails(train(seqtools, counted), "pairs.bin: cannot write: No space left on device")
    assert output.read_text() == "1 1\nold 0.5\n"
    names = {path.name for path in counted.parent.iterdir()}
    assert names == {"corpus.txt", "counts.cooc", "out.vec"}
