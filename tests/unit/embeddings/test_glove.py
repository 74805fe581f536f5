"""GloVe from text and from co-occurrences: repeatable, resumable, sound in its figures."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqtools.embeddings.checkpoint import Checkpoint
from seqtools.embeddings.cooccurrence_entries import read_entries
from seqtools.embeddings.glove import make_model
from seqtools.embeddings.glove_pairs import TrainingPairs, prepare_pairs
from seqtools.embeddings.lock_free import train
from seqtools.embeddings.plans import GloVePlan
from seqtools.embeddings.settings import GloVeSettings
from seqtools.embeddings.text_cooccurrence import CountingPlan, count_text_cooccurrences
from seqtools.embeddings.training import train_on_text
from seqtools.embeddings.vector_files import save_vectors
from seqtools.errors import (
    CheckpointError,
    FileAccessError,
    FileContentError,
    SettingsError,
    TrainingError,
    TrainingInterrupted,
)
from seqtools.io.cooccurrence_file import CooccurrenceFile
from seqtools.kernels.glove import train_tiles
from seqtools.monitor import NullMonitor, Progress, StopRequest
from seqtools.text.id_cache import TextSettings
from seqtools.text.vocabulary import Vocabulary
from tests.reference import glove as twin

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = GloVeSettings(dim=16, window=4, epochs=3, x_max=50.0)


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


@pytest.fixture(scope="module")
def counted(corpus, tmp_path_factory):
    """Count the corpus."""
    path = tmp_path_factory.mktemp("counted") / "topics.cooc"
    plan = CountingPlan(text=TextSettings(min_count=2))
    count_text_cooccurrences([corpus], path, replace(plan, counting=replace_window(plan)))
    return path


def replace_window(plan):
    return replace(plan.counting, window=SETTINGS.window)


def plan(tmp_path, **changes):
    settings = {name: changes.pop(name) for name in list(changes) if hasattr(SETTINGS, name)}
    return GloVePlan(
        text=TextSettings(min_count=2),
        glove=replace(SETTINGS, **settings),
        work_directory=tmp_path,
        **changes,
    )


class StopAfter(NullMonitor):
    """Asks for a stop once some entries are done."""

    def __init__(self, stop, entries):
        self.stop, self.entries = stop, entries

    def update(self, progress: Progress):
        if progress.unit == "entries" and progress.done >= self.entries:
            self.stop.signal_number = signal.SIGTERM


def test_words_of_one_topic_become_neighbours(corpus, tmp_path):
    training = train_on_text([str(corpus)], plan(tmp_path, epochs=30))
    for topic in range(5):
        nearest = training.vectors.neighbors(f"t{topic}w1", k=5)
        assert all(neighbor.word.startswith(f"t{topic}") for neighbor in nearest)
    assert training.losses == sorted(training.losses, reverse=True)


def test_text_and_its_counts_give_the_same_vectors(corpus, counted, tmp_path):
    from_text = train_on_text([str(corpus)], plan(tmp_path))
    from_counts = train_on_text([str(counted)], plan(tmp_path, is_counted=True))
    np.testing.assert_array_equal(from_text.vectors.vectors, from_counts.vectors.vectors)
    assert from_text.losses == from_counts.losses
    assert from_text.statistics == from_counts.statistics
    assert from_text.statistics.tokens_kept == 48_000
    assert from_text.words_trained == 3 * 48_000
    assert list(tmp_path.iterdir()) == []


def test_the_kernel_that_was_loaded_is_the_one_that_trains(counted, tmp_path):
    wanted = plan(tmp_path, epochs=1, threads=2, is_counted=True)
    wanted.load_kernel()
    loaded = list(train_tiles.signatures)
    train_on_text([str(counted)], wanted)
    assert train_tiles.signatures == loaded


def test_the_seed_decides_the_vectors(counted, tmp_path):
    first, second, other = (
        train_on_text([str(counted)], plan(tmp_path, seed=seed, is_counted=True)).vectors.vectors
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_two_threads_learn_as_well_as_one(counted, tmp_path):
    losses = [
        train_on_text(
            [str(counted)], plan(tmp_path, threads=threads, epochs=8, is_counted=True)
        ).losses[-1]
        for threads in (1, 2)
    ]
    assert losses[1] == pytest.approx(losses[0], rel=0.1)


@pytest.mark.parametrize("combine", ["sum", "average", "input", "concat"])
def test_vectors_are_combined_as_asked_for(counted, tmp_path, combine):
    training = train_on_text([str(counted)], plan(tmp_path, combine=combine, is_counted=True))
    words = train_on_text([str(counted)], plan(tmp_path, combine="input", is_counted=True))
    w, c = words.vectors.vectors, words.context.vectors
    expected = {
        "sum": w + c,
        "average": (w + c) / 2,
        "input": w,
        "concat": np.concatenate((w, c), axis=1),
    }
    np.testing.assert_array_equal(training.vectors.vectors, expected[combine])
    np.testing.assert_array_equal(training.context.vectors, c)


@pytest.mark.parametrize("combine", ["sum", "average", "input", "concat"])
def test_given_vectors_are_the_start(counted, tmp_path, combine):
    wanted = plan(tmp_path, combine=combine, epochs=6, is_counted=True)
    first = train_on_text([str(counted)], wanted)
    path = tmp_path / "first.bin"
    save_vectors(path, first.vectors)
    once_more = replace(wanted, initial_vectors=path, glove=replace(wanted.glove, epochs=1))
    more = train_on_text([str(counted)], once_more)
    assert more.losses[0] < first.losses[0]
    with pytest.raises(SettingsError, match="use --dim 16"):
        train_on_text([str(counted)], replace(once_more, glove=replace(wanted.glove, dim=8)))


def test_the_cost_is_that_of_a_float64_adagrad(counted, tmp_path):
    """The same pairs, once in the tiles' order and once wholly shuffled by the twin."""
    settings = replace(SETTINGS, epochs=15, learning_rate=0.05)
    data = prepare_pairs(CooccurrenceFile.open(counted), tmp_path, settings, NullMonitor())
    model = make_model(data, settings)
    dim, x = settings.dim, model.x.astype(np.float64)
    part = x.shape[1] // 4
    reference = twin.GloVe(
        x[:, :dim], x[:, part : part + dim], x[:, dim], x[:, part + dim + 1], 0.05
    )
    train(model, NullMonitor(), StopRequest())
    pairs = [tuple(pair) for pair in data.pairs.tolist()]
    generator, costs = np.random.default_rng(1), []
    for _ in range(3):
        order = generator.permutation(len(pairs))
        costs.append(sum(reference.pair(*pairs[index]) for index in order) / 2 / data.num_cells)
    assert [model.mean_loss(epoch) for epoch in range(3)] == pytest.approx(costs, rel=0.02)


