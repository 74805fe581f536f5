"""The command line of `seqtools train-ngram`."""

import gzip
import json

import pytest

from seqtools.text.ngram_model import NGramModel

TEXT = "The cat sat\n\nthe cat ran\nthe dog sat\n"


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text(TEXT)
    (tmp_path / "more.gz").write_bytes(gzip.compress(b"a dog ran\n"))
    (tmp_path / "dev").write_text("the cat\n")


def test_a_model_is_trained_written_and_told_of(seqtools, tmp_path):
    done = seqtools("train-ngram", "text", "more.gz", "-o", "m.arpa", "--lower", "--valid", "dev")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "text        4 sentences, 12 words"
    assert lines[1] == "model       1-grams 9 2-grams 11 3-grams 11"
    assert lines[2].startswith("perplexity  ")
    assert lines[3] == "saved       m.arpa"
    model = NGramModel.read(tmp_path / "m.arpa")
    assert model.order == 3
    assert "the" in model.ids
    assert "The" not in model.ids


def test_json_is_one_object(seqtools):
    arguments = ("train-ngram", "text", "-o", "m.arpa.gz", "--level", "character", "--order", "2")
    payload = json.loads(seqtools(*arguments, "--json").stdout)
    assert list(payload) == [
        "schema_version", "order", "vocabulary_size", "ngrams", "sentences", "tokens",
        "perplexity", "level", "output",
    ]  # fmt: skip
    assert payload["sentences"] == 3
    assert payload["tokens"] == 33
    assert payload["perplexity"] is None
    assert "<space>" in NGramModel.read("m.arpa.gz").ids


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing", "-o", "m"], 1, "missing: cannot read"),
        (["empty", "-o", "m"], 1, "empty: no word to train a language model on"),
        (["marks", "-o", "m"], 1, "marks, line 2: the word </s>, which language models keep"),
        (["latin", "-o", "m"], 1, "latin, line 1, byte 3: invalid UTF-8; convert it to UTF-8"),
        (["wide", "-o", "m"], 1, "wide: looks like UTF-16LE; convert it to UTF-8 first"),
        (["nul", "-o", "m"], 1, "nul, line 2, byte 9: a NUL byte, which text never holds"),
        (["text", "-o", "m", "--valid", "nul"], 1, "nul, line 2, byte 9: a NUL byte"),
        (["text", "-o", "no/m"], 1, "no/m: cannot write: the directory"),
        (["text", "-o", "text"], 1, "text: cannot write: this run reads it"),
        (["text", "-o", "dev", "--valid", "dev"], 1, "dev: cannot write: this run reads it"),
        (["text", "-o", "m", "--order", "0"], 2, "--order"),
        (["text"], 2, "--output"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(seqtools, tmp_path, arguments, code, message):
    (tmp_path / "empty").write_text("\n \n")
    (tmp_path / "marks").write_text("a\nb </s>\n")
    (tmp_path / "latin").write_bytes(b"caf\xe9\n")
    (tmp_path / "wide").write_bytes("two words\n".encode("utf-16"))
    (tmp_path / "nul").write_bytes(b"the cat\nt\0e cat\n")
    done = seqtools("train-ngram", *arguments)
    assert done.exit_code == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "text").read_text() == TEXT
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("content", [b"", b"\n \n\n"])
def test_text_to_measure_by_has_to_hold_words(seqtools, tmp_path, content):
    (tmp_path / "blank").write_bytes(content)
    found = seqtools("train-ngram", "text", "-o", "m.arpa", "--valid", "blank")
    assert found.exit_code == 1
    assert "blank: no word to measure the perplexity of" in found.stderr
    assert "counting" not in found.stderr
    assert not (tmp_path / "m.arpa").exists()
