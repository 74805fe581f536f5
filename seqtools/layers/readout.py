"""A layer over several inputs at once: tanh(sum of products + bias).

Between a decoder and its output layer it joins the state, what attention saw and the word before
(Bahdanau et al. 2015, appendix A.2.2, with tanh in place of maxout; with state and context alone it
is Luong et al. 2015, eq. 5). The inputs are never copied side by side.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqtools.kernels.product import pack, product
from seqtools.layers.parameters import Gradients, Parameters, glorot, zeros
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray


class ReadoutCache(NamedTuple):
    """What the backward pass needs."""

    parts: tuple[FloatArray, ...]
    output: FloatArray


class Readout:
    """Joins several arrays of one batch.

    Parameters
    ----------
    parameters : Parameters
    name : str
    input_sizes : dict of str to int
        Name and width of each part.
    output_size : int
    """

    def __init__(
        self, parameters: Parameters, name: str, input_sizes: dict[str, int], output_size: int
    ) -> None:
        self.name, self.output_size = name, output_size
        self.weights = [
            parameters.add(f"{name}.{part}_weights", (size, output_size), glorot)
            for part, size in input_sizes.items()
        ]
        self.bias = parameters.add(f"{name}.bias", (output_size,), zeros, is_decayed=False)

    def pack(self, workspace: Workspace) -> list[FloatArray]:
        """Return the packed weights of all parts."""
        return [
            workspace.packed_weights(f"{weights.name}.packed", weights.value)
            for weights in self.weights
        ]

    def apply(
        self, parts: Sequence[FloatArray], packed: Sequence[FloatArray], out: FloatArray
    ) -> None:
        """Compute rows: out (N, output_size) from parts of N rows each."""
        out[:] = self.bias.value
        for part, room in zip(parts, packed, strict=True):
            product(part, room, 1, out)
        np.tanh(out, out=out)

    def forward(
        self, parts: Sequence[FloatArray], workspace: Workspace
    ) -> tuple[FloatArray, ReadoutCache]:
        """Join arrays of shape (T, B, size of the part) into one of shape (T, B, output_size)."""
        steps, batch = parts[0].shape[:2]
        output = workspace.take(f"{self.name}.output", steps, batch, self.output_size)
        rows = [part.reshape(steps * batch, -1) for part in parts]
        self.apply(rows, self.pack(workspace), output.reshape(steps * batch, -1))
        return output, ReadoutCache(tuple(parts), output)

    def backward(
        self,
        d_output: FloatArray,
        cache: ReadoutCache,
        gradients: Gradients,
        workspace: Workspace,
    ) -> list[FloatArray]:
        """Return the gradient of each part; `d_output` is overwritten."""
        count = cache.output.shape[0] * cache.output.shape[1]
        d_rows = d_output.reshape(count, -1)
        output = cache.output.reshape(count, -1)
        np.multiply(d_rows, 1 - output * output, out=d_rows)
        room = workspace.packed(f"{self.name}.d_output_packed", count, self.output_size)
        pack(d_rows, room)
        d_bias = gradients[self.bias]
        d_bias += d_rows.sum(0)
        d_parts = []
        for weights, part in zip(self.weights, cache.parts, strict=True):
            product(part.reshape(count, -1).T, room, 1, gradients[weights])
            back = workspace.packed_transpose(f"{weights.name}.back", weights.value)
            d_part = workspace.take(f"{weights.name}.d_input", *part.shape)
            product(d_rows, back, 0, d_part.reshape(count, -1))
            d_parts.append(d_part)
        return d_parts
