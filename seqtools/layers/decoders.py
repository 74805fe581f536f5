"""Decoders: recurrent layers that write a target, with attention after each step or none.

``attentive`` holds the third, in which attention comes before each step. All have one form, so that
a translator does not ask which it has. `parts` are what the readout joins: the states, and the
contexts where there is attention.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np

from seqtools.layers.attention import Attention, Memory
from seqtools.layers.attentive import AttentiveDecoder, StepResult
from seqtools.layers.dropout import DropoutSettings
from seqtools.layers.parameters import Gradients, Parameters
from seqtools.layers.recurrent import CellSettings, State
from seqtools.layers.stacked import Stacked
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray, Int64Array, Uint64Array


class Decoder(Protocol):
    """What every decoder does."""

    def forward(
        self,
        x: FloatArray,
        values: FloatArray,
        lengths: Int64Array,
        first: list[State],
        workspace: Workspace,
        rng_state: Uint64Array | None,
    ) -> tuple[list[FloatArray], Any]:
        """Read embedded targets (T, B, D) beside encoder states (B, S, E); return the parts."""

    def backward(
        self,
        d_parts: list[FloatArray],
        cache: Any,
        gradients: Gradients,
        workspace: Workspace,
    ) -> tuple[FloatArray | None, FloatArray | None, list[State]]:
        """Return the gradients of x, of the encoder states, and of the first states."""

    def remember(self, values: FloatArray, lengths: Int64Array, workspace: Workspace) -> Memory:
        """Prepare encoder states for steps."""

    def pack(self, workspace: Workspace) -> Any:
        """Prepare weights for steps."""

    def step(
        self,
        x: FloatArray,
        states: list[State],
        packed: Any,
        memory: Memory,
        sentence: Int64Array,
        workspace: Workspace,
    ) -> StepResult:
        """Read one symbol in each of N rows, whose sentences are given by number."""


def make_decoder(
    parameters: Parameters,
    name: str,
    attention: str,
    input_size: int,
    hidden_size: int,
    memory_size: int,
    attention_size: int,
    num_layers: int,
    cell: CellSettings,
    dropout: DropoutSettings,
) -> Decoder:
    """Return the decoder for a kind of attention: "additive", "dot", "general" or "none"."""
    if attention == "additive":
        return AttentiveDecoder(
            parameters, name, input_size, hidden_size, memory_size, attention_size, num_layers,
            cell, dropout,
        )  # fmt: skip
    stacked = Stacked(parameters, name, input_size, hidden_size, num_layers, cell, dropout=dropout)
    if attention == "none":
        return PlainDecoder(stacked)
    look = Attention(
        parameters, f"{name}.attention", attention, hidden_size, memory_size, attention_size
    )
    return LookingDecoder(stacked, look)


class PlainDecoder:
    """Recurrent layers that get nothing of the source but their first states."""

    def __init__(self, stacked: Stacked) -> None:
        self._stacked = stacked

    def forward(
        self,
        x: FloatArray,
        values: FloatArray,
        lengths: Int64Array,
        first: list[State],
        workspace: Workspace,
        rng_state: Uint64Array | None,
    ) -> tuple[list[FloatArray], Any]:
        """See `Decoder`."""
        del values, lengths
        states, cache = self._stacked.forward(x, None, workspace, first, rng_state)
        return [states], cache

    def backward(
        self,
        d_parts: list[FloatArray],
        cache: Any,
        gradients: Gradients,
        workspace: Workspace,
    ) -> tuple[FloatArray | None, FloatArray | None, list[State]]:
        """See `Decoder`."""
        d_x, d_first = self._stacked.backward(d_parts[0], cache, gradients, workspace)
        return d_x, None, d_first

    def remember(self, values: FloatArray, lengths: Int64Array, workspace: Workspace) -> Memory:
        """See `Decoder`."""
        del workspace
        return Memory(values, values, lengths)

    def pack(self, workspace: Workspace) -> Any:
        """See `Decoder`."""
        return self._stacked.pack(workspace)

    def step(
        self,
        x: FloatArray,
        states: list[State],
        packed: Any,
        memory: Memory,
        sentence: Int64Array,
        workspace: Workspace,
    ) -> StepResult:
        """See `Decoder`."""
        del memory, sentence
        output, states = self._stacked.step(x, states, packed, workspace)
        return StepResult([output], states, None)


class _LookingCache(NamedTuple):
    """What the backward pass needs."""

    stacked: Any
    states: FloatArray
    weights: FloatArray
    memory: Memory
    sentence: Int64Array


class LookingDecoder:
    """Recurrent layers whose top state looks at the source after each step (Luong et al. 2015).

    What attention saw does not enter the next step, so that all steps look at once.
    """

    def __init__(self, stacked: Stacked, attention: Attention) -> None:
        self._stacked, self._attention = stacked, attention

    def forward(
        self,
        x: FloatArray,
        values: FloatArray,
        lengths: Int64Array,
        first: list[State],
        workspace: Workspace,
        rng_state: Uint64Array | None,
    ) -> tuple[list[FloatArray], Any]:
        """See `Decoder`."""
        states, stacked = self._stacked.forward(x, None, workspace, first, rng_state)
        steps, batch, width = states.shape
        memory = self._attention.remember(values, lengths, workspace)
        sentence = np.tile(np.arange(batch), steps)
        weights = workspace.take("decoder.weights", steps * batch, values.shape[1])
        context = workspace.take("decoder.context", steps, batch, values.shape[2])
        rows = states.reshape(-1, width)
        self._attention.look(
            rows, None, memory, sentence, rows, weights, context.reshape(steps * batch, -1)
        )
        cache = _LookingCache(stacked, states, weights, memory, sentence)
        return [states, context], cache

    def backward(
        self,
        d_parts: list[FloatArray],
        cache: _LookingCache,
        gradients: Gradients,
        workspace: Workspace,
    ) -> tuple[FloatArray | None, FloatArray | None, list[State]]:
        """See `Decoder`."""
        d_states, d_context = d_parts
        states, memory = cache.states, cache.memory
        count, width = cache.weights.shape[0], states.shape[2]
        d_memory = self._attention.new_gradient(memory, workspace)
        d_query = workspace.take("decoder.d_query", count, width)
        self._attention.look_backward(
            d_context.reshape(count, -1), states.reshape(count, -1), cache.weights, memory,
            cache.sentence, d_memory, gradients, workspace, d_query,
        )  # fmt: skip
        d_values = self._attention.remember_backward(memory, d_memory, gradients, workspace)
        d_states = d_states + d_query.reshape(states.shape)
        d_x, d_first = self._stacked.backward(d_states, cache.stacked, gradients, workspace)
        return d_x, d_values, d_first

    def remember(self, values: FloatArray, lengths: Int64Array, workspace: Workspace) -> Memory:
        """See `Decoder`."""
        return self._attention.remember(values, lengths, workspace)

    def pack(self, workspace: Workspace) -> Any:
        """See `Decoder`."""
        return self._stacked.pack(workspace)

    def step(
        self,
        x: FloatArray,
        states: list[State],
        packed: Any,
        memory: Memory,
        sentence: Int64Array,
        workspace: Workspace,
    ) -> StepResult:
        """See `Decoder`."""
        output, states = self._stacked.step(x, states, packed, workspace)
        weights = np.empty((len(x), memory.values.shape[1]), x.dtype)
        context = workspace.take("decoder.step_context", len(x), memory.values.shape[2])
        self._attention.look(output, None, memory, sentence, output, weights, context)
        return StepResult([output, context], states, weights)
