import inspect
import json

import numpy as np
import pytest

from seqtools.embeddings.vector_files import save_vectors
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.evaluation.vector_settings import EvaluationSettings
from seqtools_cli.embed_eval import evaluate


@pytest.fixture
def folder(tmp_path):
    """Return a folder with vectors, word pairs and questions."""
    gender, royal, age, fruit = np.eye(4)
    rows = {
        "man": age,
        "woman": age + gender,
        "king": age + royal,
        "queen": age + royal + gender,
        "apple": fruit,
        "pear": fruit + 0.1 * age,
    }
    save_vectors(tmp_path / "toy.vec", WordVectors(list(rows), np.stack(list(rows.values()))))
    (tmp_path / "pairs.tsv").write_text("apple\tpear\t9\nking\tqueen\t7\nking\tapple\t1\nx\ty\t5\n")
    (tmp_path / "questions.txt").write_text(
        ": family\nman woman king queen\n: gram1\nman king woman queen\nman king woman pear\n"
    )
    return tmp_path


def test_json_has_the_keys_that_scripts_rely_on(seqtools, folder):
    outcome = seqtools(
        "embed", "eval", folder / "toy.vec", "--similarity", folder / "pairs.tsv",
        "--analogies", folder / "questions.txt", "--json", "-q",
    )  # fmt: skip
    assert outcome.exit_code == 0, outcome.stderr
    result = json.loads(outcome.stdout)
    similarity = result["similarity"]["pairs"]
    assert {"spearman", "ci95", "pairs", "covered"} <= set(similarity)
    assert (similarity["spearman"], similarity["pairs"], similarity["covered"]) == (1.0, 4, 3)
    analogies = result["analogies"]["questions"]
    assert {"accuracy", "ci95", "correct", "covered", "total", "semantic", "syntactic"} <= set(
        analogies
    )
    assert (analogies["correct"], analogies["covered"], analogies["total"]) == (2, 3, 3)
    assert analogies["accuracy"] == pytest.approx(2 / 3)
    assert len(analogies["ci95"]) == 2
    assert analogies["semantic"]["accuracy"] == 1.0
    assert analogies["syntactic"]["accuracy"] == 0.5
    assert list(analogies["sections"]) == ["family", "gram1"]
    assert outcome.stderr == ""


def test_tables_show_coverage_intervals_and_policy(seqtools, folder):
    outcome = seqtools(
        "embed", "eval", folder / "toy.vec", "--similarity", folder / "pairs.tsv",
        "--analogies", folder / "questions.txt", "--confidence", "0.9",
    )  # fmt: skip
    lines = outcome.stdout.splitlines()
    assert lines[0].split("\t") == [
        "similarity set",
        "Spearman",
        "90% interval",
        "covered",
        "pairs",
    ]
    assert lines[1].startswith("pairs\t1.0000\t")
    assert lines[1].endswith("\t3\t4")
    assert lines[3].startswith("all\t66.67%\t")
    assert lines[-1].startswith("policy: out-of-vocabulary pairs and questions dropped; ")
    assert "90% percentile intervals from 1,000 bootstrap resamples, seed 1" in lines[-1]


def test_options_change_policy_and_scores(seqtools, folder):
    outcome = seqtools(
        "embed", "eval", folder / "toy.vec", "--analogies", folder / "questions.txt",
        "--restrict", 4, "--oov", "zero", "--method", "mul", "--case", "given", "--seed", 7,
        "--resamples", 50, "--confidence", "0.99", "--json", "-q",
    )  # fmt: skip
    result = json.loads(outcome.stdout)
    assert result["similarity"] == {}
    analogies = result["analogies"]["questions"]
    assert (analogies["covered"], analogies["accuracy"]) == (2, pytest.approx(2 / 3))
    assert "ci99" in analogies
    assert result["settings"] == {
        "restrict": 4,
        "method": "mul",
        "oov": "zero",
        "similarity_case": "given",
        "analogy_case": "given",
        "resamples": 50,
        "confidence": 0.99,
        "seed": 7,
    }


def test_the_sets_that_ship_with_gensim_are_the_default(seqtools, folder):
    pytest.importorskip("gensim", reason="gensim is not installed")
    outcome = seqtools("embed", "eval", folder / "toy.vec", "--json")
    result = json.loads(outcome.stdout)
    assert list(result["similarity"]) == ["wordsim353", "simlex999"]
    assert result["analogies"]["questions-words"]["total"] == 19544


