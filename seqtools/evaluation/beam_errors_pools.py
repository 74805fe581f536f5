"""What beams of several sizes find for each sentence, and what the model gives to the reference."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeAlias, TypeVar

from seqtools.decoding.batches import run_in_batches
from seqtools.decoding.beam import BeamSettings, beam_search
from seqtools.decoding.beam_trace import BeamTracer, ReferencePlace
from seqtools.decoding.forced import score_targets
from seqtools.decoding.hypothesis import Hypothesis
from seqtools.decoding.objective import SearchObjective
from seqtools.decoding.step_scorer import StepScorer
from seqtools.evaluation.beam_errors_codec import TranslationCodec
from seqtools.evaluation.beam_errors_objective import Candidate
from seqtools.monitor import Monitor
from seqtools.types import Int32Array

SourceT = TypeVar("SourceT")


@dataclass(frozen=True)
class PooledHypothesis:
    """A hypothesis without its attention, which would fill the memory.

    Attributes
    ----------
    tokens : int32 array, shape (T,)
        Symbols, the end symbol last.
    candidate : Candidate
        Its sum, length, text and coverage.
    """

    tokens: Int32Array
    candidate: Candidate


# What one beam found for a sentence, and where it lost the reference.
_Found: TypeAlias = tuple[list[PooledHypothesis], ReferencePlace | None]


@dataclass(frozen=True)
class Encoded(Generic[SourceT]):
    """Sentences in the model's form.

    Attributes
    ----------
    sources : list
        As the model reads them.
    references : list of int32 arrays
        The end symbol last.
    lengths : list of int
        Positions of each source.
    """

    sources: list[SourceT]
    references: list[Int32Array]
    lengths: list[int]


def encode(
    scorer: StepScorer[SourceT, Any],
    codec: TranslationCodec[SourceT],
    sources: Sequence[str],
    references: Sequence[str],
) -> Encoded[SourceT]:
    """Encode both sides of a text."""
    encoded = [codec.encode_source(line) for line in sources]
    return Encoded(
        encoded,
        [codec.encode_target(line) for line in references],
        [scorer.source_length(source) for source in encoded],
    )


def search_pools(
    scorers: Sequence[StepScorer[SourceT, Any]],
    codec: TranslationCodec[SourceT],
    text: Encoded[SourceT],
    settings: BeamSettings,
    batch_size: int,
    monitor: Monitor | None = None,
) -> tuple[list[list[PooledHypothesis]], list[ReferencePlace | None]]:
    """Search until each beam is used up, with a thread for each scorer.

    Returns
    -------
    pools : list of lists of PooledHypothesis
        All that ended, best first: the one that a search of these settings returns stands first,
        and what it would have returned under another length penalty is among them, because living
        hypotheses are compared without it.
    fell_off : list of (ReferencePlace or None)
        Where each reference left the beam.
    """
    whole = replace(settings, n_best=settings.beam_size, stop_early=False)

    def work(
        worker: int, places: list[int]
    ) -> list[tuple[list[PooledHypothesis], ReferencePlace | None]]:
        tracer = BeamTracer([text.references[place] for place in places], detailed=())
        lists = beam_search(
            scorers[worker], [text.sources[place] for place in places], whole, tracer
        )
        return [
            ([pooled(found, codec, settings.objective) for found in list_], trace.fell_off)
            for list_, trace in zip(lists, tracer.traces, strict=True)
        ]

    phase = f"searching, beam {settings.beam_size}"
    results = run_in_batches(work, text.lengths, batch_size, phase, monitor, len(scorers))
    return [pool for pool, _ in results], [fell_off for _, fell_off in results]


def score_references(
    scorers: Sequence[StepScorer[SourceT, Any]],
    codec: TranslationCodec[SourceT],
    text: Encoded[SourceT],
    objective: SearchObjective,
    batch_size: int,
    monitor: Monitor | None = None,
) -> list[PooledHypothesis]:
    """Score each reference by forced decoding, with a thread for each scorer."""

    def work(worker: int, places: list[int]) -> list[PooledHypothesis]:
        found = score_targets(
            scorers[worker],
            [text.sources[place] for place in places],
            [text.references[place] for place in places],
            objective,
        )
        return [pooled(hypothesis, codec, objective) for hypothesis in found]

    return run_in_batches(
        work, text.lengths, batch_size, "scoring references", monitor, len(scorers)
    )


def pooled(
    hypothesis: Hypothesis, codec: TranslationCodec[SourceT], objective: SearchObjective
) -> PooledHypothesis:
    """Keep of a hypothesis what verdicts need."""
    coverage = 0.0
    if objective.coverage and hypothesis.attention is not None:
        coverage = objective.coverage_term(hypothesis.attention.sum(axis=0, dtype="float64"))
    candidate = Candidate(
        score=hypothesis.log_prob,
        length=hypothesis.length,
        text=codec.decode_target(hypothesis.tokens),
        coverage=coverage,
    )
    return PooledHypothesis(hypothesis.tokens, candidate)
