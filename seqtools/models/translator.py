"""A translator: an encoder, a decoder with or without attention, a readout and an output layer.

Sources: Sutskever, Vinyals and Le 2014 (no attention), Bahdanau, Cho and Bengio 2015 (additive
attention), Luong, Pham and Manning 2015 (dot and general attention). One function scores targets in
training, and the same layers, a step at a time, serve search and forced decoding.
"""

from typing import NamedTuple

import numpy as np

from seqtools.layers.decoders import Decoder, make_decoder
from seqtools.layers.dropout import Dropout, DropoutSettings
from seqtools.layers.embedding import Embedding
from seqtools.layers.linear import Linear
from seqtools.layers.output import IGNORED, SoftmaxOutput
from seqtools.layers.parameters import Gradients, Parameters
from seqtools.layers.readout import Readout
from seqtools.layers.recurrent import CellSettings, State, of_vectors
from seqtools.layers.stacked import Stacked, StackedCache
from seqtools.layers.workspace import Workspace
from seqtools.models.translator_settings import TranslatorSettings
from seqtools.text.batches import PairBatch
from seqtools.text.symbols import UNKNOWN
from seqtools.types import Float64Array, FloatArray, Int32Array, Int64Array, Uint64Array


class EncoderCache(NamedTuple):
    """What the backward pass of the encoder needs."""

    embedded: Int32Array
    embedded_mask: np.uint64 | None
    stacked: StackedCache
    state_mask: np.uint64 | None
    bridge: FloatArray
    first_states: FloatArray
    num_steps: int


class Losses(NamedTuple):
    """Sums over the targets of a batch, in nats."""

    loss: float
    log_likelihood: float
    num_targets: int