def test_nothing_covered_is_a_warning_and_null(seqtools, folder):
    (folder / "other.tsv").write_text("yeti\tnessie\t5\nx\ty\t1\n")
    (folder / "other.txt").write_text("a b c d\n")
    arguments = (
        "embed", "eval", folder / "toy.vec", "--similarity", folder / "other.tsv",
        "--analogies", folder / "other.txt",
    )  # fmt: skip
    outcome = seqtools(*arguments, "--json")
    assert outcome.exit_code == 0
    assert "seqtools: warning: other: no score: 0 of 2 pairs covered" in outcome.stderr
    assert "seqtools: warning: other: no score: 0 of 1 questions covered" in outcome.stderr
    result = json.loads(outcome.stdout)
    assert result["similarity"]["other"]["spearman"] is None
    assert result["analogies"]["other"]["accuracy"] is None
    table = seqtools(*arguments, "-q")
    assert table.stderr == ""
    assert "other\tn/a\tn/a\t0\t2" in table.stdout


def test_a_bad_line_is_one_line_on_stderr(seqtools, folder):
    (folder / "bad.txt").write_text(": s\na b c\n")
    outcome = seqtools("embed", "eval", folder / "toy.vec", "--analogies", folder / "bad.txt")
    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("seqtools: error: ")
    assert "bad.txt, line 2: 3 words where 4 are expected" in outcome.stderr
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--restrict", "0"),
        ("--resamples", "0"),
        ("--confidence", "1"),
        ("--confidence", "0"),
        ("--confidence", "nan"),
        ("--method", "sum"),
        ("--oov", "mean"),
        ("--seed", "-1"),
    ],
)
def test_options_outside_their_range_are_usage_errors(seqtools, folder, option, value):
    outcome = seqtools("embed", "eval", folder / "toy.vec", option, value)
    assert outcome.exit_code == 2
    assert option in outcome.stderr


def test_the_defaults_shown_are_those_of_the_settings():
    options = {parameter.name: parameter.default for parameter in evaluate.params}
    for name in inspect.signature(EvaluationSettings).parameters:
        if name in options:
            assert options[name] == getattr(EvaluationSettings(), name)


def test_known_figures_of_published_vectors(seqtools, data):
    sets = data / "wordsim-analogy"
    outcome = seqtools(
        "embed", "eval", data / "glove-6b-50d", "--restrict", 30000, "--json", "-q",
        "--similarity", sets / "wordsim" / "EN-MEN-TR-3k.txt",
        "--similarity", sets / "wordsim" / "EN-WS-353-ALL.txt",
        "--analogies", sets / "analogy" / "questions-words.txt",
    )  # fmt: skip
    assert outcome.exit_code == 0, outcome.stderr
    result = json.loads(outcome.stdout)
    assert result["similarity"]["EN-MEN-TR-3k"]["spearman"] == pytest.approx(0.6523, abs=6e-5)
    assert result["similarity"]["EN-WS-353-ALL"]["spearman"] == pytest.approx(0.5033, abs=6e-5)
    analogies = result["analogies"]["questions-words"]
    assert (analogies["correct"], analogies["covered"]) == (7393, 14877)


def test_words_without_finite_vectors_count_as_unknown(seqtools, folder):
    lines = (folder / "toy.vec").read_text().splitlines()
    bad = [line.replace(" ", " nan ", 1).rsplit(" ", 1)[0] for line in lines if "queen" in line]
    text = "\n".join([line for line in lines if "queen" not in line] + bad) + "\n"
    (folder / "nan.vec").write_text(text)
    sets = ["--similarity", folder / "pairs.tsv", "--analogies", folder / "questions.txt"]
    assert "--allow-nonfinite" in seqtools("embed", "eval", folder / "nan.vec", *sets).stderr
    outcome = seqtools("embed", "eval", folder / "nan.vec", *sets, "--allow-nonfinite", "--json")
    result = json.loads(outcome.stdout)
    assert result["similarity"]["pairs"]["covered"] == 2
    assert result["analogies"]["questions"]["covered"] == 1
    assert "1 words whose vectors are not finite count as unknown" in outcome.stderr
    drawn = seqtools("embed", "plot", folder / "nan.vec", "-o", folder / "m.svg", "--json",
                     "--allow-nonfinite")  # fmt: skip
    assert json.loads(drawn.stdout)["words"] == 5
