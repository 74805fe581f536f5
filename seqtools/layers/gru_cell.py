"""The GRU cell, in both variants (``seqtools.kernels.gru``)."""

import numpy as np

from seqtools.kernels import gru as kernel
from seqtools.kernels.product import pack, product
from seqtools.layers.cell import CellBase, State, Tape
from seqtools.layers.parameters import Gradients, Parameters, zeros
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray, Int64Array


class GruCell(CellBase):
    """A gated cell without a memory of its own."""

    num_gates = 3

    def __init__(self, parameters: Parameters, name: str, hidden_size: int, is_after: bool) -> None:
        super().__init__(parameters, name, hidden_size)
        self.is_after = is_after
        self.candidate_bias = None
        if is_after:
            self.candidate_bias = parameters.add(
                f"{name}.candidate_bias", (hidden_size,), zeros, is_decayed=False
            )

    def pack(self, workspace: Workspace) -> tuple[FloatArray, ...]:
        """See `Cell`."""
        split = 2 * self.size
        return (
            self._packed(0, split, "u", workspace),
            self._packed(split, split + self.size, "n", workspace),
        )

    def pack_back(self, workspace: Workspace) -> tuple[FloatArray, ...]:
        """See `Cell`."""
        split = 2 * self.size
        return (
            self._packed_back(0, split, "u", workspace),
            self._packed_back(split, split + self.size, "n", workspace),
        )

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
            tape.gates, *packed, self.bias.value, self._inner_bias(), self.is_after, lengths,
            state[0], mask, tape.masked, tape.second, tape.output,
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
        del gradients
        d_h = self._zeros("d_h", first[0], workspace)
        kernel.backward(
            d_output, *packed_back, self.is_after, lengths, first[0], tape.output, tape.masked,
            mask, d_last[0], tape.second, tape.gates, d_h,
            self._zeros("d_gated", first[0], workspace),
        )  # fmt: skip
        return (d_h,)

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
            gates, state[0], seen, *packed, self.bias.value, self._inner_bias(), self.is_after,
            out_second, out_h,
        )  # fmt: skip

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
        del gradients
        kernel.backward_step(
            *packed_back, self.is_after, before[0], tape.masked[t], mask, tape.second[t],
            tape.gates[t], d_state[0], self._zeros("d_gated", d_state[0], workspace),
        )  # fmt: skip

    def add_gradients(
        self,
        tape: Tape,
        run: slice,
        packed_gates: FloatArray,
        gradients: Gradients,
        workspace: Workspace,
    ) -> None:
        """See `Cell`."""
        split = 2 * self.size
        d_weights = gradients[self.recurrent_weights]
        masked = tape.masked.reshape(-1, self.size)[run]
        product(masked.T, packed_gates, 1, d_weights[:, :split])
        second = tape.second.reshape(-1, self.size)[run]
        d_gates = tape.gates.reshape(-1, 3 * self.size)[run]
        d_inner = second if self.is_after else d_gates[:, split:]
        packed = workspace.packed(f"{self.name}.d_inner", len(second), self.size)
        pack(d_inner, packed)
        product((masked if self.is_after else second).T, packed, 1, d_weights[:, split:])
        if self.candidate_bias is not None:
            d_candidate = gradients[self.candidate_bias]
            d_candidate += d_inner.sum(0)
        self._add_bias_gradient(tape, run, gradients)

    def _inner_bias(self) -> FloatArray:
        """Return b', or an empty array."""
        if self.candidate_bias is None:
            return np.zeros(0, self.bias.value.dtype)
        return self.candidate_bias.value
