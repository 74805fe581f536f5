"""Text from a language model: the prompt is read, then symbols are drawn one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from seqtools.decoding.limits import OutputLimits
from seqtools.decoding.sampling import SamplingSettings
from seqtools.decoding.stepwise import greedy_search, sample_outputs
from seqtools.errors import CorpusError, SettingsError
from seqtools.layers.recurrent import State
from seqtools.layers.workspace import Workspace
from seqtools.models.language_model import LanguageModel, copy_states, take_rows
from seqtools.text.symbols import BEGIN, END, PAD, UNKNOWN, Codec
from seqtools.types import Float32Array, Int32Array, Int64Array


@dataclass(frozen=True)
class GenerationSettings:
    """How text is generated.

    Attributes
    ----------
    num_samples : int
        Texts, drawn independently.
    max_length : int
        Symbols of each, at most.
    sampling : SamplingSettings
        Temperature 0 takes the likeliest symbol always.
    stops_at_line_end : bool or None
        End with the first line; if not, go on over lines. None ends with it for words and subwords
        and goes on for characters.
    block_repeats : int
        Write no n-gram of this order twice; 0 to allow it.
    seed : int

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    num_samples: int = 1
    max_length: int = 500
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    stops_at_line_end: bool | None = None
    block_repeats: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        for name, low, high in (
            ("num_samples", 1, 1_000_000),
            ("max_length", 1, 100_000_000),
            ("block_repeats", 0, 1_000),
            ("seed", 0, 2**63 - 1),
        ):
            if not low <= getattr(self, name) <= high:
                raise SettingsError(
                    f"{name} must be between {low} and {high}, got {getattr(self, name)}"
                )


@dataclass(frozen=True)
class GeneratedText:
    """One text that a model wrote.

    Attributes
    ----------
    text : str
        Without the prompt; lines end in line feeds, except the last.
    ids : int32 array, shape (N,)
        Its symbols, without the prompt.
    nats : float
        -sum of ln p of the symbols by the model itself, whatever the temperature.
    is_ended : bool
        Whether the model ended it, rather than the greatest length.
    """

    text: str
    ids: Int32Array
    nats: float
    is_ended: bool


class DecoderState(NamedTuple):
    """The rows of a search.

    Attributes
    ----------
    states : list of State
    pending : int32 array, shape (N,), or None
        What each row reads first, in place of the beginning symbol.
    """

    states: list[State]
    pending: Int32Array | None


class LanguageModelScorer:
    """A language model as search sees it; a source is the ids of a prompt.

    Parameters
    ----------
    model : LanguageModel
    line_end : int
    stops_at_line_end : bool
        What ends an output: the end of a line; else nothing but its length.
    """

    def __init__(self, model: LanguageModel, line_end: int, stops_at_line_end: bool) -> None:
        self._model, self._line_end = model, line_end
        self._workspace = Workspace(model.parameters.dtype, has_fixed_weights=True)
        self._cells = model.cells.pack(self._workspace)
        projection = model.projection
        self._projection = None if projection is None else projection.pack(self._workspace)
        self._output = model.output.pack(self._workspace)
        self.vocabulary_size = model.vocabulary_size
        self.bos_id = BEGIN
        # No text holds BEGIN, so that as the end symbol it never comes up.
        self.eos_id = line_end if stops_at_line_end else BEGIN
        self.unk_id: int | None = UNKNOWN
        unwritten = {PAD, BEGIN, END} - {line_end}
        self.unwritten_ids = tuple(sorted(unwritten))
        self._stops = stops_at_line_end

    def source_length(self, source: Int32Array) -> int:
        """Return the symbols of a prompt."""
        return int(source.size)

    def start(self, sources: Sequence[Int32Array]) -> DecoderState:
        """Read all prompts but their last symbols."""
        texts = [np.concatenate(([self._line_end], prompt)).astype(np.int32) for prompt in sources]
        lengths = np.array([text.size - 1 for text in texts], np.int64)
        inputs = np.zeros((int(lengths.max(initial=0)), len(texts)), np.int32)
        for column, text in enumerate(texts):
            inputs[: text.size - 1, column] = text[:-1]
        states = self._model.zero_states(len(texts))
        if inputs.size:
            words = self._model.embedding.words(inputs)
            _, cache = self._model.cells.forward(words, lengths, self._workspace, states)
            states = copy_states(cache.final_state)
        return DecoderState(states, np.array([text[-1] for text in texts], np.int32))

    def step(
        self, state: DecoderState, tokens: Int32Array
    ) -> tuple[Float32Array, DecoderState, None]:
        """Read one symbol in every row and score what may follow."""
        read = tokens if state.pending is None else state.pending
        x = self._model.embedding.weights.value[read]
        h, states = self._model.cells.step(x, state.states, self._cells, self._workspace)
        if self._model.projection is not None and self._projection is not None:
            h = self._model.projection.apply(h, self._projection, self._workspace)
        log_probs = self._model.output.log_probabilities(h, self._output, self._workspace)
        if not self._stops:
            log_probs[:, self.eos_id] = -np.inf
        return log_probs, DecoderState(copy_states(states), None), None

    def select(self, state: DecoderState, rows: Int64Array) -> DecoderState:
        """Return the state of chosen rows."""
        pending = None if state.pending is None else state.pending[rows]
        return DecoderState(take_rows(state.states, rows), pending)


