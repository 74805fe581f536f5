"""The neural probabilistic language model: its equation, its gradients, and runs on text."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from seqtools.embeddings.nplm import NPLM
from seqtools.embeddings.nplm_settings import NPLMSettings
from seqtools.embeddings.nplm_task import NPLMTask
from seqtools.embeddings.plans import NPLMPlan, TrainingPlan
from seqtools.embeddings.training import train_on_text
from seqtools.errors import CheckpointError, SettingsError, TrainingError, TrainingInterrupted
from seqtools.layers.parameters import Gradients
from seqtools.layers.workspace import Workspace
from seqtools.monitor import NullMonitor, StopRequest
from seqtools.text.id_cache import SENTENCE_END, TextSettings
from seqtools.text.ngram_batches import NgramSettings
from seqtools.training.team import Team
from tests.gradients import check_gradients
from tests.reference.nplm import nplm_loss

ROOT = Path(__file__).resolve().parents[3]
V = 7
TINY = NPLMSettings(dim=3, window=2, hidden_size=4, batch_size=8, epochs=3)
CONTEXTS = np.array([[6, 6], [6, 1], [1, 1], [5, 0], [0, 3]], np.int32)
TARGETS = np.array([1, 1, 5, 2, 6], np.int32)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Write sentences in which each word tells the next one's topic."""
    generator = np.random.default_rng(7)
    lines = []
    for _ in range(300):
        topic = int(generator.integers(0, 3))
        lines.append(" ".join(f"t{topic}w{word}" for word in generator.integers(0, 4, 8)))
    path = tmp_path_factory.mktemp("corpus") / "topics.txt"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def plan(folder, **changes):
    settings = {name: changes.pop(name) for name in list(changes) if hasattr(TINY, name)}
    return NPLMPlan(
        text=TextSettings(min_count=1),
        nplm=replace(TINY, **settings),
        work_directory=folder,
        **changes,
    )


def arrays_of(model):
    """Return the arguments of the twin."""
    values = {name: array.copy() for name, array in model.parameters.arrays().items()}
    hidden = model.settings.hidden_size
    weights = values["output.weights"]
    return {
        "c": values["words.weights"],
        "h": values["hidden.context_weights"],
        "d": values["hidden.bias"],
        "u": weights[:, :hidden],
        "w": weights[:, hidden:] if model.settings.has_direct else None,
        "b": values["output.bias"],
    }


def make(dtype=np.float64, **changes):
    """Return a model whose biases are not zero."""
    model = NPLM(replace(TINY, **changes), V, dtype)
    model.parameters.flat += np.random.default_rng(1).normal(0, 0.3, model.parameters.flat.shape)
    return model


@pytest.mark.parametrize("has_direct", [False, True])
@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_the_loss_is_that_of_the_equation(has_direct, dtype, bound):
    model = make(dtype, has_direct=has_direct)
    expected = nplm_loss(CONTEXTS, TARGETS, **arrays_of(model))
    gradients, workspace = Gradients(model.parameters), Workspace(dtype)
    trained = model.train(CONTEXTS, TARGETS, gradients, workspace, 1.0)
    scored = model.score(CONTEXTS, TARGETS, workspace)
    assert trained.nats == pytest.approx(expected, rel=bound)
    assert scored.nats == pytest.approx(expected, rel=bound)
    assert trained.tokens == scored.tokens == 5


@pytest.mark.parametrize("has_direct", [False, True])
def test_gradients_are_those_of_finite_differences(has_direct):
    model = make(has_direct=has_direct)
    gradients, workspace, scale = Gradients(model.parameters), Workspace(np.float64), 0.25
    model.train(CONTEXTS, TARGETS, gradients, workspace, scale)
    check_gradients(
        model.parameters,
        gradients,
        lambda: scale * model.score(CONTEXTS, TARGETS, workspace).nats,
    )


