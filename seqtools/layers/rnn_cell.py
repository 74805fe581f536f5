"""The simple recurrent cell (``seqtools.kernels.rnn``)."""

from seqtools.kernels import rnn as kernel
from seqtools.layers.cell import CellBase, State, Tape
from seqtools.layers.parameters import Gradients
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray, Int64Array


class RnnCell(CellBase):
    """A simple recurrent cell."""

    def pack(self, workspace: Workspace) -> tuple[FloatArray, ...]:
        """See `Cell`."""
        return (self._packed(0, self.size, "u", workspace),)

    def pack_back(self, workspace: Workspace) -> tuple[FloatArray, ...]:
        """See `Cell`."""
        return (self._packed_back(0, self.size, "u", workspace),)

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
            tape.gates, packed[0], self.bias.value, lengths, state[0], mask, tape.masked,
            tape.output,
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
            d_output, packed_back[0], lengths, tape.output, mask, d_last[0], tape.gates, d_h
        )
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
        del out_second, state
        kernel.forward_step(gates, seen, packed[0], self.bias.value, out_h)

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
        del before, gradients
        d_h = workspace.take(f"{self.name}.d_before", *d_state[0].shape)
        kernel.backward_step(d_state[0], packed_back[0], tape.output[t], mask, tape.gates[t], d_h)
        d_state[0][:] = d_h
