"""Linear, embedding, dropout, readout and output layers: gradients and laws."""

import numpy as np
import pytest

from seqtools.errors import SettingsError
from seqtools.layers.dropout import Dropout, DropoutSettings
from seqtools.layers.embedding import Embedding
from seqtools.layers.linear import Linear
from seqtools.layers.output import IGNORED, SoftmaxOutput
from seqtools.layers.parameters import Gradients, Parameters
from seqtools.layers.readout import Readout
from seqtools.layers.workspace import Workspace
from tests.gradients import check_gradients

STEPS, BATCH = 3, 2


def allocated(parameters):
    """Draw values and return gradients and a workspace."""
    parameters.allocate(np.random.default_rng(1))
    for parameter in parameters:
        parameter.value[...] += np.random.default_rng(2).normal(0, 0.1, parameter.shape)
    return Gradients(parameters), Workspace(parameters.dtype)


def normal(*shape, seed=3, dtype=np.float64):
    """Return normal numbers."""
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("has_bias", [True, False])
def test_linear_gradients(has_bias):
    parameters = Parameters(np.float64)
    layer = Linear(parameters, "linear", 4, 5, has_bias)
    gradients, workspace = allocated(parameters)
    x, d_y = normal(STEPS, BATCH, 4), normal(STEPS, BATCH, 5, seed=4)
    y, cache = layer.forward(x, workspace)
    bias = layer.bias.value if layer.bias else 0
    np.testing.assert_allclose(y, x @ layer.weights.value + bias, atol=1e-12)
    d_x = layer.backward(d_y, cache, gradients, workspace).copy()

    def loss():
        return (layer.forward(x, workspace)[0] * d_y).sum()

    check_gradients(parameters, gradients, loss, [(x, d_x)])


@pytest.mark.parametrize("is_frozen", [True, False])
def test_embedding_gradients_add_up_over_repeated_symbols(is_frozen):
    parameters = Parameters(np.float64)
    layer = Embedding(parameters, "embedding", 6, 3, is_frozen=is_frozen)
    gradients, workspace = allocated(parameters)
    ids, d_x = np.array([[1, 4], [1, 0], [5, 1]], np.int32), normal(STEPS, BATCH, 3)
    x, cache = layer.forward(ids, workspace)
    np.testing.assert_array_equal(x, layer.weights.value[ids])
    layer.backward(d_x, cache, gradients, workspace)

    def loss():
        return (layer.forward(ids, workspace)[0] * d_x).sum()

    check_gradients(parameters, gradients, loss)


def test_readout_gradients():
    parameters = Parameters(np.float64)
    layer = Readout(parameters, "readout", {"state": 3, "context": 4}, 5)
    gradients, workspace = allocated(parameters)
    parts, d_y = [normal(STEPS, BATCH, 3), normal(STEPS, BATCH, 4, seed=9)], normal(STEPS, BATCH, 5)
    _, cache = layer.forward(parts, workspace)
    d_parts = [d.copy() for d in layer.backward(d_y.copy(), cache, gradients, workspace)]

    def loss():
        return (layer.forward(parts, workspace)[0] * d_y).sum()

    check_gradients(parameters, gradients, loss, list(zip(parts, d_parts, strict=True)))


