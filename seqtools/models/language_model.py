"""A recurrent language model: embedding, stacked cells, softmax over the next symbol.

Many to many: at each step the model reads a symbol and predicts the one that follows. Source:
Mikolov et al. 2010; dropout on what is not recurrent as in Zaremba et al. 2014, or one mask a
sequence as in Gal and Ghahramani 2016; tied embeddings as in Press and Wolf 2017.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from seqtools.layers.dropout import Dropout, DropoutSettings
from seqtools.layers.embedding import EmbeddedWords, Embedding
from seqtools.layers.linear import Linear
from seqtools.layers.output import IGNORED, SoftmaxOutput
from seqtools.layers.parameters import Gradients, Parameters
from seqtools.layers.recurrent import CellSettings, State
from seqtools.layers.stacked import Stacked
from seqtools.layers.workspace import Workspace
from seqtools.models.settings import LanguageModelSettings
from seqtools.seeding import numpy_generator
from seqtools.training.task import LossSum
from seqtools.types import Float64Array, FloatArray, Int32Array, Int64Array, Uint64Array


class Scored(NamedTuple):
    """What a model thinks of some text.

    Attributes
    ----------
    log_likelihoods : float64 array, shape (T, B)
        ln p of each target; 0 where there is none.
    states : list of State
        After the last step.
    """

    log_likelihoods: Float64Array
    states: list[State]


class LanguageModel:
    """The layers of a language model.

    Parameters
    ----------
    settings : LanguageModelSettings
    vocabulary_size : int
        V.
    seed : int or None
        Seed of the initial weights; None for weights that are read from a file.
    dtype : type
        np.float32, or np.float64 for checks of gradients.

    Attributes
    ----------
    parameters : Parameters
    """

    def __init__(
        self,
        settings: LanguageModelSettings,
        vocabulary_size: int,
        seed: int | None = 1,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.settings, self.vocabulary_size = settings, vocabulary_size
        self.parameters = Parameters(dtype)
        width, hidden, rate = settings.embedding_size, settings.hidden_size, settings.dropout
        self.embedding = Embedding(
            self.parameters, "embedding", vocabulary_size, width,
            is_frozen=settings.freezes_embeddings,
        )  # fmt: skip
        self.input_dropout = Dropout("input_dropout", rate, settings.is_variational)
        self.cells = Stacked(
            self.parameters, "cells", width, hidden, settings.num_layers, _cells(settings),
            dropout=DropoutSettings(rate, settings.recurrent_dropout, settings.is_variational),
        )  # fmt: skip
        self.output_dropout = Dropout("output_dropout", rate, settings.is_variational)
        is_projected = settings.is_tied and width != hidden
        self.projection = (
            Linear(self.parameters, "projection", hidden, width) if is_projected else None
        )
        self.output = SoftmaxOutput(
            self.parameters, "output", width if is_projected else hidden, vocabulary_size,
            tied_to=self.embedding if settings.is_tied else None,
        )  # fmt: skip
        if seed is None:
            self.parameters.allocate(None)
            return
        self.parameters.allocate(numpy_generator(seed, "initial weights"))
        if settings.initial_range:
            generator = numpy_generator(seed, "initial weights", 1)
            for parameter in self.parameters:
                drawn = generator.uniform(-1, 1, parameter.shape)
                parameter.value[...] = settings.initial_range * drawn

    def train(
        self,
        inputs: Int32Array,
        targets: Int32Array,
        lengths: Int64Array,
        states: Sequence[State],
        gradients: Gradients,
        workspace: Workspace,
        rng_state: Uint64Array,
        scale: float,
    ) -> tuple[LossSum, list[State]]:
        """Add the gradient of a batch, and return its loss and the states after it.

        Parameters
        ----------
        inputs, targets : int32 arrays, shape (T, B)
            Targets are IGNORED where a row has ended.
        lengths : int64 array, shape (B,)
        states : sequence of State
            One a layer; no gradient flows into them.
        gradients : Gradients
            Added to.
        workspace : Workspace
        rng_state : uint64 array, shape (1,)
            For dropout.
        scale : float
            Factor of the gradient.

        Returns
        -------
        loss : LossSum
        states : list of State
            Valid until the next call with this workspace.
        """
        rate = self.settings.dropout
        x: FloatArray | EmbeddedWords = self.embedding.words(inputs)
        if rate:
            vectors, embedded = self.embedding.forward(inputs, workspace)
            x, input_mask = self.input_dropout.forward(vectors, workspace, rng_state)
        h, recurrent = self.cells.forward(x, lengths, workspace, states, rng_state)
        y, output_mask = self.output_dropout.forward(h, workspace, rng_state)
        if self.projection is not None:
            y, projected = self.projection.forward(y, workspace)
        loss = self.output.train(y, targets, scale, gradients, workspace)

        d_y = loss.d_hidden
        if self.projection is not None:
            d_y = self.projection.backward(d_y, projected, gradients, workspace)
        d_h = self.output_dropout.backward(d_y, output_mask, workspace)
        d_x, _ = self.cells.backward(d_h, recurrent, gradients, workspace)
        if rate and d_x is not None:
            d_vectors = self.input_dropout.backward(d_x, input_mask, workspace)
            self.embedding.backward(d_vectors, embedded, gradients, workspace)
        return LossSum(float(loss.loss), int(loss.num_targets)), recurrent.final_state

    def score(
        self,
        inputs: Int32Array,
        targets: Int32Array,
        lengths: Int64Array,
        states: Sequence[State],
        workspace: Workspace,
    ) -> Scored:
        """Return ln p of the targets, without dropout.

        Parameters
        ----------
        inputs, targets, lengths, states, workspace
            As in `train`.
        """
        h, recurrent = self.cells.forward(self.embedding.words(inputs), lengths, workspace, states)
        if self.projection is not None:
            h, _ = self.projection.forward(h, workspace)
        return Scored(self.output.log_likelihoods(h, targets, workspace), recurrent.final_state)

    def zero_states(self, num_rows: int) -> list[State]:
        """Return the states in which a text begins."""
        states: list[State] = self.cells.zero_state(num_rows, self.parameters.dtype)
        return states


def mask_targets(targets: Int32Array, lengths: Int32Array | Int64Array) -> Int32Array:
    """Return targets with IGNORED in the place of those beyond each row's length."""
    is_over = np.arange(targets.shape[0])[:, np.newaxis] >= lengths
    return np.where(is_over, np.int32(IGNORED), targets)


def copy_states(states: Sequence[State]) -> list[State]:
    """Return copies that no workspace will overwrite."""
    return [tuple(array.copy() for array in state) for state in states]


def take_rows(states: Sequence[State], rows: slice | Int64Array) -> list[State]:
    """Return the states of some rows."""
    return [tuple(array[rows] for array in state) for state in states]


def put_rows(states: Sequence[State], rows: slice | Int64Array, values: Sequence[State]) -> None:
    """Replace the states of some rows."""
    for state, value in zip(states, values, strict=True):
        for array, new in zip(state, value, strict=True):
            array[rows] = new


def _cells(settings: LanguageModelSettings) -> CellSettings:
    """Return what the recurrent layers are made of."""
    return CellSettings(settings.cell, settings.gru_variant, settings.has_peepholes)
