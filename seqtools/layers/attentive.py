"""A decoder in which attention comes before each step (Bahdanau, Cho and Bengio 2015).

The state before a step looks at the source, and what it sees enters the step beside the symbol
(section 3.1, appendix A.2.2)::

    c_t = attention(s_{t-1})        s_t = cell(x_t w + c_t w_c, s_{t-1})

Further layers run on the states of this one.
"""

from typing import NamedTuple

import numpy as np

from seqtools.kernels.product import product
from seqtools.layers.attention import Attention, Memory
from seqtools.layers.cell import State, Tape
from seqtools.layers.cells import CellSettings, input_initializer
from seqtools.layers.dropout import Dropout, DropoutSettings, draw_state_mask
from seqtools.layers.parameters import Gradients, Parameters
from seqtools.layers.recurrent import PackedCell, Recurrent
from seqtools.layers.stacked import Stacked, StackedCache
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray, Int64Array, Uint64Array


class StepResult(NamedTuple):
    """One step of N rows.

    Attributes
    ----------
    parts : list of float arrays, shape (N, width)
        For the readout.
    states : list of State
        Of each layer, after the step.
    weights : float array, shape (N, S), or None
        Attention.
    """

    parts: list[FloatArray]
    states: list[State]
    weights: FloatArray | None


class AttentiveCache(NamedTuple):
    """What the backward pass needs."""

    x: FloatArray
    tape: Tape
    first: State
    states: FloatArray
    mask: FloatArray
    memory: Memory
    queries: FloatArray
    weights: FloatArray
    contexts: FloatArray
    dropped: np.uint64 | None
    upper: StackedCache | None


class AttentiveWeights(NamedTuple):
    """Weights packed for steps."""

    cell: PackedCell
    context: FloatArray
    query: FloatArray | None
    upper: list[PackedCell]


