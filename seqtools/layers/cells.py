"""Recurrent cells as layers see them: parameters, and the calls of their kernels in one form.

A cell's `Tape` is what a pass leaves behind: gates, a second array (memory cells of an LSTM, the
inner products of a GRU) and hidden states. ``recurrent`` runs cells over whole sequences,
``attentive`` a step at a time.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

from seqtools.errors import SettingsError
from seqtools.kernels import gru as gru_kernel
from seqtools.kernels import lstm as lstm_kernel
from seqtools.kernels import rnn as rnn_kernel
from seqtools.kernels.product import pack, pack_transposed, product
from seqtools.layers.parameters import (
    Gradients,
    Initializer,
    Parameters,
    glorot,
    orthogonal,
    uniform,
    zeros,
)
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray, Int64Array

# (h,) of a simple cell and a GRU, (h, c) of an LSTM; each of shape (B, H).
State: TypeAlias = tuple[FloatArray, ...]

KINDS = ("rnn", "gru", "lstm")
GRU_VARIANTS = ("reset-after", "reset-before")
_FORGET_BIAS = 1.0


@dataclass(frozen=True)
class CellSettings:
    """Which recurrent unit.

    Attributes
    ----------
    kind : "rnn", "gru" or "lstm"
    gru_variant : "reset-after" or "reset-before"
        Where the reset gate acts; see ``seqtools.kernels.gru``.
    has_peepholes : bool
        Let the gates of an LSTM see its memory cell.
    """

    kind: str = "lstm"
    gru_variant: str = "reset-after"
    has_peepholes: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SettingsError(f"cell must be one of {', '.join(KINDS)}, got {self.kind!r}")
        if self.gru_variant not in GRU_VARIANTS:
            raise SettingsError(
                f"gru_variant must be one of {', '.join(GRU_VARIANTS)}, got {self.gru_variant!r}"
            )
        if self.has_peepholes and self.kind != "lstm":
            raise SettingsError(f"peepholes need cell lstm, got cell {self.kind}")


class Tape(NamedTuple):
    """What a pass over T steps of B rows leaves behind.

    Attributes
    ----------
    gates : float array, shape (T, B, G H)
        x @ w before, activations after, gradients of x @ w after the way back.
    second : float array, shape (T, B, H)
        Memory cells or inner products; not used by a simple cell.
    masked : float array, shape (T, B, H)
        Hidden states before each step, as the gates see them.
    output : float array, shape (T, B, H)
        Hidden states after each step.
    """

    gates: FloatArray
    second: FloatArray
    masked: FloatArray
    output: FloatArray


class Cell(Protocol):
    """What every cell does; `packed` and `packed_back` come from `pack` and `pack_back`."""

    num_gates: int
    num_states: int

    def pack(self, workspace: Workspace) -> tuple[FloatArray, ...]:
        """Pack the recurrent weights."""

    def pack_back(self, workspace: Workspace) -> tuple[FloatArray, ...]:
        """Pack the transposes of the recurrent weights."""

    def forward(
        self,
        tape: Tape,
        packed: tuple[FloatArray, ...],
        lengths: Int64Array,
        state: State,
        mask: FloatArray,
    ) -> None:
        """Run over sequences; the state moves on in place."""

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
        """Run back over sequences, and return the gradient of the first state."""

    def step(
        self,
        gates: FloatArray,
        state: State,
        packed: tuple[FloatArray, ...],
        out_second: FloatArray,
        out_h: FloatArray,
    ) -> None:
        """Run one step of N rows; `gates` holds x @ w."""

    def step_back(
        self,
        d_state: State,
        before: State,
        tape: Tape,
        t: int,
        packed_back: tuple[FloatArray, ...],
        gradients: Gradients,
        workspace: Workspace,
    ) -> None:
        """Run one step back; `d_state` is that after step t, and becomes that before it."""

    def add_gradients(
        self,
        tape: Tape,
        run: slice,
        packed_gates: FloatArray,
        gradients: Gradients,
        workspace: Workspace,
    ) -> None:
        """Add the gradients of recurrent weights and biases by some rows, after the way back."""


def make_cell(parameters: Parameters, name: str, hidden_size: int, settings: CellSettings) -> Cell:
    """Add a cell's recurrent parameters and return the cell."""
    if settings.kind == "lstm":
        return LstmCell(parameters, name, hidden_size, settings.has_peepholes)
    if settings.kind == "gru":
        return GruCell(parameters, name, hidden_size, settings.gru_variant == "reset-after")
    return RnnCell(parameters, name, hidden_size)


