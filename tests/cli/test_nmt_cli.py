"""The translation commands as users type them, on lines written backwards."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from seqtools.models.translating import LineTranslator
from seqtools.models.translation_run import train_translation
from seqtools.models.translation_task import TranslationTask
from tests.unit.models.reverse_task import make_plan, write_pairs


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Return the directory of a translator that writes lines backwards."""
    folder = tmp_path_factory.mktemp("cli")
    train_translation(make_plan(folder, folder / "model", epochs=16))
    return folder / "model"


SMALL = [
    "--level", "word", "--embedding-size", 8, "--hidden-size", 8, "--epochs", 1, "--threads", 1,
]  # fmt: skip


def test_training_from_prefixes_prints_one_object(seqtools, tmp_path):
    write_pairs(tmp_path, 40)
    arguments = ["--train", tmp_path / "pairs", "--src-lang", "src", "-o", tmp_path / "m", *SMALL]
    outcome = seqtools("train-nmt", *arguments, "--json", "--quiet")
    assert outcome.exit_code == 0, outcome.stderr
    found = json.loads(outcome.stdout)
    assert found["epochs"] == 1
    assert found["pairs"] + found["development_pairs"] == 40
    assert len(found["dev_bleu"]) == 1
    assert (tmp_path / "m" / "train.jsonl").exists()
    again = seqtools("train-nmt", *arguments)
    assert again.exit_code == 1
    assert "holds a model already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "Name the training text"),
        (["--src", "a"], "belong together"),
        (["--src", "a", "--trg", "b", "--train", "c"], "not both"),
        (["--src", "a", "--trg", "b", "--hidden-size", 0], "hidden-size"),
    ],
)
def test_usage_errors_exit_with_2(seqtools, tmp_path, arguments, expected):
    outcome = seqtools("train-nmt", "-o", tmp_path / "m", *arguments)
    assert outcome.exit_code == 2
    assert expected in outcome.stderr


def test_a_perplexity_that_no_float_holds_is_null(seqtools, model, tmp_path, monkeypatch):
    source, target = write_pairs(tmp_path, 12)
    monkeypatch.setattr(TranslationTask, "_score", lambda *_: (1e6, 10))
    arguments = ["--src", source, "--trg", target, "-o", tmp_path / "m", *SMALL]
    found = json.loads(seqtools("train-nmt", *arguments, "--json", "--quiet").stdout)
    assert found["perplexity"] is None
    assert found["dev_perplexity"] == [None]
    unlikely = SimpleNamespace(score=-1e6, log_prob=-1e6, target_pieces=["a"])
    monkeypatch.setattr(LineTranslator, "score", lambda *_: [unlikely])
    found = json.loads(seqtools("score", model, source, target, "--json").stdout)
    assert found["log_prob"] == -1e6
    assert found["perplexity"] is None


def test_unequal_line_counts_name_both_files(seqtools, tmp_path):
    (tmp_path / "a").write_text("x\ny\n")
    (tmp_path / "b").write_text("x\n")
    outcome = seqtools(
        "train-nmt", "--src", tmp_path / "a", "--trg", tmp_path / "b", "-o", tmp_path / "m", *SMALL
    )
    assert outcome.exit_code == 1
    assert "2 lines" in outcome.stderr
    assert "1 line" in outcome.stderr
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize("side", ["src", "trg"])
def test_development_text_without_a_word_is_refused(seqtools, tmp_path, side):
    write_pairs(tmp_path, 8)
    for name in ("src", "trg"):
        (tmp_path / f"dev.{name}").write_text(" \n\n" if name == side else "a b\nb a\n")
    arguments = ["--train", tmp_path / "pairs", "--dev", tmp_path / "dev", "--src-lang", "src"]
    outcome = seqtools("train-nmt", *arguments, "-o", tmp_path / "m", *SMALL, "-q")
    assert outcome.exit_code == 1
    assert outcome.stderr.count("\n") == 1
    assert f"dev.{side}: no words in its 2 lines; name a file with text" in outcome.stderr
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(("content", "message"), [("", "is empty"), ("\n \n", "no words in its")])
def test_text_without_a_word_has_no_beam_errors(seqtools, tmp_path, content, message):
    for name in ("src", "ref"):
        (tmp_path / name).write_text(content)
    outcome = seqtools("beam-errors", tmp_path, tmp_path / "src", tmp_path / "ref", "-q")
    assert outcome.exit_code == 1
    assert f"src: {message}" in outcome.stderr


