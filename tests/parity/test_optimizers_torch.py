"""Optimisers give the values of torch.optim, step by step (PyTorch 2.13; 1e-6 relative)."""

import numpy as np
import pytest

from seqtools.layers.parameters import Parameters, uniform
from seqtools.training.optimizers import Optimizer
from seqtools.training.settings import OptimizerSettings

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

RATE, STEPS, SIZE = 0.03, 7, 33


def torch_optimizer(name, parameter, decay):
    classes = {
        "sgd": (torch.optim.SGD, {}),
        "momentum": (torch.optim.SGD, {"momentum": 0.9}),
        "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
        "adagrad": (torch.optim.Adagrad, {"eps": 1e-8}),
        "rmsprop": (torch.optim.RMSprop, {"alpha": 0.99}),
        "adam": (torch.optim.Adam, {"betas": (0.9, 0.99)}),
        "adamw": (torch.optim.AdamW, {"betas": (0.9, 0.99)}),
    }
    kind, arguments = classes[name]
    return kind([parameter], lr=RATE, weight_decay=decay, **arguments)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize(
    "name", ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]
)
def test_values_are_those_of_torch(name, decay):
    parameters = Parameters(np.float64)
    weights = parameters.add("weights", (SIZE,), uniform(1.0))
    parameters.allocate(np.random.default_rng(1))
    settings = OptimizerSettings(
        "momentum" if name == "nesterov" else name, RATE, beta2=0.99, weight_decay=decay,
        is_nesterov=name == "nesterov",
    )  # fmt: skip
    ours = Optimizer(settings, parameters)
    theirs_value = torch.nn.Parameter(torch.tensor(weights.value))
    theirs = torch_optimizer(name, theirs_value, decay)
    generator = np.random.default_rng(2)
    for _ in range(STEPS):
        slope = np.zeros(parameters.flat.size)
        slope[:SIZE] = generator.standard_normal(SIZE)
        theirs_value.grad = torch.tensor(slope[:SIZE])
        theirs.step()
        step = ours.begin(RATE, 1.0)
        for piece in ours.pieces:
            step(*piece, slope)
        expected = theirs_value.detach().numpy()
        np.testing.assert_allclose(weights.value, expected, rtol=1e-6, atol=1e-9)


def test_biases_are_not_decayed():
    parameters = Parameters()
    parameters.add("weights", (20,), uniform(1.0))
    parameters.add("bias", (20,), uniform(1.0), is_decayed=False)
    parameters.allocate(np.random.default_rng(1))
    before = {name: value.copy() for name, value in parameters.arrays().items()}
    ours = Optimizer(OptimizerSettings("adamw", weight_decay=0.5), parameters)
    step = ours.begin(0.1, 1.0)
    for piece in ours.pieces:
        step(*piece, np.zeros(parameters.flat.size, np.float32))
    np.testing.assert_allclose(parameters["weights"].value, 0.95 * before["weights"], rtol=1e-6)
    np.testing.assert_array_equal(parameters["bias"].value, before["bias"])
