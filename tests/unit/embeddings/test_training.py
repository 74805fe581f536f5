"""Training from text: repeatable, resumable, sound in its figures."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqtools.embeddings.checkpoint import Checkpoint
from seqtools.embeddings.settings import Word2VecSettings
from seqtools.embeddings.training import TrainingPlan, train_on_text
from seqtools.errors import (
    CheckpointError,
    SeqtoolsWarning,
    SettingsError,
    TrainingError,
    TrainingInterrupted,
)
from seqtools.kernels import cbow, skipgram
from seqtools.monitor import NullMonitor, Progress, StopRequest
from seqtools.text.id_cache import TextSettings

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = Word2VecSettings(dim=16, window=3, epochs=3, threads=1)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Write sentences in which words of one topic stand together."""
    generator = np.random.default_rng(7)
    lines = []
    for _ in range(4_000):
        topic = int(generator.integers(0, 5))
        words = generator.zipf(1.6, 12).clip(max=40)
        lines.append(" ".join(f"t{topic}w{word}" for word in words))
    path = tmp_path_factory.mktemp("corpus") / "topics.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def plan(tmp_path, **changes):
    settings = {name: changes.pop(name) for name in list(changes) if hasattr(SETTINGS, name)}
    return TrainingPlan(
        text=TextSettings(min_count=2),
        word2vec=replace(SETTINGS, **settings),
        work_directory=tmp_path,
        **changes,
    )


class StopAfter(NullMonitor):
    """Asks for a stop once some words are done."""

    def __init__(self, stop, words):
        self.stop, self.words = stop, words

    def update(self, progress: Progress):
        if progress.done >= self.words:
            self.stop.signal_number = signal.SIGTERM


@pytest.mark.parametrize("loss", ["ns", "hs"])
@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_words_of_one_topic_become_neighbours(corpus, tmp_path, model, loss):
    wanted = plan(tmp_path, model=model, loss=loss, epochs=20, learning_rate=0.1)
    training = train_on_text([str(corpus)], wanted)
    for topic in range(5):
        nearest = training.vectors.neighbors(f"t{topic}w1", k=5)
        assert all(neighbor.word.startswith(f"t{topic}") for neighbor in nearest)
    assert training.losses[-1] < training.losses[0]


@pytest.mark.parametrize("loss", ["ns", "hs"])
@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_the_kernel_that_was_loaded_is_the_one_that_trains(corpus, tmp_path, model, loss):
    wanted = plan(tmp_path, model=model, loss=loss, epochs=1, threads=2)
    wanted.load_kernel()
    module = {"skipgram": skipgram, "cbow": cbow}[model]
    suffix = {"ns": "negative_sampling", "hs": "hierarchical_softmax"}[loss]
    kernel = getattr(module, f"{model}_{suffix}")
    loaded = list(kernel.signatures)
    train_on_text([str(corpus)], wanted)
    assert kernel.signatures == loaded