class AttentiveDecoder:
    """Reads symbols and a source, in training all steps of a batch, in search one at a time.

    Parameters
    ----------
    parameters : Parameters
    name : str
    input_size, hidden_size, memory_size, attention_size : int
        Widths of embeddings, of states, of encoder states, and of the additive score.
    num_layers : int
    settings : CellSettings
    dropout : DropoutSettings
        Between layers and on recurrent states; attention looks at the whole state.
    """

    def __init__(
        self,
        parameters: Parameters,
        name: str,
        input_size: int,
        hidden_size: int,
        memory_size: int,
        attention_size: int,
        num_layers: int,
        settings: CellSettings,
        dropout: DropoutSettings,
    ) -> None:
        self.name = name
        self._layer = Recurrent(parameters, f"{name}.layer0", input_size, hidden_size, settings)
        self._context_weights = parameters.add(
            f"{name}.layer0.context_weights",
            (memory_size, self._layer.num_columns),
            input_initializer(self._layer.cell.num_gates),
        )
        self._attention = Attention(
            parameters, f"{name}.attention", "additive", hidden_size, memory_size, attention_size
        )
        self._dropout = Dropout(f"{name}.dropout", dropout.rate, dropout.is_variational)
        self._recurrent_rate = dropout.recurrent_rate
        self._upper = None
        if num_layers > 1:
            self._upper = Stacked(
                parameters, f"{name}.upper", hidden_size, hidden_size, num_layers - 1, settings,
                dropout=dropout,
            )  # fmt: skip

    def forward(
        self,
        x: FloatArray,
        values: FloatArray,
        lengths: Int64Array,
        first: list[State],
        workspace: Workspace,
        rng_state: Uint64Array | None,
    ) -> tuple[list[FloatArray], AttentiveCache]:
        """Read embedded targets beside encoder states.

        Parameters
        ----------
        x : float array, shape (T, B, D)
        values : float array, shape (B, S, E)
        lengths : int64 array, shape (B,)
            States of each source.
        first : list of State
            Of each layer, before the first step.
        workspace : Workspace
        rng_state : uint64 array, optional
            Given in training: dropout is on.

        Returns
        -------
        parts : list of float arrays
            States (T, B, H) of the top layer, contexts (T, B, E).
        cache : AttentiveCache
        """
        steps, batch = x.shape[:2]
        memory = self._attention.remember(values, lengths, workspace)
        tape = self._layer.new_tape(steps, batch, workspace)
        packed = self._pack_first(workspace)
        product(x.reshape(steps * batch, -1), packed.cell.inputs, 0, _rows(tape.gates))
        take = workspace.take
        queries = take(f"{self.name}.queries", steps, batch, self._attention.size)
        weights = take(f"{self.name}.weights", steps, batch, values.shape[1])
        contexts = take(f"{self.name}.contexts", steps, batch, values.shape[2])
        mask = self._mask(batch, workspace, rng_state)
        states = take(f"{self.name}.states", *tape.output.shape) if len(mask) else tape.masked
        sentence, state = np.arange(batch), first[0]
        for t in range(steps):
            states[t] = state[0]
            if len(mask):
                np.multiply(state[0], mask, out=tape.masked[t])
            self._attention.look(
                state[0], packed.query, memory, sentence, queries[t], weights[t], contexts[t]
            )
            product(contexts[t], packed.context, 1, tape.gates[t])
            self._layer.cell.step(
                tape.gates[t], state, tape.masked[t], packed.cell.recurrent,
                tape.second[t], tape.output[t],
            )  # fmt: skip
            state = (tape.output[t], tape.second[t])[: self._layer.num_states]
        top, upper, dropped = tape.output, None, None
        if self._upper is not None:
            lower, dropped = self._dropout.forward(top, workspace, rng_state)
            top, upper = self._upper.forward(lower, None, workspace, first[1:], rng_state)
        cache = AttentiveCache(
            x, tape, first[0], states, mask, memory, queries, weights, contexts, dropped, upper
        )
        return [top, contexts], cache

    def backward(
        self,
        d_parts: list[FloatArray],
        cache: AttentiveCache,
        gradients: Gradients,
        workspace: Workspace,
    ) -> tuple[FloatArray | None, FloatArray | None, list[State]]:
        """Return the gradients of x, of the encoder states, and of the first states.

        The gradients of the parts are overwritten.
        """
        d_states, d_contexts = d_parts
        d_above: list[State] = []
        if self._upper is not None and cache.upper is not None:
            d_lower, d_above = self._upper.backward(d_states, cache.upper, gradients, workspace)
            if d_lower is not None:
                d_states = self._dropout.backward(d_lower, cache.dropped, workspace)
        tape, memory = cache.tape, cache.memory
        d_memory = self._attention.new_gradient(memory, workspace)
        d_queries = workspace.take(f"{self.name}.d_queries", *cache.queries.shape)
        d_first = self._steps_back(
            d_states, d_contexts, cache, d_memory, gradients, workspace, d_queries
        )
        self._attention.query_backward(_rows(cache.states), _rows(d_queries), gradients, workspace)
        d_values = self._attention.remember_backward(memory, d_memory, gradients, workspace)
        d_x = self._layer.finish_backward(
            cache.x, False, tape, gradients, workspace,
            [(_rows(cache.contexts), self._context_weights)],
        )  # fmt: skip
        return d_x, d_values, [d_first, *d_above]

    def _steps_back(
        self,
        d_states: FloatArray,
        d_contexts: FloatArray,
        cache: AttentiveCache,
        d_memory: Memory,
        gradients: Gradients,
        workspace: Workspace,
        d_queries: FloatArray,
    ) -> State:
        """Go back through the steps, and return the gradient of the first state."""
        tape, memory, cell = cache.tape, cache.memory, self._layer.cell
        batch = d_states.shape[1]
        packed = cell.pack_back(workspace)
        context_back = workspace.packed_transpose(
            f"{self.name}.context_back", self._context_weights.value
        )
        query_back = self._attention.pack_query_back(workspace)
        d_state = tuple(
            workspace.zeros(f"{self.name}.d_state{n}", *part.shape)
            for n, part in enumerate(cache.first)
        )
        sentence = np.arange(batch)
        for t in range(len(d_states) - 1, -1, -1):
            np.add(d_state[0], d_states[t], out=d_state[0])
            before = (cache.states[t], tape.second[t - 1])[: len(d_state)] if t else cache.first
            cell.step_back(d_state, before, tape, t, packed, cache.mask, gradients, workspace)
            product(tape.gates[t], context_back, 1, d_contexts[t])
            self._attention.look_backward(
                d_contexts[t], cache.queries[t], cache.weights[t], memory, sentence, d_memory,
                gradients, workspace, d_queries[t],
            )  # fmt: skip
            if query_back is not None:
                product(d_queries[t], query_back, 1, d_state[0])
        return d_state

    def remember(self, values: FloatArray, lengths: Int64Array, workspace: Workspace) -> Memory:
        """Prepare encoder states for steps."""
        return self._attention.remember(values, lengths, workspace)

    def pack(self, workspace: Workspace) -> AttentiveWeights:
        """Prepare weights for steps."""
        packed = self._pack_first(workspace)
        upper = self._upper.pack(workspace) if self._upper is not None else []
        return packed._replace(upper=upper)

    def step(
        self,
        x: FloatArray,
        states: list[State],
        packed: AttentiveWeights,
        memory: Memory,
        sentence: Int64Array,
        workspace: Workspace,
    ) -> StepResult:
        """Read one symbol in each of N rows, whose sentences are given by number."""
        count, state, layer = len(x), states[0], self._layer
        gates = workspace.take(f"{self.name}.step_gates", count, layer.num_columns)
        query = workspace.take(f"{self.name}.step_query", count, self._attention.size)
        context = workspace.take(f"{self.name}.step_context", count, memory.values.shape[2])
        weights = np.empty((count, memory.values.shape[1]), x.dtype)
        self._attention.look(state[0], packed.query, memory, sentence, query, weights, context)
        product(x, packed.cell.inputs, 0, gates)
        product(context, packed.context, 1, gates)
        second, h = np.empty((2, count, layer.hidden_size), x.dtype)
        layer.cell.step(gates, state, state[0], packed.cell.recurrent, second, h)
        top, above = h, list[State]()
        if self._upper is not None:
            top, above = self._upper.step(h, states[1:], packed.upper, workspace)
        return StepResult([top, context], [(h, second)[: len(state)], *above], weights)

    def _mask(self, batch: int, workspace: Workspace, rng_state: Uint64Array | None) -> FloatArray:
        """Draw the mask of the first layer's state; it has no rows where nothing is dropped."""
        if rng_state is None or self._recurrent_rate == 0.0:
            return np.zeros((0, self._layer.hidden_size), workspace.dtype)
        shape = batch, self._layer.hidden_size
        name, rate = f"{self.name}.mask", self._recurrent_rate
        return draw_state_mask(name, rate, shape, workspace, rng_state)

    def _pack_first(self, workspace: Workspace) -> AttentiveWeights:
        """Pack the weights of the first layer and of attention."""
        context = workspace.packed_weights(f"{self.name}.context", self._context_weights.value)
        query = self._attention.pack_query(workspace)
        return AttentiveWeights(self._layer.pack(workspace), context, query, [])


def _rows(x: FloatArray) -> FloatArray:
    """Return an array (T, B, D) as rows (T B, D)."""
    return x.reshape(x.shape[0] * x.shape[1], x.shape[2])