def test_weights_decay_and_biases_do_not():
    decayed = {parameter.name: parameter.is_decayed for parameter in make().parameters}
    assert decayed == {
        "words.weights": True, "hidden.context_weights": True, "output.weights": True,
        "hidden.bias": False, "output.bias": False,
    }  # fmt: skip


def test_validation_depends_on_neither_threads_nor_order():
    ids = np.random.default_rng(3).integers(-1, V - 1, 3_000).astype(np.int32)
    task = NPLMTask(make(np.float32), ids[:10], ids)
    found = set()
    for shards, threads in [(1, 1), (2, 1), (2, 2)]:
        with Team(shards, threads) as team:
            found.add(task.evaluate(team)["perplexity"])
    assert len(found) == 1
    assert SENTENCE_END in ids


@pytest.mark.parametrize("has_direct", [False, True])
def test_words_of_one_topic_become_neighbours(corpus, tmp_path, has_direct):
    wanted = plan(tmp_path, dim=8, epochs=12, learning_rate=0.02, has_direct=has_direct)
    training = train_on_text([corpus], wanted)
    for topic in range(3):
        nearest = training.vectors.neighbors(f"t{topic}w1", k=3)
        assert all(neighbor.word.startswith(f"t{topic}") for neighbor in nearest)
    # The topic is free at a line's first word alone: 12 choices; 4 at each of 7 others; the end.
    best = np.exp((np.log(12) + 7 * np.log(4)) / 9)
    assert best * 0.9 < min(training.valid_perplexities) < 1.5 * best
    assert training.valid_perplexities[training.best_epoch - 1] == min(training.valid_perplexities)
    assert training.context.vectors.shape == (12, TINY.hidden_size)
    assert list(tmp_path.iterdir()) == []


def test_without_a_share_for_validation_all_words_are_predicted(corpus, tmp_path):
    training = train_on_text([corpus], plan(tmp_path, valid_share=0.0, epochs=1))
    assert training.work_an_epoch == 300 * 9
    assert training.valid_perplexities is training.best_epoch is None
    np.testing.assert_allclose(training.perplexities, np.exp(training.losses))


def test_a_validation_text_is_scored_as_it_stands(corpus, tmp_path):
    valid = tmp_path / "valid.txt"
    valid.write_text("t0w1 t0w2 unknown t0w3\n")
    training = train_on_text([corpus], plan(tmp_path, valid=[str(valid)]))
    assert training.work_an_epoch == 300 * 9
    assert len(training.valid_perplexities) == 3


def test_given_vectors_are_the_start(corpus, tmp_path):
    from seqtools.embeddings.vector_files import save_vectors

    first, path = train_on_text([corpus], plan(tmp_path)), tmp_path / "first.bin"
    save_vectors(path, first.vectors)
    still = plan(tmp_path, initial_vectors=path, learning_rate=1e-9, epochs=1)
    np.testing.assert_allclose(
        train_on_text([corpus], still).vectors.vectors, first.vectors.vectors, atol=1e-4
    )


class StopAfter(NullMonitor):
    """Asks for a stop once some words are done."""

    def __init__(self, stop, words):
        self.stop, self.words = stop, words

    def update(self, progress):
        if progress.done >= self.words:
            self.stop.signal_number = signal.SIGTERM


def test_a_resumed_run_ends_in_the_same_bytes_on_any_number_of_threads(
    corpus, tmp_path, monkeypatch
):
    monkeypatch.setattr("seqtools.training.loop._SECONDS_BETWEEN_REPORTS", 0.0)
    whole = train_on_text([corpus], plan(tmp_path))
    words, stops = 500, 0
    while True:
        stop, threads = StopRequest(), 1 + stops % 2
        wanted = plan(
            tmp_path, threads=threads, checkpoint_directory=tmp_path / "kept", is_resumed=True
        )
        try:
            resumed = train_on_text([corpus], wanted, StopAfter(stop, words), stop)
            break
        except TrainingInterrupted:
            stops, words = stops + 1, words + 3_000
    assert stops >= 2
    assert resumed.vectors.vectors.tobytes() == whole.vectors.vectors.tobytes()
    assert resumed.context.vectors.tobytes() == whole.context.vectors.tobytes()
    assert resumed.losses == whole.losses
    assert resumed.valid_perplexities == whole.valid_perplexities


