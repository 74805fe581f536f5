"""Forced decoding: what a model gives to targets that it did not choose itself.

The sums run over the same steps, in the same order and precision, as those of a search; so a
hypothesis scored again has the score that search gave it.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from seqtools.decoding.hypothesis import Hypothesis
from seqtools.decoding.objective import SearchObjective
from seqtools.decoding.step_scorer import StepScorer
from seqtools.errors import SettingsError
from seqtools.types import Float32Array, Float64Array, Int32Array, Int64Array

SourceT = TypeVar("SourceT")


def score_targets(
    scorer: StepScorer[SourceT, Any],
    sources: Sequence[SourceT],
    targets: Sequence[Int32Array],
    objective: SearchObjective | None = None,
) -> list[Hypothesis]:
    """Score one given target for each source.

    Parameters
    ----------
    scorer : StepScorer
        The model.
    sources : sequence
        A batch, in the scorer's form.
    targets : sequence of int32 arrays
        Symbols, the end symbol last. Symbols that search may not write are scored all the same.
    objective : SearchObjective, optional
        Makes scores of sums.

    Returns
    -------
    list of Hypothesis
        With the attention the model paid while it was forced.

    Raises
    ------
    SettingsError
        If there are not as many targets as sources, or one does not end in the end symbol.
    """
    if len(sources) != len(targets):
        raise SettingsError(f"{len(sources)} sources cannot be scored with {len(targets)} targets")
    for target in targets:
        if len(target) == 0 or target[-1] != scorer.eos_id:
            raise SettingsError(f"targets must end in the end symbol {scorer.eos_id}")
    if not sources:
        return []
    objective = objective or SearchObjective()
    lengths = np.array([len(target) for target in targets])
    padded = np.full((len(targets), int(lengths.max())), scorer.eos_id, dtype=np.int32)
    for row, target in zip(padded, targets, strict=True):
        row[: len(target)] = target
    values, attention = _force(scorer, sources, padded, lengths)
    return [
        _scored(target, row[: len(target)], weights, objective)
        for target, row, weights in zip(targets, values, attention, strict=True)
    ]


def _force(
    scorer: StepScorer[SourceT, Any],
    sources: Sequence[SourceT],
    targets: Int32Array,
    lengths: Int64Array,
) -> tuple[Float64Array, list[Float32Array | None]]:
    """Return the log-probability of every symbol, shape (N, T), and each target's attention."""
    values = np.zeros(targets.shape)
    weights: list[list[Float32Array]] = [[] for _ in sources]
    widths = [scorer.source_length(source) for source in sources]
    live: Int64Array = np.arange(len(sources))
    tokens = np.full(len(sources), scorer.bos_id, dtype=np.int32)
    state = scorer.start(sources)
    for step in range(targets.shape[1]):
        log_probs, state, attention = scorer.step(state, tokens)
        tokens = targets[live, step]
        values[live, step] = np.minimum(log_probs[np.arange(len(live)), tokens], 0.0)
        if attention is not None:
            for row, sentence in zip(attention, live.tolist(), strict=True):
                weights[sentence].append(row[: widths[sentence]])
        goes_on = lengths[live] > step + 1
        if not goes_on.all() and goes_on.any():
            state = scorer.select(state, np.flatnonzero(goes_on))
        live, tokens = live[goes_on], tokens[goes_on]
    return values, [np.stack(rows) if rows else None for rows in weights]


def _scored(
    target: Int32Array,
    values: Float64Array,
    attention: Float32Array | None,
    objective: SearchObjective,
) -> Hypothesis:
    """Return a target with its scores."""
    # Added up one by one, as search does; np.sum would add in pairs.
    log_prob = float(np.cumsum(values)[-1])
    attention_sum = None if attention is None else attention.sum(axis=0, dtype=np.float64)
    return Hypothesis(
        tokens=np.asarray(target, dtype=np.int32),
        token_log_probs=values.copy(),
        log_prob=log_prob,
        score=objective.value(log_prob, len(target), attention_sum),
        attention=attention,
    )
