"""The training loop on a tiny task: the same bytes whatever happens, and what it says of itself."""

import json

import numpy as np
import pytest

from seqtools.errors import CheckpointError, TrainingError, TrainingInterrupted
from seqtools.io.model_directory import ModelDirectory
from seqtools.layers.parameters import Parameters, uniform, zeros
from seqtools.monitor import NullMonitor, StopRequest
from seqtools.training.loop import train
from seqtools.training.run_store import RunStore
from seqtools.training.settings import OptimizerSettings, ScheduleSettings, TrainingSettings
from seqtools.training.task import Batch, LossSum
from tests.reference.tiny_task import CLASSES, ROWS, WIDTH, TinyTask

ADAM = OptimizerSettings(learning_rate=0.05, clip_norm=0.2)
ALL_AT_ONCE = {
    "optimizer": ADAM,
    "schedule": ScheduleSettings("cosine", warmup=3),
    "moving_average": 0.9,
    "average_best": 3,
}


def make_task(**arguments):
    parameters = Parameters()
    parameters.add("weights", (WIDTH, CLASSES), uniform(0.1))
    parameters.add("frozen", (CLASSES,), uniform(0.1), is_frozen=True)
    parameters.add("bias", (CLASSES,), zeros, is_decayed=False)
    parameters.allocate(np.random.default_rng(3))
    return TinyTask(parameters, Batch, LossSum, **arguments)


def make_settings(**values):
    return TrainingSettings(
        **{"optimizer": ADAM, "epochs": 3, "shards": 3, "log_every": 2, **values}
    )


def make_store(path):
    directory = ModelDirectory(path)
    directory.check_free(may_overwrite=False, is_resumed=True)
    directory.write_config("tiny", {}, {})
    return RunStore(directory)


def run(task, settings, store=None, stop=None, is_resumed=False):
    return train(task, settings, NullMonitor(), stop or StopRequest(), store, is_resumed)


def events(store):
    lines = store.directory.log_path.read_text().splitlines()
    timed = ("seconds", "targets_per_second", "threads")
    return [{k: v for k, v in json.loads(line).items() if k not in timed} for line in lines]


def stop_before(task, number, settings, store):
    """Train until just before a batch, as a signal handler would stop it."""
    stop = StopRequest()

    def notice(batch):
        if batch == number:
            stop.signal_number = 15

    task.before_batch = notice
    with pytest.raises(TrainingInterrupted, match="go on with --resume") as caught:
        run(task, settings, store, stop)
    assert caught.value.signal_number == 15


def test_training_reduces_the_loss():
    task = make_task()
    before = task.evaluate(team=_NoStop())["loss"]
    outcome = run(task, make_settings(epochs=20))
    assert outcome.metrics["loss"] < 0.6 * before
    assert outcome.targets == 20 * ROWS
    assert [epoch["epoch"] for epoch in outcome.history] == list(range(1, 21))


class _NoStop:
    def check_stop(self):
        pass


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_do_not_change_a_bit(threads):
    one, many = make_task(), make_task()
    run(one, make_settings(threads=1))
    run(many, make_settings(threads=threads))
    assert one.parameters.flat.tobytes() == many.parameters.flat.tobytes()


def test_frozen_parameters_stay():
    task = make_task()
    before = task.parameters["frozen"].value.copy()
    run(task, make_settings(optimizer=OptimizerSettings("adamw", weight_decay=0.1)))
    np.testing.assert_array_equal(task.parameters["frozen"].value, before)


@pytest.mark.parametrize("batch", [0, 3, 6, 7, 13, 20])
@pytest.mark.parametrize("name", ["sgd", "momentum", "adagrad", "rmsprop", "adamw"])
def test_stopped_and_resumed_ends_in_the_same_bytes(tmp_path, batch, name):
    settings = make_settings(optimizer=OptimizerSettings(name, 0.05, weight_decay=0.01))
    whole = make_task()
    run(whole, settings)
    store = make_store(tmp_path / "model")
    stop_before(make_task(), batch, settings, store)
    resumed = make_task()
    run(resumed, make_settings(optimizer=settings.optimizer, threads=2), store, is_resumed=True)
    assert resumed.parameters.flat.tobytes() == whole.parameters.flat.tobytes()


@pytest.mark.parametrize("batch", [2, 7, 17])
def test_average_schedule_and_best_epochs_survive_a_stop(tmp_path, batch):
    settings = make_settings(**ALL_AT_ONCE)
    whole, store = make_task(), make_store(tmp_path / "whole")
    outcome = run(whole, settings, store)
    stopped = make_store(tmp_path / "stopped")
    stop_before(make_task(), batch, settings, stopped)
    resumed = make_task()
    again = run(resumed, settings, stopped, is_resumed=True)
    assert resumed.parameters.flat.tobytes() == whole.parameters.flat.tobytes()
    assert again.best_epochs == outcome.best_epochs
    assert again.metrics == outcome.metrics
    told = [event for event in events(stopped) if event["event"] not in ("stop", "resume")]
    assert told == events(store)
    assert not stopped.has_checkpoint()


def test_checkpoint_from_before_a_kill_cuts_the_log(tmp_path):
    settings = make_settings(checkpoint_seconds=1e-9)
    store, task = make_store(tmp_path / "model"), make_task()

    def fail(batch):
        if batch == 12:
            raise KeyboardInterrupt

    task.before_batch = fail
    with pytest.raises(KeyboardInterrupt):
        run(task, settings, store)
    with store.directory.log_path.open("a") as file:
        file.write('{"event": "of work that is lost')
    run(make_task(), settings, store, is_resumed=True)
    updates = [event["update"] for event in events(store) if event["event"] == "update"]
    assert updates == list(range(2, 22, 2))


