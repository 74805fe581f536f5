"""What is wrong with the input of `seqtools bias` and `seqtools debias`, in one line each."""

import numpy as np
import pytest

from seqtools.embeddings.vector_files import save_vectors
from seqtools.embeddings.word_vectors import WordVectors


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """Write vectors and good and bad sets into the working directory."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(6)
    words = ["woman", "man", "girl", "boy", "twin", "zero", "nurse", "pilot"]
    rows = rng.normal(size=(8, 6))
    rows[4], rows[5] = rows[0], 0
    save_vectors("v.vec", WordVectors(words, rows))
    for name, text in {
        "same.txt": "woman twin\n",
        "zero.txt": "woman zero\n",
        "unknown.txt": "lord lady\n",
        "half.txt": "woman man\nlord lady\n",
        "single.txt": "woman man\nlady\n",
        "overlap.txt": "woman man\nman boy\n",
        "empty.txt": "\n",
        "broken.toml": "[weat.a]\ntargets = [['nurse'\n",
        "key.toml": "[weat.a]\ntargets = [['nurse'], ['pilot']]\nattribute = 1\n",
        "both.toml": "[weat.a]\ntargets = [['nurse'], ['nurse']]\n"
        "attributes = [['man'], ['boy']]\n",
        "lost.toml": "[weat.a]\ntargets = [['nurse', 'x'], ['pilot', 'y']]\n"
        "attributes = [['man'], ['boy']]\n"
        "[axis]\ntargets = ['nurse']\nstereotypes = { woman = ['nurse'] }\n",
    }.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "old.vec").write_text("keep me")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bias", "missing.vec"], "missing.vec: cannot read: No such file"),
        (["bias", "v.vec", "--pairs", "same.txt"], "'woman' and 'twin' have the same vector"),
        (["bias", "v.vec", "--pairs", "zero.txt"], "no definitional set has two words"),
        (["bias", "v.vec", "--pairs", "unknown.txt"], "no definitional set has two words"),
        (["bias", "v.vec", "--pairs", "single.txt"], "single.txt, line 2: every definitional set"),
        (["bias", "v.vec", "--pairs", "empty.txt"], "empty.txt: no definitional sets"),
        (["bias", "v.vec", "--pairs", "gone.txt"], "gone.txt: cannot read"),
        (["bias", "v.vec", "--equalize", "overlap.txt"], "overlap.txt, line 2: 'man' stands"),
        (["bias", "v.vec", "--specific", "empty.txt"], "empty.txt: no words"),
        (["bias", "v.vec", "--sets", "broken.toml"], "broken.toml, line 2: not TOML"),
        (["bias", "v.vec", "--sets", "key.toml"], "key.toml, line 3: key weat.a.attribute: "),
        (["bias", "v.vec", "--sets", "both.toml"], "both.toml, line 1: key weat.a: 'nurse' stands"),
        (["bias", "v.vec", "--sets", "weat-99"], "no built-in test 'weat-99'; there are weat-1"),
        (["bias", "v.vec", "--sets", "lost.toml", "--pairs", "half.txt", "--max-lost", "0.4"],
         "a: nurse, ...: 1 of 2 words have no vector (x), more than the share of 0.4"),
        (["bias", "v.vec", "missing-word"], "word 'missing-word' is not in the vocabulary"),
        (["bias", "v.vec", "--report", "r.pdf"], "r.pdf: a report is written to a file"),
        (["bias", "v.vec", "--plot", "p.gif"], "p.gif: a picture is written to a file"),
        (["bias", "v.vec", "--plot", "no/p.png"], "no/p.png: cannot write: the directory"),
        (["debias", "v.vec", "-o", "out.xyz"], "out.xyz: no vector format has this suffix"),
        (["debias", "v.vec", "-o", "no/out.vec"], "no/out.vec: cannot write: the directory"),
        (["debias", "v.vec", "-o", "a.vec", "--save-specific", "a.vec"], "two outputs have the"),
        (["debias", "v.vec", "--no-neutralize", "--no-equalize"], "there is nothing to do"),
        (["debias", "v.vec", "--similarity", "empty.txt"], "empty.txt: no word pairs"),
        (["debias", "v.vec", "--axis", "race", "--learn-specific", "--pairs", "half.txt"],
         "has no seed words"),
        (["debias", "v.vec", "-o", "old.vec", "--method", "inlp", "--pairs", "half.txt"],
         "leans to some group|at least 10 words"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_line_and_exit_code_1(seqtools, tmp_path, arguments, message):
    done = seqtools(*arguments, "-q")
    assert done.exit_code == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("seqtools: error: ")
    assert any(part in line for part in message.split("|")), line
    assert (tmp_path / "old.vec").read_text() == "keep me"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bias"], "Missing argument 'VECTORS'"),
        (["bias", "v.vec", "--max-lost", "2"], "2 is not a finite number at least 0 and at most 1"),
        (["bias", "v.vec", "--components", "0"], "0 is not in the range x>=1"),
        (["debias", "v.vec", "--method", "gentle"], "'gentle' is not one of"),
        (["debias", "v.vec", "--strength", "nan"], "nan is not a finite number"),
        (["bias", "-", "--sets", "-"], "Only one of the inputs can come from standard input"),
    ],
)
def test_wrong_usage_gets_exit_code_2(seqtools, arguments, message):
    done = seqtools(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_lost_words_are_listed_and_the_rest_is_measured(seqtools):
    done = seqtools("bias", "v.vec", "--pairs", "half.txt", "--sets", "lost.toml", "--resamples", 9)
    assert done.exit_code == 0
    assert "lord, lady" in done.stderr
    assert "a: too few of its words have a vector" in done.stderr


def test_zero_vectors_are_said(seqtools):
    done = seqtools(
        "debias", "v.vec", "-o", "o.vec", "--pairs", "half.txt", "--sets", "lost.toml",
        "--resamples", 9,
    )  # fmt: skip
    assert done.exit_code == 0
    assert (
        "1 words have a vector of zeros, which has no direction and stays as it is" in done.stderr
    )
