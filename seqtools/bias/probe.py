"""Whether a classifier can still tell to which group words leaned.

Source: Gonen and Goldberg 2019, "Lipstick on a Pig", section 4.4: a classifier with an RBF kernel
is trained on 1,000 of the 5,000 words that leaned most, and tested on the others.
"""

import numpy as np

from seqtools.types import Float32Array, Int64Array

_TRAINING_SHARE = 0.2
_PENALTY = 1.0


def probe_accuracy(
    units: Float32Array, labels: Int64Array, generator: np.random.Generator
) -> tuple[float, int]:
    """Train a probe on a fifth of the words and return its accuracy on the others.

    Parameters
    ----------
    units : float32 array, shape (N, D)
        Vectors of the words that leaned most to each group before debiasing.
    labels : int64 array, shape (N,)
        Their groups.
    generator : numpy.random.Generator
        Chooses the words trained on.

    Returns
    -------
    accuracy : float
    num_tested : int
        Words that it was measured on.

    Notes
    -----
    A least-squares support vector machine (Suykens and Vandewalle 1999), which is one linear
    system, in the place of the paper's support vector machine; a test holds that both reach the
    same accuracy within two points. The kernel is exp(-gamma |x - y|^2) with gamma 1 over
    dimensions times variance, the penalty C is 1, and one machine is trained for each group.
    """
    order = generator.permutation(len(units))
    num_training = max(1, int(_TRAINING_SHARE * len(units)))
    train, test = order[:num_training], order[num_training:]
    variance = float(units[train].var(dtype=np.float64))
    gamma = 1.0 / (units.shape[1] * variance) if variance > 0 else 1.0
    wanted = np.where(labels[train][:, None] == np.arange(labels.max() + 1), 1.0, -1.0)
    weights, biases = _fit(_kernel(units[train], units[train], gamma), wanted.astype(np.float32))
    decisions = _kernel(units[test], units[train], gamma) @ weights + biases
    right = decisions.argmax(axis=1) == labels[test]
    return float(right.mean()), len(test)


def _fit(kernel: Float32Array, wanted: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Solve for the weights of the training words and the biases, a column a group."""
    regular = kernel + np.eye(len(kernel), dtype=np.float32) / np.float32(_PENALTY)
    ones = np.ones((len(kernel), 1), dtype=np.float32)
    solved = np.linalg.solve(regular, np.concatenate([ones, wanted], axis=1))
    biases = solved[:, 1:].sum(axis=0) / solved[:, 0].sum()
    return solved[:, 1:] - solved[:, :1] * biases, biases


def _kernel(left: Float32Array, right: Float32Array, gamma: float) -> Float32Array:
    """Return exp(-gamma |x - y|^2) for every pair of rows."""
    kernel: Float32Array = left @ right.T
    kernel *= np.float32(2 * gamma)
    kernel -= np.float32(gamma) * np.einsum("nd,nd->n", left, left)[:, None]
    kernel -= np.float32(gamma) * np.einsum("nd,nd->n", right, right)
    np.minimum(kernel, 0, out=kernel)
    np.exp(kernel, out=kernel)
    return kernel
