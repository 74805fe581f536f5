"""Gradients by time lag: against finite differences of the state, and the formulas of gates."""

import numpy as np
import pytest

from seqtools.errors import SettingsError
from seqtools.layers.output import IGNORED
from seqtools.layers.workspace import Workspace
from seqtools.models.gradient_report import GradientSettings, measure_gradients
from seqtools.models.language_model import LanguageModel, copy_states
from seqtools.models.settings import LanguageModelSettings

V = 6
CELLS = [
    {"cell": "rnn"},
    {"cell": "gru", "gru_variant": "reset-before"},
    {"cell": "lstm", "has_peepholes": True},
    {"cell": "lstm", "is_tied": True, "embedding_size": 3},
]


def make(num_layers=2, **values):
    settings = {"embedding_size": 4, "hidden_size": 4, "initial_range": 0.8, **values}
    return LanguageModel(
        LanguageModelSettings(num_layers=num_layers, **settings), V, seed=3, dtype=np.float64
    )


def last_loss(model, window, states):
    """Return the loss of the last symbol of one window that is read from given states."""
    inputs, steps = window[:-1, np.newaxis], window.size - 1
    targets = np.full((steps, 1), IGNORED, np.int32)
    targets[-1] = window[-1]
    lengths = np.array([steps], np.int64)
    scored = model.score(inputs, targets, lengths, states, Workspace(np.float64))
    return -scored.log_likelihoods.sum()


@pytest.mark.parametrize("values", CELLS)
def test_norms_are_those_of_finite_differences(values):
    model, step = make(**values), 1e-5
    ids = np.random.default_rng(1).integers(0, V, 8).astype(np.int32)
    found = measure_gradients(model, ids, GradientSettings(1, 4, 3))
    assert found["lags"] == [1, 2, 4]
    for place, lag in enumerate(found["lags"]):
        before = model.zero_states(1)
        head = ids[: -lag - 1, np.newaxis]
        lengths = np.array([len(head)], np.int64)
        scored = model.score(head, head, lengths, before, Workspace(np.float64))
        states = copy_states(scored.states)
        for layer, state in enumerate(states):
            for part, array in zip(("hidden", "cell"), state, strict=False):
                slopes = []
                for column in range(array.shape[1]):
                    losses = []
                    for side in (step, -step):
                        array[0, column] += side
                        losses.append(last_loss(model, ids[-lag - 1 :], copy_states(states)))
                        array[0, column] -= side
                    slopes.append((losses[0] - losses[1]) / (2 * step))
                expected = float(np.linalg.norm(slopes))
                norm = found["norms"][f"layer{layer}.{part}"][place]
                assert norm == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_a_gate_that_is_always_open_is_saturated_and_one_in_the_middle_is_not():
    model = make(cell="lstm", num_layers=1)
    for name in ("input_weights", "recurrent_weights"):
        model.parameters[f"cells.layer0.{name}"].value[...] = 0
    model.parameters["cells.layer0.bias"].value[...] = np.repeat([9.0, -9.0, 0.0, 0.0], 4)
    ids = np.arange(20, dtype=np.int32) % V
    found = measure_gradients(model, ids)["saturation"]
    assert found == {
        "layer0.input": [0.0, 1.0], "layer0.forget": [1.0, 0.0], "layer0.output": [0.0, 0.0],
    }  # fmt: skip


def test_the_spectral_radius_is_that_of_the_recurrent_weights():
    model = make(cell="rnn", num_layers=1)
    weights = model.parameters["cells.layer0.recurrent_weights"].value
    weights[...] = np.diag([0.5, -1.5, 0.2, 1.0])
    ids = np.arange(20, dtype=np.int32) % V
    assert measure_gradients(model, ids)["spectral_radius"] == {"layer0.candidate": 1.5}


@pytest.mark.parametrize("size", [2, 3, 40, 200])
def test_short_texts_have_fewer_lags(size):
    found = measure_gradients(make(num_layers=1), np.arange(size, dtype=np.int32) % V)
    assert found["lags"][-1] <= min(size - 1, 64)
    assert all(len(norms) == len(found["lags"]) for norms in found["norms"].values())


@pytest.mark.parametrize("values", [{"num_windows": 0}, {"longest_lag": 0}, {"warmup": -1}])
def test_settings_outside_their_range_are_refused(values):
    with pytest.raises(SettingsError, match="must be at least"):
        GradientSettings(**values)
