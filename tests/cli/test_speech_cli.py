"""Speech recognition as users run it: train on tones, transcribe, draw."""

import json
import os

import pytest

from seqtools_cli.main import run
from tests.unit.models.speech_cases import draw_texts, write_set

SMALL = [
    "--hidden-size", 12, "--layers", 1, "--mels", 12, "--stack", 2, "--batch-size", 4,
    "--lr", 0.02, "--shards", 1, "--threads", 1, "-q",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with two sets of recordings, and a model of the first."""
    folder = tmp_path_factory.mktemp("speech")
    write_set(folder, "train", draw_texts(24))
    write_set(folder, "test", draw_texts(5, seed=9), seed=100)
    arguments = ["train-asr", "--train", folder / "train.tsv", "-o", folder / "model"]
    assert run([str(a) for a in [*arguments, *SMALL, "--epochs", 25]]) == 0
    return folder


def read(outcome):
    """Return the one JSON object of a command that worked."""
    assert outcome.exit_code == 0, outcome.stderr
    return json.loads(outcome.stdout)


def test_training_says_what_it_came_to(seqtools, folder, tmp_path):
    arguments = ["train-asr", "--train", folder / "train.tsv", "--dev", folder / "test.tsv"]
    found = read(seqtools(*arguments, "-o", tmp_path / "m", *SMALL, "--epochs", 2, "--json"))
    assert found["epochs"] == 2
    assert found["train_utterances"] == 24
    assert found["dev_utterances"] == 5
    assert found["sample_rate"] == 8000
    assert found["symbols"] == 5
    assert found["wer"] == min(found["dev_wer"])
    assert all(0 <= share <= 1 for share in found["blank_share"])
    assert {path.name for path in (tmp_path / "m").iterdir()} == {
        "config.json", "alphabet.json", "weights.safetensors", "train.jsonl",
    }  # fmt: skip


def test_new_recordings_are_written_down_with_times(seqtools, folder):
    arguments = ["transcribe", folder / "model", "--manifest", folder / "test.tsv"]
    found = read(seqtools(*arguments, "--json"))
    assert found["wer"]["rate"] <= 0.2
    assert found["decoding"] == {"decoder": "best path"}
    for item in found["recordings"]:
        assert " ".join(word["text"] for word in item["words"]) == item["text"]
        assert all(0 <= w["start"] < w["end"] <= item["seconds"] for w in item["words"])
    shown = seqtools(*arguments)
    assert shown.stdout.splitlines() == [item["text"] for item in found["recordings"]]
    assert "WER" in shown.stderr


def test_a_name_that_is_not_utf8_leaves_json_whole(seqtools, folder, tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    path.write_bytes((folder / "test" / "0.wav").read_bytes())
    found = read(seqtools("transcribe", folder / "model", path, "--json"))
    assert found["recordings"][0]["path"] == str(tmp_path / "caf\ufffd.wav")


def test_a_tone_is_heard_where_it_sounds(seqtools, folder):
    recording = folder / "test" / "0.wav"
    [item] = read(seqtools("transcribe", folder / "model", recording, "--json"))["recordings"]
    # Tones of 0.12 s with 0.0375 s between them, from 0.05 s on.
    for number, symbol in enumerate(item["symbols"]):
        start = 0.05 + 0.1575 * number
        assert start - 0.1 <= symbol["start"] <= symbol["end"] <= start + 0.3


def test_a_search_with_a_language_model_is_tuned(seqtools, folder, tmp_path):
    (tmp_path / "text.txt").write_text("".join(f"{text}\n" for text in draw_texts(24)))
    arpa = tmp_path / "words.arpa"
    outcome = seqtools("train-ngram", tmp_path / "text.txt", "-o", arpa, "--order", 1, "-q")
    assert outcome.exit_code == 0, outcome.stderr
    found = read(
        seqtools(
            "transcribe", folder / "model", folder / "test" / "0.wav", folder / "test" / "1.wav",
            "--beam-size", 8, "--n-best", 3, "--lm", arpa, "--tune", folder / "train.tsv",
            "--threads", 1, "--json", "-q",
        )
    )  # fmt: skip
    assert found["decoding"]["alpha"] == found["tuning"]["settings"]["alpha"]
    assert found["tuning"]["rate"] <= found["tuning"]["rate_without"]
    assert found["wer"] is None
    assert all(1 <= len(item["alternatives"]) <= 3 for item in found["recordings"])


@pytest.mark.parametrize(("name", "files"), [("s.svg", ["0.wav"]), ("s.html", ["0.wav", "1.wav"])])
@pytest.mark.parametrize("search", [[], ["--beam-size", "4"]])
def test_what_was_heard_is_drawn(seqtools, folder, tmp_path, name, files, search):
    recordings = [folder / "test" / file for file in files]
    arguments = ["transcribe", folder / "model", *recordings, "--spikes", tmp_path / name, *search]
    assert seqtools(*arguments).exit_code == 0
    assert (tmp_path / name).stat().st_size > 5_000


def test_a_picture_that_cannot_be_written_is_told_before_listening(seqtools, folder, tmp_path):
    place = tmp_path / "missing" / "x.png"
    found = seqtools("transcribe", folder / "model", folder / "test" / "0.wav", "--spikes", place)
    assert found.exit_code == 1
    assert "x.png" in found.stderr
    assert "listening" not in found.stderr
