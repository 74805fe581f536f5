"""Translating and scoring lines of text, in order, on several threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from seqtools.decoding.batches import batches_by_length
from seqtools.decoding.beam import BeamSettings, beam_search
from seqtools.decoding.ensemble import EnsembleScorer
from seqtools.decoding.forced import score_targets
from seqtools.decoding.hypothesis import Hypothesis
from seqtools.decoding.objective import SearchObjective
from seqtools.decoding.sampling import SamplingSettings
from seqtools.decoding.stepwise import sample_outputs
from seqtools.errors import SettingsError
from seqtools.models.translation import TranslationModel
from seqtools.models.translator_scorer import TranslatorScorer
from seqtools.text.codecs import fingerprint_of
from seqtools.text.symbols import END, UNKNOWN, Codec
from seqtools.types import Float32Array, Int32Array

Result = TypeVar("Result")
_SENTENCES_AT_ONCE = 16
# Line breaks and other control characters, which characters and bytes of subwords can spell: an
# output is one line of text.
_CONTROLS = dict.fromkeys([*range(9), *range(10, 32), 0x7F, 0x85, 0x2028, 0x2029], " ")


@dataclass(frozen=True)
class TranslationSettings:
    """How to translate.

    Attributes
    ----------
    beam : BeamSettings
        Search, if nothing is drawn.
    sampling : SamplingSettings or None
        Draw outputs, `beam.n_best` a line, instead of searching.
    seed : int
        Seed of the draws.
    replaces_unknown : bool
        Write the source word that attention was on in the place of an unknown word.
    """

    beam: BeamSettings = field(default_factory=BeamSettings)
    sampling: SamplingSettings | None = None
    seed: int = 1
    replaces_unknown: bool = False


@dataclass(frozen=True)
class Translation:
    """One output for a line.

    Attributes
    ----------
    text : str
    score : float
        The objective that search ranked by; NaN for an empty line, which is not searched.
    log_prob : float
        Sum of ln p of the symbols, the end symbol among them.
    source_pieces, target_pieces : list of str
        Symbols as they are spelt, the end symbol last.
    attention : float32 array, shape (target pieces, source pieces), or None
    source_words, target_words : int32 arrays
        To which word each piece belongs, the end symbol to one of its own.
    """

    text: str
    score: float
    log_prob: float
    source_pieces: list[str]
    target_pieces: list[str]
    attention: Float32Array | None
    source_words: Int32Array
    target_words: Int32Array


class LineTranslator:
    """Translates lines by one model, or by several whose probabilities are averaged.

    Parameters
    ----------
    models : sequence of TranslationModel
        Of the same vocabularies.
    threads : int
        Results do not depend on it.

    Raises
    ------
    SettingsError
        If the vocabularies differ.
    """

    def __init__(self, models: Sequence[TranslationModel], threads: int = 1) -> None:
        self._model = models[0]
        for other in models[1:]:
            _check_same_vocabularies(models[0], other)
        self._scorers = [_make_scorer(models) for _ in range(threads)]

    @property
    def model(self) -> TranslationModel:
        """The first model."""
        return self._model

    @property
    def scorer(self) -> Any:
        """A step scorer of the model or models, for one thread."""
        return self._scorers[0]

    def translate(
        self, lines: Sequence[str], settings: TranslationSettings, first_number: int = 0
    ) -> list[list[Translation]]:
        """Translate lines.

        Parameters
        ----------
        lines : sequence of str
        settings : TranslationSettings
        first_number : int
            Where the first line stands in the whole input; draws depend on it.

        Returns
        -------
        list of lists of Translation
            For each line, in order, between 1 and `n_best` outputs, the best first. A line of
            blanks alone has one empty output.
        """
        sources = self._encode(lines)
        full = [row for row, line in enumerate(lines) if line.strip()]
        results = [[_EMPTY] for _ in lines]

        def work(scorer: Any, rows: list[int]) -> list[list[Hypothesis]]:
            batch = [sources[row] for row in rows]
            if settings.sampling is None:
                return beam_search(scorer, batch, settings.beam)
            return [self._draw(scorer, sources[row], settings, first_number + row) for row in rows]

        for rows, found in self._share(full, lines, work):
            for row, hypotheses in zip(rows, found, strict=True):
                source = sources[row]
                results[row] = [self._spell(source, h, settings) for h in hypotheses]
        return results

    def score(
        self, sources: Sequence[str], targets: Sequence[str], objective: SearchObjective
    ) -> list[Translation]:
        """Score given translations, as search would have (forced decoding).

        Returns
        -------
        list of Translation
            One a pair, in order, with the attention that was paid.
        """
        inputs = self._encode(sources)
        outputs = self._model.encode_targets(targets)
        results: list[Translation] = [_EMPTY] * len(inputs)

        def work(scorer: Any, rows: list[int]) -> list[list[Hypothesis]]:
            wanted = [np.append(outputs[row], np.int32(END)) for row in rows]
            batch = [inputs[row] for row in rows]
            return [[scored] for scored in score_targets(scorer, batch, wanted, objective)]

        for rows, found in self._share(list(range(len(inputs))), sources, work):
            for row, [hypothesis] in zip(rows, found, strict=True):
                results[row] = self._spell(inputs[row], hypothesis, TranslationSettings())
        return results

    def _encode(self, lines: Sequence[str]) -> list[Int32Array]:
        """Turn source lines into ids, the end symbol last."""
        return [np.append(line, np.int32(END)) for line in self._model.encode_sources(lines)]

    def _share(
        self,
        rows: list[int],
        lines: Sequence[str],
        work: Callable[[Any, list[int]], Result],
    ) -> list[tuple[list[int], Result]]:
        """Give groups of lines of like length to the threads; return each group's result."""
        lengths = [len(lines[row]) for row in rows]
        groups = [
            [rows[place] for place in places]
            for places in batches_by_length(lengths, _SENTENCES_AT_ONCE)
        ]
        count = min(len(self._scorers), len(groups))
        if count < 2:
            return [(group, work(self._scorers[0], group)) for group in groups]
        with ThreadPoolExecutor(count) as pool:
            free = list(self._scorers)

            def run(group: list[int]) -> Result:
                scorer = free.pop()
                try:
                    return work(scorer, group)
                finally:
                    free.append(scorer)

            return list(zip(groups, pool.map(run, groups), strict=True))

    def _draw(
        self, scorer: Any, source: Int32Array, settings: TranslationSettings, number: int
    ) -> list[Hypothesis]:
        """Draw outputs of one line."""
        [found] = sample_outputs(
            scorer, [source], settings.sampling, settings.beam.limits, settings.beam.objective,
            num_samples=settings.beam.n_best, seed=settings.seed, first_number=number,
        )  # fmt: skip
        return found

    def _spell(
        self, source: Int32Array, hypothesis: Hypothesis, settings: TranslationSettings
    ) -> Translation:
        """Turn a hypothesis into text."""
        spell_source, spell_target = self._model.source_codec.spell, self._model.target_codec.spell
        pieces = [spell_target(int(token)) for token in hypothesis.tokens]
        source_pieces = [spell_source(int(token)) for token in source]
        text = self._model.target_codec.decode(hypothesis.symbols)
        if settings.replaces_unknown and UNKNOWN in hypothesis.symbols:
            text = self._replaced(source, hypothesis)
        return Translation(
            text.translate(_CONTROLS), hypothesis.score, hypothesis.log_prob, source_pieces, pieces,
            hypothesis.attention, _words(self._model.source_codec, source[:-1]),
            _words(self._model.target_codec, hypothesis.symbols),
        )  # fmt: skip

    def _replaced(self, source: Int32Array, hypothesis: Hypothesis) -> str:
        """Decode with source words in the places of unknown ones, where attention was."""
        decode = self._model.target_codec.decode
        if hypothesis.attention is None:
            return decode(hypothesis.symbols)
        source = source[:-1]
        words = self._model.source_codec.words_of(source)
        spelled: list[str] = []
        run: list[int] = []
        for step, token in enumerate(hypothesis.symbols.tolist()):
            if token != UNKNOWN:
                run.append(token)
                continue
            place = int(hypothesis.attention[step, : len(source)].argmax())
            spelled += [decode(run)] if run else []
            spelled.append(self._model.source_codec.decode(source[words == words[place]]))
            run = []
        return " ".join(part.strip() for part in [*spelled, decode(run)] if part.strip())


_NO_WORDS = np.zeros(0, np.int32)
_EMPTY = Translation("", float("nan"), float("nan"), [], [], None, _NO_WORDS, _NO_WORDS)


def _words(codec: Codec, symbols: Int32Array) -> Int32Array:
    """Return to which word each symbol belongs, and one more for the end symbol."""
    words = codec.words_of(symbols)
    return np.append(words, np.int32(words.max(initial=-1) + 1))


def _make_scorer(models: Sequence[TranslationModel]) -> Any:
    """Return the step scorer of one model or of an ensemble."""
    scorers = [TranslatorScorer(model.translator) for model in models]
    return scorers[0] if len(scorers) == 1 else EnsembleScorer(scorers)


def _check_same_vocabularies(first: TranslationModel, other: TranslationModel) -> None:
    """Refuse an ensemble of models that read or write different symbols."""
    for side in ("source", "target"):
        codecs = (getattr(model, f"{side}_codec") for model in (first, other))
        if len({fingerprint_of(codec) for codec in codecs}) > 1:
            raise SettingsError(
                f"the models of an ensemble must share their vocabularies, but the {side} "
                "vocabularies differ"
            )