def test_a_resumed_run_ends_in_the_same_bytes(counted, tmp_path, monkeypatch):
    monkeypatch.setattr("seqtools.embeddings.lock_free._SECONDS_BETWEEN_LOOKS", 0.001)
    monkeypatch.setattr("seqtools.embeddings.glove._NUMBERS_A_CALL", 2e4)
    changes = {"epochs": 5, "is_counted": True}
    whole = train_on_text([str(counted)], plan(tmp_path, **changes))
    wanted = plan(tmp_path, checkpoint_directory=tmp_path / "kept", is_resumed=True, **changes)
    entries, stops = 2_000, 0
    while True:
        stop = StopRequest()
        try:
            resumed = train_on_text([str(counted)], wanted, StopAfter(stop, entries), stop)
            break
        except TrainingInterrupted:
            stops, entries = stops + 1, entries + 11_000
    assert stops >= 2
    np.testing.assert_array_equal(resumed.vectors.vectors, whole.vectors.vectors)
    np.testing.assert_array_equal(resumed.context.vectors, whole.context.vectors)
    assert resumed.losses == whole.losses


@pytest.fixture
def interrupted(counted, tmp_path):
    """Keep the checkpoint of a run that was stopped at once."""
    kept = tmp_path / "kept"
    stop = StopRequest(signal_number=signal.SIGINT)
    with pytest.raises(TrainingInterrupted, match="saved a checkpoint"):
        train_on_text(
            [str(counted)],
            plan(tmp_path, checkpoint_directory=kept, is_counted=True),
            None,
            stop,
        )
    return kept


