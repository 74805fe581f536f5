"""Language models as users run them: train, score, write, draw gradients."""

import json
import sys

import pytest

from seqtools_cli.main import run

TEXT = "".join(f"the {name} sat on the {place}\n" for name in ("cat", "dog") for place in "abcd")
SMALL = [
    "--hidden-size", 8, "--embedding-size", 6, "--batch-size", 4, "--bptt", 5, "--epochs", 2,
    "--threads", 1, "-q",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a text, and one small model a cell."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "text.txt").write_text(TEXT * 8)
    for cell in ("rnn", "gru", "lstm"):
        arguments = ["train-lm", folder / "text.txt", "-o", folder / cell, "--cell", cell]
        assert run([str(a) for a in [*arguments, *SMALL, "--grad-stats", "--layers", 2]]) == 0
    return folder


def read(outcome):
    """Return the one JSON object of a command that worked."""
    assert outcome.exit_code == 0, outcome.stderr
    return json.loads(outcome.stdout)


def test_training_says_what_it_came_to(seqtools, folder, tmp_path):
    text = folder / "text.txt"
    found = read(seqtools("train-lm", text, "-o", tmp_path / "m", "--test", text, *SMALL, "--json"))
    assert len(found["loss"]) == len(found["valid_perplexity"]) == found["epochs"] == 2
    assert found["perplexity"] == min(found["valid_perplexity"])
    assert found["test"]["tokens"] == 8 * 8 * 7
    assert found["vocabulary_size"] == 4 + 5 + 4 + 1 - 1
    assert {path.name for path in (tmp_path / "m").iterdir()} == {
        "config.json", "vocabulary.json", "vocabulary.txt", "weights.safetensors", "train.jsonl",
    }  # fmt: skip


def test_perplexity_is_defined_and_counts_unknown_words(seqtools, folder, tmp_path):
    (tmp_path / "new.txt").write_text("the zebra sat on the a\n")
    found = read(seqtools("perplexity", folder / "lstm", tmp_path / "new.txt", "--json"))
    assert found["tokens"] == 7
    assert found["unknown_tokens"] == 1
    assert found["perplexity"] == pytest.approx(found["perplexity_per_word"])
    assert "ends of lines are tokens" in found["definition"]
    shown = seqtools("perplexity", folder / "lstm", tmp_path / "new.txt")
    assert "7 tokens, 1 unknown" in shown.stdout


def test_generated_text_goes_on_with_the_prompt(seqtools, folder):
    arguments = ["generate", folder / "lstm", "--prompt", "the cat", "--num-samples", 3]
    one, two = seqtools(*arguments), seqtools(*arguments)
    assert one.stdout == two.stdout
    assert all(line.startswith("the cat ") for line in one.stdout.splitlines())
    assert len(one.stdout.splitlines()) == 3


def test_a_report_says_what_was_copied(seqtools, folder):
    text = folder / "text.txt"
    found = read(seqtools("generate", folder / "lstm", "--greedy", "--report", text, "--json"))
    assert found["temperature"] == 0
    assert found["copying"]["longest_copy"]["symbols"] > 0
    shown = seqtools("generate", folder / "lstm", "--report", text)
    assert "longest copy:" in shown.stderr
    assert "longest copy:" not in shown.stdout


def test_gradients_of_three_cells_stand_side_by_side(seqtools, folder, tmp_path):
    models = [folder / cell for cell in ("rnn", "gru", "lstm")]
    for name in ("g.png", "g.svg", "g.html"):
        found = read(seqtools("grad-report", *models, "-o", tmp_path / name, "--json"))
        assert (tmp_path / name).stat().st_size > 10_000
    assert [model["cell"] for model in found["models"]] == ["rnn", "gru", "lstm"]
    assert [seen["epoch"] for seen in found["models"][0]["observations"]] == [0, 1, 2]
    assert "http" not in (tmp_path / "g.html").read_text().replace("http://www.w3.org", "")
    table = seqtools("grad-report", *models).stdout
    assert "layer1.cell" in table
    assert "spectral radius" in table
    now = read(seqtools("grad-report", folder / "gru", "--text", folder / "text.txt", "--json"))
    assert now["models"][0]["observations"][0]["lags"][:3] == [1, 2, 4]


def test_text_may_come_from_stdin(seqtools, folder, tmp_path, monkeypatch):
    with (folder / "text.txt").open() as text:
        monkeypatch.setattr(sys, "stdin", text)
        from_stdin = seqtools("train-lm", "-", "-o", tmp_path / "one", *SMALL)
    assert from_stdin.exit_code == 0, from_stdin.stderr
    seqtools("train-lm", folder / "text.txt", "-o", tmp_path / "two", *SMALL)
    one, two = (tmp_path / name / "weights.safetensors" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("level", ["char", "subword"])
def test_characters_and_subwords_are_modelled_too(seqtools, folder, tmp_path, level):
    size = ["--vocab-size", 275] if level == "subword" else []
    arguments = ["-o", tmp_path / "m", "--level", level, *size, *SMALL, "--epochs", 1]
    assert seqtools("train-lm", folder / "text.txt", *arguments).exit_code == 0
    found = read(seqtools("perplexity", tmp_path / "m", folder / "text.txt", "--json"))
    assert found["perplexity_per_word"] > found["perplexity"]
    assert seqtools("generate", tmp_path / "m", "--max-len", 20).exit_code == 0


def test_pretrained_embeddings_can_be_frozen(seqtools, folder, tmp_path):
    rows = "".join(f"{word} 1 2 3 4 5 6\n" for word in ("cat", "dog", "a"))
    (tmp_path / "v.vec").write_text(f"3 6\n{rows}")
    options = ["--pretrained-embeddings", tmp_path / "v.vec", "--freeze-embeddings"]
    outcome = seqtools(
        "train-lm", folder / "text.txt", "-o", tmp_path / "m", *options, *SMALL[:-1], "--json"
    )
    found = read(outcome)
    assert found["pretrained"] == {"found": 3, "words": 9}
    assert "vectors for only 3 of 9" in outcome.stderr
    from seqtools.models.language_model_files import load_language_model

    stored = load_language_model(tmp_path / "m")
    row = stored.codec.encode("dog")[0]
    assert stored.model.embedding.weights.value[row].tolist() == [1, 2, 3, 4, 5, 6]
