"""Language models and what goes wrong: kills, signals, bad text, damaged models, wrong options."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TEXT = "".join(f"the {name} sat on the {place}\n" for name in ("cat", "dog") for place in "abcd")
SMALL = ["--hidden-size", 8, "--embedding-size", 6, "--batch-size", 4, "--bptt", 5]
ONE_EPOCH = [*SMALL, "--epochs", 1, "--threads", 1, "-q"]
LONG = [*SMALL, "--epochs", 30, "--dropout", 0.2, "--layers", 2, "--moving-average", 0.9]
LONG += ["--average-best", 2, "--shards", 3, "--log-every", 7]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT * 30)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    from seqtools_cli.main import run

    folder = tmp_path_factory.mktemp("model")
    (folder / "text.txt").write_text(TEXT * 4)
    arguments = ["train-lm", folder / "text.txt", "-o", folder / "m", *ONE_EPOCH]
    assert run([str(argument) for argument in arguments]) == 0
    return folder / "m"


def start(*arguments):
    """Start a command in a process of its own."""
    command = [sys.executable, "-m", "seqtools_cli", *map(str, arguments)]
    path = os.pathsep.join(sys.path)
    return subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.PIPE, text=True
    )


def wait_for(path: Path, process):
    """Wait until a file is there."""
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        os.sched_yield()


def assert_one_line(outcome, *parts):
    assert outcome.exit_code == 1
    lines = outcome.stderr.strip().splitlines()
    assert len(lines) == 1, outcome.stderr
    for part in parts:
        assert part in lines[0]


def test_killed_at_any_moment_and_resumed_ends_in_the_same_bytes(seqtools, text, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert seqtools("train-lm", text, "-o", whole, *LONG, "--threads", 1).exit_code == 0
    arguments = ["train-lm", text, "-o", killed, *LONG, "--threads", 2]
    for _ in range(3):
        process = start(*arguments, "--checkpoint-every", 0.01, "--resume")
        wait_for(killed / "checkpoint" / "state.safetensors", process)
        written = (killed / "checkpoint" / "state.safetensors").stat().st_mtime_ns
        while process.poll() is None:
            path = killed / "checkpoint" / "state.safetensors"
            if not path.exists() or path.stat().st_mtime_ns != written:
                break
        process.kill()
        process.wait()
        process.stderr.close()
    if (killed / "checkpoint" / "state.safetensors").exists():
        assert seqtools(*arguments, "--threads", 3, "--resume").exit_code == 0
    for name in ("weights.safetensors", "config.json", "vocabulary.txt", "vocabulary.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    updates = [
        [event["update"] for event in map(json.loads, path.read_text().splitlines())
         if event["event"] == "update"]
        for path in (whole / "train.jsonl", killed / "train.jsonl")
    ]  # fmt: skip
    assert updates[0] == updates[1]


def test_a_run_killed_before_its_first_weights_starts_anew(seqtools, text, tmp_path):
    arguments = ["train-lm", text, "-o", tmp_path / "m", *ONE_EPOCH]
    assert seqtools(*arguments).exit_code == 0
    whole = (tmp_path / "m" / "weights.safetensors").read_bytes()
    (tmp_path / "m" / "weights.safetensors").unlink()
    assert seqtools(*arguments, "--resume").exit_code == 0
    assert (tmp_path / "m" / "weights.safetensors").read_bytes() == whole


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_a_checkpoint_within_two_seconds(text, tmp_path, number):
    process = start("train-lm", text, "-o", tmp_path / "m", *SMALL, "--epochs", 100_000)
    wait_for(tmp_path / "m" / "weights.safetensors", process)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "go on with --resume" in error
    assert (tmp_path / "m" / "checkpoint" / "state.safetensors").exists()


def test_a_signal_after_training_leaves_the_model(text, tmp_path):
    from seqtools.errors import TrainingInterrupted
    from seqtools.models.language_model_files import load_language_model
    from seqtools.models.language_model_plan import LanguageModelPlan
    from seqtools.models.language_model_run import train_language_model
    from seqtools.models.settings import LanguageModelSettings
    from seqtools.monitor import NullMonitor, StopRequest
    from seqtools.training.settings import TrainingSettings

    stop = StopRequest()

    class StopsAtTheEnd(NullMonitor):
        def finish(self):
            if stop.is_heeded:
                stop.signal_number = 2

    plan = LanguageModelPlan(
        [str(text)], str(tmp_path / "m"), test=[str(text)],
        model=LanguageModelSettings(hidden_size=4, embedding_size=4),
        training=TrainingSettings(epochs=1),
    )  # fmt: skip
    with pytest.raises(TrainingInterrupted, match="trained model is in"):
        train_language_model(plan, StopsAtTheEnd(), stop)
    assert load_language_model(tmp_path / "m").model.settings.hidden_size == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no words"),
        (" \n\n \n", "no words"),
        ("word", "too few"),
        ("all the cats\n\0\n", "NUL"),
    ],
)
def test_text_that_teaches_nothing_is_refused(seqtools, tmp_path, content, message):
    (tmp_path / "text.txt").write_text(content)
    outcome = seqtools("train-lm", tmp_path / "text.txt", "-o", tmp_path / "m", *ONE_EPOCH)
    assert_one_line(outcome, "text.txt", message)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("content", ["", "\n", " \n\t\n\n"])
def test_text_without_a_word_is_not_scored(seqtools, model, text, tmp_path, content):
    path = tmp_path / "blank.txt"
    path.write_text(content)
    assert_one_line(seqtools("perplexity", model, path, "-q"), "blank.txt", "no ")
    assert_one_line(seqtools("grad-report", model, "--text", path, "-q"), "blank.txt", "no ")
    for option in ("--valid", "--test"):
        outcome = seqtools("train-lm", text, option, path, "-o", tmp_path / "m", *ONE_EPOCH)
        assert_one_line(outcome, "blank.txt", "no ")
        assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"the cat\na\0b\n", "stdin, line 2, byte 9: a NUL byte"),
        (b"the cat\na\xff\n", "stdin, line 2, byte 9: invalid UTF-8"),
        (b"\n \n", "stdin: no words"),
    ],
)
def test_standard_input_is_named_as_such(seqtools, tmp_path, monkeypatch, content, message):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    outcome = seqtools("train-lm", "-", "-o", tmp_path / "m", *ONE_EPOCH)
    assert_one_line(outcome, message)
    assert not (tmp_path / "m").exists()


def test_text_shorter_than_a_batch_is_trained_on_with_fewer_rows(seqtools, tmp_path):
    (tmp_path / "text.txt").write_text("a b c d e f g\n")
    outcome = seqtools("train-lm", tmp_path / "text.txt", "-o", tmp_path / "m", "--epochs", 1)
    assert outcome.exit_code == 0, outcome.stderr
    assert "fewer than a batch" in outcome.stderr


def test_a_missing_text_is_named(seqtools, tmp_path):
    outcome = seqtools("train-lm", tmp_path / "no.txt", "-o", tmp_path / "m", *ONE_EPOCH)
    assert_one_line(outcome, "no.txt")


@pytest.mark.parametrize("name", ["config.json", "vocabulary.json", "weights.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "cut", "flipped", "foreign"])
def test_damaged_models_are_refused_in_one_line(seqtools, model, tmp_path, name, damage):
    folder = tmp_path / "m"
    folder.mkdir()
    for path in model.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    path = folder / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 8]) + content[middle + 1 :]
        path.write_bytes({"cut": content[:middle], "flipped": flipped}.get(damage, b"{}\n"))
    assert_one_line(seqtools("generate", folder), "m")


def test_no_model_and_a_model_of_another_kind_are_told_apart(seqtools, model, tmp_path):
    assert_one_line(seqtools("perplexity", tmp_path / "no", model / "train.jsonl"), "no such model")
    assert_one_line(seqtools("generate", tmp_path), "holds no model")


def test_a_prompt_outside_the_vocabulary_names_the_word(seqtools, model):
    outcome = seqtools("generate", model, "--prompt", "the zebra")
    assert_one_line(outcome, "'zebra'", "vocabulary")


def test_a_model_is_not_overwritten_unasked(seqtools, text, model):
    before = (model / "weights.safetensors").read_bytes()
    assert_one_line(seqtools("train-lm", text, "-o", model, *ONE_EPOCH), "--overwrite")
    assert (model / "weights.safetensors").read_bytes() == before


def test_resuming_with_other_options_names_old_and_new(seqtools, model, text):
    outcome = seqtools("train-lm", text, "-o", model, *ONE_EPOCH, "--hidden-size", 9, "--resume")
    assert_one_line(outcome, "hidden_size 8", "9")
    assert_one_line(seqtools("train-lm", text, "-o", model, *ONE_EPOCH, "--resume"), "checkpoint")


@pytest.mark.parametrize(
    "options",
    [
        ["--hidden-size", 0], ["--layers", -1], ["--dropout", 1], ["--lr", "nan"], ["--lr", 0],
        ["--lr", 1e-300],
        ["--epochs", 0], ["--clip-norm", -1], ["--bptt", 0], ["--batch-size", 0],
        ["--schedule", "never"], ["--optimizer", "lion"], ["--cell", "cnn"], ["--seed", -1],
        ["--valid-share", 1], ["--average-best", 0], ["--checkpoint-every", 0],
    ],
)  # fmt: skip
def test_options_outside_their_range_are_usage_errors(seqtools, text, tmp_path, options):
    outcome = seqtools("train-lm", text, "-o", tmp_path / "m", *options)
    assert outcome.exit_code == 2
    assert options[0] in outcome.stderr


def test_a_learning_rate_that_explodes_stops_and_names_the_tensor(seqtools, text, tmp_path):
    options = ["--optimizer", "sgd", "--lr", 9999, "--clip-norm", 0, *ONE_EPOCH, "--cell", "rnn"]
    outcome = seqtools("train-lm", text, "-o", tmp_path / "m", *options, "--epochs", 50)
    if outcome.exit_code:
        assert_one_line(outcome, "finite", "epoch", "learning rate below 9999")


def test_a_log_without_measurements_says_how_to_get_them(seqtools, model, tmp_path):
    assert_one_line(seqtools("grad-report", model), "--grad-stats")
    outcome = seqtools("grad-report", model, "-o", tmp_path / "g.gif")
    assert_one_line(outcome, "g.gif", ".png")