def generate_text(
    model: LanguageModel, codec: Codec, prompt: str = "", settings: GenerationSettings | None = None
) -> list[GeneratedText]:
    """Let a language model write.

    Parameters
    ----------
    model : LanguageModel
    codec : Codec
    prompt : str
        What the text begins with; empty at the beginning of a line.
    settings : GenerationSettings, optional

    Raises
    ------
    CorpusError
        If the prompt holds symbols outside the vocabulary.
    """
    settings = settings or GenerationSettings()
    stops = settings.stops_at_line_end
    if stops is None:
        stops = codec.settings.level != "char"
    source = encode_prompt(codec, prompt)
    scorer = LanguageModelScorer(model, codec.line_end, stops)
    limits = OutputLimits(
        max_length=settings.max_length + 1, max_length_ratio=None, forbid_unk=True,
        block_repeats=settings.block_repeats,
    )  # fmt: skip
    if settings.sampling.temperature == 0:
        found = greedy_search(scorer, [source], limits) * settings.num_samples
    else:
        found = sample_outputs(
            scorer, [source], settings.sampling, limits,
            num_samples=settings.num_samples, seed=settings.seed,
        )[0]  # fmt: skip
    return [
        GeneratedText(
            text=decode_running(codec, hypothesis.symbols),
            ids=hypothesis.symbols,
            nats=-float(hypothesis.token_log_probs[:-1].sum()),
            is_ended=stops and hypothesis.length <= settings.max_length,
        )
        for hypothesis in found
    ]


def encode_prompt(codec: Codec, prompt: str) -> Int32Array:
    """Turn a prompt, which may have several lines, into ids.

    Raises
    ------
    CorpusError
        If it holds symbols outside the vocabulary; the message names them.
    """
    unknown = [symbol for line in prompt.split("\n") for symbol in codec.unknown(line)]
    if unknown:
        shown = ", ".join(repr(symbol) for symbol in unknown[:5])
        raise CorpusError(
            f"the prompt holds what the model's vocabulary lacks: {shown}"
            + (f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""),
            remedy="leave it out, or spell it as the training text does",
        )
    parts: list[Int32Array] = []
    for number, line in enumerate(prompt.split("\n")):
        if number:
            parts.append(np.array([codec.line_end], np.int32))
        parts.append(codec.encode(line))
    return np.concatenate(parts)


def decode_running(codec: Codec, ids: Int32Array) -> str:
    """Turn the ids of a running text into text, with a line feed for every line end."""
    ends = np.flatnonzero(ids == codec.line_end).tolist()
    firsts, stops = [0, *[end + 1 for end in ends]], [*ends, ids.size]
    lines = [codec.decode(ids[a:b]) for a, b in zip(firsts, stops, strict=True)]
    return "\n".join(lines)