def test_the_same_seed_gives_the_same_vectors_and_another_seed_others(corpus, tmp_path):
    first, second, other = (
        train_on_text([str(corpus)], plan(tmp_path, seed=seed)).vectors.vectors
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_two_threads_learn_as_well_as_one(corpus, tmp_path):
    losses = [
        train_on_text([str(corpus)], plan(tmp_path, threads=threads)).losses[-1]
        for threads in (1, 2)
    ]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_a_corpus_shorter_than_the_threads_still_trains(tmp_path):
    path = tmp_path / "short.txt"
    path.write_text("a b a b\n")
    training = train_on_text([str(path)], plan(tmp_path, threads=8, subsample=0.0))
    assert 1 <= training.threads <= 8
    assert np.isfinite(training.losses).all()


@pytest.mark.parametrize("loss", ["ns", "hs"])
@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_a_resumed_run_ends_in_the_same_bytes(corpus, tmp_path, model, loss, monkeypatch):
    monkeypatch.setattr("seqtools.embeddings.lock_free._SECONDS_BETWEEN_LOOKS", 0.001)
    monkeypatch.setattr("seqtools.embeddings.word2vec._PRODUCTS_A_CALL", 1e5)
    whole = train_on_text([str(corpus)], plan(tmp_path, model=model, loss=loss))
    wanted = plan(
        tmp_path, model=model, loss=loss, checkpoint_directory=tmp_path / "kept", is_resumed=True
    )
    words, stops = 5_000, 0
    while True:
        stop = StopRequest()
        try:
            resumed = train_on_text([str(corpus)], wanted, StopAfter(stop, words), stop)
            break
        except TrainingInterrupted:
            stops, words = stops + 1, words + 40_000
    assert stops >= 2
    np.testing.assert_array_equal(resumed.vectors.vectors, whole.vectors.vectors)
    assert resumed.losses == whole.losses
    if loss == "ns":
        np.testing.assert_array_equal(resumed.context.vectors, whole.context.vectors)


def test_a_checkpoint_of_other_settings_is_refused_by_name(corpus, tmp_path):
    kept = tmp_path / "kept"
    stop = StopRequest(signal_number=signal.SIGINT)
    with pytest.raises(TrainingInterrupted, match="saved a checkpoint"):
        train_on_text([str(corpus)], plan(tmp_path, checkpoint_directory=kept), None, stop)
    with pytest.raises(CheckpointError, match="window 3, this one 4"):
        train_on_text(
            [str(corpus)], plan(tmp_path, window=4, checkpoint_directory=kept, is_resumed=True)
        )
    with pytest.raises(CheckpointError, match="its run reads"):
        train_on_text(["other.txt"], plan(tmp_path, checkpoint_directory=kept, is_resumed=True))


def test_a_run_goes_on_with_its_text_and_tells_that_the_file_is_another(corpus, tmp_path):
    text, kept = tmp_path / "text.txt", tmp_path / "kept"
    text.write_bytes(corpus.read_bytes())
    whole = train_on_text([str(text)], plan(tmp_path))
    stop = StopRequest(signal_number=signal.SIGINT)
    with pytest.raises(TrainingInterrupted):
        train_on_text([str(text)], plan(tmp_path, checkpoint_directory=kept), None, stop)
    text.write_text("other words\n")
    resumed = plan(tmp_path, checkpoint_directory=kept, is_resumed=True)
    stop = StopRequest(signal_number=signal.SIGINT)
    with (
        pytest.warns(SeqtoolsWarning, match=r"text\.txt: changed, moved or removed"),
        pytest.raises(TrainingInterrupted),
    ):
        train_on_text([str(text)], resumed, None, stop)
    text.unlink()
    with pytest.warns(SeqtoolsWarning, match=r"text\.txt: changed, moved or removed"):
        again = train_on_text([str(text)], resumed)
    assert again.vectors.vectors.tobytes() == whole.vectors.vectors.tobytes()


def test_a_damaged_checkpoint_is_refused(corpus, tmp_path):
    kept = tmp_path / "kept"
    stop = StopRequest(signal_number=signal.SIGINT)
    with pytest.raises(TrainingInterrupted):
        train_on_text([str(corpus)], plan(tmp_path, checkpoint_directory=kept), None, stop)
    state = kept / "state.safetensors"
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 1
    state.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"state\.safetensors.*checksum"):
        train_on_text([str(corpus)], plan(tmp_path, checkpoint_directory=kept, is_resumed=True))


def test_a_run_that_leaves_the_finite_numbers_says_so_and_keeps_the_last_state(corpus, tmp_path):
    from seqtools.embeddings.vector_files import save_vectors

    calm = train_on_text([str(corpus)], plan(tmp_path))
    calm.vectors.vectors[:] = 3e38  # finite, but not for long
    start, kept = tmp_path / "start.bin", tmp_path / "kept"
    save_vectors(start, calm.vectors)
    wanted = plan(tmp_path, initial_vectors=start, checkpoint_directory=kept, learning_rate=10.0)
    with pytest.raises(TrainingError, match="use a learning rate below 10"):
        train_on_text([str(corpus)], wanted)
    assert not Checkpoint(kept, [str(corpus)]).exists()


