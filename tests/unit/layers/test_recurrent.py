"""Recurrent layers against the twin, finite differences, and the laws of padding and batches."""

import numpy as np
import pytest

from seqtools.layers.dropout import DropoutSettings
from seqtools.layers.embedding import Embedding
from seqtools.layers.parameters import Gradients
from seqtools.layers.recurrent import Recurrent
from seqtools.layers.stacked import Stacked
from seqtools.layers.workspace import Workspace
from tests.gradients import check_gradients
from tests.unit.layers.recurrent_cases import CELLS, build, normal, twin_outputs

T, B, D, H = 4, 3, 5, 6
LENGTHS = np.array([2, 4, 0])


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_outputs_and_last_states_are_those_of_the_twin(kind, dtype):
    layer, parameters, _, workspace = build(
        lambda p: Recurrent(p, "layer", D, H, CELLS[kind]), dtype
    )
    x = normal(T, B, D, dtype=dtype)
    state = tuple(normal(B, H, seed=n, dtype=dtype) for n in range(layer.num_states))
    kept = [part.copy() for part in state]
    output, cache = layer.forward(x, LENGTHS, workspace, state)
    expected, last = twin_outputs(kind, parameters, "layer", x.astype(float), LENGTHS, state)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(output, expected, atol=tolerance)
    for found, wanted in zip(cache.final_state, last, strict=True):
        np.testing.assert_allclose(found, wanted, atol=tolerance)
    for part, before in zip(state, kept, strict=True):
        np.testing.assert_array_equal(part, before)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("is_masked", [False, True])
def test_gradients_of_a_layer(kind, is_masked):
    layer, parameters, gradients, workspace = build(
        lambda p: Recurrent(p, "layer", D, H, CELLS[kind])
    )
    x, d_output = normal(T, B, D), normal(T, B, H, seed=4)
    state = tuple(normal(B, H, seed=n) for n in range(layer.num_states))
    d_final = tuple(normal(B, H, seed=20 + n) for n in range(layer.num_states))
    mask = np.where(normal(B, H, seed=8) > 0, 2.0, 0.0) if is_masked else None

    def loss():
        output, cache = layer.forward(x, LENGTHS, workspace, state, mask)
        total = (output * d_output).sum()
        return total + sum((f * d).sum() for f, d in zip(cache.final_state, d_final, strict=True))

    _, cache = layer.forward(x, LENGTHS, workspace, state, mask)
    d_x, d_state = layer.backward(d_output, cache, gradients, workspace, d_final)
    inputs = [(x, d_x.copy()), *zip(state, [d.copy() for d in d_state], strict=True)]
    check_gradients(parameters, gradients, loss, inputs)


