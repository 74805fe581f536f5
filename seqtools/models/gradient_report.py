"""How far back gradients flow: their norms by time lag and layer, gates, and spectral radii.

Source: Pascanu, Mikolov and Bengio 2013, section 2: the gradient of the loss at step t with regard
to the state k steps before is a product of k Jacobians, which vanishes or explodes with k. A step
of a plain RNN scales it by at most the largest singular value of its recurrent weights, and without
the tanh by their spectral radius in the long run; gates of an LSTM or GRU can keep it near one.
Saturated gates as in Karpathy, Johnson and Li 2015, section 4.2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtools.errors import SettingsError
from seqtools.layers.output import IGNORED
from seqtools.layers.parameters import Gradients
from seqtools.layers.recurrent import State
from seqtools.layers.workspace import Workspace
from seqtools.models.language_model import LanguageModel, copy_states
from seqtools.training.team import Team
from seqtools.types import Float64Array, FloatArray, Int32Array

_GATES = {"rnn": (), "gru": ("reset", "update"), "lstm": ("input", "forget", "output")}
_LOW, _HIGH = 0.1, 0.9


@dataclass(frozen=True)
class GradientSettings:
    """What is measured.

    Attributes
    ----------
    num_windows : int
        Places of the text, at equal distances.
    longest_lag : int
        Steps back; lags are powers of 2 up to it.
    warmup : int
        Steps that are read before the longest lag, so that the state is one met in use.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    num_windows: int = 32
    longest_lag: int = 64
    warmup: int = 32

    def __post_init__(self) -> None:
        for name, least in (("num_windows", 1), ("longest_lag", 1), ("warmup", 0)):
            if getattr(self, name) < least:
                raise SettingsError(f"{name} must be at least {least}, got {getattr(self, name)}")


def measure_gradients(
    model: LanguageModel, ids: Int32Array, settings: GradientSettings | None = None
) -> dict[str, Any]:
    """Measure the flow of gradients on some text.

    Parameters
    ----------
    model : LanguageModel
    ids : int32 array, shape (N,)
        Text; of a short one fewer and shorter windows are taken.
    settings : GradientSettings, optional

    Returns
    -------
    dict
        "lags": steps back; "norms": for each layer and part of its state ("layer0.hidden") the
        mean over windows of the norm of the loss gradient at each lag; "saturation": for each gate
        ("layer0.forget") the shares below 0.1 and above 0.9, for a plain RNN those of the state
        below -0.9 and above 0.9; "spectral_radius": of each layer's and gate's recurrent weights.
    """
    settings = settings or GradientSettings()
    windows = _windows(ids, settings)
    num_steps = windows.shape[0] - 1
    lags = [1 << power for power in range(16) if 1 << power <= min(settings.longest_lag, num_steps)]
    norms: dict[str, list[float]] = {}
    gradients, workspace = Gradients(model.parameters), Workspace(model.parameters.dtype)
    for lag in lags:
        for name, value in _norms_at(model, windows, lag, gradients, workspace).items():
            norms.setdefault(name, []).append(value)
    return {
        "lags": lags,
        "norms": norms,
        "saturation": _saturation(model, windows, workspace),
        "spectral_radius": _spectral_radii(model),
    }


def observe_gradients(model: LanguageModel, ids: Int32Array) -> Callable[[Team], dict[str, Any]]:
    """Return an observer for the training loop that measures on the same text every time."""

    def observe(team: Team) -> dict[str, Any]:
        del team
        return {"gradients": measure_gradients(model, ids)}

    return observe


def _windows(ids: Int32Array, settings: GradientSettings) -> Int32Array:
    """Return stretches of the text side by side, shape (T + 1, B)."""
    length = min(settings.warmup + settings.longest_lag + 1, ids.size)
    last = ids.size - length
    starts = np.unique(np.linspace(0, last, settings.num_windows).astype(np.int64))
    windows: Int32Array = np.ascontiguousarray(ids[starts + np.arange(length)[:, np.newaxis]])
    return windows


