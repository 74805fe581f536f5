"""Recurrent layers on top of each other, in one direction or in both.

Graves, Mohamed and Hinton 2013 (deep); Schuster and Paliwal 1997 (bidirectional). The backward
direction starts at the true end of each row, so that padding never changes a result. Between layers
there may be dropout (Zaremba, Sutskever and Vinyals 2014), or the variational kind, which also
covers the recurrent state (Gal and Ghahramani 2016).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from seqtools.kernels.sequence_rows import reverse_sequences
from seqtools.layers.dropout import Dropout, DropoutSettings, draw_state_mask
from seqtools.layers.embedding import EmbeddedWords
from seqtools.layers.parameters import Gradients, Parameters
from seqtools.layers.recurrent import (
    CellSettings,
    PackedCell,
    Recurrent,
    RecurrentCache,
    State,
    of_vectors,
)
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray, Int64Array, Uint64Array


class StackedCache(NamedTuple):
    """What the backward pass needs, and the last states.

    Attributes
    ----------
    final_state : list of State
        One a layer and direction: layer 0 forward, layer 0 backward, layer 1 forward, ...
    """

    layers: list[list[RecurrentCache]]
    dropped: list[Any]
    lengths: Int64Array
    final_state: list[State]


class Stacked:
    """Layers of recurrent cells.

    Parameters
    ----------
    parameters : Parameters
    name : str
        Layers are ``name.layer0``, or ``name.layer0.forward`` and ``name.layer0.backward``.
    input_size, hidden_size : int
        `hidden_size` is that of one direction.
    num_layers : int
    settings : CellSettings
    is_bidirectional : bool
    dropout : DropoutSettings

    Attributes
    ----------
    output_size : int
        Width of the output, of both directions together.
    """

    def __init__(
        self,
        parameters: Parameters,
        name: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        settings: CellSettings | None = None,
        is_bidirectional: bool = False,
        dropout: DropoutSettings | None = None,
    ) -> None:
        self.name, self.hidden_size, self.num_layers = name, hidden_size, num_layers
        self.is_bidirectional, self._dropout = is_bidirectional, dropout or DropoutSettings()
        self.output_size = hidden_size * (2 if is_bidirectional else 1)
        self.layers: list[list[Recurrent]] = []
        for index in range(num_layers):
            width = self.output_size if index else input_size
            endings = [".forward", ".backward"] if is_bidirectional else [""]
            self.layers.append(
                [
                    Recurrent(parameters, f"{name}.layer{index}{end}", width, hidden_size, settings)
                    for end in endings
                ]
            )
        rate, same = self._dropout.rate, self._dropout.is_variational
        self._drops = [
            Dropout(f"{name}.dropout{index}", rate, same) for index in range(num_layers - 1)
        ]

    def forward(
        self,
        x: FloatArray | EmbeddedWords,
        lengths: Int64Array | None,
        workspace: Workspace,
        state: Sequence[State] | None = None,
        rng_state: Uint64Array | None = None,
    ) -> tuple[FloatArray, StackedCache]:
        """Run over sequences.

        Parameters
        ----------
        x : float array, shape (T, B, D), or EmbeddedWords
            With two directions, EmbeddedWords are looked up and not folded.
        lengths : int64 array, shape (B,), or None
            Steps of each row; None if all run to the end.
        workspace : Workspace
        state : sequence of State, optional
            Before the first step, one a layer and direction.
        rng_state : uint64 array, shape (1,), optional
            Given in training: dropout is on.

        Returns
        -------
        output : float array, shape (T, B, output_size)
            Zero where a row has ended.
        cache : StackedCache
        """
        steps, batch = x.ids.shape if isinstance(x, EmbeddedWords) else x.shape[:2]
        if lengths is None:
            lengths = np.full(batch, steps, np.int64)
        states = list(state) if state is not None else self.zero_state(batch, workspace.dtype)
        dropped = []
        count = len(self.layers[0])
        output, layer_caches = self._run(
            self.layers[0], x, lengths, states[:count], workspace, rng_state
        )
        caches, final = [layer_caches], [cache.final_state for cache in layer_caches]
        for index, layer in enumerate(self.layers[1:], start=1):
            output, mask = self._drops[index - 1].forward(output, workspace, rng_state)
            dropped.append(mask)
            own = states[index * count : (index + 1) * count]
            output, layer_caches = self._run(layer, output, lengths, own, workspace, rng_state)
            caches.append(layer_caches)
            final += [cache.final_state for cache in layer_caches]
        return output, StackedCache(caches, dropped, lengths, final)

    def backward(
        self,
        d_output: FloatArray,
        cache: StackedCache,
        gradients: Gradients,
        workspace: Workspace,
        d_final: Sequence[State | None] | None = None,
    ) -> tuple[FloatArray | None, list[State]]:
        """Run back over sequences.

        Parameters
        ----------
        d_output : float array, shape (T, B, output_size)
        cache : StackedCache
        gradients, workspace
        d_final : sequence of (State or None), optional
            Gradients of the last states, one a layer and direction.

        Returns
        -------
        d_x : float array, shape (T, B, D), or None
            None for EmbeddedWords, whose gradient has been added.
        d_states : list of State
            Gradients of the states before the first step.
        """
        count = len(self.layers[0])
        d_final = d_final if d_final is not None else [None] * (count * self.num_layers)
        d_states: list[State] = []
        d_x: FloatArray | None = d_output
        for index in range(self.num_layers - 1, -1, -1):
            own = d_final[index * count : (index + 1) * count]
            d_x, d_own = self._run_back(
                self.layers[index], of_vectors(d_x), cache, index, own, gradients, workspace
            )
            d_states = d_own + d_states
            if index and d_x is not None:
                d_x = self._drops[index - 1].backward(d_x, cache.dropped[index - 1], workspace)
        return d_x, d_states

    def pack(self, workspace: Workspace) -> list[PackedCell]:
        """Pack the weights of all layers for steps; there must be one direction."""
        return [layer[0].pack(workspace) for layer in self.layers]

    def step(
        self,
        x: FloatArray,
        state: Sequence[State],
        packed: Sequence[PackedCell],
        workspace: Workspace,
    ) -> tuple[FloatArray, list[State]]:
        """Run one step of N rows through all layers; return the output and the new states."""
        states = []
        for layer, own, weights in zip(self.layers, state, packed, strict=True):
            states.append(layer[0].step(x, own, weights, workspace))
            x = states[-1][0]
        return x, states

    def zero_state(self, num_rows: int, dtype: np.dtype | type = np.float32) -> list[State]:
        """Return states of zeros, one a layer and direction."""
        return [cell.zero_state(num_rows, dtype) for layer in self.layers for cell in layer]

    def _run(
        self,
        layer: list[Recurrent],
        x: FloatArray | EmbeddedWords,
        lengths: Int64Array,
        states: Sequence[State],
        workspace: Workspace,
        rng_state: Uint64Array | None,
    ) -> tuple[FloatArray, list[RecurrentCache]]:
        """Run one layer, in its one or two directions."""
        batch = len(lengths)
        masks = [self._mask(cell, batch, workspace, rng_state) for cell in layer]
        if not self.is_bidirectional:
            output, cache = layer[0].forward(x, lengths, workspace, states[0], masks[0])
            return output, [cache]
        if isinstance(x, EmbeddedWords):
            turned: FloatArray | EmbeddedWords = x.embedding.words(_turned_ids(x.ids, lengths))
        else:
            turned = workspace.take(f"{layer[1].name}.turned", *x.shape)
            reverse_sequences(x, lengths, turned)
        ahead, cache_ahead = layer[0].forward(x, lengths, workspace, states[0], masks[0])
        behind, cache_behind = layer[1].forward(turned, lengths, workspace, states[1], masks[1])
        width = self.hidden_size
        output = workspace.take(f"{layer[0].name}.both", *ahead.shape[:2], 2 * width)
        output[:, :, :width] = ahead
        reverse_sequences(behind, lengths, output[:, :, width:])
        return output, [cache_ahead, cache_behind]

    def _run_back(
        self,
        layer: list[Recurrent],
        d_output: FloatArray,
        cache: StackedCache,
        index: int,
        d_final: Sequence[State | None],
        gradients: Gradients,
        workspace: Workspace,
    ) -> tuple[FloatArray | None, list[State]]:
        """Run one layer back, in its one or two directions."""
        caches = cache.layers[index]
        if not self.is_bidirectional:
            d_x, d_state = layer[0].backward(d_output, caches[0], gradients, workspace, d_final[0])
            return d_x, [d_state]
        width, name = self.hidden_size, layer[0].name
        d_ahead = workspace.take(f"{name}.d_ahead", *d_output.shape[:2], width)
        d_ahead[:] = d_output[:, :, :width]
        d_behind = workspace.take(f"{name}.d_behind", *d_output.shape[:2], width)
        reverse_sequences(d_output[:, :, width:], cache.lengths, d_behind)
        d_x, d_first = layer[0].backward(d_ahead, caches[0], gradients, workspace, d_final[0])
        d_turned, d_second = layer[1].backward(
            d_behind, caches[1], gradients, workspace, d_final[1]
        )
        if d_x is not None and d_turned is not None:
            d_back = workspace.take(f"{name}.d_turned", *d_turned.shape)
            reverse_sequences(d_turned, cache.lengths, d_back)
            d_x += d_back
        return d_x, [d_first, d_second]

    def _mask(
        self,
        cell: Recurrent,
        batch: int,
        workspace: Workspace,
        rng_state: Uint64Array | None,
    ) -> FloatArray | None:
        """Draw the mask of the recurrent state, if it is to be dropped."""
        rate = self._dropout.recurrent_rate
        if rng_state is None or rate == 0.0:
            return None
        shape = batch, self.hidden_size
        return draw_state_mask(f"{cell.name}.mask", rate, shape, workspace, rng_state)


def _turned_ids(ids: np.ndarray, lengths: Int64Array) -> np.ndarray:
    """Turn each column of symbols around, within its length."""
    steps = np.arange(ids.shape[0])[:, None]
    places = np.where(steps < lengths, lengths - 1 - steps, steps)
    return np.ascontiguousarray(np.take_along_axis(ids, places, axis=0))
