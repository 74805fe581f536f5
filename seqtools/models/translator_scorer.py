"""A translator as search sees it: one step of the decoder for many hypotheses at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqtools.layers.attention import Memory
from seqtools.layers.recurrent import State
from seqtools.layers.workspace import Workspace
from seqtools.models.translator import Translator
from seqtools.text.batches import pad_lines
from seqtools.text.encoding import EncodedLines
from seqtools.text.symbols import BEGIN, END, PAD, UNKNOWN
from seqtools.types import Float32Array, Int32Array, Int64Array


class DecoderState(NamedTuple):
    """The rows of a search.

    Attributes
    ----------
    layers : list of State
        State of each decoder layer, N rows each.
    sentence : int64 array, shape (N,)
        The sentence of each row.
    memory : Memory
        The encoder's states of all sentences.
    """

    layers: list[State]
    sentence: Int64Array
    memory: Memory


class TranslatorScorer:
    """Steps of a translator; see ``seqtools.decoding.step_scorer``. One thread's own.

    Parameters
    ----------
    translator : Translator
        Its weights are packed now; make a new scorer when they change.
    """

    bos_id, eos_id, unk_id = BEGIN, END, UNKNOWN
    unwritten_ids = (PAD, BEGIN)

    def __init__(self, translator: Translator) -> None:
        self._translator = translator
        self._workspace = Workspace(translator.parameters.dtype, has_fixed_weights=True)
        self._decoder_weights = translator.decoder.pack(self._workspace)
        self._readout_weights = translator.readout.pack(self._workspace)
        self._output_weights = translator.output.pack(self._workspace)

    @property
    def vocabulary_size(self) -> int:
        """Number of symbols."""
        return self._translator.output.vocabulary_size

    def source_length(self, source: Int32Array) -> int:
        """Return the positions that attention has on a source."""
        return len(source)

    def start(self, sources: Sequence[Int32Array]) -> DecoderState:
        """Encode sources: ids, the end symbol last."""
        lines = EncodedLines.from_lines(source[:-1] for source in sources)
        order = np.argsort(-lines.lengths, kind="stable")
        is_reversed = self._translator.settings.reverses_source
        symbols, lengths = pad_lines(lines, order, end=True, reverse=is_reversed)
        values, first, _ = self._translator.encode(
            symbols, lengths.astype(np.int64), self._workspace
        )
        memory = self._translator.decoder.remember(
            values, lengths.astype(np.int64), self._workspace
        )
        # Kept apart from the workspace: search may go back to it after the next batch.
        memory = Memory(memory.values.copy(), memory.keys.copy(), memory.lengths)
        sentence = np.empty(len(order), np.int64)
        sentence[order] = np.arange(len(order))
        layers = [tuple(part[sentence] for part in state) for state in first]
        return DecoderState(layers, sentence, memory)

    def step(
        self, state: DecoderState, tokens: Int32Array
    ) -> tuple[Float32Array, DecoderState, Float32Array | None]:
        """Read one symbol in every row and score what may follow."""
        translator = self._translator
        x = translator.target_table.weights.value[tokens]
        result = translator.decoder.step(
            x, state.layers, self._decoder_weights, state.memory, state.sentence, self._workspace
        )
        joined = self._workspace.take("scorer.joined", len(tokens), translator.readout.output_size)
        translator.readout.apply([*result.parts, x], self._readout_weights, joined)
        log_probs = translator.output.log_probabilities(
            joined, self._output_weights, self._workspace
        )
        weights = result.weights
        if weights is not None and translator.settings.reverses_source:
            weights = _turned(weights, state)
        return log_probs, DecoderState(result.states, state.sentence, state.memory), weights

    def select(self, state: DecoderState, rows: Int64Array) -> DecoderState:
        """Return the state of chosen rows."""
        layers = [tuple(part[rows] for part in layer) for layer in state.layers]
        return DecoderState(layers, state.sentence[rows], state.memory)


def _turned(weights: Float32Array, state: DecoderState) -> Float32Array:
    """Put weights over a source that was read backwards into the order of its symbols."""
    lengths = state.memory.lengths[state.sentence]
    places = np.arange(weights.shape[1])[None, :]
    last = (lengths - 2)[:, None]
    places = np.where(places <= last, last - places, places)
    turned: Float32Array = np.take_along_axis(weights, places, axis=1)
    return turned
