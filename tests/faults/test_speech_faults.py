"""Speech recognition and what goes wrong: bad recordings and texts, damaged models, stops."""

import struct

import numpy as np
import pytest

from seqtools.audio.wav_file import write_wav
from seqtools.errors import TrainingInterrupted
from seqtools.models.speech_files import load_speech_model
from seqtools.models.speech_run import SpeechPlan, train_speech_model
from seqtools.models.speech_settings import SpeechSettings
from seqtools.monitor import NullMonitor, StopRequest
from seqtools.text.batch_settings import BatchSettings
from seqtools.training.settings import TrainingSettings
from tests.unit.models.speech_cases import draw_texts, speak, write_set

SMALL = ["--hidden-size", 4, "--layers", 1, "--mels", 8, "--epochs", 1, "--threads", 1, "-q"]


@pytest.fixture
def folder(tmp_path):
    write_set(tmp_path, "train", draw_texts(6))
    return tmp_path


def assert_one_line(outcome, *parts):
    assert outcome.exit_code == 1
    lines = outcome.stderr.strip().splitlines()
    assert len(lines) == 1, outcome.stderr
    for part in parts:
        assert part in lines[0]


def bad_recording(folder, kind):
    """Write a recording that cannot be used."""
    path = folder / "bad.wav"
    write_wav(path, speak("ab"), 16_000 if kind == "rate" else 8000)
    whole = bytearray(path.read_bytes())
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "cut":
        path.write_bytes(whole[:900])
    elif kind == "stereo":
        whole[22], whole[32] = 2, 4
        path.write_bytes(whole)
    elif kind == "missing":
        path.unlink()
    return path