def resume(counted, kept, **changes):
    return train_on_text(
        [str(counted)],
        plan(kept.parent, checkpoint_directory=kept, is_resumed=True, is_counted=True, **changes),
    )


def test_a_checkpoint_of_other_settings_is_refused_by_name(counted, interrupted):
    with pytest.raises(CheckpointError, match=r"x_max 50\.0, this one 60\.0"):
        resume(counted, interrupted, x_max=60.0)
    with pytest.raises(CheckpointError, match="its run reads"):
        resume("other.cooc", interrupted)
    from seqtools.embeddings.training import TrainingPlan

    word2vec = TrainingPlan(checkpoint_directory=interrupted, is_resumed=True)
    with pytest.raises(CheckpointError, match="has model glove, this one skipgram"):
        train_on_text([str(counted)], word2vec)


def test_text_settings_other_than_the_first_runs_are_refused(corpus, tmp_path):
    stop = StopRequest(signal_number=signal.SIGINT)
    first = plan(tmp_path, checkpoint_directory=tmp_path / "kept")
    with pytest.raises(TrainingInterrupted, match="saved a checkpoint"):
        train_on_text([str(corpus)], first, None, stop)
    resumed = replace(first, is_resumed=True)
    with pytest.raises(CheckpointError, match="min_count 2, this one 3"):
        train_on_text([str(corpus)], replace(resumed, text=TextSettings(min_count=3)))
    (tmp_path / "words.tsv").write_text("a\t9\nb\t3\n")
    with pytest.raises(CheckpointError, match=r"another vocabulary than .*words\.tsv"):
        train_on_text([str(corpus)], replace(resumed, vocabulary=tmp_path / "words.tsv"))
    assert len(train_on_text([str(corpus)], resumed).losses) == SETTINGS.epochs


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("state.safetensors", r"state\.safetensors.*checksum"),
        ("corpus/pairs.bin", r"pairs\.bin: damaged"),
        ("corpus/pairs.safetensors", r"pairs\.safetensors"),
        ("corpus/vocabulary.tsv", r"pairs\.bin: damaged|vocabulary"),
    ],
)
def test_a_damaged_checkpoint_is_refused(counted, interrupted, name, message):
    content = bytearray((interrupted / name).read_bytes())
    content[-6] ^= 1
    (interrupted / name).write_bytes(content)
    with pytest.raises((CheckpointError, FileContentError), match=message):
        resume(counted, interrupted)


def test_a_checkpoint_cut_short_is_refused(counted, interrupted):
    pairs = interrupted / "corpus" / "pairs.bin"
    pairs.write_bytes(pairs.read_bytes()[:-16])
    with pytest.raises(FileContentError, match=r"pairs\.bin: expected \d+ bytes, found"):
        resume(counted, interrupted)
    pairs.unlink()
    with pytest.raises(FileAccessError, match=r"pairs\.bin"):
        resume(counted, interrupted)


def test_a_run_that_leaves_the_finite_numbers_says_so_and_keeps_the_last_state(counted, tmp_path):
    calm = train_on_text([str(counted)], plan(tmp_path, is_counted=True))
    calm.vectors.vectors[:] = 3e38  # finite, but not for long
    start, kept = tmp_path / "start.bin", tmp_path / "kept"
    save_vectors(start, calm.vectors)
    wanted = plan(
        tmp_path, initial_vectors=start, checkpoint_directory=kept, learning_rate=10.0,
        is_counted=True,
    )  # fmt: skip
    with pytest.raises(TrainingError, match="use a learning rate below 10"):
        train_on_text([str(counted)], wanted)
    assert not Checkpoint(kept, [str(counted)]).exists()


