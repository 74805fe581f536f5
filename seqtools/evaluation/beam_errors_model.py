"""Is the search or the model at fault? Asked of a live model, which can be searched again.

Scores from a file (``beam_errors_run``) show a search error only where the reference, or a list
that came along, scores higher. With the model at hand every output is also held against wider beams
and, if asked for, against exact search with a node budget; each reference is followed through the
beam to the step at which it fell off; and other beam sizes and length penalties are tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from seqtools.decoding.beam import BeamSettings
from seqtools.decoding.step_scorer import StepScorer
from seqtools.errors import SegmentError, SettingsError
from seqtools.evaluation.beam_errors import GOOD_CLASSES, SEARCH_CLASSES, ScoredSentence
from seqtools.evaluation.beam_errors_codec import TranslationCodec
from seqtools.evaluation.beam_errors_exact import ExactCounts, ExactWitness
from seqtools.evaluation.beam_errors_objective import Objective
from seqtools.evaluation.beam_errors_pools import (
    Encoded,
    PooledHypothesis,
    encode,
    score_references,
    search_pools,
)
from seqtools.evaluation.beam_errors_quality import SWEEP_ALPHAS, with_qualities
from seqtools.evaluation.beam_errors_story import SentenceStory, choose_stories, tell_stories
from seqtools.evaluation.beam_errors_summary import BeamErrorSummary, SummarySettings, summarize
from seqtools.evaluation.beam_errors_sweep import BeamSweep, Pools
from seqtools.monitor import Monitor

if TYPE_CHECKING:
    from seqtools.decoding.beam_trace import ReferencePlace

SourceT = TypeVar("SourceT")
SWEEP_BEAM_SIZES = (1, 2, 5, 10, 20)


@dataclass(frozen=True)
class ModelErrorSettings:
    """What to ask of a model.

    Attributes
    ----------
    beam : BeamSettings
        The search under suspicion. Its `n_best` and `stop_early` make no difference.
    wider_beam_size : int
        A beam whose outputs witness against it; 0 for none.
    sweep_beam_sizes : tuple of int
        Further beams to try; they witness, too.
    sweep_alphas : tuple of float
        Length penalties to try with each beam, at no cost.
    use_exact : bool
        Whether to search exactly where nothing else proved a search error.
    node_budget : int
        Rows that exact search scores at most for one sentence.
    summary : SummarySettings
        How verdicts are made and counted.
    num_stories : int
        Sentences whose beam and attention are told step by step.
    batch_size : int
        Sentences searched at a time.
    """

    beam: BeamSettings = field(default_factory=BeamSettings)
    wider_beam_size: int = 20
    sweep_beam_sizes: tuple[int, ...] = ()
    sweep_alphas: tuple[float, ...] = SWEEP_ALPHAS
    use_exact: bool = False
    node_budget: int = 10_000
    summary: SummarySettings = field(default_factory=SummarySettings)
    num_stories: int = 0
    batch_size: int = 32

    def __post_init__(self) -> None:
        least = {"wider_beam_size": 0, "node_budget": 1, "num_stories": 0, "batch_size": 1}
        for name, minimum in least.items():
            if getattr(self, name) < minimum:
                raise SettingsError(f"{name} must be at least {minimum}, got {getattr(self, name)}")
        for size in self.sweep_beam_sizes:
            if size < 1:
                raise SettingsError(f"sweep_beam_sizes must be at least 1, got {size}")
        for alpha in self.sweep_alphas:
            replace(self.beam.objective, alpha=alpha)

    @property
    def beam_sizes(self) -> list[int]:
        """All beams that are searched, the suspected one among them."""
        sizes = {self.beam.beam_size, *self.sweep_beam_sizes}
        if self.wider_beam_size:
            sizes.add(self.wider_beam_size)
        return sorted(sizes)

    @property
    def objective(self) -> Objective:
        """The beam's objective as verdicts use it."""
        given = self.beam.objective
        return Objective(given.alpha, given.beta, coverage=given.coverage)


