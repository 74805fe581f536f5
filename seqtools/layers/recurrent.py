"""One recurrent layer over whole sequences, in one direction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqtools.kernels.product import pack, product
from seqtools.kernels.rows import add_rows, gather_rows
from seqtools.layers.cell import State, Tape
from seqtools.layers.cells import CellSettings, input_initializer, make_cell
from seqtools.layers.embedding import EmbeddedWords
from seqtools.layers.parameters import Gradients, Parameter, Parameters
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray, Int64Array

__all__ = ["CellSettings", "PackedCell", "Recurrent", "RecurrentCache", "State"]

# Rows of gradients that are packed at once: as many as a product takes before it changes panels,
# few enough to stay in the cache for all products that use them.
_RUN = 256


class PackedCell(NamedTuple):
    """Weights packed for steps."""

    inputs: FloatArray
    recurrent: tuple[FloatArray, ...]


@dataclass
class RecurrentCache:
    """What the backward pass needs, and the last state.

    Attributes
    ----------
    final_state : State
        After the last step of each row.
    """

    inputs: FloatArray | EmbeddedWords
    is_folded: bool
    lengths: Int64Array
    tape: Tape
    first: State
    mask: FloatArray
    final_state: State


class Recurrent:
    """A layer of one kind of cell.

    Parameters
    ----------
    parameters : Parameters
    name : str
        Its parameters are ``name.input_weights`` (D, G H), ``name.recurrent_weights`` (H, G H),
        ``name.bias`` (G H,) and those special to the cell.
    input_size, hidden_size : int
    settings : CellSettings
    """

    def __init__(
        self,
        parameters: Parameters,
        name: str,
        input_size: int,
        hidden_size: int,
        settings: CellSettings | None = None,
    ) -> None:
        self.name, self.input_size, self.hidden_size = name, input_size, hidden_size
        self.cell = make_cell(parameters, name, hidden_size, settings or CellSettings())
        self.num_states = self.cell.num_states
        self.num_columns = self.cell.num_gates * hidden_size
        self.input_weights = parameters.add(
            f"{name}.input_weights",
            (input_size, self.num_columns),
            input_initializer(self.cell.num_gates),
        )

    def forward(
        self,
        x: FloatArray | EmbeddedWords,
        lengths: Int64Array | None,
        workspace: Workspace,
        state: State | None = None,
        mask: FloatArray | None = None,
    ) -> tuple[FloatArray, RecurrentCache]:
        """Run over sequences.

        Parameters
        ----------
        x : float array, shape (T, B, D), or EmbeddedWords
            Symbols instead of vectors let the layer multiply the table by its input weights once,
            where the table is shorter than the batch.
        lengths : int64 array, shape (B,), or None
            Steps of each row; None if all run to the end.
        workspace : Workspace
        state : State, optional
            Before the first step; zeros if not given.
        mask : float array, shape (B, H), optional
            Factors on the hidden state before it enters the gates.

        Returns
        -------
        output : float array, shape (T, B, H)
            Zero where a row has ended.
        cache : RecurrentCache
        """
        steps, batch = x.ids.shape if isinstance(x, EmbeddedWords) else x.shape[:2]
        if lengths is None:
            lengths = np.full(batch, steps, np.int64)
        tape = self.new_tape(steps, batch, workspace, mask is not None)
        is_folded = self._multiply_inputs(x, tape.gates, workspace)
        first = self.zero_state(batch, workspace.dtype) if state is None else state
        final = tuple(self._copied(f"state{n}", part, workspace) for n, part in enumerate(first))
        if mask is None:
            mask = np.zeros((0, self.hidden_size), workspace.dtype)
        self.cell.forward(tape, self.cell.pack(workspace), lengths, final, mask)
        cache = RecurrentCache(x, is_folded, lengths, tape, first, mask, final)
        return tape.output, cache

    def backward(
        self,
        d_output: FloatArray,
        cache: RecurrentCache,
        gradients: Gradients,
        workspace: Workspace,
        d_final: State | None = None,
    ) -> tuple[FloatArray | None, State]:
        """Run back over sequences.

        Parameters
        ----------
        d_output : float array, shape (T, B, H)
            What stands where a row has ended is not looked at.
        cache : RecurrentCache
            Serves for one call.
        gradients, workspace
        d_final : State, optional
            Gradient of the last state.

        Returns
        -------
        d_x : float array, shape (T, B, D), or None
            None for EmbeddedWords, whose gradient has been added.
        d_state : State
            Gradient of the state before the first step.
        """
        if d_final is None:
            batch = cache.tape.output.shape[1]
            d_final = self.zero_state(batch, workspace.dtype)
        d_state = self.cell.backward(
            d_output, cache.tape, self.cell.pack_back(workspace), cache.lengths, cache.first,
            cache.mask, d_final, gradients, workspace,
        )  # fmt: skip
        return self.finish_backward(
            cache.inputs, cache.is_folded, cache.tape, gradients, workspace
        ), d_state

    def new_tape(
        self, steps: int, batch: int, workspace: Workspace, is_masked: bool = True
    ) -> Tape:
        """Return room for a pass; without masks, states before and after steps share memory."""
        width = self.hidden_size
        gates = workspace.take(f"{self.name}.gates", steps, batch, self.num_columns)
        second = workspace.take(f"{self.name}.second", steps, batch, width)
        if is_masked:
            masked = workspace.take(f"{self.name}.masked", steps, batch, width)
            output = workspace.take(f"{self.name}.output", steps, batch, width)
            return Tape(gates, second, masked, output)
        states = workspace.take(f"{self.name}.states", steps + 1, batch, width)
        return Tape(gates, second, states[:-1], states[1:])

    def finish_backward(
        self,
        x: FloatArray | EmbeddedWords,
        is_folded: bool,
        tape: Tape,
        gradients: Gradients,
        workspace: Workspace,
        beside: Sequence[tuple[FloatArray, Parameter]] = (),
    ) -> FloatArray | None:
        """Add the gradients of all weights from those of the gates, and return that of x.

        Further inputs, rows of shape (T B, width), may stand `beside` x with weights of their own.
        """
        d_gates = tape.gates.reshape(-1, self.num_columns)
        inputs = list(beside)
        if not is_folded:
            if isinstance(x, EmbeddedWords):
                rows = self._looked_up(x, workspace)
            else:
                rows = x.reshape(-1, self.input_size)
            inputs.append((rows, self.input_weights))
        for first in range(0, len(d_gates), _RUN):
            run = slice(first, min(first + _RUN, len(d_gates)))
            packed = workspace.packed(f"{self.name}.d_gates", run.stop - first, self.num_columns)
            pack(d_gates[run], packed)
            self.cell.add_gradients(tape, run, packed, gradients, workspace)
            for rows, weights in inputs:
                product(rows[run].T, packed, 1, gradients[weights])
        if is_folded and isinstance(x, EmbeddedWords):
            self._fold_back(x, d_gates, gradients, workspace)
            return None
        d_x = workspace.take(f"{self.name}.d_input", *tape.gates.shape[:2], self.input_size)
        product(d_gates, self._packed_back(workspace), 0, d_x.reshape(-1, self.input_size))
        if isinstance(x, EmbeddedWords):
            x.embedding.backward(d_x, x.ids, gradients, workspace)
            return None
        return d_x

    def pack(self, workspace: Workspace) -> PackedCell:
        """Pack all weights for steps."""
        return PackedCell(self._packed(workspace), self.cell.pack(workspace))

    def step(self, x: FloatArray, state: State, packed: PackedCell, workspace: Workspace) -> State:
        """Run one step of N rows and return the new state, whose first part is the output."""
        gates = workspace.take(f"{self.name}.step_gates", len(x), self.num_columns)
        product(x, packed.inputs, 0, gates)
        second, h = np.empty((2, len(x), self.hidden_size), x.dtype)
        self.cell.step(gates, state, state[0], packed.recurrent, second, h)
        return (h, second) if self.num_states == 2 else (h,)

    def zero_state(self, num_rows: int, dtype: np.dtype | type = np.float32) -> State:
        """Return a state of zeros."""
        return tuple(np.zeros((num_rows, self.hidden_size), dtype) for _ in range(self.num_states))

    def _multiply_inputs(
        self, x: FloatArray | EmbeddedWords, gates: FloatArray, workspace: Workspace
    ) -> bool:
        """Write x @ w for all steps, and say whether the table was folded into the weights."""
        rows, packed = gates.reshape(-1, self.num_columns), self._packed(workspace)
        if not isinstance(x, EmbeddedWords):
            product(x.reshape(-1, self.input_size), packed, 0, rows)
            return False
        size = x.embedding.vocabulary_size
        if size >= x.ids.size:
            product(self._looked_up(x, workspace), packed, 0, rows)
            return False
        table = workspace.take(f"{self.name}.folded", size, self.num_columns)
        product(x.embedding.weights.value, packed, 0, table)
        gather_rows(table, x.ids.reshape(-1), rows)
        return True

    def _fold_back(
        self, x: EmbeddedWords, d_gates: FloatArray, gradients: Gradients, workspace: Workspace
    ) -> None:
        """Sum the gradients of the gates by symbol before the two products."""
        size, weights = x.embedding.vocabulary_size, x.embedding.weights
        d_table = workspace.zeros(f"{self.name}.d_folded", size, self.num_columns)
        add_rows(d_gates, x.ids.reshape(-1), d_table)
        packed = workspace.packed(f"{self.name}.d_folded_packed", size, self.num_columns)
        pack(d_table, packed)
        product(weights.value.T, packed, 1, gradients[self.input_weights])
        if not weights.is_frozen:
            product(d_table, self._packed_back(workspace), 1, gradients[weights])

    def _looked_up(self, x: EmbeddedWords, workspace: Workspace) -> FloatArray:
        """Return the vectors of symbols, shape (T B, D)."""
        rows = workspace.take(f"{self.name}.looked_up", x.ids.size, self.input_size)
        gather_rows(x.embedding.weights.value, x.ids.reshape(-1), rows)
        return rows

    def _packed(self, workspace: Workspace) -> FloatArray:
        """Pack the input weights."""
        return workspace.packed_weights(f"{self.name}.w", self.input_weights.value)

    def _packed_back(self, workspace: Workspace) -> FloatArray:
        """Pack the transpose of the input weights."""
        return workspace.packed_transpose(f"{self.name}.w_back", self.input_weights.value)

    def _copied(self, name: str, part: FloatArray, workspace: Workspace) -> FloatArray:
        """Copy a part of a state into the workspace."""
        copy = workspace.take(f"{self.name}.{name}", *part.shape)
        copy[:] = part
        return copy


def of_vectors(d_x: FloatArray | None) -> FloatArray:
    """Return the gradient of an input that was no EmbeddedWords, as the types cannot tell."""
    if d_x is None:
        raise TypeError("the layer read symbols, whose gradient has been added already")
    return d_x