def test_a_flag_of_the_other_form_is_named_as_it_was_typed(seqtools, tmp_path):
    for flag in ("--eos-counted", "--eos-not-counted"):
        outcome = seqtools("beam-errors", tmp_path, "src", "ref", flag)
        assert outcome.exit_code == 2
        assert f"{flag} needs --scores FILE" in outcome.stderr


def test_one_line_out_for_each_line_in(seqtools, model, tmp_path):
    lines = ["a b c", "", "f", "  ", " ".join("abcdef" * 100), "zzz ☃"]
    (tmp_path / "in").write_text("".join(f"{line}\n" for line in lines))
    outcome = seqtools("translate", model, tmp_path / "in", "--threads", 2)
    assert outcome.exit_code == 0, outcome.stderr
    written = outcome.stdout.split("\n")
    assert len(written) == len(lines) + 1
    assert written[:4] == ["c b a", "", "f", ""]


def test_n_best_lists_in_both_forms(seqtools, model, tmp_path):
    (tmp_path / "in").write_text("a b\n")
    moses = seqtools("translate", model, tmp_path / "in", "--n-best", 3).stdout.splitlines()
    assert [line.split(" ||| ")[0] for line in moses] == ["0"] * 3
    assert moses[0].split(" ||| ")[1] == "b a"
    lines = seqtools(
        "translate", model, tmp_path / "in", "--n-best", 3, "--n-best-format", "jsonl"
    ).stdout.splitlines()
    found = [item["text"] for item in json.loads(lines[0])["translations"]]
    assert found == [line.split(" ||| ")[1] for line in moses]


def test_scores_are_those_of_the_translations(seqtools, model, tmp_path):
    (tmp_path / "src").write_text("a b c\nf\n\n")
    (tmp_path / "trg").write_text("c b a\nf\n\n")
    found = json.loads(seqtools("translate", model, tmp_path / "src", "--json").stdout)
    scored = json.loads(
        seqtools("score", model, tmp_path / "src", tmp_path / "trg", "--json").stdout
    )
    for row, given in list(zip(found["translations"], scored["sentences"], strict=True))[:2]:
        assert row["translations"][0]["score"] == pytest.approx(given["score"], abs=1e-5)
    plain = seqtools("score", model, tmp_path / "src", tmp_path / "trg").stdout.splitlines()
    assert len(plain) == 3


def test_attention_is_drawn(seqtools, model, tmp_path):
    (tmp_path / "in").write_text("a b c\n")
    for name in ("map.png", "map.html"):
        outcome = seqtools("translate", model, tmp_path / "in", "--attention-plot", tmp_path / name)
        assert outcome.exit_code == 0, outcome.stderr
        assert (tmp_path / name).stat().st_size > 1000


def test_errors_of_a_live_model_are_told(seqtools, model, tmp_path):
    source, target = write_pairs(tmp_path, 12, seed=9)
    outcome = seqtools("beam-errors", model, source, target, "--json", "--quiet", "--threads", 1)
    assert outcome.exit_code == 0, outcome.stderr
    found = json.loads(outcome.stdout)
    assert sum(found["counts"].values()) == 12


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda folder: folder / "none", "no such model directory"),
        (lambda folder: folder, "holds no model"),
    ],
)
def test_a_directory_without_a_translator_is_refused(seqtools, tmp_path, make, expected):
    outcome = seqtools("translate", make(tmp_path), tmp_path)
    assert outcome.exit_code == 1
    assert expected in outcome.stderr


def test_a_program_that_sends_a_line_gets_its_answer_before_the_next(model):
    command = [sys.executable, "-m", "seqtools_cli", "translate", str(model), "--threads", "1"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
    ) as process:
        for line in (b"a b\n", b"\n", b"e f\n"):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == line.rstrip(b"\n")[::-1] + b"\n"
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a b\na\0b\n", "stdin, line 2: a NUL at byte 1 of the line"),
        (b"a b\na\xffb\n", "stdin, line 2: not UTF-8 at byte 1 of the line"),
    ],
)
def test_a_pipe_with_bytes_that_no_text_holds_is_refused(model, content, message):
    command = [sys.executable, "-m", "seqtools_cli", "translate", str(model), "--threads", "1"]
    done = subprocess.run(command, input=content, capture_output=True, env=dict(os.environ))
    assert done.returncode == 1
    assert message in done.stderr.decode().splitlines()[-1]
