"""A recurrent cell as layers see it: one form for all kinds, whatever their kernels take.

A cell's `Tape` is what a pass leaves behind: gates, a second array (memory cells of an LSTM, the
inner products of a GRU) and hidden states. ``recurrent`` runs cells over whole sequences,
``attentive`` a step at a time.
"""

from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

from seqtools.kernels.product import product
from seqtools.layers.parameters import Gradients, Parameters, orthogonal
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray, Int64Array

# (h,) of a simple cell and a GRU, (h, c) of an LSTM; each of shape (B, H).
State: TypeAlias = tuple[FloatArray, ...]


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
        seen: FloatArray,
        packed: tuple[FloatArray, ...],
        out_second: FloatArray,
        out_h: FloatArray,
    ) -> None:
        """Run one step of N rows.

        Parameters
        ----------
        gates : float array, shape (N, gates x H)
            x @ w.
        state : State
        seen : float array, shape (N, H)
            The hidden state as the gates see it: that of `state`, or masked.
        packed : tuple of packed arrays
        out_second, out_h : float arrays, shape (N, H)
        """

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


class CellBase:
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

    def _draw_bias(self, generator: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
        """Return the first bias."""
        del generator
        return np.zeros(shape)

    def _packed(self, first: int, stop: int, purpose: str, workspace: Workspace) -> FloatArray:
        """Pack some gates' recurrent weights."""
        weights = self.recurrent_weights.value[:, first:stop]
        return workspace.packed_weights(f"{self.name}.{purpose}", weights)

    def _packed_back(self, first: int, stop: int, purpose: str, workspace: Workspace) -> FloatArray:
        """Pack the transpose of some gates' recurrent weights."""
        weights = self.recurrent_weights.value[:, first:stop]
        return workspace.packed_transpose(f"{self.name}.{purpose}_back", weights)

    def _add_bias_gradient(self, tape: Tape, run: slice, gradients: Gradients) -> None:
        """Add the gradient of the bias by some rows."""
        d_bias = gradients[self.bias]
        d_bias += tape.gates.reshape(-1, d_bias.size)[run].sum(0)

    def _zeros(self, name: str, like: FloatArray, workspace: Workspace) -> FloatArray:
        """Return zeros of the shape of a state."""
        return workspace.zeros(f"{self.name}.{name}", *like.shape)
