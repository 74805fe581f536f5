"""A linear layer: y = x @ w + b."""

from seqtools.kernels.product import pack, product
from seqtools.layers.parameters import Gradients, Initializer, Parameters, glorot, zeros
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray


class Linear:
    """Multiplies rows by weights.

    Parameters
    ----------
    parameters : Parameters
    name : str
    input_size, output_size : int
        Shape (D, N) of the weights.
    has_bias : bool
    initialize : callable
        Draws the first weights.
    """

    def __init__(
        self,
        parameters: Parameters,
        name: str,
        input_size: int,
        output_size: int,
        has_bias: bool = True,
        initialize: Initializer = glorot,
    ) -> None:
        self.name, self.input_size, self.output_size = name, input_size, output_size
        self.weights = parameters.add(f"{name}.weights", (input_size, output_size), initialize)
        self.bias = None
        if has_bias:
            self.bias = parameters.add(f"{name}.bias", (output_size,), zeros, is_decayed=False)

    def pack(self, workspace: Workspace) -> FloatArray:
        """Return the packed weights, for ``apply``."""
        return workspace.packed_weights(f"{self.name}.packed", self.weights.value)

    def apply(self, x: FloatArray, packed: FloatArray, workspace: Workspace) -> FloatArray:
        """Return y of shape (N, output_size) for rows x of shape (N, input_size)."""
        y = workspace.take(f"{self.name}.output", len(x), self.output_size)
        if self.bias is not None:
            y[:] = self.bias.value
        product(x, packed, int(self.bias is not None), y)
        return y

    def forward(self, x: FloatArray, workspace: Workspace) -> tuple[FloatArray, FloatArray]:
        """Return y of shape (..., output_size), and the cache."""
        rows = x.reshape(-1, self.input_size)
        y = self.apply(rows, self.pack(workspace), workspace)
        return y.reshape(*x.shape[:-1], self.output_size), x

    def backward(
        self, d_y: FloatArray, cache: FloatArray, gradients: Gradients, workspace: Workspace
    ) -> FloatArray:
        """Add the gradients of weights and bias, and return that of x."""
        rows, d_rows = cache.reshape(-1, self.input_size), d_y.reshape(-1, self.output_size)
        packed = workspace.packed(f"{self.name}.d_packed", len(d_rows), self.output_size)
        pack(d_rows, packed)
        product(rows.T, packed, 1, gradients[self.weights])
        if self.bias is not None:
            d_bias = gradients[self.bias]
            d_bias += d_rows.sum(0)
        back = workspace.packed_transpose(f"{self.name}.back", self.weights.value)
        d_x = workspace.take(f"{self.name}.d_input", *cache.shape)
        product(d_rows, back, 0, d_x.reshape(-1, self.input_size))
        return d_x
