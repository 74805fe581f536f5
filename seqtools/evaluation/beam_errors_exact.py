"""Exact search as a witness: the model's best output, or the best within the budget."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

from seqtools.decoding.batches import run_in_batches
from seqtools.decoding.beam import BeamSettings
from seqtools.decoding.exact import ExactResult, ExactSettings, exact_search
from seqtools.decoding.forced import score_targets
from seqtools.decoding.step_scorer import StepScorer
from seqtools.evaluation.beam_errors import ScoredSentence
from seqtools.evaluation.beam_errors_codec import TranslationCodec
from seqtools.evaluation.beam_errors_objective import Objective
from seqtools.evaluation.beam_errors_pools import PooledHypothesis, pooled
from seqtools.monitor import Monitor

SourceT = TypeVar("SourceT")


@dataclass(frozen=True)
class ExactCounts:
    """How far exact search came.

    Attributes
    ----------
    sentences : int
        Searched.
    complete : int
        Of these, searched to the end.
    budget_hit : int
        Given up.
    nodes : int
        Rows scored in all.
    empty : int
        Sentences whose best output has no word.
    """

    sentences: int = 0
    complete: int = 0
    budget_hit: int = 0
    nodes: int = 0
    empty: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return plain values for JSON."""
        return asdict(self)


class ExactWitness(Generic[SourceT]):
    """Exact search under a beam's objective and limits.

    Parameters
    ----------
    scorers : sequence of StepScorer
        The model, once for each thread.
    codec : TranslationCodec
        As in ``analyze_model``.
    beam : BeamSettings
        The search under suspicion.
    objective : Objective
        Its objective as verdicts use it.
    node_budget : int
        Rows to score at most for one sentence.
    """

    def __init__(
        self,
        scorers: Sequence[StepScorer[SourceT, Any]],
        codec: TranslationCodec[SourceT],
        beam: BeamSettings,
        objective: Objective,
        node_budget: int,
    ) -> None:
        self._scorers, self._codec, self._objective = scorers, codec, objective
        self._settings = ExactSettings(beam.objective, beam.limits, node_budget)

    def question(
        self,
        sentences: list[ScoredSentence],
        places: Sequence[int],
        sources: Sequence[SourceT],
        outputs: Sequence[PooledHypothesis],
        monitor: Monitor | None = None,
    ) -> ExactCounts:
        """Search some sentences exactly and add what is found to them, in place.

        Notes
        -----
        Search begins with the beam's output as the one to beat. If the budget runs out, the best
        output found so far still is an alternative that may score higher than the beam's.
        """
        objective = self._settings.objective

        def work(worker: int, indices: list[int]) -> list[ExactResult]:
            scorer, [index] = self._scorers[worker], indices
            source, tokens = sources[places[index]], outputs[places[index]].tokens
            [output] = score_targets(scorer, [source], [tokens], objective)
            return [exact_search(scorer, source, self._settings, output)]

        lengths = [outputs[place].candidate.length or 0 for place in places]
        results = run_in_batches(work, lengths, 1, "exact search", monitor, len(self._scorers))
        empty = 0
        for place, result in zip(places, results, strict=True):
            if result.hypothesis is not None:
                found = pooled(result.hypothesis, self._codec, objective)
                empty += result.is_complete and len(found.tokens) == 1
                sentences[place] = _with_witness(sentences[place], found, result.is_complete)
        complete = sum(result.is_complete for result in results)
        nodes = sum(result.nodes for result in results)
        return ExactCounts(len(places), complete, len(places) - complete, nodes, empty)


def _with_witness(
    sentence: ScoredSentence, found: PooledHypothesis, is_complete: bool
) -> ScoredSentence:
    """Add what exact search found to a sentence."""
    if is_complete:
        return replace(sentence, exact=found.candidate)
    known = {tuple((other.text or "").split()) for other in sentence.alternatives}
    known.add(tuple((sentence.hypothesis.text or "").split()))
    if tuple((found.candidate.text or "").split()) in known:
        return sentence
    return replace(sentence, alternatives=(*sentence.alternatives, found.candidate))