@pytest.mark.parametrize("is_tied", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_output_gradients_and_ignored_places(smoothing, is_tied):
    parameters = Parameters(np.float64)
    table = Embedding(parameters, "table", 7, 4) if is_tied else None
    layer = SoftmaxOutput(parameters, "output", 4, 7, table)
    gradients, workspace = allocated(parameters)
    hidden = normal(STEPS, BATCH, 4)
    targets = np.array([[1, IGNORED], [6, 0], [IGNORED, 6]], np.int32)
    result = layer.train(hidden, targets, 0.5, gradients, workspace, smoothing)
    d_hidden = result.d_hidden.copy()
    assert result.num_targets == 4
    assert not d_hidden[targets == IGNORED].any()
    log_p = layer.log_likelihoods(hidden, targets, workspace)
    assert (log_p[targets == IGNORED] == 0).all()
    assert result.log_likelihood == pytest.approx(log_p.sum())
    if not smoothing:
        assert result.loss == pytest.approx(-log_p.sum())

    def loss():
        unused = Gradients(parameters)
        return 0.5 * layer.train(hidden, targets, 1.0, unused, workspace, smoothing).loss

    check_gradients(parameters, gradients, loss, [(hidden, d_hidden)])


def test_a_batch_of_several_blocks_is_the_sum_of_its_rows():
    parameters = Parameters(np.float32)
    layer = SoftmaxOutput(parameters, "output", 6, 300)
    gradients, workspace = allocated(parameters)
    hidden = normal(37, 15, 6, dtype=np.float32)
    targets = np.random.default_rng(2).integers(IGNORED, 300, (37, 15)).astype(np.int32)
    whole = layer.train(hidden, targets, 0.5, gradients, workspace)
    d_hidden, total = whole.d_hidden.copy(), gradients.flat.copy()
    log_p = layer.log_likelihoods(hidden, targets, workspace)
    gradients.clear()
    for first, stop in ((0, 1), (1, 30), (30, 37)):
        part = slice(first, stop)
        found = layer.train(hidden[part], targets[part], 0.5, gradients, workspace)
        np.testing.assert_array_equal(found.d_hidden, d_hidden[part])
        np.testing.assert_array_equal(
            layer.log_likelihoods(hidden[part], targets[part], workspace), log_p[part]
        )
    np.testing.assert_allclose(gradients.flat, total, atol=1e-5 * np.abs(total).max())
    assert whole.log_likelihood == pytest.approx(log_p.sum())


def test_one_symbol_and_no_target_are_no_special_case():
    parameters = Parameters(np.float32)
    layer = SoftmaxOutput(parameters, "output", 4, 1)
    gradients, workspace = allocated(parameters)
    hidden = normal(2, 1, 4, dtype=np.float32)
    result = layer.train(hidden, np.zeros((2, 1), np.int32), 1.0, gradients, workspace)
    assert result.loss == 0.0
    nothing = np.full((2, 1), IGNORED, np.int32)
    result = layer.train(hidden, nothing, 1.0, gradients, workspace)
    assert result.num_targets == 0
    assert not result.d_hidden.any()


def test_steps_and_batches_agree_on_log_probabilities():
    parameters = Parameters(np.float32)
    layer = SoftmaxOutput(parameters, "output", 6, 300)
    _, workspace = allocated(parameters)
    rows = normal(5, 6, dtype=np.float32)
    packed = layer.pack(workspace)
    log_p = layer.log_probabilities(rows, packed, workspace).copy()
    np.testing.assert_allclose(np.exp(log_p).sum(1), 1, atol=1e-5)
    targets = np.arange(5, dtype=np.int32)[:, None]
    found = layer.log_likelihoods(rows[:, None, :], targets, workspace)[:, 0]
    np.testing.assert_allclose(found, log_p[np.arange(5), np.arange(5)], atol=1e-5)
    logits = layer.logits(rows, packed, workspace)
    np.testing.assert_allclose(logits - logits[:, :1], log_p - log_p[:, :1], atol=1e-5)


@pytest.mark.parametrize("is_variational", [True, False])
def test_dropout_keeps_the_mean_and_repeats_its_mask(is_variational):
    layer, workspace = Dropout("dropout", 0.25, is_variational), Workspace()
    x = np.ones((50, 20, 30), np.float32)
    state = np.array([7], np.uint64)
    y, cache = layer.forward(x, workspace, state)
    assert y.mean() == pytest.approx(1, abs=0.03)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert (y == y[:1]).all() == is_variational
    d_x = layer.backward(np.ones_like(x), cache, workspace)
    np.testing.assert_array_equal(d_x, y)
    kept = y.copy()
    again, _ = layer.forward(x, workspace, state)
    assert (again != kept).any()
    again, _ = layer.forward(x, workspace, np.array([7], np.uint64))
    np.testing.assert_array_equal(again, kept)


def test_dropout_is_off_without_a_random_state():
    layer, x = Dropout("dropout", 0.5), np.ones((2, 2, 2), np.float32)
    y, cache = layer.forward(x, Workspace(), None)
    assert y is x
    assert layer.backward(x, cache, Workspace()) is x
    with pytest.raises(SettingsError, match="below 1"):
        DropoutSettings(rate=1.0)
