"""Finite differences beside gradients that were written by hand."""

from collections.abc import Callable, Iterable

import numpy as np

from seqtools.layers.parameters import Gradients, Parameters


def check_gradients(
    parameters: Parameters,
    gradients: Gradients,
    loss: Callable[[], float],
    inputs: Iterable[tuple[np.ndarray, np.ndarray]] = (),
    step: float = 1e-5,
    bound: float = 1e-6,
) -> None:
    """Compare every gradient with a central difference of the loss, all in float64.

    Parameters
    ----------
    parameters, gradients
        Of a model in float64; frozen parameters must have no gradient.
    loss : callable
        Computes the loss anew.
    inputs : pairs of arrays
        Inputs and the gradients that were returned for them.
    step, bound : float
        The difference taken, and the largest error allowed relative to the largest gradient.
    """
    pairs = [(p.name, p.value, gradients[p]) for p in parameters if not p.is_frozen]
    pairs += [(f"input {n}", x, d_x) for n, (x, d_x) in enumerate(inputs)]
    for name, values, gradient in pairs:
        numeric = np.zeros(values.shape)
        for place in np.ndindex(values.shape):
            kept = values[place]
            values[place] = kept + step
            above = loss()
            values[place] = kept - step
            numeric[place] = (above - loss()) / (2 * step)
            values[place] = kept
        scale = max(float(np.abs(numeric).max()), 1e-3)
        error = float(np.abs(gradient - numeric).max()) / scale
        assert error <= bound, f"{name}: error {error:.1e} of the largest gradient"
    for parameter in parameters:
        if parameter.is_frozen:
            assert not gradients[parameter].any(), f"{parameter.name} is frozen"
