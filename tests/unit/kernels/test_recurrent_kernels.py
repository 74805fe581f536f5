"""Recurrent kernels against the twin, forward and back, over sequences and a step at a time."""

import numpy as np
import pytest

from seqtools.kernels import gru, lstm, rnn
from seqtools.kernels.product import new_packed, pack, pack_transposed
from seqtools.kernels.sequence_rows import reverse_sequences
from tests.reference import recurrent as twin

KINDS = ["rnn", "gru-after", "gru-before", "lstm", "lstm-peepholes"]
DTYPES = [np.float32, np.float64]
T, B, H = 3, 3, 2
LENGTHS = np.array([2, 3, 0])
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


class Run:
    """A cell, its arrays, and what the kernels make of them.

    The input of every step is given as x @ w, so that the input weights of the twin are the
    identity and the gradient of `gates` is that of x.
    """

    def __init__(self, kind, dtype, is_masked=False):
        self.kind, self.dtype = kind, dtype
        generator = np.random.default_rng(7)
        self.columns = GATES[kind.split("-")[0]] * H
        draw = generator.standard_normal
        self.x, self.u = draw((T, B, self.columns)), draw((H, self.columns))
        self.bias, self.inner_bias = draw(self.columns), draw(H)
        self.peepholes = draw((3 if kind == "lstm-peepholes" else 0, H))
        self.states = [draw((B, H)) for _ in range(2 if "lstm" in kind else 1)]
        self.mask = np.where(draw((B, H)) > 0, 2.0, 0.0) if is_masked else np.zeros((0, H))
        self.d_output = draw((T, B, H))
        self.d_last = [draw((B, H)) for _ in self.states]

    def cast(self, array):
        """Copy an array in the element type under test."""
        return np.array(array, self.dtype)

    def packed(self, array, is_back=False):
        """Pack a matrix or its transpose."""
        array = np.ascontiguousarray(self.cast(array))
        room = new_packed(*(array.shape[::-1] if is_back else array.shape), self.dtype)
        (pack_transposed if is_back else pack)(array, room)
        return room

    def weights(self, is_back=False):
        """Return the packed recurrent weights of all gates, or of a GRU's gates and candidate."""
        if "gru" not in self.kind:
            return [self.packed(self.u, is_back)]
        return [self.packed(part, is_back) for part in (self.u[:, : 2 * H], self.u[:, 2 * H :])]

    def forward(self):
        """Return what the kernel leaves behind: gates, second, masked, output, last states."""
        states = np.full((T + 1, B, H), np.nan, self.dtype)
        masked = np.full((T, B, H), np.nan, self.dtype) if len(self.mask) else states[:-1]
        gates, second = self.cast(self.x), np.full((T, B, H), np.nan, self.dtype)
        last, output = [self.cast(state) for state in self.states], states[1:]
        bias, mask = self.cast(self.bias), self.cast(self.mask)
        if self.kind == "rnn":
            rnn.forward(gates, *self.weights(), bias, LENGTHS, *last, mask, masked, output)
        elif "gru" in self.kind:
            gru.forward(
                gates, *self.weights(), bias, self.cast(self.inner_bias),
                self.kind == "gru-after", LENGTHS, *last, mask, masked, second, output,
            )  # fmt: skip
        else:
            lstm.forward(
                gates, *self.weights(), bias, self.cast(self.peepholes), LENGTHS, *last, mask,
                masked, second, output,
            )  # fmt: skip
        return gates, second, masked, output, last

    def backward(self):
        """Return gradients of x, of the first states and of the peepholes."""
        gates, second, masked, output, _ = self.forward()
        first, back = [self.cast(state) for state in self.states], self.weights(is_back=True)
        d_states = [np.zeros((B, H), self.dtype) for _ in self.states]
        d_last = [self.cast(d) for d in self.d_last]
        d_output, mask = self.cast(self.d_output), self.cast(self.mask)
        d_peepholes = np.zeros_like(self.cast(self.peepholes))
        if self.kind == "rnn":
            rnn.backward(d_output, *back, LENGTHS, output, mask, *d_last, gates, *d_states)
        elif "gru" in self.kind:
            gru.backward(
                d_output, *back, self.kind == "gru-after", LENGTHS, *first, output, masked, mask,
                *d_last, second, gates, *d_states, np.zeros((B, H), self.dtype),
            )  # fmt: skip
        else:
            lstm.backward(
                d_output, *back, self.cast(self.peepholes), LENGTHS, first[1], second, mask,
                *d_last, gates, *d_states, d_peepholes,
            )  # fmt: skip
        return gates, d_states, d_peepholes

    def twin_step(self, t, row, now):
        """Return the states of a row after a step, by the twin."""
        seen = now[0] * self.mask[row] if len(self.mask) else now[0]
        x, one = self.x[t, row], np.eye(self.columns)
        if self.kind == "rnn":
            return [twin.rnn_step(x, seen, one, self.u, self.bias)]
        if "lstm" in self.kind:
            peepholes = self.peepholes if len(self.peepholes) else None
            return twin.lstm_step(x, seen, now[1], one, self.u, self.bias, peepholes)
        if self.kind == "gru-after":
            new = twin.gru_after_step(x, seen, one, self.u, self.bias, self.inner_bias)
        else:
            new = twin.gru_before_step(x, seen, one, self.u, self.bias)
        # The twin's direct path takes the state that the gates see; a mask does not touch it.
        r_z = np.split(x + self.bias, 3)[1] + seen @ self.u[:, H : 2 * H]
        return [new + (now[0] - seen) / (1 + np.exp(-r_z))]

    def twin_loss(self):
        """Return the twin's outputs, last states, and their product with the gradients."""
        output, last = np.zeros((T, B, H)), [state.copy() for state in self.states]
        for row, length in enumerate(LENGTHS):
            for t in range(length):
                now = self.twin_step(t, row, [state[row] for state in last])
                for state, value in zip(last, now, strict=True):
                    state[row] = value
                output[t, row] = now[0]
        total = (output * self.d_output).sum()
        total += sum((s * d).sum() for s, d in zip(last, self.d_last, strict=True))
        return output, last, total


