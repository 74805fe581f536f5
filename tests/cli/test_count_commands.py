"""`embed count`, `cooccur`, `merge` and `train --model glove` as a user types them."""

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seqtools.embeddings.nplm_settings import NPLMSettings
from seqtools.embeddings.settings import GloVeSettings, Word2VecSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def corpus(tmp_path):
    """Write 400 kB of text, so that four shards have several blocks each."""
    generator = np.random.default_rng(3)
    words = generator.zipf(1.3, 80_000).clip(max=2_000)
    borders = np.sort(generator.choice(80_000, 6_000))
    lines = [" ".join(f"w{word}" for word in line) for line in np.split(words, borders)]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def ok(outcome):
    assert outcome.exit_code == 0, outcome.stderr
    return outcome


def test_four_shards_end_in_the_bytes_of_one_run(seqtools, corpus, tmp_path):
    counts, parts = [], []
    for shard in range(1, 5):
        counts.append(tmp_path / f"v{shard}.tsv")
        ok(seqtools("embed", "count", corpus, "--shard", f"{shard}/4", "-o", counts[-1]))
    merged_words, words = tmp_path / "merged.tsv", tmp_path / "vocab.tsv"
    ok(seqtools("embed", "merge", *counts, "-o", merged_words))
    ok(seqtools("embed", "count", corpus, "-o", words))
    assert merged_words.read_bytes() == words.read_bytes()
    for shard in range(1, 5):
        parts.append(tmp_path / f"c{shard}.cooc")
        ok(
            seqtools(
                "embed", "cooccur", corpus, "--vocab", merged_words, "--shard", f"{shard}/4",
                "-o", parts[-1], "--window", 5, "--threads", 1 + shard % 2,
            )
        )  # fmt: skip
    ok(seqtools("embed", "merge", *parts[::-1], "-o", tmp_path / "merged.cooc"))
    whole = tmp_path / "whole.cooc"
    ok(seqtools("embed", "cooccur", corpus, "--window", 5, "-o", whole, "--memory", "20M"))
    assert (tmp_path / "merged.cooc").read_bytes() == whole.read_bytes()
    options = ["--model", "glove", "--epochs", 2, "--dim", 8, "--threads", 1]
    first, second = tmp_path / "a.vec", tmp_path / "b.vec"
    ok(seqtools("embed", "train", "--cooccurrences", whole, *options, "-o", first))
    ok(seqtools("embed", "train", corpus, "--window", 5, *options, "-o", second))
    assert first.read_bytes() == second.read_bytes()


def test_compressed_text_gives_the_same_shards(seqtools, corpus, tmp_path):
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(corpus.read_bytes()))
    for path in (corpus, packed):
        output = tmp_path / f"{path.name}.tsv"
        ok(seqtools("embed", "count", path, "--shard", "2/3", "-o", output))
    assert (tmp_path / "packed.gz.tsv").read_bytes() == (tmp_path / "text.txt.tsv").read_bytes()


def test_json_holds_the_contract(seqtools, corpus, tmp_path):
    words, pairs = tmp_path / "v.tsv", tmp_path / "c.cooc"
    counted = json.loads(ok(seqtools("embed", "count", corpus, "-o", words, "--json")).stdout)
    assert counted["tokens_read"] == 80_000
    assert counted["shard"] is None
    cooccurred = json.loads(
        ok(seqtools("embed", "cooccur", corpus, "--vocab", words, "-o", pairs, "--json")).stdout
    )
    assert cooccurred["vocabulary_size"] == counted["vocabulary_size"]
    assert cooccurred["window"] == 15
    assert {"tokens", "entries", "spills", "tokens_per_second", "threads"} <= cooccurred.keys()
    merged = json.loads(
        ok(seqtools("embed", "merge", pairs, "-o", tmp_path / "m", "--json", "-q")).stdout
    )
    assert merged["kind"] == "cooccurrences"
    assert merged["entries"] == cooccurred["entries"]
    outcome = seqtools(
        "embed", "train", "--model", "glove", "--cooccurrences", pairs, "--epochs", 2, "--dim", 6,
        "--combine", "concat", "-o", tmp_path / "v.vec", "--json", "-q",
    )  # fmt: skip
    trained = json.loads(ok(outcome).stdout)
    assert outcome.stderr == ""
    assert {
        "output", "model", "vocabulary_size", "dim", "tokens", "epochs", "loss", "entries",
        "tokens_per_second", "entries_per_second", "train_seconds", "total_seconds", "threads",
        "seed",
    } <= trained.keys()  # fmt: skip
    assert trained["model"] == "glove"
    assert trained["dim"] == 12
    assert len(trained["loss"]) == 2
    assert (tmp_path / "v.vec").read_text().startswith(f"{counted['vocabulary_size']} 12\n")


def test_tables_are_for_people(seqtools, corpus, tmp_path):
    words, pairs = tmp_path / "v.tsv", tmp_path / "c.cooc"
    assert "of 80,000 tokens" in ok(seqtools("embed", "count", corpus, "-o", words)).stdout
    outcome = ok(seqtools("embed", "cooccur", corpus, "-o", pairs))
    assert "tokens/s on" in outcome.stdout
    assert "counting co-occurrences: took" in outcome.stderr
    outcome = ok(
        seqtools(
            "embed", "train", corpus, "--model", "glove", "--epochs", 1, "-o", tmp_path / "x.vec"
        )
    )
    assert "entries/s on" in outcome.stdout
    assert "epoch 1/1: mean loss a pair" in outcome.stderr


