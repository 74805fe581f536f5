"""Recurrent layers to test: every cell and variant, and the twin of each."""

import numpy as np

from seqtools.layers.cells import CellSettings
from seqtools.layers.parameters import Gradients, Parameters
from seqtools.layers.workspace import Workspace
from tests.reference import recurrent as twin

CELLS = {
    "rnn": CellSettings("rnn"),
    "gru-after": CellSettings("gru"),
    "gru-before": CellSettings("gru", "reset-before"),
    "lstm": CellSettings("lstm"),
    "lstm-peepholes": CellSettings("lstm", has_peepholes=True),
}


def build(make, dtype=np.float64, seed=1):
    """Return what `make` builds on new parameters, the parameters, gradients and a workspace."""
    parameters = Parameters(dtype)
    layer = make(parameters)
    parameters.allocate(np.random.default_rng(seed))
    for parameter in parameters:
        parameter.value[...] += np.random.default_rng(seed).normal(0, 0.2, parameter.shape)
    return layer, parameters, Gradients(parameters), Workspace(dtype)


def normal(*shape, seed=3, dtype=np.float64):
    """Return normal numbers."""
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def twin_outputs(kind, parameters, name, x, lengths, state):
    """Return outputs (T, B, H) and last states of a layer, by the twin."""
    values = {p.name.removeprefix(f"{name}."): p.value.astype(np.float64) for p in parameters}
    w, u, b = values["input_weights"], values["recurrent_weights"], values["bias"]
    out = np.zeros((*x.shape[:2], u.shape[0]))
    last = [part.astype(np.float64).copy() for part in state]
    for row, length in enumerate(lengths):
        now = [part[row] for part in last]
        for t in range(length):
            if kind == "rnn":
                now = [twin.rnn_step(x[t, row], now[0], w, u, b)]
            elif kind == "gru-after":
                inner = values["candidate_bias"]
                now = [twin.gru_after_step(x[t, row], now[0], w, u, b, inner)]
            elif kind == "gru-before":
                now = [twin.gru_before_step(x[t, row], now[0], w, u, b)]
            else:
                now = twin.lstm_step(x[t, row], *now, w, u, b, values.get("peepholes"))
            out[t, row] = now[0]
        for part, value in zip(last, now, strict=True):
            part[row] = value
    return out, last