def interrupt(corpus, wanted):
    """Leave a checkpoint."""
    stop = StopRequest(signal_number=signal.SIGINT)
    with pytest.raises(TrainingInterrupted, match=r"saved a checkpoint in .*kept; go on"):
        train_on_text([corpus], wanted, None, stop)


def test_a_checkpoint_of_another_run_is_refused_by_name(corpus, tmp_path):
    kept = {"checkpoint_directory": tmp_path / "kept"}
    interrupt(corpus, plan(tmp_path, **kept))
    kept["is_resumed"] = True
    with pytest.raises(CheckpointError, match="has_direct False, this one True"):
        train_on_text([corpus], plan(tmp_path, has_direct=True, **kept))
    with pytest.raises(CheckpointError, match="its run reads"):
        train_on_text(["other.txt"], plan(tmp_path, **kept))
    with pytest.raises(CheckpointError, match="its corpus has changed"):
        train_on_text([corpus], plan(tmp_path, valid=[corpus], **kept))
    with pytest.raises(CheckpointError, match="model nplm, this one skipgram"):
        train_on_text([corpus], TrainingPlan(text=TextSettings(min_count=1), **kept))


def test_a_damaged_checkpoint_is_refused(corpus, tmp_path):
    kept = tmp_path / "kept"
    interrupt(corpus, plan(tmp_path, checkpoint_directory=kept))
    state = kept / "state.safetensors"
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 1
    state.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"state\.safetensors.*checksum"):
        train_on_text([corpus], plan(tmp_path, checkpoint_directory=kept, is_resumed=True))


def test_a_run_that_leaves_the_finite_numbers_names_the_tensor(corpus, tmp_path):
    from seqtools.embeddings.vector_files import save_vectors

    calm = train_on_text([corpus], plan(tmp_path, epochs=1))
    calm.vectors.vectors[:] = np.float32(3e38)
    path = tmp_path / "start.bin"
    save_vectors(path, calm.vectors)
    wanted = plan(tmp_path, initial_vectors=path, has_direct=True)
    with np.errstate(all="ignore"), pytest.raises(TrainingError, match="no state was saved"):
        train_on_text([corpus], wanted)


@pytest.mark.parametrize("text", ["a b\n", "a b a b\n", "a b\n\nb a\n" * 3])
def test_the_shortest_texts_train(tmp_path, text):
    path = tmp_path / "short.txt"
    path.write_text(text)
    training = train_on_text([str(path)], plan(tmp_path, window=63, shards=7))
    assert np.isfinite(training.losses).all()
    assert training.vectors.vectors.shape == (2, 3)


def test_settings_outside_their_range_are_refused_by_name():
    NgramSettings(order=NPLMSettings(window=63).window + 1)
    for name, value in [
        ("window", 64), ("window", 0), ("dim", 0), ("hidden_size", 0), ("batch_size", 0),
        ("valid_share", 1.0), ("learning_rate", float("nan")), ("weight_decay", -1.0),
        ("optimizer", "newton"), ("epochs", 0), ("shards", 0), ("seed", -1), ("model", "glove"),
    ]:  # fmt: skip
        with pytest.raises(SettingsError, match=name):
            NPLMSettings(**{name: value})
    assert asdict(NPLMSettings())["model"] == "nplm"


OPTIONS = ["--model", "nplm", "--dim", 4, "--hidden-size", 5, "--min-count", 1, "--batch-size", 32]


