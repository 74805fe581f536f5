"""Beam search over a batch of sentences.

At each step the best few of all one-symbol extensions are kept (Graves 2012, section 7; Sutskever,
Vinyals and Le 2014, section 3.2). One that ends goes into a pool and takes its place out of the
beam, so a beam of one is greedy search, and a beam as wide as the space is exact. Search of a
sentence stops when nothing alive can beat the worst of the pool that will be returned, judged by a
bound that holds under length normalisation; so stopping early never changes what is returned.

A sentence's outputs depend on no other sentence of its batch, as far as the scorer's numbers don't.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np

from seqtools.decoding.hypothesis import History, Hypothesis
from seqtools.decoding.limits import OutputLimits, Restraint
from seqtools.decoding.objective import SearchObjective
from seqtools.decoding.step_scorer import StepScorer
from seqtools.errors import DecodingError, SettingsError
from seqtools.kernels.top_k import best_extensions
from seqtools.types import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array

SourceT = TypeVar("SourceT")


@dataclass(frozen=True)
class BeamSettings:
    """How to search.

    Attributes
    ----------
    beam_size : int
        Hypotheses kept of a sentence, finished ones included.
    n_best : int
        Hypotheses returned of a sentence, at most `beam_size`.
    objective : SearchObjective
        How finished hypotheses are ranked.
    limits : OutputLimits
        What may be written.
    stop_early : bool
        Stop a sentence when its result is certain. Without, search goes on until the beam is used
        up, and the pool holds `beam_size` hypotheses: what another objective would have chosen.
    """

    beam_size: int = 5
    n_best: int = 1
    objective: SearchObjective = field(default_factory=SearchObjective)
    limits: OutputLimits = field(default_factory=OutputLimits)
    stop_early: bool = True

    def __post_init__(self) -> None:
        for name in ("beam_size", "n_best"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.n_best > self.beam_size:
            raise SettingsError(
                f"n_best must be at most beam_size {self.beam_size}, got {self.n_best}"
            )


@dataclass(frozen=True)
class BeamStep:
    """What happened in one step, for a watcher; arrays are the search's own and not to be changed.

    Attributes
    ----------
    step : int
        Counted from 0.
    sentences, starts, widths : int64 arrays, shapes (M,), (M + 1,), (M,)
        Sentences of the batch still searched, their rows, the places left in their beams.
    prefixes : int32 array, shape (N, step)
        Symbols of the rows.
    totals : float64 array, shape (N,)
        Their sums.
    log_probs : float32 array, shape (N, V)
        What the model gave, minus infinity where it may not go.
    values, rows, tokens : arrays, shape (M, K)
        The extensions that were kept, best first.
    is_kept, is_ended : bool arrays, shape (M, K)
        Which of them live on, and which went into the pool. Neither where nothing was found, or
        where the sentence's search stopped.
    """

    step: int
    sentences: Int64Array
    starts: Int64Array
    widths: Int64Array
    prefixes: Int32Array
    totals: Float64Array
    log_probs: Float32Array
    values: Float64Array
    rows: Int64Array
    tokens: Int32Array
    is_kept: BoolArray
    is_ended: BoolArray


class BeamWatcher(Protocol):
    """Sees each step of a search; cannot change it."""

    def observe(self, step: BeamStep) -> None:
        """Look at a step."""


def beam_search(
    scorer: StepScorer[SourceT, Any],
    sources: Sequence[SourceT],
    settings: BeamSettings | None = None,
    watcher: BeamWatcher | None = None,
) -> list[list[Hypothesis]]:
    """Return the best hypotheses of each source, best first.

    Parameters
    ----------
    scorer : StepScorer
        The model.
    sources : sequence
        A batch, in the scorer's form.
    settings : BeamSettings, optional
        How to search.
    watcher : BeamWatcher, optional
        Sees each step.

    Returns
    -------
    list of lists of Hypothesis
        For each source between 1 and `n_best` different hypotheses; fewer than `n_best` if the
        model makes fewer possible. A score of minus infinity means that it makes none possible.

    Raises
    ------
    DecodingError
        If the model scores with NaN.
    """
    if not sources:
        return []
    return _Search(scorer, sources, settings or BeamSettings(), watcher).run()


@dataclass(frozen=True)
class _Finished:
    """A hypothesis in the pool: where it stands in the history, and its worth."""

    value: float
    step: int
    row: int
    log_prob: float
    last: float


class _Search:
    """The search of one batch."""

    def __init__(
        self,
        scorer: StepScorer[SourceT, Any],
        sources: Sequence[SourceT],
        settings: BeamSettings,
        watcher: BeamWatcher | None,
    ) -> None:
        num_sources = len(sources)
        self._scorer, self._settings, self._watcher = scorer, settings, watcher
        self._restraint = Restraint(settings.limits, scorer, sources)
        self._greatest_penalty: Float64Array = np.array(
            [settings.objective.penalty(length) for length in self._restraint.longest.tolist()]
        )
        self._history, self._eos_id = History(), scorer.eos_id
        self._pools: list[list[_Finished]] = [[] for _ in sources]
        shape = (num_sources, settings.beam_size)
        self._values: Float64Array = np.empty(shape)
        self._rows: Int64Array = np.empty(shape, dtype=np.int64)
        self._symbols: Int32Array = np.empty(shape, dtype=np.int32)
        self._counts: Int64Array = np.empty(num_sources, dtype=np.int64)
        self._places: Int64Array = np.arange(settings.beam_size)
        self._to_beat: Float64Array = np.full(num_sources, -np.inf)
        self._state = scorer.start(sources)
        self._sentences: Int64Array = np.arange(num_sources)
        self._starts: Int64Array = np.arange(num_sources + 1)
        self._widths: Int64Array = np.full(num_sources, settings.beam_size, dtype=np.int64)
        self._totals: Float64Array = np.zeros(num_sources)
        self._tokens: Int32Array = np.full(num_sources, scorer.bos_id, dtype=np.int32)

    def run(self) -> list[list[Hypothesis]]:
        """Step until every sentence is done, and read out the pools."""
        while len(self._sentences):
            self._step()
        return [self._results(sentence) for sentence in range(len(self._pools))]

    def _step(self) -> None:
        """Extend every living row by one symbol."""
        step = self._history.num_steps
        log_probs, state, attention = self._scorer.step(self._state, self._tokens)
        self._history.observe(attention)
        prefixes = self._prefixes()
        self._restraint.apply(log_probs, step + 1, self._row_sentences(step + 1), prefixes)
        num_sentences = len(self._sentences)
        values, rows = self._values[:num_sentences], self._rows[:num_sentences]
        tokens, counts = self._symbols[:num_sentences], self._counts[:num_sentences]
        best_extensions(
            log_probs, self._totals, self._starts, self._widths, values, rows, tokens, counts
        )
        is_found = self._places < counts[:, None]
        is_ended = is_found & (tokens == self._eos_id)
        has_ended = bool(is_ended.any())
        is_kept = is_found
        if has_ended:
            is_kept = is_found & ~is_ended
            self._collect(is_ended, step, values, rows, log_probs)
        is_done = self._done(is_kept, values)
        if is_done.any():
            is_kept = is_kept & ~is_done[:, None]
            self._rescue(is_done, step, log_probs)
        if self._watcher is not None and prefixes is not None:
            self._watcher.observe(
                BeamStep(
                    step, self._sentences, self._starts, self._widths, prefixes, self._totals,
                    log_probs, values, rows, tokens, is_kept, is_ended,
                )
            )  # fmt: skip
        self._advance(state, log_probs, values[is_kept], rows[is_kept], tokens[is_kept])
        num_kept = is_kept.sum(axis=1)
        if has_ended:
            self._widths = self._widths - is_ended.sum(axis=1)
        if is_done.any():
            going_on = ~is_done
            self._widths, num_kept = self._widths[going_on], num_kept[going_on]
            self._sentences = self._sentences[going_on]
        self._starts = np.zeros(len(num_kept) + 1, dtype=np.int64)
        num_kept.cumsum(out=self._starts[1:])

    def _prefixes(self) -> Int32Array | None:
        """Return the rows' symbols if someone needs them."""
        if self._watcher is None and not self._restraint.needs_prefixes:
            return None
        return self._history.prefixes(len(self._tokens))

    def _row_sentences(self, length: int) -> Int64Array | None:
        """Return the sentence of each row, if limits at this length depend on it."""
        if self._restraint.is_free(length):
            return None
        return self._sentences.repeat(self._starts[1:] - self._starts[:-1])

    def _collect(
        self,
        is_ended: BoolArray,
        step: int,
        values: Float64Array,
        rows: Int64Array,
        log_probs: Float32Array,
    ) -> None:
        """Put what ended into the pools, best first."""
        for index, place in np.argwhere(is_ended).tolist():
            row = int(rows[index, place])
            last = float(log_probs[row, self._eos_id])
            self._finish(int(self._sentences[index]), step, row, float(values[index, place]), last)

    def _finish(self, sentence: int, step: int, row: int, total: float, last: float) -> None:
        """Put a hypothesis into its sentence's pool."""
        objective, attention_sum = self._settings.objective, None
        if objective.coverage:
            attention = self._attention(sentence, row, step)
            if attention is not None:
                attention_sum = attention.sum(axis=0, dtype=np.float64)
        value = objective.value(total, step + 1, attention_sum)
        pool, wanted = self._pools[sentence], self._settings.n_best
        pool.append(_Finished(value, step, row, total, last))
        if self._settings.stop_early and len(pool) >= wanted:
            self._to_beat[sentence] = sorted(item.value for item in pool)[-wanted]

    def _done(self, is_kept: BoolArray, values: Float64Array) -> BoolArray:
        """Say which sentences nothing alive can improve."""
        totals = np.where(is_kept, values, -np.inf).max(axis=1)
        bounds = totals / self._greatest_penalty[self._sentences]
        is_done: BoolArray = bounds <= self._to_beat[self._sentences]
        return is_done

    def _rescue(self, is_done: BoolArray, step: int, log_probs: Float32Array) -> None:
        """Give a sentence whose beam died without a hypothesis its best row, ended."""
        for index in np.flatnonzero(is_done).tolist():
            sentence, row = int(self._sentences[index]), int(self._starts[index])
            if self._pools[sentence]:
                continue
            if np.isnan(log_probs[row : self._starts[index + 1]]).any():
                raise DecodingError(
                    "the model scores the next symbol with NaN; its parameters are damaged, or "
                    "training diverged"
                )
            self._finish(sentence, step, row, -np.inf, -np.inf)

    def _advance(
        self,
        state: Any,
        log_probs: Float32Array,
        totals: Float64Array,
        rows: Int64Array,
        tokens: Int32Array,
    ) -> None:
        """Go on to the rows that were kept."""
        last = np.minimum(log_probs[rows, tokens].astype(np.float64), 0.0)
        self._history.advance(rows, tokens, last)
        is_same = len(rows) == len(self._totals) and (rows == np.arange(len(rows))).all()
        if len(rows):
            self._state = state if is_same else self._scorer.select(state, rows)
        self._totals, self._tokens = totals, tokens

    def _attention(self, sentence: int, row: int, step: int) -> Float32Array | None:
        """Return the attention of a hypothesis that ends at a step."""
        return self._history.read_attention(row, step, self._restraint.source_lengths[sentence])

    def _results(self, sentence: int) -> list[Hypothesis]:
        """Return the best of a pool; of equals the one that ended first comes first."""
        pool = sorted(self._pools[sentence], key=lambda item: -item.value)
        return [self._read(sentence, item) for item in pool[: self._settings.n_best]]

    def _read(self, sentence: int, item: _Finished) -> Hypothesis:
        """Return a hypothesis of the pool in full."""
        tokens, values = self._history.read(item.row, item.step)
        return Hypothesis(
            tokens=np.append(tokens, np.int32(self._eos_id)),
            token_log_probs=np.append(values, min(item.last, 0.0)),
            log_prob=item.log_prob,
            score=item.value,
            attention=self._attention(sentence, item.row, item.step),
        )
