"""The decoder in which attention comes before each step; its gradients: test_translator.py."""

import numpy as np
import pytest

from seqtools.layers.attentive import AttentiveDecoder
from seqtools.layers.cells import CellSettings
from seqtools.layers.dropout import DropoutSettings
from seqtools.layers.parameters import Parameters
from seqtools.layers.workspace import Workspace

STEPS, BATCH, LENGTH, WIDTH, HIDDEN, MEMORY = 4, 2, 3, 5, 6, 7


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_recurrent_dropout_hides_one_share_of_the_state_at_all_steps_and_none_from_attention(kind):
    rng = np.random.default_rng(1)
    parameters = Parameters(np.float64)
    decoder = AttentiveDecoder(
        parameters, "decoder", WIDTH, HIDDEN, MEMORY, 4, 1, CellSettings(kind),
        DropoutSettings(recurrent_rate=0.5),
    )  # fmt: skip
    parameters.allocate(rng)
    x, values = rng.normal(size=(STEPS, BATCH, WIDTH)), rng.normal(size=(BATCH, LENGTH, MEMORY))
    lengths = np.array([LENGTH, 1])
    state = tuple(rng.normal(size=(BATCH, HIDDEN)) for _ in range(2 if kind == "lstm" else 1))

    def run(rng_state):
        return decoder.forward(x, values, lengths, [state], Workspace(np.float64), rng_state)

    (states, _), cache = run(np.array([7], np.uint64))
    assert set(np.unique(cache.mask)) == {0.0, 2.0}
    np.testing.assert_array_equal(cache.states, np.concatenate([state[0][None], states[:-1]]))
    np.testing.assert_array_equal(cache.tape.masked, cache.states * cache.mask)
    (whole, _), cache = run(None)
    np.testing.assert_array_equal(cache.tape.masked, np.concatenate([state[0][None], whole[:-1]]))
    assert np.abs(whole - states).max() > 1e-3
