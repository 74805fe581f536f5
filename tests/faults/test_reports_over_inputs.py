"""Outputs that would replace what the run reads: refused before any work, nothing lost."""

import pytest


@pytest.fixture
def both(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    both = tmp_path / "both.html"
    both.write_bytes(b"mine")
    (tmp_path / "t.txt").write_text("the cat sat\n" * 9)
    (tmp_path / "v.vec").write_text("2 1\na 1\nb 2\n")
    yield both
    assert both.read_bytes() == b"mine"


@pytest.mark.parametrize(
    "arguments",
    [
        ["embed", "plot", "both.html", "-o", "both.html"],
        ["embed", "plot", "v.vec", "--words", "both.html", "-o", "both.html"],
        ["embed", "convert", "v.vec", "both.html", "--words", "both.html", "--format", "word2vec"],
        ["embed", "cooccur", "t.txt", "--vocab", "both.html", "-o", "both.html"],
        ["grad-report", "model", "--text", "both.html", "-o", "both.html"],
        ["beam-errors", "--scores", "both.html", "--html", "both.html"],
        ["beam-errors", "model", "t.txt", "both.html", "--html", "both.html"],
        ["bias", "both.html", "--report", "both.html"],
        ["bias", "v.vec", "--sets", "both.html", "--report", "both.html"],
        ["debias", "both.html", "--report", "both.html", "-o", "x.vec"],
        ["translate", "model", "both.html", "--attention-plot", "both.html"],
    ],
)
def test_what_is_read_is_not_replaced(seqtools, both, arguments):
    outcome = seqtools(*arguments)
    assert outcome.exit_code == 1
    assert f"{both.name}: cannot write: this run reads it" in outcome.stderr
