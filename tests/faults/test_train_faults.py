"""Faulty options and outputs of `embed train`: one line before any work, nothing lost."""

import pytest


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("the cat sat on the mat and the dog sat on the rug\n" * 20)
    return path


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--dim", "0"), ("--dim", "-1"), ("--dim", "nan"), ("--dim", "999999999"),
        ("--window", "0"), ("--window", "1e3"), ("--negative", "0"), ("--epochs", "0"),
        ("--min-count", "0"), ("--max-vocab", "1"), ("--threads", "0"), ("--seed", "-1"),
        ("--lr", "0"), ("--lr", "nan"), ("--lr", "inf"), ("--lr", "-0.1"), ("--lr", "1e9"),
        ("--lr", "1e-300"), ("--x-max", "1e-300"), ("--gradient-clip", "1e-300"),
        ("--min-lr", "-1"), ("--subsample", "-1"), ("--subsample", "2"), ("--subsample", "nan"),
        ("--noise-exponent", "inf"), ("--checkpoint-every", "0"), ("--model", "word2vec"),
        ("--loss", "softmax"),
    ],
)  # fmt: skip
def test_an_option_outside_its_range_is_refused_at_parse_time(seqtools, corpus, option, value):
    outcome = seqtools("embed", "train", corpus, option, value)
    assert outcome.exit_code == 2
    assert option in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "missing/x.vec"], "does not exist"),
        (["-o", "corpus.txt/x.vec"], "corpus.txt is a file, not a directory"),
        (["-o", "x.foo"], "no vector format has this suffix"),
        (["-o", "."], "no vector format"),
        (["-o", "x.vec", "--save-vocab", "missing/v.tsv"], "does not exist"),
        (["-o", "x.vec", "--save-context", "x.vec"], "two outputs have the same name"),
        (["--vocab", "missing.tsv"], "missing.tsv"),
        (["--init-vectors", "missing.vec"], "missing.vec"),
        (["--min-count", "1000"], "--min-count"),
        (["--config", "missing.toml"], "missing.toml"),
    ],
)
def test_a_run_that_cannot_end_well_does_not_start(
    seqtools, corpus, arguments, message, monkeypatch
):
    monkeypatch.chdir(corpus.parent)
    outcome = seqtools("embed", "train", corpus, "-q", *arguments)
    assert outcome.exit_code == 1
    assert message in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    assert [path.name for path in corpus.parent.iterdir()] == ["corpus.txt"]


def test_options_that_contradict_each_other_are_wrong_usage(seqtools, corpus):
    outcome = seqtools("embed", "train", corpus, "--deterministic", "--threads", "2")
    assert outcome.exit_code == 2
    assert "--deterministic trains on one thread, but --threads is 2" in outcome.stderr


def test_given_vectors_are_checked_before_the_corpus_is_read(seqtools, tmp_path):
    (tmp_path / "given.vec").write_text("2 3\na 1 2 3\nb 1 2 4\n")
    (tmp_path / "corpus.txt").write_bytes(b"a b \xff\n")  # reading would stop at the last byte
    outcome = seqtools(
        "embed", "train", tmp_path / "corpus.txt", "--encoding-errors", "strict",
        "-o", tmp_path / "x.vec", "--init-vectors", tmp_path / "given.vec", "-q",
    )  # fmt: skip
    assert outcome.exit_code == 1
    assert "its vectors have 3 dimensions, the run 100; use --dim 3" in outcome.stderr


def test_a_full_disk_leaves_the_old_file(seqtools, corpus, monkeypatch):
    import errno
    import os

    output = corpus.parent / "old.vec"
    output.write_text("1 1\nold 0.5\n")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("seqtools.io.atomic.os.fsync", full)
    outcome = seqtools("embed", "train", corpus, "-o", output, "-q", "--min-count", 1)
    assert outcome.exit_code == 1
    assert "No space left" in outcome.stderr
    assert output.read_text() == "1 1\nold 0.5\n"


def test_dev_full_is_reported(seqtools, corpus):
    outcome = seqtools(
        "embed", "train", corpus, "-o", "/dev/full", "--format", "word2vec", "-q",
        "--min-count", 1,
    )  # fmt: skip
    assert outcome.exit_code == 1
    assert "/dev/full: cannot write: No space left" in outcome.stderr


def test_vectors_on_stdout_stand_alone(seqtools, corpus):
    outcome = seqtools("embed", "train", corpus, "-o", "-", "-q", "--min-count", 1, "--dim", 3)
    assert outcome.exit_code == 0
    lines = outcome.stdout.splitlines()
    assert lines[0] == "8 3"
    assert len(lines) == 9
    assert seqtools("embed", "train", corpus, "-o", "-", "--json").exit_code == 2


def test_a_config_file_sets_defaults_and_a_flag_wins(seqtools, corpus):
    config = corpus.parent / "train.toml"
    config.write_text("dim = 7\nmin-count = 1\nepochs = 1\n")
    output = corpus.parent / "v.vec"
    arguments = ["embed", "train", corpus, "--config", config, "-o", output, "-q"]
    assert seqtools(*arguments).exit_code == 0
    assert output.read_text().startswith("8 7\n")
    assert seqtools(*arguments, "--dim", 4).exit_code == 0
    assert output.read_text().startswith("8 4\n")
    config.write_text("dims = 7\n")
    outcome = seqtools(*arguments)
    assert outcome.exit_code == 1
    assert "'dims' is not an option" in outcome.stderr


