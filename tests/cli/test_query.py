"""`seqtools embed neighbors`, `analogy`, `similarity` and `odd-one-out`."""

import io
import json
import sys

import numpy as np
import pytest

from seqtools.embeddings.vector_files import load_vectors, save_vectors
from seqtools.embeddings.word_vectors import WordVectors


@pytest.fixture
def vectors(tmp_path):
    table = WordVectors(
        ["king", "queen", "man", "woman", "new york", "zero"],
        [[2, 1, 0.1], [2, -1, 0.1], [0, 1, 0.1], [0, -1, 0.1], [0, 0.1, 3], [0, 0, 0]],
    )
    save_vectors(tmp_path / "v.vec", table)
    return tmp_path / "v.vec"


@pytest.fixture
def stdin(monkeypatch):
    """Return a function that sets standard input."""

    def set_stdin(text):
        content = text if isinstance(text, bytes) else text.encode()
        raw = io.BufferedReader(io.BytesIO(content))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))

    return set_stdin


def test_neighbors_are_a_table_of_each_query(seqtools, vectors):
    outcome = seqtools("embed", "neighbors", vectors, "king", "woman", "-k", 2)
    assert outcome.exit_code == 0
    lines = [line.split("\t") for line in outcome.stdout.splitlines()]
    assert lines[0] == ["query", "word", "similarity"]
    assert [line[:2] for line in lines[1:3]] == [["king", "queen"], ["king", "man"]]
    assert float(lines[1][2]) == pytest.approx(3.01 / 5.01)
    assert [line[0] for line in lines[3:]] == ["woman", "woman"]


def test_neighbors_as_json(seqtools, vectors):
    outcome = seqtools("embed", "neighbors", vectors, "king woman", "new york", "--json")
    payload = json.loads(outcome.stdout)
    assert payload["schema_version"] == 1
    assert payload["vectors"] == str(vectors)
    mean, space = payload["queries"]
    assert mean["words"] == ["king", "woman"]
    assert mean["neighbors"][0]["word"] == "queen"
    assert space["words"] == ["new york"]
    assert len(space["neighbors"]) == 4


@pytest.mark.parametrize("method", ["add", "mul"])
def test_analogy(seqtools, vectors, method):
    arguments = ("embed", "analogy", vectors, "man", "king", "woman", "--method", method)
    outcome = seqtools(*arguments, "-k", 1)
    assert outcome.stdout.splitlines()[1].startswith("man : king :: woman : ?\tqueen\t")
    payload = json.loads(seqtools(*arguments, "--json").stdout)
    assert payload["method"] == method
    assert payload["queries"][0]["answers"][0]["word"] == "queen"


def test_similarity_prints_cosine_and_distance(seqtools, vectors):
    outcome = seqtools("embed", "similarity", vectors, "king", "man")
    assert outcome.stdout == "first\tsecond\tcosine\tdistance\nking\tman\t0.4489953\t2.0000000\n"
    payload = json.loads(seqtools("embed", "similarity", vectors, "king", "man", "--json").stdout)
    assert payload["queries"][0]["euclidean_distance"] == 2.0
    assert payload["queries"][0]["cosine"] == pytest.approx(0.4489953)


def test_the_odd_one_out(seqtools, vectors):
    words = ("king", "queen", "new york")
    outcome = seqtools("embed", "odd-one-out", vectors, *words)
    assert outcome.stdout.splitlines()[1].startswith("new york\t")
    payload = json.loads(seqtools("embed", "odd-one-out", vectors, *words, "--json").stdout)
    assert payload["queries"][0]["odd_one_out"] == "new york"
    assert len(payload["queries"][0]["ranking"]) == 3


@pytest.mark.parametrize("dash", [[], ["-"]])
def test_questions_come_one_a_line_from_standard_input(seqtools, vectors, stdin, dash):
    stdin("\ufeffking\r\n\nnew york\nking  woman\n")
    outcome = seqtools("embed", "neighbors", vectors, *dash, "-k", 1)
    assert [line.split("\t")[0] for line in outcome.stdout.splitlines()[1:]] == [
        "king",
        "new york",
        "king  woman",
    ]
    stdin("man king woman\nwoman\tqueen\tman\n")
    outcome = seqtools("embed", "analogy", vectors, *dash, "-k", 1)
    assert [line.split("\t")[1] for line in outcome.stdout.splitlines()] == [
        "answer",
        "queen",
        "king",
    ]
    stdin("new york\tking\n")
    outcome = seqtools("embed", "similarity", vectors, *dash)
    assert outcome.stdout.splitlines()[1].startswith("new york\tking\t")


@pytest.mark.parametrize("command", ["neighbors", "similarity", "odd-one-out"])
def test_an_unknown_word_on_the_command_line_is_one_line(seqtools, vectors, command):
    words = {"neighbors": ["quen"], "similarity": ["king", "quen"]}.get(
        command, ["king", "man", "quen"]
    )
    outcome = seqtools("embed", command, vectors, *words)
    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    assert outcome.stderr == (
        "seqtools: error: word 'quen' is not in the vocabulary; close words: queen\n"
    )