def test_the_default_output_is_named_after_the_input(seqtools, corpus, monkeypatch):
    monkeypatch.chdir(corpus.parent)
    ok(seqtools("embed", "cooccur", corpus, "-o", "pairs.cooc", "-q"))
    ok(seqtools("embed", "train", "--model", "glove", "--cooccurrences", "pairs.cooc",
                "--epochs", 1, "--dim", 4, "-q"))  # fmt: skip
    assert (corpus.parent / "pairs.vec").exists()


def test_help_shows_the_defaults_of_each_model(seqtools):
    text = " ".join(seqtools("embed", "train", "--help").stdout.split())
    models = Word2VecSettings(), GloVeSettings(), NPLMSettings()
    for name in ("window", "epochs", "learning_rate"):
        word2vec, glove, nplm = (getattr(settings, name) for settings in models)
        assert f"[default: {word2vec}; glove: {glove}; nplm: {nplm}]" in text
    assert len({settings.dim for settings in models}) == 1


def test_a_config_may_hold_options_of_other_models(seqtools, corpus, tmp_path):
    config = tmp_path / "train.toml"
    config.write_text('model = "glove"\nnegative = 7\nx-max = 20\nmemory = "64M"\nepochs = 1\n')
    outcome = seqtools(
        "embed", "train", corpus, "--config", config, "-o", tmp_path / "v.vec", "--json", "-q"
    )
    assert json.loads(ok(outcome).stdout)["model"] == "glove"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "TEXT", "--model", "glove", "--negative", "3"], "--negative is an option of"),
        (["train", "TEXT", "--x-max", "10"], "--x-max is an option of --model glove, not of skip"),
        (["train", "TEXT", "--cbow-combine", "sum"], "an option of --model cbow, not of skipgram"),
        (["train"], "Name either CORPUS files or --cooccurrences FILE"),
        (["train", "TEXT", "--cooccurrences", "x", "--model", "glove"], "Name either CORPUS"),
        (
            ["train", "--cooccurrences", "x", "--model", "glove", "--min-count", "2"],
            "--min-count is of no use with --cooccurrences",
        ),
        (["train", "TEXT", "--model", "glove", "--combine", "mean"], "--combine"),
        (["train", "TEXT", "--model", "glove", "--x-max", "0"], "--x-max"),
        (["cooccur", "TEXT", "-o", "OUT", "--memory", "4"], "write a unit, such as 500M or 2G"),
        (["cooccur", "TEXT", "-o", "OUT", "--memory", "1K"], "not between 1M and 1024T"),
        (["cooccur", "TEXT", "-o", "OUT", "--memory", "lots"], "--memory"),
        (["cooccur", "TEXT", "-o", "OUT", "--window", "0"], "--window"),
        (["cooccur", "TEXT", "-o", "OUT", "--shard", "5/4"], "shard 5/4 does not exist"),
        (["cooccur", "TEXT", "-o", "OUT", "--shard", "0/4"], "shard 0/4 does not exist"),
        (["count", "TEXT", "-o", "OUT", "--shard", "one"], "use I from 1 to N"),
        (
            ["cooccur", "TEXT", "-o", "OUT", "--vocab", "v.tsv", "--min-count", "2"],
            "--min-count is of no use with a vocabulary",
        ),
        (["count", "TEXT", "-o", "-", "--json"], "would both write to stdout"),
        (["count", "TEXT"], "Missing option '-o'"),
    ],
)
def test_options_that_make_no_sense_are_usage_errors(seqtools, corpus, arguments, message):
    arguments = [corpus if word == "TEXT" else word for word in arguments]
    outcome = seqtools("embed", *arguments)
    assert outcome.exit_code == 2
    assert message in " ".join(outcome.stderr.split())
    assert "Traceback" not in outcome.stderr


def test_merge_refuses_options_of_the_other_kind(seqtools, corpus, tmp_path):
    words, pairs = tmp_path / "v.tsv", tmp_path / "c.cooc"
    ok(seqtools("embed", "count", corpus, "-o", words))
    ok(seqtools("embed", "cooccur", corpus, "-o", pairs))
    outcome = seqtools("embed", "merge", pairs, "-o", tmp_path / "x", "--min-count", 3)
    assert outcome.exit_code == 2
    assert "of no use with co-occurrences" in outcome.stderr
    outcome = seqtools("embed", "merge", words, "-o", tmp_path / "x", "--threads", 3)
    assert outcome.exit_code == 2
    assert "of no use with counts" in outcome.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_nothing_behind(corpus, tmp_path, number, code):
    arguments = ["embed", "cooccur", "-", "-o", tmp_path / "out.cooc"]
    with subprocess.Popen(
        [sys.executable, "-m", "seqtools_cli", *map(str, arguments)],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'cli'}", "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        for _ in range(8):
            run.stdin.write(corpus.read_text())
        run.stdin.flush()
        while not any(path.name.startswith(".seqtools") for path in tmp_path.iterdir()):
            assert run.poll() is None
        run.send_signal(number)
        _, errors = run.communicate()
    assert run.returncode == code
    assert errors.splitlines()[-1] == "seqtools: interrupted; nothing was saved"
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]