@pytest.mark.parametrize("option", ["-o", "--save-vocab", "--save-context"])
def test_no_output_takes_the_place_of_the_corpus(seqtools, corpus, option, monkeypatch):
    monkeypatch.chdir(corpus.parent)
    before = corpus.read_bytes()
    (corpus.parent / "other.txt").hardlink_to(corpus)
    for name in ("corpus.txt", "./corpus.txt", corpus, "other.txt"):
        outcome = seqtools("embed", "train", "corpus.txt", option, name, "-q", "--min-count", 1)
        assert outcome.exit_code == 1
        assert "this run reads it" in outcome.stderr
    assert corpus.read_bytes() == before


def test_the_default_output_does_not_take_the_place_of_the_corpus(seqtools, corpus, monkeypatch):
    monkeypatch.chdir(corpus.parent)
    text = corpus.rename("text.vec").read_bytes()
    outcome = seqtools("embed", "train", "text.vec", "-q", "--min-count", 1)
    assert outcome.exit_code == 1
    assert (corpus.parent / "text.vec").read_bytes() == text


@pytest.mark.parametrize("command", ["count", "cooccur", "merge"])
def test_counting_does_not_take_the_place_of_what_it_reads(seqtools, corpus, command):
    before = corpus.read_bytes()
    outcome = seqtools("embed", command, corpus, "-o", corpus, "-q")
    assert outcome.exit_code == 1
    assert "this run reads it" in outcome.stderr
    assert corpus.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a\nb\na\nb\nc\n" * 9, ["--model", "cbow"]),
        ("a\nb\na\nb\nc\n" * 9, ["--loss", "hs"]),
        ("a b c d\n" * 9, ["--subsample", "1e-300"]),
    ],
)
def test_a_run_that_learns_nothing_is_no_success(seqtools, corpus, text, options):
    corpus.write_text(text)
    output = corpus.parent / "x.vec"
    arguments = ["embed", "train", corpus, "-o", output, "-q", "--min-count", 1, "--epochs", 2]
    outcome = seqtools(*arguments, *options)
    assert outcome.exit_code == 1
    assert "no two words of a line" in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    assert not output.exists()


@pytest.mark.parametrize("threads", [1, 2, 64])
def test_two_words_are_enough_on_any_number_of_threads(seqtools, corpus, threads):
    corpus.write_text("a b\n")
    options = ["--min-count", 1, "--subsample", 0, "--dim", 2, "--threads", threads, "-q", "--json"]
    outcome = seqtools("embed", "train", corpus, "-o", corpus.parent / "x.vec", *options)
    assert outcome.exit_code == 0
    assert "null" not in outcome.stdout


def test_a_given_vocabulary_needs_two_words_of_the_text(seqtools, corpus):
    words = corpus.parent / "words.tsv"
    for content, number in (("the\t9\n", "only one of the 1"), ("the\t9\nxy\t3\n", "only one of")):
        words.write_text(content)
        outcome = seqtools("embed", "train", corpus, "--vocab", words, "-q")
        assert outcome.exit_code == 1
        assert number in outcome.stderr


def test_a_word_that_could_not_be_saved_is_refused_before_training(seqtools, corpus):
    corpus.write_text(f"a b {'x' * 20_000} c\n")
    outcome = seqtools("embed", "train", corpus, "-o", corpus.parent / "x.vec", "--min-count", 1)
    assert outcome.exit_code == 1
    assert "has 20000 bytes" in outcome.stderr
    assert "training" not in outcome.stderr
    assert len(outcome.stderr) < 1000


@pytest.mark.parametrize(
    ("option", "inputs"), [("-o", "--init-vectors"), ("--save-vocab", "--vocab")]
)
def test_an_output_that_the_run_reads_is_refused(seqtools, corpus, option, inputs):
    both = corpus.parent / "both.bin"
    both.write_bytes(b"mine")
    rest = [] if option == "-o" else ["-o", corpus.parent / "x.vec"]
    outcome = seqtools("embed", "train", corpus, option, both, inputs, both, *rest)
    assert outcome.exit_code == 1
    assert "both.bin: cannot write: this run reads it" in outcome.stderr
    assert both.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("arguments", "before"),
    [
        (["embed", "train", "c.txt", "-o", ""], "-o"),
        (["embed", "train", "c.txt", "--output="], "--output"),
        (["bleu", "", "ref.txt"], "bleu"),
        (["embed", "neighbors", "v.bin", ""], "v.bin"),
    ],
)
def test_an_empty_argument_is_refused(seqtools, arguments, before):
    outcome = seqtools(*arguments)
    assert outcome.exit_code == 2
    assert f"Empty argument behind '{before}'" in outcome.stderr


def test_an_empty_prompt_is_none(seqtools):
    assert "Empty argument" not in seqtools("generate", "no-model", "--prompt", "").stderr
