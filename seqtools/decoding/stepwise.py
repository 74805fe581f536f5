"""Search that keeps one hypothesis a row: greedy, and sampling."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from seqtools.decoding.hypothesis import History, Hypothesis
from seqtools.decoding.limits import OutputLimits, Restraint
from seqtools.decoding.objective import SearchObjective
from seqtools.decoding.sampling import SamplingSettings, draw_symbols
from seqtools.decoding.step_scorer import StepScorer
from seqtools.errors import DecodingError, SettingsError
from seqtools.seeding import item_generators
from seqtools.types import Float32Array, Float64Array, Int32Array, Int64Array

SourceT = TypeVar("SourceT")
# Chooses a symbol for each row: scores (N, V) and the rows' places in the batch (N,) to (N,).
_Choice = Callable[[Float32Array, Int64Array], Int32Array]


def greedy_search(
    scorer: StepScorer[SourceT, Any],
    sources: Sequence[SourceT],
    limits: OutputLimits | None = None,
    objective: SearchObjective | None = None,
) -> list[Hypothesis]:
    """Take the likeliest symbol at every step.

    Parameters
    ----------
    scorer : StepScorer
        The model.
    sources : sequence
        A batch, in the scorer's form.
    limits : OutputLimits, optional
        What may be written.
    objective : SearchObjective, optional
        Makes scores of sums; chooses nothing here.

    Raises
    ------
    DecodingError
        If the model scores with NaN.
    """

    def likeliest(log_probs: Float32Array, _: Int64Array) -> Int32Array:
        symbols: Int32Array = log_probs.argmax(axis=1).astype(np.int32)
        return symbols

    return _Walk(scorer, sources, limits or OutputLimits()).run(
        likeliest, objective or SearchObjective()
    )


def sample_outputs(
    scorer: StepScorer[SourceT, Any],
    sources: Sequence[SourceT],
    settings: SamplingSettings | None = None,
    limits: OutputLimits | None = None,
    objective: SearchObjective | None = None,
    *,
    num_samples: int = 1,
    seed: int = 1,
    first_number: int = 0,
) -> list[list[Hypothesis]]:
    """Draw outputs of each source.

    Parameters
    ----------
    scorer, sources, limits, objective
        As ``greedy_search``.
    settings : SamplingSettings, optional
        From which symbols to draw.
    num_samples : int
        Outputs of each source, drawn independently; they may be equal.
    seed : int
        Seed of the draws.
    first_number : int
        Where the first source stands in the whole input. A source's draws depend on its place
        there and on nothing else of the batch.

    Returns
    -------
    list of lists of Hypothesis
        Log-probabilities are the model's own, whatever the temperature.
    """
    if num_samples < 1:
        raise SettingsError(f"num_samples must be at least 1, got {num_samples}")
    settings, limits = settings or SamplingSettings(), limits or OutputLimits()
    numbers = range(first_number, first_number + len(sources))
    generators = [
        generator
        for number in numbers
        for generator in item_generators(seed, "sampling", number, num_samples)
    ]

    def drawn(log_probs: Float32Array, rows: Int64Array) -> Int32Array:
        uniforms = np.array([generators[row].random() for row in rows.tolist()])
        return draw_symbols(log_probs, settings, uniforms)

    walk = _Walk(scorer, sources, limits, num_samples)
    found = walk.run(drawn, objective or SearchObjective())
    return [found[start : start + num_samples] for start in range(0, len(found), num_samples)]


class _Walk:
    """One path for each row, rows of a source side by side."""

    def __init__(
        self,
        scorer: StepScorer[SourceT, Any],
        sources: Sequence[SourceT],
        limits: OutputLimits,
        copies: int = 1,
    ) -> None:
        self._scorer, self._sources, self._copies = scorer, sources, copies
        self._restraint = Restraint(limits, scorer, sources)
        self._history = History()

    def run(self, choose: _Choice, objective: SearchObjective) -> list[Hypothesis]:
        """Step until every row has ended."""
        if not self._sources:
            return []
        rows: Int64Array = np.arange(len(self._sources) * self._copies)
        found: list[Hypothesis | None] = [None] * len(rows)
        state = self._scorer.start(self._sources)
        if self._copies > 1:
            state = self._scorer.select(state, rows // self._copies)
        tokens = np.full(len(rows), self._scorer.bos_id, dtype=np.int32)
        totals = np.zeros(len(rows))
        while len(rows):
            step = self._history.num_steps
            log_probs, state, attention = self._scorer.step(state, tokens)
            self._history.observe(attention)
            needs = self._restraint.needs_prefixes
            prefixes = self._history.prefixes(len(rows)) if needs else None
            self._restraint.apply(log_probs, step + 1, rows // self._copies, prefixes)
            tokens, values = self._chosen(log_probs, rows, choose)
            totals = totals + values
            is_ended = tokens == self._scorer.eos_id
            for index in np.flatnonzero(is_ended).tolist():
                found[int(rows[index])] = self._read(
                    int(rows[index]), index, totals[index], values[index], objective
                )
            kept = np.flatnonzero(~is_ended)
            self._history.advance(kept, tokens[kept], values[kept])
            if 0 < len(kept) < len(rows):
                state = self._scorer.select(state, kept)
            rows, tokens, totals = rows[kept], tokens[kept], totals[kept]
        return [hypothesis for hypothesis in found if hypothesis is not None]

    def _chosen(
        self, log_probs: Float32Array, rows: Int64Array, choose: _Choice
    ) -> tuple[Int32Array, Float64Array]:
        """Return each row's next symbol; the end where nothing is possible."""
        highest = log_probs.max(axis=1)
        if np.isnan(highest).any():
            raise DecodingError(
                "the model scores the next symbol with NaN; its parameters are damaged, or "
                "training diverged"
            )
        tokens = np.full(len(rows), self._scorer.eos_id, dtype=np.int32)
        possible = np.flatnonzero(highest > -np.inf)
        if len(possible) == len(rows):
            tokens = choose(log_probs, rows)
        elif len(possible):
            tokens[possible] = choose(log_probs[possible], rows[possible])
        values = log_probs[np.arange(len(rows)), tokens].astype(np.float64)
        return tokens, np.minimum(values, 0.0)

    def _read(
        self, place: int, row: int, total: float, last: float, objective: SearchObjective
    ) -> Hypothesis:
        """Return the hypothesis that a row ends."""
        step = self._history.num_steps
        tokens, values = self._history.read(row, step)
        width = self._restraint.source_lengths[place // self._copies]
        attention = self._history.read_attention(row, step, width)
        attention_sum = None if attention is None else attention.sum(axis=0, dtype=np.float64)
        return Hypothesis(
            tokens=np.append(tokens, np.int32(self._scorer.eos_id)),
            token_log_probs=np.append(values, last),
            log_prob=float(total),
            score=objective.value(float(total), step + 1, attention_sum),
            attention=attention,
        )
