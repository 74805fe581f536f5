"""Sequence models whose training is killed: resumed, they end in the bytes of a whole run."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.models.speech_cases import draw_texts, write_set

ROOT = Path(__file__).resolve().parents[2]
COMMON = ["--hidden-size", 8, "--batch-size", 4, "--epochs", 12, "--dropout", 0.2, "--shards", 2]


def write_lines(path, lines):
    """Write lines and return the path."""
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def speech(folder):
    """Return the command that trains on tones."""
    write_set(folder, "train", draw_texts(12))
    return ["train-asr", "--train", folder / "train.tsv", "--mels", 8, "--stack", 2, "--mask"]


def language(folder):
    """Return the command that trains on a text."""
    text = write_lines(folder / "text.txt", ["the cat sat on the mat", "a dog ran"] * 40)
    return ["train-lm", text, "--level", "char", "--embedding-size", 8, "--bptt", 10]


def translation(folder):
    """Return the command that trains on pairs of lines."""
    lines = [f"{a} {b}" for a in "abcdef" for b in "uvwxyz"]
    source = write_lines(folder / "s", lines)
    target = write_lines(folder / "t", [line[::-1] for line in lines])
    command = ["train-nmt", "--src", source, "--trg", target, "--dev-src", source]
    return [*command, "--dev-trg", target, "--level", "word", "--embedding-size", 8]


def start(command, output, *extra):
    """Start a command in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
    arguments = [sys.executable, "-m", "seqtools_cli", *command, *COMMON, "-o", output, *extra]
    return subprocess.Popen(
        list(map(str, arguments)), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


@pytest.mark.parametrize("make", [speech, language, translation])
def test_a_run_killed_and_resumed_ends_in_the_same_bytes(make, tmp_path):
    command = make(tmp_path)
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    _, errors = start(command, whole, "--threads", 2).communicate()
    assert (whole / "weights.safetensors").exists(), errors
    with start(command, resumed, "--checkpoint-every", "0.01") as run:
        for line in run.stderr:
            if line.startswith("epoch 2/"):
                break
        run.kill()
    assert run.returncode == -signal.SIGKILL
    _, errors = start(command, resumed, "--resume", "--threads", 1).communicate()
    assert "resumed from" in errors
    assert "Traceback" not in errors
    for name in ("weights.safetensors", "config.json"):
        assert (resumed / name).read_bytes() == (whole / name).read_bytes()
