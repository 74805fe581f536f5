"""The output layer: logits over a vocabulary, softmax and cross-entropy, a few rows at a time.

The logits of a whole batch would be its largest array by far. Here a block of rows goes through
product, loss, and both backward products before the next one, so that memory does not grow with
the batch and the block stays in the cache. Rows without a target are left out before.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from seqtools.kernels.losses import log_softmax_rows
from seqtools.kernels.output import TILE, score_rows, train_rows
from seqtools.kernels.product import product
from seqtools.kernels.rows import gather_rows
from seqtools.kernels.vector_code import LANES
from seqtools.kernels.vector_product import PANEL
from seqtools.layers.embedding import Embedding
from seqtools.layers.parameters import Gradients, Parameters, normal, zeros
from seqtools.layers.workspace import Workspace
from seqtools.types import Float64Array, FloatArray, Int32Array, Int64Array

# The target of a place that does not count.
IGNORED = -1
# Rows at once: 5 panels take the least time among 3 to 6 (1120 rows, 256 x 10,000 weights).
_BLOCK_ROWS = 5 * PANEL


class OutputLoss(NamedTuple):
    """What training on a batch gave.

    Attributes
    ----------
    loss : float
        Sum of the losses, smoothed if asked for, in nats; not scaled.
    log_likelihood : float
        Sum of ln p of the targets.
    num_targets : int
        Targets that count.
    d_hidden : float array, shape (T, B, H)
        Gradient of scale x loss; zero at places that don't count.
    """

    loss: float
    log_likelihood: float
    num_targets: int
    d_hidden: FloatArray


class SoftmaxOutput:
    """Predicts a symbol from each hidden row.

    Parameters
    ----------
    parameters : Parameters
    name : str
    hidden_size, vocabulary_size : int
        Shape (V, H) of the weights.
    tied_to : Embedding, optional
        Whose table serves as the weights (Press and Wolf 2017).
    """

    def __init__(
        self,
        parameters: Parameters,
        name: str,
        hidden_size: int,
        vocabulary_size: int,
        tied_to: Embedding | None = None,
    ) -> None:
        self.name, self.hidden_size, self.vocabulary_size = name, hidden_size, vocabulary_size
        if tied_to is None:
            shape = (vocabulary_size, hidden_size)
            self.weights = parameters.add(f"{name}.weights", shape, normal(hidden_size**-0.5))
        else:
            self.weights = tied_to.weights
        self.bias = parameters.add(f"{name}.bias", (vocabulary_size,), zeros, is_decayed=False)

    def train(
        self,
        hidden: FloatArray,
        targets: Int32Array,
        scale: float,
        gradients: Gradients,
        workspace: Workspace,
        label_smoothing: float = 0.0,
    ) -> OutputLoss:
        """Add the gradients of scale x loss.

        Parameters
        ----------
        hidden : float array, shape (T, B, H)
        targets : int32 array, shape (T, B)
            IGNORED where there is none.
        scale : float
            Factor of the gradients.
        gradients, workspace
        label_smoothing : float
            Share of the probability that is spread evenly.
        """
        places, rows, wanted = self._counted(hidden, targets, workspace)
        d_rows = workspace.take(f"{self.name}.d_rows", len(rows), self.hidden_size)
        sums, size = np.zeros(2), self.vocabulary_size
        for block in _blocks(len(rows)):
            count = block.stop - block.start
            columns = -(-count // LANES) * LANES
            packed_logits = workspace.packed(f"{self.name}.packed_logits", TILE, count)
            train_rows(
                rows[block], self.weights.value, self.bias.value, wanted[block],
                label_smoothing, scale,
                workspace.packed(f"{self.name}.columns", self.hidden_size, count),
                workspace.packed(f"{self.name}.packed_rows", count, self.hidden_size),
                packed_logits.reshape(-1),
                workspace.take(f"{self.name}.logits", size, columns),
                workspace.take(f"{self.name}.shifts", -(-size // TILE), columns),
                workspace.take(f"{self.name}.state", 3, columns),
                np.empty((2, columns)),
                workspace.take(f"{self.name}.d_columns", self.hidden_size, columns),
                gradients[self.weights], gradients[self.bias], d_rows[block], sums,
            )  # fmt: skip
        d_hidden = workspace.zeros(f"{self.name}.d_hidden", *hidden.shape)
        d_hidden.reshape(-1, self.hidden_size)[places] = d_rows
        return OutputLoss(float(sums[0]), float(sums[1]), len(rows), d_hidden)

    def log_likelihoods(
        self, hidden: FloatArray, targets: Int32Array, workspace: Workspace
    ) -> Float64Array:
        """Return ln p of each target, float64, shape (T, B); 0 where it is IGNORED."""
        places, rows, wanted = self._counted(hidden, targets, workspace)
        found = np.zeros(len(rows))
        for block in _blocks(len(rows)):
            count = block.stop - block.start
            columns = -(-count // LANES) * LANES
            state = workspace.take(f"{self.name}.state", 3, columns)
            score_rows(
                rows[block], self.weights.value, self.bias.value, wanted[block],
                workspace.packed(f"{self.name}.columns", self.hidden_size, count),
                workspace.take(f"{self.name}.logits", TILE, columns),
                state[0], state[1], np.empty((2, columns)), found[block],
            )  # fmt: skip
        out = np.zeros(targets.size)
        out[places] = found
        return out.reshape(targets.shape)

    def pack(self, workspace: Workspace) -> FloatArray:
        """Return the packed weights, for ``logits`` and ``log_probabilities``."""
        return workspace.packed_transpose(f"{self.name}.packed", self.weights.value)

    def logits(self, rows: FloatArray, packed: FloatArray, workspace: Workspace) -> FloatArray:
        """Return logits, shape (N, V), for hidden rows (N, H)."""
        logits = self._logits(rows, packed, workspace)
        logits += self.bias.value
        return logits

    def log_probabilities(
        self, rows: FloatArray, packed: FloatArray, workspace: Workspace
    ) -> FloatArray:
        """Return log-probabilities, shape (N, V), for hidden rows (N, H)."""
        logits = self._logits(rows, packed, workspace)
        out = workspace.take(f"{self.name}.log_probabilities", *logits.shape)
        log_softmax_rows(logits, self.bias.value, out)
        return out

    def _logits(self, rows: FloatArray, packed: FloatArray, workspace: Workspace) -> FloatArray:
        """Return logits without the bias."""
        logits = workspace.take(f"{self.name}.logits", len(rows), self.vocabulary_size)
        product(rows, packed, 0, logits)
        return logits

    def _counted(
        self, hidden: FloatArray, targets: Int32Array, workspace: Workspace
    ) -> tuple[Int64Array, FloatArray, Int32Array]:
        """Return the places that count, their hidden rows and their targets."""
        flat = targets.reshape(-1)
        places = np.flatnonzero(flat != IGNORED)
        rows = workspace.take(f"{self.name}.rows", len(places), self.hidden_size)
        gather_rows(hidden.reshape(-1, self.hidden_size), places, rows)
        return places, rows, flat[places]


def _blocks(count: int) -> Iterator[slice]:
    """Cut rows into blocks of nearly the same number of panels."""
    num_blocks = max(-(-count // _BLOCK_ROWS), 1)
    size = -(-count // (num_blocks * PANEL)) * PANEL
    for first in range(0, count, max(size, 1)):
        yield slice(first, min(first + size, count))