@dataclass(frozen=True)
class ModelErrors:
    """What a model and its search show.

    Attributes
    ----------
    summary : BeamErrorSummary
        Verdicts, counts, intervals, sweep, advice.
    exact : ExactCounts
        How far exact search came.
    stories : mapping of int to SentenceStory
        By the sentence's number, counted from 1.
    """

    summary: BeamErrorSummary
    exact: ExactCounts
    stories: Mapping[int, SentenceStory]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; stories are for the page."""
        return self.summary.as_dict() | {"exact": self.exact.as_dict()}


def analyze_model(
    scorer: StepScorer[SourceT, Any],
    codec: TranslationCodec[SourceT],
    sources: Sequence[str],
    references: Sequence[str],
    settings: ModelErrorSettings | None = None,
    monitor: Monitor | None = None,
    helpers: Sequence[StepScorer[SourceT, Any]] = (),
) -> ModelErrors:
    """Search every source and say what went wrong where the output is not the reference.

    Parameters
    ----------
    scorer : StepScorer
        The model.
    codec : TranslationCodec
        Turns its text into symbols and back.
    sources, references : sequences of str
        A line a sentence.
    settings : ModelErrorSettings, optional
        What to ask.
    monitor : Monitor, optional
        Hears how far the work is.
    helpers : sequence of StepScorer
        The same model again, one for each further thread. How many changes no result.

    Raises
    ------
    SegmentError
        If there are not as many references as sources, or none.
    DecodingError
        If the model scores with NaN.
    """
    if len(sources) != len(references):
        raise SegmentError(
            f"{len(sources)} sources and {len(references)} references; every source needs one"
        )
    if not sources:
        raise SegmentError("there is no sentence to analyse")
    settings = settings or ModelErrorSettings()
    text = encode(scorer, codec, sources, references)
    scorers = [scorer, *helpers]
    return _Analysis(scorers, codec, text, sources, references, settings, monitor).run()


class _Analysis(Generic[SourceT]):
    """One run over a text."""

    def __init__(
        self,
        scorers: Sequence[StepScorer[SourceT, Any]],
        codec: TranslationCodec[SourceT],
        text: Encoded[SourceT],
        sources: Sequence[str],
        references: Sequence[str],
        settings: ModelErrorSettings,
        monitor: Monitor | None,
    ) -> None:
        self._scorers, self._codec, self._text = scorers, codec, text
        self._sources, self._references = sources, references
        self._settings, self._monitor = settings, monitor
        self._pools: dict[int, Pools] = {}
        self._fell_off: list[ReferencePlace | None] = []

    def run(self) -> ModelErrors:
        """Search, compare, count."""
        settings = self._settings
        for size in settings.beam_sizes:
            beam = replace(settings.beam, beam_size=size, n_best=1)
            pools, fell_off = search_pools(
                self._scorers, self._codec, self._text, beam, settings.batch_size, self._monitor
            )
            self._pools[size] = pools
            if size == settings.beam.beam_size:
                self._fell_off = fell_off
        objective = settings.beam.objective
        scored = score_references(
            self._scorers, self._codec, self._text, objective, settings.batch_size, self._monitor
        )
        limits = settings.beam.limits
        is_allowed = [
            limits.allows(item.tokens, self._scorers[0], length)
            for item, length in zip(scored, self._text.lengths, strict=True)
        ]
        sentences = with_qualities(
            [self._sentence(place, scored, is_allowed) for place in range(len(scored))],
            settings.summary.metric,
        )
        summary = summarize(sentences, settings.objective, settings.summary)
        summary, exact = self._search_exactly(summary)
        sweep = BeamSweep(self._pools, scored, is_allowed, self._references)
        margin = settings.summary.verdict.tie_margin
        points = sweep.points(settings.objective, settings.sweep_alphas, margin)
        summary = replace(summary, sweep=points, beam_size=settings.beam.beam_size)
        return ModelErrors(summary, exact, self._stories(summary))

    def _sentence(
        self, place: int, scored: Sequence[PooledHypothesis], is_allowed: Sequence[bool]
    ) -> ScoredSentence:
        """Put together what is known of one sentence."""
        output = self._pools[self._settings.beam.beam_size][place][0]
        reference, fell_off = scored[place].candidate, self._fell_off[place]
        words = (output.candidate.text or "").split()
        # Other symbols may spell the same words; they are no second opinion on them.
        if words == self._references[place].split():
            reference = output.candidate
        return ScoredSentence(
            number=place + 1,
            hypothesis=output.candidate,
            reference=reference,
            alternatives=tuple(
                item.candidate
                for item in self._others(place)
                if (item.candidate.text or "").split() != words
            ),
            reference_text=self._references[place],
            source=self._sources[place],
            fell_off_step=None if fell_off is None else fell_off.step,
            fell_off_rank=None if fell_off is None else fell_off.rank,
            fell_off_margin=None if fell_off is None else _finite(fell_off.margin),
            is_reference_allowed=is_allowed[place],
        )

    def _others(self, place: int) -> list[PooledHypothesis]:
        """Return what all beams found for a sentence, each text once, the best first."""
        objective = self._settings.objective
        found = [item for pools in self._pools.values() for item in pools[place]]
        found.sort(key=lambda item: -objective.value(item.candidate))
        distinct = {tuple((item.candidate.text or "").split()): item for item in reversed(found)}
        return list(distinct.values())[::-1]

    def _search_exactly(self, summary: BeamErrorSummary) -> tuple[BeamErrorSummary, ExactCounts]:
        """Search exactly where a search error is not proved yet, and count again."""
        settings = self._settings
        if not settings.use_exact:
            return summary, ExactCounts()
        places = [
            place
            for place, verdict in enumerate(summary.verdicts)
            if verdict.error_class not in GOOD_CLASSES | SEARCH_CLASSES
        ]
        witness = ExactWitness(
            self._scorers, self._codec, settings.beam, settings.objective, settings.node_budget
        )
        sentences = list(summary.sentences)
        pools = self._pools[settings.beam.beam_size]
        counts = witness.question(
            sentences, places, self._text.sources, [pool[0] for pool in pools], self._monitor
        )
        return summarize(sentences, settings.objective, settings.summary), counts

    def _stories(self, summary: BeamErrorSummary) -> dict[int, SentenceStory]:
        """Tell chosen sentences step by step."""
        settings = self._settings
        text = self._text
        lengths = [
            max(length, len(reference))
            for length, reference in zip(text.lengths, text.references, strict=True)
        ]
        chosen = choose_stories(summary.verdicts, lengths, settings.num_stories)
        beam = replace(settings.beam, n_best=1, stop_early=False)
        return tell_stories(
            self._scorers, self._codec, self._text, beam, chosen, settings.batch_size, self._monitor
        )


def _finite(value: float) -> float | None:
    """Return a number, None where it is infinite."""
    return value if abs(value) != float("inf") else None