@pytest.mark.parametrize("kind", CELLS)
def test_float32_gradients_of_a_large_batch_are_those_of_float64(kind):
    steps, batch = 24, 23  # more rows than are packed at once
    lengths = np.arange(batch) % (steps + 1)
    found = []
    for dtype in (np.float64, np.float32):
        layer, parameters, gradients, workspace = build(
            lambda p: Recurrent(p, "layer", D, H, CELLS[kind]), dtype
        )
        x = normal(steps, batch, D, dtype=dtype)
        d_output = normal(steps, batch, H, seed=4, dtype=dtype)
        _, cache = layer.forward(x, lengths, workspace)
        d_x, _ = layer.backward(d_output, cache, gradients, workspace)
        slopes = [gradients[parameter] for parameter in parameters]
        found.append([array.astype(np.float64) for array in (*slopes, d_x)])
    for wanted, array in zip(*found, strict=True):
        np.testing.assert_allclose(array, wanted, atol=1e-5 * np.abs(wanted).max())


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("is_bidirectional", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_gradients_of_stacks(kind, layers, is_bidirectional, dropout):
    settings = DropoutSettings(dropout, dropout, is_variational=True)
    stack, parameters, gradients, workspace = build(
        lambda p: Stacked(p, "stack", D, H, layers, CELLS[kind], is_bidirectional, settings)
    )
    x, d_output = normal(T, B, D), normal(T, B, stack.output_size, seed=4)
    states = [
        tuple(normal(B, H, seed=30 + n) for n in range(len(state))) for state in stack.zero_state(B)
    ]

    def run():
        return stack.forward(x, LENGTHS, workspace, states, np.array([5], np.uint64))

    def loss():
        output, cache = run()
        return (output * d_output).sum() + sum(
            part.sum() for state in cache.final_state for part in state
        )

    _, cache = run()
    ones = [tuple(np.ones_like(part) for part in state) for state in states]
    d_x, d_states = stack.backward(d_output, cache, gradients, workspace, ones)
    inputs = [(x, d_x.copy())]
    for state, d_state in zip(states, d_states, strict=True):
        inputs += zip(state, [part.copy() for part in d_state], strict=True)
    check_gradients(parameters, gradients, loss, inputs)


@pytest.mark.parametrize("kind", CELLS)
def test_padding_batch_order_and_company_change_no_bit(kind):
    stack, _, _, workspace = build(
        lambda p: Stacked(p, "stack", D, H, 2, CELLS[kind], is_bidirectional=True), np.float32
    )
    x = normal(T, B, D, dtype=np.float32)
    output = stack.forward(x, LENGTHS, workspace)[0].copy()
    order = np.array([2, 0, 1])
    longer = np.concatenate([x[:, order], np.full((3, B, D), 9, np.float32)])
    again = stack.forward(longer, LENGTHS[order], Workspace())[0]
    np.testing.assert_array_equal(again[:T], output[:, order])
    assert not again[T:].any()
    alone = stack.forward(x[:2, :1].copy(), LENGTHS[:1], Workspace())[0]
    np.testing.assert_array_equal(alone[:, 0], output[:2, 0])


@pytest.mark.parametrize("kind", CELLS)
def test_two_directions_are_two_runs(kind):
    stack, parameters, _, workspace = build(
        lambda p: Stacked(p, "stack", D, H, 1, CELLS[kind], is_bidirectional=True)
    )
    x = normal(T, B, D)
    lengths = np.full(B, T)
    output = stack.forward(x, None, workspace)[0]
    values = [p for p in parameters if ".backward." in p.name]
    zero = stack.zero_state(B)[0]
    expected, _ = twin_outputs(kind, values, "stack.layer0.backward", x[::-1], lengths, zero)
    np.testing.assert_allclose(output[:, :, H:], expected[::-1], atol=1e-12)


@pytest.mark.parametrize("kind", CELLS)
def test_steps_agree_with_the_run_over_the_sequence(kind):
    stack, _, _, workspace = build(lambda p: Stacked(p, "stack", D, H, 2, CELLS[kind]), np.float32)
    x = normal(T, B, D, dtype=np.float32)
    output = stack.forward(x, None, workspace)[0].copy()
    states, packed = stack.zero_state(B), stack.pack(workspace)
    for t in range(T):
        step, states = stack.step(x[t], states, packed, workspace)
        np.testing.assert_array_equal(step, output[t])


@pytest.mark.parametrize("kind", ["lstm", "gru-after"])
@pytest.mark.parametrize("vocabulary_size", [3, 40])
@pytest.mark.parametrize("is_bidirectional", [False, True])
def test_symbols_folded_or_looked_up_give_the_gradients_of_vectors(
    kind, vocabulary_size, is_bidirectional
):
    def make(parameters):
        table = Embedding(parameters, "table", vocabulary_size, D)
        stack = Stacked(
            parameters, "stack", D, H, 1, CELLS[kind], is_bidirectional=is_bidirectional
        )
        return table, stack

    (table, stack), parameters, gradients, workspace = build(make)
    ids = np.random.default_rng(1).integers(0, vocabulary_size, (T, B)).astype(np.int32)
    d_output = normal(T, B, stack.output_size)
    output, cache = stack.forward(table.words(ids), LENGTHS, workspace)
    found = output.copy()
    d_x, _ = stack.backward(d_output, cache, gradients, workspace)
    assert d_x is None
    expected, other = Gradients(parameters), Workspace(np.float64)
    x, rows = table.forward(ids, other)
    output, cache = stack.forward(x, LENGTHS, other)
    np.testing.assert_allclose(found, output, atol=1e-12)
    d_x, _ = stack.backward(d_output, cache, expected, other)
    table.backward(d_x, rows, expected, other)
    np.testing.assert_allclose(gradients.flat, expected.flat, atol=1e-12)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("shape", [(0, 2), (1, 1), (3, 0)])
def test_no_steps_one_step_and_no_rows(kind, shape):
    steps, rows = shape
    stack, _, gradients, workspace = build(
        lambda p: Stacked(p, "stack", D, H, 2, CELLS[kind], is_bidirectional=True), np.float32
    )
    x = normal(steps, rows, D, dtype=np.float32)
    output, cache = stack.forward(x, None, workspace)
    assert output.shape == (steps, rows, 2 * H)
    d_x, d_states = stack.backward(np.ones_like(output), cache, gradients, workspace)
    assert d_x.shape == x.shape
    assert d_states[0][0].shape == (rows, H)
    assert np.isfinite(gradients.flat).all()