def test_given_vectors_are_the_start(corpus, tmp_path):
    from seqtools.embeddings.vector_files import save_vectors

    first = train_on_text([str(corpus)], plan(tmp_path))
    path = tmp_path / "first.bin"
    save_vectors(path, first.vectors)
    more = train_on_text([str(corpus)], plan(tmp_path, initial_vectors=path, epochs=1))
    assert more.losses[0] < first.losses[0]
    with pytest.raises(SettingsError, match="use --dim 16"):
        train_on_text([str(corpus)], plan(tmp_path, initial_vectors=path, dim=8))


def test_no_file_is_left_behind(corpus, tmp_path):
    train_on_text([str(corpus)], plan(tmp_path))
    assert list(tmp_path.iterdir()) == []


def command(corpus, output, *extra):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
    arguments = [sys.executable, "-m", "seqtools_cli", "embed", "train", corpus, "-o", output]
    options = ["--epochs", 150, "--dim", 32, "--min-count", 2, "--threads", 1]
    return subprocess.Popen(
        [str(argument) for argument in (*arguments, *options, *extra)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_runs_killed_at_random_and_resumed_end_in_the_same_bytes(corpus, tmp_path):
    whole, resumed = tmp_path / "whole.bin", tmp_path / "resumed.bin"
    command(corpus, whole).communicate()
    generator, kills = np.random.default_rng(1), 0
    for _ in range(5):
        with command(corpus, resumed, "--resume", "--checkpoint-every", "0.05") as run:
            for line in run.stderr:
                if line.startswith(("checkpoints go to", "resumed from")):
                    break
            time.sleep(float(generator.uniform(0.0, 0.4)))
            run.kill()
        kills += run.returncode == -signal.SIGKILL
    assert kills >= 1
    command(corpus, resumed, "--resume").communicate()
    assert resumed.read_bytes() == whole.read_bytes()
    assert not (tmp_path / "resumed.bin.checkpoint").exists()


def test_a_run_killed_while_it_removes_its_checkpoint_can_be_repeated(
    corpus, tmp_path, monkeypatch
):
    options = {"checkpoint_directory": tmp_path / "kept", "is_resumed": True}
    first = train_on_text([str(corpus)], plan(tmp_path, **options))
    checkpoint = Checkpoint(tmp_path / "kept", [str(corpus)])
    (tmp_path / "kept" / "state.safetensors").write_bytes(b"the last state")
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)  # the kill comes here
    checkpoint.remove()
    monkeypatch.undo()
    shutil.rmtree(tmp_path / "kept" / "corpus")
    again = train_on_text([str(corpus)], plan(tmp_path, **options))
    assert again.vectors.vectors.tobytes() == first.vectors.vectors.tobytes()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_a_checkpoint_and_ends_within_two_seconds(corpus, tmp_path, number, code):
    output = tmp_path / "out.vec"
    with command(corpus, output, "--epochs", 100_000, "--checkpoint-every", 1000) as run:
        for line in run.stderr:
            if line.startswith("epoch"):
                break
        sent = time.monotonic()
        run.send_signal(number)
        errors = run.stderr.read()
    assert run.returncode == code
    assert time.monotonic() - sent < 2.0
    assert "go on with --resume" in errors
    assert "Traceback" not in errors
    assert (tmp_path / "out.vec.checkpoint" / "state.safetensors").exists()
    assert not output.exists()


def test_json_holds_the_contract(corpus, tmp_path, seqtools):
    outcome = seqtools(
        "embed", "train", corpus, "-o", tmp_path / "v.vec", "--epochs", 2, "--min-count", 2,
        "--dim", 8, "--threads", 1, "--json", "-q",
    )  # fmt: skip
    assert outcome.exit_code == 0
    assert outcome.stderr == ""
    result = json.loads(outcome.stdout)
    assert {
        "output", "model", "vocabulary_size", "dim", "tokens", "epochs", "loss",
        "tokens_per_second", "train_seconds", "total_seconds", "threads", "seed",
    } <= result.keys()  # fmt: skip
    assert result["tokens"] == 48_000
    assert len(result["loss"]) == 2