class Translator:
    """An encoder-decoder.

    Parameters
    ----------
    settings : TranslatorSettings
    source_size, target_size : int
        Symbols of both vocabularies; one size, for one vocabulary, if all embeddings are tied.
    dtype : type
        np.float32, or np.float64 for checks of gradients.

    Attributes
    ----------
    parameters : Parameters
        Not allocated yet: ``parameters.allocate(generator)`` draws first values.
    """

    def __init__(
        self,
        settings: TranslatorSettings,
        source_size: int,
        target_size: int,
        dtype: type = np.float32,
    ) -> None:
        self.settings = settings
        self.parameters = Parameters(dtype)
        width, hidden = settings.embedding_size, settings.hidden_size
        cell = CellSettings(settings.cell, settings.gru_variant, settings.has_peepholes)
        between = DropoutSettings(
            settings.dropout, settings.recurrent_dropout, settings.is_variational
        )
        is_frozen = settings.freezes_embeddings
        self.target_table = Embedding(
            self.parameters, "target_embedding", target_size, width, is_frozen=is_frozen
        )
        self.source_table = self.target_table
        if settings.tied_embeddings != "all":
            self.source_table = Embedding(
                self.parameters, "source_embedding", source_size, width, is_frozen=is_frozen
            )
        self.encoder = Stacked(
            self.parameters, "encoder", width, settings.direction_size, settings.encoder_layers,
            cell, is_bidirectional=settings.is_bidirectional, dropout=between,
        )  # fmt: skip
        self.decoder: Decoder = make_decoder(
            self.parameters, "decoder", settings.attention, width, hidden,
            self.encoder.output_size, settings.attention_size or hidden,
            settings.decoder_layers, cell, between,
        )  # fmt: skip
        self.num_states = 2 if settings.cell == "lstm" else 1
        count = settings.decoder_layers * self.num_states
        self.bridge = Linear(self.parameters, "bridge", self.encoder.output_size, count * hidden)
        is_tied = settings.tied_embeddings != "none"
        readout_size = width if is_tied else hidden
        sizes = {"state": hidden, "context": self.encoder.output_size, "word": width}
        if settings.attention == "none":
            del sizes["context"]
        self.readout = Readout(self.parameters, "readout", sizes, readout_size)
        self.output = SoftmaxOutput(
            self.parameters, "output", readout_size, target_size,
            tied_to=self.target_table if is_tied else None,
        )  # fmt: skip
        rate, same = settings.dropout, settings.is_variational
        self.source_dropout = Dropout("source_dropout", rate, same)
        self.memory_dropout = Dropout("memory_dropout", rate, same)
        self.target_dropout = Dropout("target_dropout", rate, same)
        self.readout_dropout = Dropout("readout_dropout", rate, same)

    def encode(
        self,
        source: Int32Array,
        lengths: Int64Array,
        workspace: Workspace,
        rng_state: Uint64Array | None = None,
    ) -> tuple[FloatArray, list[State], EncoderCache]:
        """Read sources.

        Parameters
        ----------
        source : int32 array, shape (S, B)
        lengths : int64 array, shape (B,)
        workspace : Workspace
        rng_state : uint64 array, optional
            Given in training: dropout is on.

        Returns
        -------
        values : float array, shape (B, S, E)
            States, sentence by sentence.
        first_states : list of State
            Of each decoder layer.
        cache : EncoderCache
        """
        x, embedded = self.source_table.forward(source, workspace)
        x, embedded_mask = self.source_dropout.forward(x, workspace, rng_state)
        states, stacked = self.encoder.forward(x, lengths, workspace, rng_state=rng_state)
        final = self._final(stacked.final_state, workspace)
        first, bridge = self.bridge.forward(final, workspace)
        np.tanh(first, out=first)
        states, state_mask = self.memory_dropout.forward(states, workspace, rng_state)
        steps, batch, width = states.shape
        values = workspace.take("encoder.values", batch, steps, width)
        values[:] = states.transpose(1, 0, 2)
        cache = EncoderCache(embedded, embedded_mask, stacked, state_mask, bridge, first, steps)
        return values, self.split_states(first), cache

    def split_states(self, flat: FloatArray) -> list[State]:
        """Cut the bridge's output, shape (B, layers x states x H), into states of layers."""
        hidden, each = self.settings.hidden_size, self.num_states
        parts = [flat[:, start : start + hidden] for start in range(0, flat.shape[1], hidden)]
        parts = [np.ascontiguousarray(part) for part in parts]
        return [tuple(parts[first : first + each]) for first in range(0, len(parts), each)]

    def loss_and_gradients(
        self,
        batch: PairBatch,
        gradients: Gradients,
        workspace: Workspace,
        generator: np.random.Generator,
        scale: float,
    ) -> Losses:
        """Add the gradient of scale x loss, with dropout, and return the losses.

        Parameters
        ----------
        batch : PairBatch
        gradients : Gradients
            Added to.
        workspace : Workspace
        generator : numpy.random.Generator
            Draws the dropout masks.
        scale : float
            One over the number of targets of the whole update.
        """
        rng_state = generator.integers(0, 2**64, 1, dtype=np.uint64)
        source = self._drop_words(batch.source, generator)
        inputs = self._drop_words(batch.target_inputs, generator)
        lengths = batch.source_lengths.astype(np.int64)
        values, first, encoded = self.encode(source, lengths, workspace, rng_state)
        x, embedded = self.target_table.forward(inputs, workspace)
        x, x_mask = self.target_dropout.forward(x, workspace, rng_state)
        parts, decoded = self.decoder.forward(x, values, lengths, first, workspace, rng_state)
        joined, read = self.readout.forward([*parts, x], workspace)
        joined, joined_mask = self.readout_dropout.forward(joined, workspace, rng_state)
        result = self.output.train(
            joined, mask_targets(batch), scale, gradients, workspace, self.settings.label_smoothing
        )
        d_joined = self.readout_dropout.backward(result.d_hidden, joined_mask, workspace)
        *d_parts, d_word = self.readout.backward(d_joined, read, gradients, workspace)
        d_x, d_values, d_first = self.decoder.backward(d_parts, decoded, gradients, workspace)
        d_x = of_vectors(d_x)
        d_x += d_word
        d_x = self.target_dropout.backward(d_x, x_mask, workspace)
        self.target_table.backward(d_x, embedded, gradients, workspace)
        self._encode_backward(d_values, d_first, encoded, gradients, workspace)
        return Losses(result.loss, result.log_likelihood, result.num_targets)

    def log_likelihoods(self, batch: PairBatch, workspace: Workspace) -> Float64Array:
        """Return ln p of every target symbol, float64, shape (T, B); 0 at padded places."""
        lengths = batch.source_lengths.astype(np.int64)
        values, first, _ = self.encode(batch.source, lengths, workspace)
        x, _ = self.target_table.forward(batch.target_inputs, workspace)
        parts, _ = self.decoder.forward(x, values, lengths, first, workspace, None)
        joined, _ = self.readout.forward([*parts, x], workspace)
        return self.output.log_likelihoods(joined, mask_targets(batch), workspace)

    def _encode_backward(
        self,
        d_values: FloatArray | None,
        d_first: list[State],
        cache: EncoderCache,
        gradients: Gradients,
        workspace: Workspace,
    ) -> None:
        """Take gradients back through the encoder."""
        first = cache.first_states
        d_flat = np.concatenate([part for state in d_first for part in state], axis=1)
        d_flat *= 1 - first * first
        d_final = self.bridge.backward(d_flat, cache.bridge, gradients, workspace)
        batch, width = d_final.shape
        steps = cache.num_steps
        d_states = workspace.zeros("encoder.d_states", steps, batch, width)
        if d_values is not None:
            d_states[:] = d_values.transpose(1, 0, 2)
        d_states = self.memory_dropout.backward(d_states, cache.state_mask, workspace)
        d_x, _ = self.encoder.backward(
            d_states, cache.stacked, gradients, workspace, self._d_final(d_final)
        )
        d_x = self.source_dropout.backward(of_vectors(d_x), cache.embedded_mask, workspace)
        self.source_table.backward(d_x, cache.embedded, gradients, workspace)

    def _final(self, states: list[State], workspace: Workspace) -> FloatArray:
        """Put the last hidden states of the top layer side by side, shape (B, E)."""
        directions = 2 if self.settings.is_bidirectional else 1
        top = [state[0] for state in states[-directions:]]
        out = workspace.take("encoder.final", top[0].shape[0], self.encoder.output_size)
        np.concatenate(top, axis=1, out=out)
        return out

    def _d_final(self, d_final: FloatArray) -> list[State | None]:
        """Cut the gradient of `_final` into states of all layers and directions."""
        directions = 2 if self.settings.is_bidirectional else 1
        halves = np.split(d_final, directions, axis=1)
        top = [
            (np.ascontiguousarray(half), *[np.zeros_like(half)] * (self.num_states - 1))
            for half in halves
        ]
        return [None] * ((self.settings.encoder_layers - 1) * directions) + top

    def _drop_words(self, symbols: Int32Array, generator: np.random.Generator) -> Int32Array:
        """Replace a share of the symbols, special ones apart, by UNKNOWN."""
        rate = self.settings.word_dropout
        if not rate:
            return symbols
        is_dropped = (generator.random(symbols.shape) < rate) & (symbols > UNKNOWN + 2)
        return np.where(is_dropped, np.int32(UNKNOWN), symbols)


def mask_targets(batch: PairBatch) -> Int32Array:
    """Return the targets with IGNORED at padded places."""
    steps = np.arange(batch.targets.shape[0], dtype=np.int32)[:, None]
    return np.where(steps < batch.target_lengths[None, :], batch.targets, np.int32(IGNORED))
