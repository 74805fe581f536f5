"""The LSTM cell (``seqtools.kernels.lstm``)."""

import numpy as np

from seqtools.kernels import lstm as kernel
from seqtools.layers.cell import CellBase, State, Tape
from seqtools.layers.parameters import Gradients, Parameters, uniform
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray, Int64Array

_FORGET_BIAS = 1.0


class LstmCell(CellBase):
    """A cell with a memory."""

    num_gates = 4
    num_states = 2

    def __init__(
        self, parameters: Parameters, name: str, hidden_size: int, has_peepholes: bool
    ) -> None:
        super().__init__(parameters, name, hidden_size)
        self.peepholes = None
        if has_peepholes:
            scale = uniform(hidden_size**-0.5)
            self.peepholes = parameters.add(f"{name}.peepholes", (3, hidden_size), scale)

    def _draw_bias(self, generator: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
        """Return zeros, and ones for the forget gate (Jozefowicz et al. 2015, section 4)."""
        bias = super()._draw_bias(generator, shape)
        bias[self.size : 2 * self.size] = _FORGET_BIAS
        return bias

    def pack(self, workspace: Workspace) -> tuple[FloatArray, ...]:
        """See `Cell`."""
        return (self._packed(0, 4 * self.size, "u", workspace),)

    def pack_back(self, workspace: Workspace) -> tuple[FloatArray, ...]:
        """See `Cell`."""
        return (self._packed_back(0, 4 * self.size, "u", workspace),)

    def forward(
        self,
        tape: Tape,
        packed: tuple[FloatArray, ...],
        lengths: Int64Array,
        state: State,
        mask: FloatArray,
    ) -> None:
        """See `Cell`."""
        kernel.forward(
            tape.gates, packed[0], self.bias.value, self._peepholes(), lengths, state[0],
            state[1], mask, tape.masked, tape.second, tape.output,
        )  # fmt: skip

    def backward(
        self,
        d_output: FloatArray,
        tape: Tape,
        packed_back: tuple[FloatArray, ...],
        lengths: Int64Array,
        first: State,
        mask: FloatArray,
        d_last: State,
        gradients: Gradients,
        workspace: Workspace,
    ) -> State:
        """See `Cell`."""
        d_h = self._zeros("d_h", first[0], workspace)
        d_c = self._zeros("d_c", first[1], workspace)
        kernel.backward(
            d_output, packed_back[0], self._peepholes(), lengths, first[1], tape.second, mask,
            d_last[0], d_last[1], tape.gates, d_h, d_c, self._d_peepholes(gradients),
        )  # fmt: skip
        return d_h, d_c

    def step(
        self,
        gates: FloatArray,
        state: State,
        seen: FloatArray,
        packed: tuple[FloatArray, ...],
        out_second: FloatArray,
        out_h: FloatArray,
    ) -> None:
        """See `Cell`."""
        kernel.forward_step(
            gates, seen, packed[0], self.bias.value, self._peepholes(), state[1], out_second, out_h
        )

    def step_back(
        self,
        d_state: State,
        before: State,
        tape: Tape,
        t: int,
        packed_back: tuple[FloatArray, ...],
        mask: FloatArray,
        gradients: Gradients,
        workspace: Workspace,
    ) -> None:
        """See `Cell`."""
        d_h = workspace.take(f"{self.name}.d_before", *d_state[0].shape)
        kernel.backward_step(
            d_state[0], packed_back[0], self._peepholes(), before[1], tape.second[t],
            mask, tape.gates[t], d_state[1], self._d_peepholes(gradients), d_h,
        )  # fmt: skip
        d_state[0][:] = d_h

    def _peepholes(self) -> FloatArray:
        """Return the peepholes, or an array without rows."""
        if self.peepholes is None:
            return np.zeros((0, self.size), self.bias.value.dtype)
        return self.peepholes.value

    def _d_peepholes(self, gradients: Gradients) -> FloatArray:
        """Return the gradient of the peepholes, or an array without rows."""
        return self._peepholes() if self.peepholes is None else gradients[self.peepholes]