def test_pairs_reopened_are_those_that_were_written(counted, tmp_path):
    file = CooccurrenceFile.open(counted)
    written = prepare_pairs(file, tmp_path / "a", SETTINGS, NullMonitor())
    opened = TrainingPairs.open(tmp_path / "a")
    assert opened.fingerprint == written.fingerprint
    assert opened.vocabulary == written.vocabulary
    np.testing.assert_array_equal(opened.pairs, written.pairs)
    order = np.lexsort((written.pairs["column"], written.pairs["row"]))
    entries = np.concatenate(list(read_entries(file)))
    np.testing.assert_array_equal(written.pairs["row"][order], entries["row"])
    np.testing.assert_array_equal(written.pairs["column"][order], entries["column"])
    x = entries["weight"] / file.header.scale
    np.testing.assert_allclose(written.pairs["log_x"][order], np.log(x), rtol=1e-6, atol=1e-7)
    weights = twin.weight(x, SETTINGS.x_max, SETTINGS.weight_exponent)
    np.testing.assert_allclose(written.pairs["weight"][order], weights, rtol=1e-6)
    other = prepare_pairs(file, tmp_path / "b", replace(SETTINGS, seed=2), NullMonitor())
    assert other.fingerprint != written.fingerprint


def test_counts_that_do_not_fit_the_run_are_refused(counted, tmp_path):
    with pytest.raises(SettingsError, match="counted with window 4, not 5"):
        train_on_text([str(counted)], plan(tmp_path, window=5, is_counted=True))
    words = tmp_path / "words.tsv"
    Vocabulary(["a", "b"], [2, 1]).save(words)
    with pytest.raises(SettingsError, match="counted with another vocabulary"):
        train_on_text([str(counted)], plan(tmp_path, vocabulary=words, is_counted=True))
    with pytest.raises(SettingsError, match="expected one file of co-occurrences, got 2"):
        train_on_text([str(counted)] * 2, plan(tmp_path, is_counted=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"x_max": 0.0}, {"weight_exponent": -1.0}, {"combine": "mean"}, {"dim": 0},
        {"learning_rate": float("nan")}, {"gradient_clip": 0.0}, {"epochs": 0}, {"window": 0},
        {"model": "skipgram"}, {"threads": 0}, {"seed": -1},
    ],
)  # fmt: skip
def test_settings_outside_their_range_are_named(changes):
    with pytest.raises(SettingsError, match=next(iter(changes))):
        replace(SETTINGS, **changes)


def command(corpus, output, *extra):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
    arguments = [sys.executable, "-m", "seqtools_cli", "embed", "train", corpus, "-o", output]
    options = ["--model", "glove", "--dim", 32, "--min-count", 2, "--threads", 1, *extra]
    return subprocess.Popen(
        [str(argument) for argument in (*arguments, *options)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_run_killed_at_random_and_resumed_ends_in_the_same_bytes(corpus, tmp_path):
    whole, resumed = tmp_path / "whole.bin", tmp_path / "resumed.bin"
    _, errors = command(corpus, whole, "--epochs", 4_000).communicate()
    assert whole.exists(), errors
    generator, kills = np.random.default_rng(1), 0
    for _ in range(40):
        run = command(corpus, resumed, "--epochs", 4_000, "--resume", "--checkpoint-every", "0.05")
        try:
            _, errors = run.communicate(timeout=float(generator.uniform(0.6, 1.8) + kills / 4))
        except subprocess.TimeoutExpired:
            run.kill()
            kills += 1
            _, errors = run.communicate()
        if run.returncode == 0:
            break
        assert run.returncode == -signal.SIGKILL, errors
    assert kills >= 1
    assert resumed.read_bytes() == whole.read_bytes()
    assert not (tmp_path / "resumed.bin.checkpoint").exists()


def test_a_signal_saves_a_checkpoint_and_ends_within_two_seconds(corpus, tmp_path):
    output = tmp_path / "out.vec"
    with command(corpus, output, "--epochs", 100_000, "--checkpoint-every", 1000) as run:
        for line in run.stderr:
            if line.startswith("epoch"):
                break
        sent = time.monotonic()
        run.send_signal(signal.SIGTERM)
        errors = run.stderr.read()
    assert run.returncode == 143
    assert time.monotonic() - sent < 2.0
    assert "go on with --resume" in errors
    assert "Traceback" not in errors
    assert (tmp_path / "out.vec.checkpoint" / "state.safetensors").exists()
    assert not output.exists()
