"""Recurrent layers against PyTorch in float64 and float32 (accepted: 1e-5 of the largest value)."""

import numpy as np
import pytest

from seqtools.layers.stacked import Stacked
from tests.unit.layers.recurrent_cases import CELLS, build, normal

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")

T, B, D, H, LAYERS = 9, 4, 12, 16, 2
# Our gates in the order of PyTorch's: LSTM input, forget, candidate, output; GRU as ours.
ORDERS = {"rnn": [0], "gru-after": [0, 1, 2], "lstm": [0, 1, 3, 2]}
MODULES = {"rnn": torch.nn.RNN, "gru-after": torch.nn.GRU, "lstm": torch.nn.LSTM}


def in_order(array, kind):
    """Return gates in PyTorch's order, transposed."""
    gates = np.split(array, len(ORDERS[kind]), axis=-1)
    return np.concatenate([gates[place] for place in ORDERS[kind]], axis=-1).T


def copy_weights(parameters, module, kind):
    """Give PyTorch's module our weights, and return names by which to find gradients."""
    names = {}
    for layer in range(LAYERS):
        for suffix, direction in (("", "forward"), ("_reverse", "backward")):
            prefix, end = f"stack.layer{layer}.{direction}", f"l{layer}{suffix}"
            names[f"weight_ih_{end}"] = f"{prefix}.input_weights"
            names[f"weight_hh_{end}"] = f"{prefix}.recurrent_weights"
            names[f"bias_ih_{end}"] = f"{prefix}.bias"
            inner = np.zeros(H * len(ORDERS[kind]))
            if kind == "gru-after":
                inner[2 * H :] = parameters[f"{prefix}.candidate_bias"].value
            getattr(module, f"bias_hh_{end}").data = torch.tensor(inner, dtype=torch.float64)
    for theirs, ours in names.items():
        values = in_order(parameters[ours].value.astype(np.float64), kind)
        getattr(module, theirs).data = torch.tensor(np.ascontiguousarray(values))
    return names


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", MODULES)
def test_outputs_and_gradients_are_those_of_pytorch(kind, dtype):
    stack, parameters, gradients, workspace = build(
        lambda p: Stacked(p, "stack", D, H, LAYERS, CELLS[kind], is_bidirectional=True), dtype
    )
    module = MODULES[kind](D, H, LAYERS, bidirectional=True).double()
    names = copy_weights(parameters, module, kind)
    x, d_output = normal(T, B, D, dtype=dtype), normal(T, B, 2 * H, seed=4, dtype=dtype)
    output, cache = stack.forward(x, None, workspace)
    found = output.copy()
    d_x, _ = stack.backward(d_output, cache, gradients, workspace)
    inputs = torch.tensor(x.astype(np.float64), requires_grad=True)
    expected, _ = module(inputs)
    expected.backward(torch.tensor(d_output.astype(np.float64)))
    bound = 1e-5 if dtype == np.float32 else 1e-12
    pairs = [(found, expected.detach().numpy()), (d_x, inputs.grad.numpy())]
    for theirs, ours in names.items():
        gradient = in_order(gradients[parameters[ours]], kind)
        pairs.append((gradient, getattr(module, theirs).grad.numpy()))
    for ours, theirs in pairs:
        assert np.abs(ours - theirs).max() <= bound * np.abs(theirs).max()
