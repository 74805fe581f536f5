"""Attention of decoder states over the states of an encoder.

A `Memory` holds the encoder's states sentence by sentence, with the keys that they are scored by;
keys are projected once a batch. Sources are named in ``seqtools.kernels.attention``.
"""

from typing import NamedTuple

import numpy as np

from seqtools.errors import SettingsError
from seqtools.kernels import attention as kernel
from seqtools.kernels.product import pack, product
from seqtools.layers.parameters import Gradients, Parameter, Parameters, glorot, uniform, zeros
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray, Int64Array


class Memory(NamedTuple):
    """Encoder states that attention looks at.

    Attributes
    ----------
    values : float array, shape (B, S, E)
        States, sentence by sentence.
    keys : float array, shape (B, S, A)
        What a query is compared with.
    lengths : int64 array, shape (B,)
        States of each sentence; what stands beyond is never read.
    """

    values: FloatArray
    keys: FloatArray
    lengths: Int64Array


class Attention:
    """Scores queries against a memory and averages its states.

    Parameters
    ----------
    parameters : Parameters
        The model's, to which this layer adds its own.
    name : str
        Prefix of their names.
    kind : "additive", "dot" or "general"
    query_size, memory_size : int
        Widths H of decoder states and E of encoder states.
    attention_size : int
        Width A of the additive score; the others compare in the width of the query.

    Raises
    ------
    SettingsError
        If kind is "dot" and the widths differ.
    """

    def __init__(
        self,
        parameters: Parameters,
        name: str,
        kind: str,
        query_size: int,
        memory_size: int,
        attention_size: int,
    ) -> None:
        self.name, self.kind = name, kind
        self.size = attention_size if kind == "additive" else query_size
        self.query_weights: Parameter | None = None
        self.key_weights: Parameter | None = None
        if kind == "additive":
            self.query_weights = parameters.add(
                f"{name}.query_weights", (query_size, self.size), glorot
            )
            self.bias = parameters.add(f"{name}.bias", (self.size,), zeros, is_decayed=False)
            self.v = parameters.add(f"{name}.v", (self.size,), uniform(self.size**-0.5))
        if kind != "dot":
            self.key_weights = parameters.add(
                f"{name}.key_weights", (memory_size, self.size), glorot
            )
        elif query_size != memory_size:
            raise SettingsError(
                f"attention dot needs states of one width, got {query_size} in the decoder and "
                f"{memory_size} in the encoder; use general"
            )

    def remember(self, values: FloatArray, lengths: Int64Array, workspace: Workspace) -> Memory:
        """Project the keys of encoder states, float array of shape (B, S, E)."""
        if self.key_weights is None:
            return Memory(values, values, lengths)
        batch, steps, width = values.shape
        keys = workspace.take(f"{self.name}.keys", batch, steps, self.size)
        packed = workspace.packed_weights(f"{self.name}.key_packed", self.key_weights.value)
        rows = keys.reshape(-1, self.size)
        if self.kind == "additive":
            rows[:] = self.bias.value
        accumulate = int(self.kind == "additive")
        product(values.reshape(-1, width), packed, accumulate, rows)
        return Memory(values, keys, lengths)

    def pack_query(self, workspace: Workspace) -> FloatArray | None:
        """Return the packed weights of queries, for ``look``; None where they are compared raw."""
        if self.query_weights is None:
            return None
        packed = workspace.packed_weights(f"{self.name}.query_packed", self.query_weights.value)
        return packed

    def look(
        self,
        states: FloatArray,
        packed: FloatArray | None,
        memory: Memory,
        sentence: Int64Array,
        out_query: FloatArray,
        out_weights: FloatArray,
        out_context: FloatArray,
    ) -> None:
        """Let decoder states look at the memory.

        Parameters
        ----------
        states : float array, shape (N, H)
        packed : array or None
            From ``pack_query``.
        memory : Memory
        sentence : int64 array, shape (N,)
            The sentence of each state.
        out_query : float array, shape (N, A)
            Receives the projected states if the score is additive.
        out_weights : float array, shape (N, S)
        out_context : float array, shape (N, E)
        """
        _, keys, lengths = memory
        if packed is not None:
            product(states, packed, 0, out_query)
            v = self.v.value
            kernel.additive_scores(out_query, keys, v, lengths, sentence, out_weights)
        else:
            kernel.dot_scores(states, keys, lengths, sentence, out_weights)
        kernel.attend(memory.values, lengths, sentence, out_weights, out_context)

    def look_backward(
        self,
        d_context: FloatArray,
        query: FloatArray,
        weights: FloatArray,
        memory: Memory,
        sentence: Int64Array,
        d_memory: Memory,
        gradients: Gradients,
        workspace: Workspace,
        d_query: FloatArray,
    ) -> None:
        """Take the gradient of ``look`` back to the query and the memory.

        Parameters
        ----------
        d_context : float array, shape (N, E)
        query : float array, shape (N, A)
            The projected states, or the states themselves where they are compared raw.
        weights, memory, sentence
            As ``look`` left them.
        d_memory : Memory
            Gradients of values and keys, added to.
        gradients, workspace
        d_query : float array, shape (N, A)
            Overwritten.
        """
        values, keys, lengths = memory
        d_scores = workspace.take(f"{self.name}.d_scores", *weights.shape)
        kernel.attend_backward(
            d_context, values, weights, lengths, sentence, d_scores, d_memory.values
        )
        d_keys = d_memory.keys
        if self.kind == "additive":
            kernel.additive_scores_backward(
                d_scores, query, keys, self.v.value, lengths, sentence,
                d_query, d_keys, gradients[self.v],
            )  # fmt: skip
        else:
            kernel.dot_scores_backward(d_scores, query, keys, lengths, sentence, d_query, d_keys)

    def new_gradient(self, memory: Memory, workspace: Workspace) -> Memory:
        """Return zeros for the gradients of a memory."""
        d_values = workspace.zeros(f"{self.name}.d_values", *memory.values.shape)
        d_keys = d_values
        if self.key_weights is not None:
            d_keys = workspace.zeros(f"{self.name}.d_keys", *memory.keys.shape)
        return Memory(d_values, d_keys, memory.lengths)

    def remember_backward(
        self, memory: Memory, d_memory: Memory, gradients: Gradients, workspace: Workspace
    ) -> FloatArray:
        """Take the gradients of the keys back, and return that of the encoder's states."""
        if self.key_weights is None:
            return d_memory.values
        width = memory.values.shape[2]
        d_rows = d_memory.keys.reshape(-1, self.size)
        packed = workspace.packed(f"{self.name}.d_keys_packed", d_rows.shape[0], self.size)
        pack(d_rows, packed)
        rows = _zeroed_padding(memory).reshape(-1, width)
        product(rows.T, packed, 1, gradients[self.key_weights])
        if self.kind == "additive":
            d_bias = gradients[self.bias]
            d_bias += d_rows.sum(0)
        packed = workspace.packed_transpose(f"{self.name}.key_back_packed", self.key_weights.value)
        product(d_rows, packed, 1, d_memory.values.reshape(-1, width))
        return d_memory.values

    def query_backward(
        self,
        states: FloatArray,
        d_queries: FloatArray,
        gradients: Gradients,
        workspace: Workspace,
    ) -> None:
        """Add the gradient of the query weights, for all steps at once.

        Parameters
        ----------
        states : float array, shape (N, H)
            The states that looked.
        d_queries : float array, shape (N, A)
        gradients, workspace
        """
        if self.query_weights is None:
            return
        packed = workspace.packed(f"{self.name}.d_query_packed", d_queries.shape[0], self.size)
        pack(d_queries, packed)
        product(states.T, packed, 1, gradients[self.query_weights])

    def pack_query_back(self, workspace: Workspace) -> FloatArray | None:
        """Return the packed transpose of the query weights, to take gradients to the states."""
        if self.query_weights is None:
            return None
        name = f"{self.name}.query_back_packed"
        packed = workspace.packed_transpose(name, self.query_weights.value)
        return packed


def _zeroed_padding(memory: Memory) -> FloatArray:
    """Set what stands beyond the sentences to zero, so that sums over all places are right."""
    steps = np.arange(memory.values.shape[1])
    memory.values[steps[None, :] >= memory.lengths[:, None]] = 0
    return memory.values