def test_a_stop_during_evaluation_is_heeded(tmp_path):
    settings, store, task = make_settings(), make_store(tmp_path / "model"), make_task()
    whole, stop = make_task(), StopRequest()
    run(whole, settings)
    evaluate = task.evaluate

    def evaluate_late(team):
        stop.signal_number = 2
        return evaluate(team)

    task.evaluate = evaluate_late
    with pytest.raises(TrainingInterrupted):
        run(task, settings, store, stop)
    resumed = make_task()
    run(resumed, settings, store, is_resumed=True)
    assert resumed.parameters.flat.tobytes() == whole.parameters.flat.tobytes()


def test_a_gradient_that_is_not_finite_is_named_and_changes_nothing(tmp_path):
    store, task = make_store(tmp_path / "model"), make_task()
    good = []

    def spoil(batch):
        if batch == 9:
            task.spoil = "bias"
            good.append(task.parameters.flat.copy())

    task.before_batch = spoil
    with pytest.raises(TrainingError, match="epoch 2, batch 3: the gradient of bias is not finite"):
        run(task, make_settings(), store)
    np.testing.assert_array_equal(task.parameters.flat, good[0])
    stored = store.load({**make_settings().fixed(), "data": "tiny"})
    np.testing.assert_array_equal(stored.tensors["parameters"], good[0])
    assert store.directory.read_weights()["weights"].shape == (WIDTH, CLASSES)


def test_steps_that_leave_the_finite_numbers_name_the_parameter():
    task = make_task()
    task.parameters["bias"].value[1] = np.nan
    with pytest.raises(TrainingError, match="parameter bias is no longer finite"):
        run(task, make_settings())


def test_patience_ends_training_and_the_best_epoch_is_kept():
    task, told = make_task(), iter([3.0, 2.0, 2.5, 1.99, 2.2, 2.1, 9.0])
    task.evaluate = lambda _: {"loss": next(told)}
    outcome = run(task, make_settings(epochs=9, patience=2, min_delta=0.1))
    assert len(outcome.history) == 4
    assert outcome.best_epochs == [4]


def test_without_validation_the_last_epoch_is_kept(tmp_path):
    task = make_task()
    task.evaluate = lambda _: {}
    store = make_store(tmp_path / "model")
    outcome = run(task, make_settings(patience=1), store)
    assert outcome.best_epochs == [3]
    weights = store.directory.read_weights()["weights"]
    np.testing.assert_array_equal(weights, task.parameters["weights"].value)


def test_the_log_is_one_object_a_line_and_says_how_often_clipping_bites(tmp_path):
    store = make_store(tmp_path / "model")
    run(make_task(), make_settings(optimizer=OptimizerSettings("sgd", 0.1, clip_norm=1e-6)), store)
    told = events(store)
    assert [event["event"] for event in told if event["event"] != "update"] == [
        "start", "epoch", "epoch", "epoch", "end",
    ]  # fmt: skip
    assert all(event["clip_rate"] == 1 for event in told if event["event"] == "epoch")
    assert all(event["gradient_norm"] > 1e-6 for event in told if event["event"] == "update")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shards": 2}, "its run has shards 3, this one 2"),
        ({"optimizer": OptimizerSettings("sgd")}, "optimizer.name adam, this one sgd"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, message):
    store = make_store(tmp_path / "model")
    stop_before(make_task(), 3, make_settings(), store)
    with pytest.raises(CheckpointError, match=message):
        run(make_task(), make_settings(**change), store, is_resumed=True)


def test_a_checkpoint_of_other_data_is_refused(tmp_path):
    store = make_store(tmp_path / "model")
    stop_before(make_task(), 3, make_settings(), store)
    with pytest.raises(CheckpointError, match="data tiny, this one other"):
        run(make_task(fingerprint="other"), make_settings(), store, is_resumed=True)


def test_threads_and_more_epochs_are_no_other_run(tmp_path):
    store, whole, resumed = make_store(tmp_path / "model"), make_task(), make_task()
    run(whole, make_settings(epochs=5))
    stop_before(make_task(), 3, make_settings(), store)
    run(resumed, make_settings(epochs=5, threads=2), store, is_resumed=True)
    assert resumed.parameters.flat.tobytes() == whole.parameters.flat.tobytes()


def test_fewer_epochs_than_are_done_are_refused_and_the_checkpoint_stays(tmp_path):
    store = make_store(tmp_path / "model")
    stop_before(make_task(), 10, make_settings(epochs=5), store)
    before = store.state_path.read_bytes()
    with pytest.raises(CheckpointError, match="in epoch 2 already; go on with --epochs 2 or more"):
        run(make_task(), make_settings(epochs=1), store, is_resumed=True)
    assert store.state_path.read_bytes() == before


def test_a_damaged_checkpoint_is_one_line(tmp_path):
    store = make_store(tmp_path / "model")
    stop_before(make_task(), 3, make_settings(), store)
    content = bytearray(store.state_path.read_bytes())
    content[-1] ^= 1
    store.state_path.write_bytes(content)
    with pytest.raises(CheckpointError, match="checksum differs") as caught:
        run(make_task(), make_settings(), store, is_resumed=True)
    assert "\n" not in str(caught.value)


def test_sequence_scale_divides_by_rows():
    by_token, by_sequence = make_task(), make_task()
    settings = OptimizerSettings("sgd", 0.1, clip_norm=0)
    run(by_token, make_settings(optimizer=settings, epochs=1))
    run(by_sequence, make_settings(optimizer=settings, epochs=1, loss_scale="sequence"))
    np.testing.assert_array_equal(by_token.parameters.flat, by_sequence.parameters.flat)