def command(corpus, output, *extra):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
    arguments = [sys.executable, "-m", "seqtools_cli", "embed", "train", corpus, "-o", output]
    return subprocess.Popen(
        [str(argument) for argument in (*arguments, *OPTIONS, "--epochs", 40, *extra)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_run_killed_and_resumed_ends_in_the_same_bytes(corpus, tmp_path):
    whole, resumed = tmp_path / "whole.safetensors", tmp_path / "resumed.safetensors"
    command(corpus, whole, "--threads", 2).communicate()
    with command(corpus, resumed, "--resume", "--checkpoint-every", "0.01") as run:
        for line in run.stderr:
            if line.startswith("epoch 2/"):
                break
        run.kill()
    assert run.returncode == -signal.SIGKILL
    assert (tmp_path / "resumed.safetensors.checkpoint" / "state.safetensors").exists()
    assert not resumed.exists()
    _, errors = command(corpus, resumed, "--resume", "--threads", 1).communicate()
    assert "resumed from" in errors
    assert resumed.read_bytes() == whole.read_bytes()
    assert not (tmp_path / "resumed.safetensors.checkpoint").exists()


def test_a_signal_saves_a_checkpoint(corpus, tmp_path):
    output = tmp_path / "out.vec"
    with command(corpus, output, "--epochs", 100_000, "--checkpoint-every", 1000) as run:
        for line in run.stderr:
            if line.startswith("epoch"):
                break
        run.send_signal(signal.SIGTERM)
        errors = run.stderr.read()
    assert run.returncode == 143
    assert "go on with --resume" in errors
    assert "Traceback" not in errors
    assert (tmp_path / "out.vec.checkpoint" / "state.safetensors").exists()
    assert not output.exists()


def test_the_command_reports_perplexity_and_writes_vectors_of_any_format(
    corpus, tmp_path, seqtools
):
    output, context = tmp_path / "v.bin", tmp_path / "c.vec"
    arguments = ["embed", "train", corpus, "-o", output, *OPTIONS, "--epochs", 2, "--direct"]
    outcome = seqtools(*arguments, "--save-context", context, "--json", "-q")
    assert outcome.exit_code == 0, outcome.stderr
    result = json.loads(outcome.stdout)
    assert result["model"] == "nplm"
    assert result["loss_function"] == "softmax"
    assert result["perplexity"] == pytest.approx(np.exp(result["loss"]).tolist())
    assert len(result["valid_perplexity"]) == len(result["loss"]) == result["epochs"] == 2
    assert result["best_epoch"] in (1, 2)
    assert context.read_text().startswith("12 5\n")
    assert seqtools("embed", "neighbors", output, "t0w1").exit_code == 0
    shown = seqtools(*arguments, "-q")
    assert "on the validation text, best in epoch" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--window", 64], 2, "--window 64 is above 63"),
        (["--valid", "missing.txt"], 1, "missing.txt"),
        (["--valid", "empty.txt"], 1, "empty.txt"),
        (["--negative", 3], 2, "--negative is an option of --model skipgram and cbow"),
        (["--model", "glove", "--hidden-size", 3], 2, "--hidden-size is an option of --model nplm"),
        (["--valid-share", 1], 2, "--valid-share"),
        (["--optimizer", "newton"], 2, "--optimizer"),
    ],
)
def test_faulty_options_are_refused_in_a_line(
    corpus, tmp_path, seqtools, monkeypatch, arguments, code, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").write_text("\n")
    outcome = seqtools("embed", "train", corpus, "-o", "v.vec", *OPTIONS, *arguments, "-q")
    assert outcome.exit_code == code
    assert message in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.txt"]


def test_a_validation_text_is_not_replaced(corpus, tmp_path, seqtools):
    valid = tmp_path / "valid.vec"
    valid.write_text("t0w1\n")
    outcome = seqtools("embed", "train", corpus, "-o", valid, *OPTIONS, "--valid", valid, "-q")
    assert outcome.exit_code == 1
    assert "this run reads it" in outcome.stderr