def differences(run, array, step=1e-5):
    """Return central differences of the twin's loss."""
    slopes = np.zeros(array.shape)
    for place in np.ndindex(array.shape):
        kept, sides = array[place], []
        for value in (kept + step, kept - step):
            array[place] = value
            sides.append(run.twin_loss()[-1])
        array[place] = kept
        slopes[place] = (sides[0] - sides[1]) / (2 * step)
    return slopes


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_masked", [False, True])
def test_sequences_are_those_of_the_twin(is_masked, kind, dtype):
    run = Run(kind, dtype, is_masked)
    _, _, masked, output, last = run.forward()
    expected, expected_last, _ = run.twin_loss()
    tolerance = 1e-12 if dtype == np.float64 else 2e-6
    np.testing.assert_allclose(output, expected, atol=tolerance)
    for found, wanted in zip(last, expected_last, strict=True):
        np.testing.assert_allclose(found, wanted, atol=tolerance)
    before = np.concatenate([run.states[0][None], expected[:-1]])
    seen = before * run.mask if is_masked else before
    for row, length in enumerate(LENGTHS):
        np.testing.assert_allclose(masked[:length, row], seen[:length, row], atol=tolerance)


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_masked", [False, True])
def test_gradients_are_differences_of_the_twin(is_masked, kind, dtype):
    run = Run(kind, dtype, is_masked)
    d_x, d_states, d_peepholes = run.backward()
    tolerance = 1e-6 if dtype == np.float64 else 1e-5
    pairs = [(run.x, d_x), *zip(run.states, d_states, strict=True), (run.peepholes, d_peepholes)]
    for array, found in pairs:
        wanted = differences(run, array)
        np.testing.assert_allclose(
            found, wanted, atol=tolerance * max(1, np.abs(wanted).max(initial=0))
        )


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_forth_and_back_is_a_sequence_of_one(kind, dtype, monkeypatch):
    monkeypatch.setitem(globals(), "LENGTHS", np.array([1, 1, 1]))
    run = Run(kind, dtype)
    _, second, _, output, _ = run.forward()
    run.d_last[0] = run.d_last[0] + run.d_output[0]
    monkeypatch.setattr(run, "d_output", np.zeros_like(run.d_output))
    wanted_x, wanted_states, wanted_peepholes = run.backward()
    gates, h = run.cast(run.x[0]), run.cast(run.states[0])
    bias, out_h, out_second = run.cast(run.bias), np.empty((B, H), dtype), np.empty((B, H), dtype)
    d_h, d_c = run.cast(run.d_last[0]), run.cast(run.d_last[-1])
    d_before, back = np.zeros((B, H), dtype), run.weights(is_back=True)
    peepholes = run.cast(run.peepholes)
    d_peepholes, no_mask = np.zeros_like(peepholes), np.zeros((0, H), dtype)
    if kind == "rnn":
        rnn.forward_step(gates, h, *run.weights(), bias, out_h)
        rnn.backward_step(d_h, *back, out_h, no_mask, gates, d_before)
    elif "gru" in kind:
        is_after = kind == "gru-after"
        inner = run.cast(run.inner_bias)
        gru.forward_step(gates, h, h, *run.weights(), bias, inner, is_after, out_second, out_h)
        np.testing.assert_array_equal(out_second, second[0])
        d_before = d_h
        gru.backward_step(
            *back, is_after, h, h, no_mask, out_second, gates, d_before, np.zeros((B, H), dtype)
        )
    else:
        c = run.cast(run.states[1])
        lstm.forward_step(gates, h, *run.weights(), bias, peepholes, c, out_second, out_h)
        np.testing.assert_array_equal(out_second, second[0])
        lstm.backward_step(
            d_h, *back, peepholes, c, out_second, no_mask, gates, d_c, d_peepholes, d_before
        )
        np.testing.assert_array_equal(d_c, wanted_states[1])
        np.testing.assert_array_equal(d_peepholes, wanted_peepholes)
    np.testing.assert_array_equal(out_h, output[0])
    np.testing.assert_array_equal(gates, wanted_x[0])
    np.testing.assert_array_equal(d_before, wanted_states[0])


@pytest.mark.small
def test_sequences_turn_around_within_their_length():
    x = np.arange(12.0).reshape(3, 2, 2)
    out = np.full_like(x, np.nan)
    reverse_sequences(x, np.array([2, 0]), out)
    np.testing.assert_array_equal(out[:, 0], [x[1, 0], x[0, 0], [0, 0]])
    assert (out[:, 1] == 0).all()
