"""Exact search: the output that a model scores highest of all, or proof that a beam's is it.

Depth first, after Stahlberg and Byrne (2019), "On NMT search errors and model errors: cat got your
tongue?", algorithm 1: a partial output is given up once even the best case of its continuation does
not beat the best whole output so far. A beam's output is a good one to begin with. Children of one
parent are scored together, several at a step.
"""

from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from seqtools.decoding.forced import score_targets
from seqtools.decoding.hypothesis import Hypothesis
from seqtools.decoding.limits import OutputLimits, Restraint
from seqtools.decoding.objective import SearchObjective
from seqtools.decoding.step_scorer import StepScorer
from seqtools.errors import DecodingError, SettingsError
from seqtools.types import Float32Array, Float64Array, Int32Array

SourceT = TypeVar("SourceT")


@dataclass(frozen=True)
class ExactSettings:
    """What to search, and for how long.

    Attributes
    ----------
    objective, limits
        As in ``BeamSettings``; equal ones make the two comparable.
    node_budget : int
        Rows to score at most; then search gives up.
    batch_size : int
        Children of a parent scored in one step.

    Notes
    -----
    With alpha 0 a handful of good outputs prune nearly everything. With a length penalty the best
    case is the longest output at no further cost, which prunes less the longer outputs may be: a
    tight `limits.max_length_ratio` and a larger budget help.
    """

    objective: SearchObjective = field(default_factory=SearchObjective)
    limits: OutputLimits = field(default_factory=OutputLimits)
    node_budget: int = 10_000
    batch_size: int = 16

    def __post_init__(self) -> None:
        for name in ("node_budget", "batch_size"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True)
class ExactResult:
    """What exact search found.

    Attributes
    ----------
    hypothesis : Hypothesis or None
        The best output found; None if the budget ran out before any.
    is_complete : bool
        Whether it is proved to be the best of all; False if the budget was hit.
    nodes : int
        Rows scored.
    """

    hypothesis: Hypothesis | None
    is_complete: bool
    nodes: int


def exact_search(
    scorer: StepScorer[SourceT, Any],
    source: SourceT,
    settings: ExactSettings | None = None,
    incumbent: Hypothesis | None = None,
) -> ExactResult:
    """Find the output of the highest score.

    Parameters
    ----------
    scorer : StepScorer
        The model.
    source : object
        In the scorer's form.
    settings : ExactSettings, optional
        What to search, and for how long.
    incumbent : Hypothesis, optional
        A good output, such as a beam's best under the same objective and limits; it is returned
        if nothing scores higher.

    Raises
    ------
    DecodingError
        If the model scores with NaN.
    """
    return _DepthFirst(scorer, source, settings or ExactSettings(), incumbent).run()


@dataclass
class _Node:
    """A partial output: the row of a state it ends, and its children still to visit, best last."""

    state: Any
    row: int
    prefix: list[int]
    attention_sum: Float64Array | None
    tokens: Int32Array
    totals: Float64Array


class _DepthFirst:
    """The search of one source."""

    def __init__(
        self,
        scorer: StepScorer[SourceT, Any],
        source: SourceT,
        settings: ExactSettings,
        incumbent: Hypothesis | None,
    ) -> None:
        self._scorer, self._source, self._settings = scorer, source, settings
        self._restraint = Restraint(settings.limits, scorer, [source])
        self._incumbent = incumbent
        self._best: list[int] | None = None
        self._value = -np.inf if incumbent is None else incumbent.score
        self._stack: list[_Node] = []
        self._nodes = 0

    def run(self) -> ExactResult:
        """Visit nodes until none is left or the budget is used up."""
        budget, size = self._settings.node_budget, self._settings.batch_size
        bos = np.array([self._scorer.bos_id], dtype=np.int32)
        self._expand(self._scorer.start([self._source]), bos, [[]], np.zeros(1), [None])
        while self._stack and self._nodes < budget:
            node = self._stack[-1]
            first = max(0, len(node.tokens) - min(size, budget - self._nodes))
            tokens, totals = node.tokens[first:][::-1], node.totals[first:][::-1]
            node.tokens, node.totals = node.tokens[:first], node.totals[:first]
            if first == 0:
                self._stack.pop()
            promising = self._is_promising(totals)
            if not promising.all():  # nor are those left, which are worse still
                node.tokens, node.totals = node.tokens[:0], node.totals[:0]
            tokens, totals = tokens[promising], totals[promising]
            if len(tokens):
                rows = np.full(len(tokens), node.row)
                prefixes = [[*node.prefix, token] for token in tokens.tolist()]
                state = self._scorer.select(node.state, rows)
                self._expand(state, tokens, prefixes, totals, [node.attention_sum] * len(tokens))
        is_complete = not any(self._is_promising(node.totals).any() for node in self._stack)
        return ExactResult(self._hypothesis(), is_complete, self._nodes)

    def _expand(
        self,
        state: Any,
        tokens: Int32Array,
        prefixes: list[list[int]],
        totals: Float64Array,
        attention_sums: list[Float64Array | None],
    ) -> None:
        """Score what follows some siblings; the first of them is visited first."""
        log_probs, state, attention = self._scorer.step(state, tokens)
        self._nodes += len(tokens)
        length = len(prefixes[0]) + 1
        given = np.array(prefixes, dtype=np.int32) if self._restraint.needs_prefixes else None
        self._restraint.apply(log_probs, length, np.zeros(len(tokens), dtype=np.int64), given)
        if np.isnan(log_probs).any():
            raise DecodingError(
                "the model scores the next symbol with NaN; its parameters are damaged, or "
                "training diverged"
            )
        found = []
        for row, prefix in enumerate(prefixes):
            sums = np.minimum(log_probs[row].astype(np.float64), 0.0) + totals[row]
            covered = self._covered(attention_sums[row], attention, row)
            self._end(prefix, float(sums[self._scorer.eos_id]), covered)
            sums[self._scorer.eos_id] = -np.inf
            children = np.flatnonzero(self._is_promising(sums))
            children = children[np.argsort(sums[children], kind="stable")]
            if len(children):
                chosen = children.astype(np.int32)
                found.append(_Node(state, row, prefix, covered, chosen, sums[children]))
        self._stack += reversed(found)

    def _is_promising(self, totals: Float64Array) -> Any:
        """Say which partial outputs may still lead to something better."""
        longest = int(self._restraint.longest[0])
        return totals / self._settings.objective.penalty(longest) > self._value

    def _end(self, prefix: list[int], total: float, covered: Float64Array | None) -> None:
        """Take a whole output if it is better than the best so far."""
        value = self._settings.objective.value(total, len(prefix) + 1, covered)
        if value > self._value:
            self._value, self._best = value, [*prefix, self._scorer.eos_id]

    def _covered(
        self, before: Float64Array | None, attention: Float32Array | None, row: int
    ) -> Float64Array | None:
        """Return the attention that each position got, if the objective asks for it."""
        if self._settings.objective.coverage == 0 or attention is None:
            return None
        now: Float64Array = attention[row].astype(np.float64)
        return now if before is None else before + now

    def _hypothesis(self) -> Hypothesis | None:
        """Return the best output in full."""
        if self._best is None:
            return self._incumbent
        tokens = np.array(self._best, dtype=np.int32)
        return score_targets(self._scorer, [self._source], [tokens], self._settings.objective)[0]