def input_initializer(num_gates: int) -> Initializer:
    """Return an initializer that draws each gate's input weights by itself."""

    def draw(generator: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
        width = shape[1] // num_gates
        return np.concatenate([glorot(generator, (shape[0], width)) for _ in range(num_gates)], 1)

    return draw


class _Base:
    """What the cells share."""

    num_gates = 1
    num_states = 1

    def __init__(self, parameters: Parameters, name: str, hidden_size: int) -> None:
        self.name, self.size = name, hidden_size
        columns = self.num_gates * hidden_size
        self.recurrent_weights = parameters.add(
            f"{name}.recurrent_weights", (hidden_size, columns), orthogonal
        )
        self.bias = parameters.add(f"{name}.bias", (columns,), self._draw_bias, is_decayed=False)

    def _draw_bias(self, generator: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
        """Return the first bias."""
        del generator
        return np.zeros(shape)

    def _packed(self, first: int, stop: int, purpose: str, workspace: Workspace) -> FloatArray:
        """Pack some gates' recurrent weights."""
        packed = workspace.packed(f"{self.name}.{purpose}", self.size, stop - first)
        pack(self.recurrent_weights.value[:, first:stop], packed)
        return packed

    def _packed_back(self, first: int, stop: int, purpose: str, workspace: Workspace) -> FloatArray:
        """Pack the transpose of some gates' recurrent weights."""
        packed = workspace.packed(f"{self.name}.{purpose}_back", stop - first, self.size)
        pack_transposed(self.recurrent_weights.value[:, first:stop], packed)
        return packed

    def _add_bias_gradient(self, tape: Tape, run: slice, gradients: Gradients) -> None:
        """Add the gradient of the bias by some rows."""
        d_bias = gradients[self.bias]
        d_bias += tape.gates.reshape(-1, d_bias.size)[run].sum(0)

    def _zeros(self, name: str, like: FloatArray, workspace: Workspace) -> FloatArray:
        """Return zeros of the shape of a state."""
        return workspace.zeros(f"{self.name}.{name}", *like.shape)


class RnnCell(_Base):
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
        rnn_kernel.forward(
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
        rnn_kernel.backward(
            d_output, packed_back[0], lengths, tape.output, mask, d_last[0], tape.gates, d_h
        )
        return (d_h,)

    def step(
        self,
        gates: FloatArray,
        state: State,
        packed: tuple[FloatArray, ...],
        out_second: FloatArray,
        out_h: FloatArray,
    ) -> None:
        """See `Cell`."""
        del out_second
        rnn_kernel.forward_step(gates, state[0], packed[0], self.bias.value, out_h)

    def step_back(
        self,
        d_state: State,
        before: State,
        tape: Tape,
        t: int,
        packed_back: tuple[FloatArray, ...],
        gradients: Gradients,
        workspace: Workspace,
    ) -> None:
        """See `Cell`."""
        del before, gradients
        d_h = workspace.take(f"{self.name}.d_before", *d_state[0].shape)
        rnn_kernel.backward_step(d_state[0], packed_back[0], tape.output[t], tape.gates[t], d_h)
        d_state[0][:] = d_h

    def add_gradients(
        self,
        tape: Tape,
        run: slice,
        packed_gates: FloatArray,
        gradients: Gradients,
        workspace: Workspace,
    ) -> None:
        """See `Cell`."""
        del workspace
        rows = tape.masked.reshape(-1, self.size)[run]
        product(rows.T, packed_gates, 1, gradients[self.recurrent_weights])
        self._add_bias_gradient(tape, run, gradients)


class LstmCell(_Base):
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
        lstm_kernel.forward(
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
        lstm_kernel.backward(
            d_output, packed_back[0], self._peepholes(), lengths, first[1], tape.second, mask,
            d_last[0], d_last[1], tape.gates, d_h, d_c, self._d_peepholes(gradients),
        )  # fmt: skip
        return d_h, d_c

    def step(
        self,
        gates: FloatArray,
        state: State,
        packed: tuple[FloatArray, ...],
        out_second: FloatArray,
        out_h: FloatArray,
    ) -> None:
        """See `Cell`."""
        h, c = state
        lstm_kernel.forward_step(
            gates, h, packed[0], self.bias.value, self._peepholes(), c, out_second, out_h
        )

    def step_back(
        self,
        d_state: State,
        before: State,
        tape: Tape,
        t: int,
        packed_back: tuple[FloatArray, ...],
        gradients: Gradients,
        workspace: Workspace,
    ) -> None:
        """See `Cell`."""
        d_h = workspace.take(f"{self.name}.d_before", *d_state[0].shape)
        lstm_kernel.backward_step(
            d_state[0], packed_back[0], self._peepholes(), before[1], tape.second[t],
            tape.gates[t], d_state[1], self._d_peepholes(gradients), d_h,
        )  # fmt: skip
        d_state[0][:] = d_h

    def add_gradients(
        self,
        tape: Tape,
        run: slice,
        packed_gates: FloatArray,
        gradients: Gradients,
        workspace: Workspace,
    ) -> None:
        """See `Cell`."""
        del workspace
        rows = tape.masked.reshape(-1, self.size)[run]
        product(rows.T, packed_gates, 1, gradients[self.recurrent_weights])
        self._add_bias_gradient(tape, run, gradients)

    def _peepholes(self) -> FloatArray:
        """Return the peepholes, or an array without rows."""
        if self.peepholes is None:
            return np.zeros((0, self.size), self.bias.value.dtype)
        return self.peepholes.value

    def _d_peepholes(self, gradients: Gradients) -> FloatArray:
        """Return the gradient of the peepholes, or an array without rows."""
        return self._peepholes() if self.peepholes is None else gradients[self.peepholes]


class GruCell(_Base):
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
        gru_kernel.forward(
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
        gru_kernel.backward(
            d_output, *packed_back, self.is_after, lengths, first[0], tape.output, tape.masked,
            mask, d_last[0], tape.second, tape.gates, d_h,
            self._zeros("d_gated", first[0], workspace),
        )  # fmt: skip
        return (d_h,)

    def step(
        self,
        gates: FloatArray,
        state: State,
        packed: tuple[FloatArray, ...],
        out_second: FloatArray,
        out_h: FloatArray,
    ) -> None:
        """See `Cell`."""
        gru_kernel.forward_step(
            gates, state[0], *packed, self.bias.value, self._inner_bias(), self.is_after,
            out_second, out_h,
        )  # fmt: skip

    def step_back(
        self,
        d_state: State,
        before: State,
        tape: Tape,
        t: int,
        packed_back: tuple[FloatArray, ...],
        gradients: Gradients,
        workspace: Workspace,
    ) -> None:
        """See `Cell`."""
        del gradients
        no_mask = np.zeros((0, self.size), d_state[0].dtype)
        gru_kernel.backward_step(
            *packed_back, self.is_after, before[0], no_mask, tape.second[t], tape.gates[t],
            d_state[0], self._zeros("d_gated", d_state[0], workspace),
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