def _norms_at(
    model: LanguageModel,
    windows: Int32Array,
    lag: int,
    gradients: Gradients,
    workspace: Workspace,
) -> dict[str, float]:
    """Return the mean norm of d(loss of the last step) / d(state `lag` steps before), by layer."""
    num_steps, num_rows = windows.shape[0] - 1, windows.shape[1]
    first = num_steps - lag
    states = _states_before(model, windows[:first], workspace)
    inputs, lengths = windows[first:-1], np.full(num_rows, lag, np.int64)
    targets = np.full((lag, num_rows), IGNORED, np.int32)
    targets[-1] = windows[-1]
    h, recurrent = model.cells.forward(model.embedding.words(inputs), lengths, workspace, states)
    if model.projection is None:
        d_h = model.output.train(h, targets, 1.0, gradients, workspace).d_hidden
    else:
        y, projected = model.projection.forward(h, workspace)
        d_y = model.output.train(y, targets, 1.0, gradients, workspace).d_hidden
        d_h = model.projection.backward(d_y, projected, gradients, workspace)
    _, d_states = model.cells.backward(d_h, recurrent, gradients, workspace)
    return {
        f"layer{layer}.{part}": float(np.linalg.norm(slope.astype(float), axis=1).mean())
        for layer, d_state in enumerate(d_states)
        for part, slope in zip(("hidden", "cell"), d_state, strict=False)
    }


def _states_before(model: LanguageModel, inputs: Int32Array, workspace: Workspace) -> list[State]:
    """Return the states after some steps from the beginning of a text."""
    states = model.zero_states(inputs.shape[1])
    if not inputs.shape[0]:
        return states
    lengths = np.full(inputs.shape[1], inputs.shape[0], np.int64)
    words = model.embedding.words(np.ascontiguousarray(inputs))
    _, recurrent = model.cells.forward(words, lengths, workspace, states)
    return copy_states(recurrent.final_state)


def _saturation(
    model: LanguageModel, windows: Int32Array, workspace: Workspace
) -> dict[str, list[float]]:
    """Return the shares of gate values near their ends, by layer and gate."""
    packed = model.cells.pack(workspace)
    states = model.zero_states(windows.shape[1])
    values: dict[str, list[FloatArray]] = {}
    for symbols in windows[:-1]:
        x = model.embedding.weights.value[symbols]
        _, following = model.cells.step(x, states, packed, workspace)
        following = copy_states(following)
        for layer, (before, after) in enumerate(zip(states, following, strict=True)):
            for gate, value in _gates(model, layer, x, before, after).items():
                values.setdefault(f"layer{layer}.{gate}", []).append(value)
            x = after[0]
        states = following
    is_plain = model.settings.cell == "rnn"
    low = -_HIGH if is_plain else _LOW
    return {
        name: [float((np.stack(parts) < low).mean()), float((np.stack(parts) > _HIGH).mean())]
        for name, parts in values.items()
    }


def _gates(
    model: LanguageModel, layer: int, x: FloatArray, before: State, after: State
) -> dict[str, FloatArray]:
    """Return the gates of one step, from the weights by the formula; for a plain RNN its state."""
    cell, hidden = model.settings.cell, model.settings.hidden_size
    if cell == "rnn":
        return {"hidden": after[0]}
    w, u, b = (
        model.parameters[f"cells.layer{layer}.{name}"].value
        for name in ("input_weights", "recurrent_weights", "bias")
    )
    z = (x @ w + before[0] @ u + b).astype(np.float64)
    parts = {
        gate: z[:, place * hidden : (place + 1) * hidden] for place, gate in enumerate(_GATES[cell])
    }
    if model.settings.has_peepholes:
        peepholes = model.parameters[f"cells.layer{layer}.peepholes"].value
        seen = (before[1], before[1], after[1])
        for place, gate in enumerate(_GATES[cell]):
            parts[gate] = parts[gate] + peepholes[place] * seen[place]
    return {gate: _sigmoid(part) for gate, part in parts.items()}


def _sigmoid(x: Float64Array) -> FloatArray:
    """Return the logistic function."""
    value: FloatArray = 0.5 * np.tanh(0.5 * x) + 0.5
    return value


def _spectral_radii(model: LanguageModel) -> dict[str, float]:
    """Return the largest absolute eigenvalue of each layer's and gate's recurrent weights."""
    hidden, radii = model.settings.hidden_size, {}
    gates = (*_GATES[model.settings.cell], "candidate")
    for layer in range(model.settings.num_layers):
        u = model.parameters[f"cells.layer{layer}.recurrent_weights"].value
        for place, gate in enumerate(gates):
            block = u[:, place * hidden : (place + 1) * hidden].astype(np.float64)
            radii[f"layer{layer}.{gate}"] = float(np.abs(np.linalg.eigvals(block)).max())
    return radii