FAULTS = {
    "missing": "No such file",
    "empty": "is empty",
    "cut": "cut short",
    "stereo": "has 2 channels",
    "rate": "has 16000 samples a second, 8000 are wanted",
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_bad_recording_is_named_before_training(seqtools, folder, kind):
    path = bad_recording(folder, kind)
    with (folder / "train.tsv").open("a") as file:
        file.write(f"{path.name}\tab\n")
    arguments = ["train-asr", "--train", folder / "train.tsv", "-o", folder / "m", *SMALL]
    assert_one_line(seqtools(*arguments), "train.tsv, line 7", "bad.wav", FAULTS[kind])
    assert not (folder / "m").exists()


def write_float_wav(path, samples):
    """Write samples as floating point of 32 bits."""
    content = samples.astype("<f4").tobytes()
    described = struct.pack("<HHIIHH", 3, 1, 8000, 4 * 8000, 4, 32)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + described
    chunks += b"data" + struct.pack("<I", len(content)) + content
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_recording_of_absurd_samples_is_named_and_leaves_all_as_it_was(seqtools, folder, is_new):
    arguments = ["train-asr", "--train", folder / "train.tsv", "-o", folder / "new" / "m", *SMALL]
    if not is_new:
        assert seqtools(*arguments).exit_code == 0
        arguments.append("--overwrite")
    samples = speak("ab")
    samples[800] = 1e30
    write_float_wav(folder / "absurd.wav", samples)
    (folder / "dev.tsv").write_text("train/0.wav\ta\nabsurd.wav\tab\n")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    outcome = seqtools(*arguments, "--dev", folder / "dev.tsv")
    message = "absurd.wav: sample 800 (at 0.100 s) is 1e+30; samples lie between -1 and 1"
    assert_one_line(outcome, "dev.tsv, line 2", message)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert (folder / "new").exists() != is_new


def test_features_of_the_user_are_not_taken_for_ours(seqtools, folder):
    (folder / "m").mkdir()
    (folder / "m" / "train.features").write_text("mine")
    arguments = ["train-asr", "--train", folder / "train.tsv", "-o", folder / "m", *SMALL]
    assert_one_line(seqtools(*arguments), "train.features", "name another")
    assert (folder / "m" / "train.features").read_text() == "mine"


@pytest.mark.parametrize("line", ["0.wav", "train/0.wav\t", "train/0.wav\ta\tx\ty"])
def test_a_bad_line_of_a_manifest_is_named(seqtools, folder, line):
    with (folder / "train.tsv").open("a") as file:
        file.write(f"{line}\n")
    arguments = ["train-asr", "--train", folder / "train.tsv", "-o", folder / "m", *SMALL]
    assert_one_line(seqtools(*arguments), "train.tsv, line 7")


def test_a_text_outside_the_alphabet_or_too_long_is_named(seqtools, folder):
    arguments = ["train-asr", "--train", folder / "train.tsv", "-o", folder / "m", *SMALL]
    (folder / "dev.tsv").write_text("train/0.wav\ta\ntrain/1.wav\tqa\n")
    outcome = seqtools(*arguments, "--dev", folder / "dev.tsv")
    assert_one_line(outcome, "dev.tsv, line 2", "'q' not in the alphabet")
    write_wav(folder / "short.wav", speak("a")[:800], 8000)
    (folder / "dev.tsv").write_text("short.wav\t" + "ab" * 10 + "\n")
    outcome = seqtools(*arguments, "--dev", folder / "dev.tsv")
    assert_one_line(outcome, "dev.tsv, line 1", "frames are too few for its text, which needs 20")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    from seqtools_cli.main import run

    folder = tmp_path_factory.mktemp("model")
    write_set(folder, "train", draw_texts(6))
    arguments = ["train-asr", "--train", folder / "train.tsv", "-o", folder / "m", *SMALL]
    assert run([str(argument) for argument in arguments]) == 0
    return folder / "m"


@pytest.mark.parametrize("kind", FAULTS)
def test_a_bad_recording_to_transcribe_is_named(seqtools, tmp_path, model, kind):
    path = bad_recording(tmp_path, kind)
    assert_one_line(seqtools("transcribe", model, path, "-q"), "bad.wav", FAULTS[kind])
    (tmp_path / "list.tsv").write_text("bad.wav\n")
    outcome = seqtools("transcribe", model, "--manifest", tmp_path / "list.tsv", "-q")
    assert_one_line(outcome, "list.tsv, line 1", FAULTS[kind])


def test_other_rates_and_channels_are_converted_when_asked(seqtools, tmp_path, model):
    path = bad_recording(tmp_path, "rate")
    assert seqtools("transcribe", model, path, "--resample", "-q").exit_code == 0
    path = bad_recording(tmp_path, "stereo")
    assert seqtools("transcribe", model, path, "--mix", "-q").exit_code == 0


def test_filters_that_hear_nothing_are_refused_before_anything_is_written(
    seqtools, tmp_path, folder
):
    arguments = ["train-asr", "--train", folder / "train.tsv", "-o", tmp_path / "m", *SMALL]
    assert_one_line(seqtools(*arguments, "--mels", 512), "--mels", "--window")
    assert not (tmp_path / "m").exists()


def test_a_model_that_is_none_and_a_picture_of_no_format_are_refused(seqtools, tmp_path, model):
    path = tmp_path / "good.wav"
    write_wav(path, speak("ab"), 8000)
    assert_one_line(seqtools("transcribe", tmp_path, path, "-q"), "holds no model")
    outcome = seqtools("transcribe", model, path, "--spikes", tmp_path / "x.gif", "-q")
    assert_one_line(outcome, ".gif")


def test_a_damaged_alphabet_is_named(seqtools, folder):
    arguments = ["train-asr", "--train", folder / "train.tsv", "-o", folder / "m", *SMALL]
    assert seqtools(*arguments).exit_code == 0
    path = folder / "m" / "alphabet.json"
    path.write_bytes(path.read_bytes().replace(b"a", b"e", 1))
    outcome = seqtools("transcribe", folder / "m", folder / "train" / "0.wav", "-q")
    assert_one_line(outcome, "alphabet.json", "checksum")


def test_a_model_is_replaced_only_when_asked_and_resumed_with_its_options(seqtools, folder):
    arguments = ["train-asr", "--train", folder / "train.tsv", "-o", folder / "m", *SMALL]
    assert seqtools(*arguments).exit_code == 0
    assert_one_line(seqtools(*arguments), "--overwrite")
    outcome = seqtools(*arguments, "--hidden-size", 5, "--resume")
    assert_one_line(outcome, "hidden_size 4", "5")
    assert_one_line(seqtools(*arguments, "--resume"), "holds no checkpoint")
    assert seqtools(*arguments, "--overwrite").exit_code == 0


class StopsAt(NullMonitor):
    """Asks for a stop after some epochs."""

    def __init__(self, stop, epochs):
        self._stop, self._left = stop, epochs

    def message(self, text):
        if text.startswith("epoch"):
            self._left -= 1
            if not self._left:
                self._stop.signal_number = 2


@pytest.mark.parametrize("position", [None, 12, -1])
def test_a_stopped_run_goes_on_to_the_same_bytes(folder, position):
    def plan(name, **values):
        return SpeechPlan(
            str(folder / "train.tsv"), str(folder / name), dev=str(folder / "train.tsv"),
            model=SpeechSettings(hidden_size=4, num_layers=2, dropout=0.3),
            batches=BatchSettings(2), training=TrainingSettings(epochs=4), **values,
        )  # fmt: skip

    train_speech_model(plan("whole"))
    stop = StopRequest()
    with pytest.raises(TrainingInterrupted):
        train_speech_model(plan("stopped"), StopsAt(stop, 2), stop)
    cache = folder / "stopped" / "train.features"
    if position is not None:  # a damaged byte of what can be made again
        content = bytearray(cache.read_bytes())
        content[position] ^= 1
        cache.write_bytes(content)
    training = train_speech_model(plan("stopped", is_resumed=True))
    assert len(training.outcome.history) == 4
    for name in ("weights.safetensors", "config.json", "alphabet.json"):
        whole = (folder / "whole" / name).read_bytes()
        assert (folder / "stopped" / name).read_bytes() == whole, name
    assert not cache.exists()
    one, other = (load_speech_model(folder / name) for name in ("whole", "stopped"))
    np.testing.assert_array_equal(one.model.parameters.flat, other.model.parameters.flat)