def test_among_many_questions_the_bad_ones_are_reported_and_the_rest_answered(
    seqtools, vectors, stdin
):
    no_direction = "the vector of 'zero' is all zeros and has no direction; use another word"
    stdin("king man\nking\nking quen\nzero man\nman woman\n")
    outcome = seqtools("embed", "similarity", vectors)
    assert outcome.exit_code == 1
    assert [line.split("\t")[:2] for line in outcome.stdout.splitlines()[1:]] == [
        ["king", "man"],
        ["man", "woman"],
    ]
    assert outcome.stderr.splitlines() == [
        "seqtools: error: stdin, line 2: expected 2 words, got 1",
        "seqtools: error: stdin, line 3: word 'quen' is not in the vocabulary; close words: queen",
        f"seqtools: error: stdin, line 4: {no_direction}",
    ]
    outcome = seqtools("embed", "neighbors", vectors, "king", "quen", "--json")
    assert outcome.exit_code == 1
    answered, failed = json.loads(outcome.stdout)["queries"]
    assert len(answered["neighbors"]) == 4
    assert failed["error"].startswith("word 'quen' is not in the vocabulary")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["analogy", "a", "b"], "Expected 3 words, got 2."),
        (["similarity", "a", "b", "c"], "Expected 2 words, got 3."),
        (["odd-one-out", "a", "b"], "Expected at least 3 words, got 2."),
        (["neighbors", "a", "-k", "0"], "0 is not in the range"),
        (["neighbors", "a", "--restrict", "-1"], "-1 is not in the range"),
        (["analogy", "a", "b", "c", "--method", "sub"], "'sub' is not one of 'add', 'mul'"),
    ],
)
def test_wrong_usage_is_told_with_exit_code_2(seqtools, vectors, arguments, message):
    outcome = seqtools("embed", arguments[0], vectors, *arguments[1:])
    assert outcome.exit_code == 2
    assert message in outcome.stderr


def test_a_tab_in_a_query_does_not_shift_the_columns(seqtools, tmp_path):
    path = tmp_path / "tabs.safetensors"
    save_vectors(path, WordVectors(["a\tb", "c", "d"], np.eye(3) + 1))
    outcome = seqtools("embed", "neighbors", path, "a\tb", "-k", "2")
    assert outcome.exit_code == 0
    lines = [line.split("\t") for line in outcome.stdout.splitlines()]
    assert {len(line) for line in lines} == {len(lines[0])}
    assert "a\\tb" in lines[1]


def test_vectors_and_questions_cannot_both_be_standard_input(seqtools):
    outcome = seqtools("embed", "neighbors", "-", "-")
    assert outcome.exit_code == 2
    assert "cannot both come from standard input" in outcome.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "stdin: no words"),
        (b" \n\n", "stdin: no words"),
        (b"a\n\xff\n", "stdin, line 2, byte 2"),
    ],
)
def test_bad_standard_input_is_one_line(seqtools, vectors, stdin, content, message):
    stdin(content)
    outcome = seqtools("embed", "neighbors", vectors)
    assert outcome.exit_code == 1
    assert message in outcome.stderr
    assert outcome.stderr.count("\n") == 1


def test_restrict_limits_the_answers(seqtools, vectors):
    outcome = seqtools("embed", "neighbors", vectors, "woman", "--restrict", 2)
    assert [line.split("\t")[1] for line in outcome.stdout.splitlines()[1:]] == ["queen", "king"]


@pytest.mark.parametrize("suffix", [".vec", ".safetensors", ".bin.zst"])
def test_the_courses_numbers_come_out_of_real_vectors(seqtools, data, tmp_path, suffix):
    vectors = tmp_path / f"glove{suffix}"
    words = "father\nmother\nball\ncrocodile\nfrance\nparis\nrome\nitaly\n"
    (tmp_path / "words.txt").write_text(words)
    outcome = seqtools(
        "embed", "convert", data / "glove-6b-50d", vectors, "--words", tmp_path / "words.txt"
    )
    assert outcome.exit_code == 0
    for pair, expected in (("father mother", "0.8909038"), ("ball crocodile", "0.2743925")):
        row = seqtools("embed", "similarity", vectors, *pair.split()).stdout.splitlines()[1]
        assert row.split("\t")[2] == expected
    table = load_vectors(vectors)
    differences = WordVectors(
        ["country", "city"],
        [table["france"] - table["paris"], table["rome"] - table["italy"]],
    )
    assert differences.similarity("country", "city") == pytest.approx(-0.6751480, abs=1e-6)


def test_real_vectors_answer_whole(seqtools, data):
    vectors = data / "glove-6b-50d"
    outcome = seqtools("embed", "neighbors", vectors, "france", "-k", 3)
    assert "belgium" in outcome.stdout
    outcome = seqtools("embed", "analogy", vectors, "italy", "italian", "spain", "-k", 1)
    assert outcome.stdout.splitlines()[1].split("\t")[1] == "spanish"
