"""From score files to a summary."""

from dataclasses import dataclass

from seqtools.errors import SettingsError
from seqtools.evaluation.beam_errors import VerdictSettings
from seqtools.evaluation.beam_errors_files import read_score_table
from seqtools.evaluation.beam_errors_nbest import with_nbest
from seqtools.evaluation.beam_errors_objective import Objective
from seqtools.evaluation.beam_errors_quality import QUALITY_METRICS
from seqtools.evaluation.beam_errors_summary import BeamErrorSummary, SummarySettings, summarize


@dataclass(frozen=True)
class BeamErrorRequest:
    """Files and how to read and compare them.

    Attributes
    ----------
    scores : str
        A table as ``read_score_table`` describes it; "-" is standard input.
    nbest : str, optional
        n-best lists as ``with_nbest`` describes them.
    nbest_feature : str, optional
        Where Moses lists have their score.
    score_kind, alpha, beta, eos_counted
        As ``Objective``.
    is_cost, lengths_without_eos : bool
        As ``read_score_table``.
    max_length, tie_margin, not_worse_at
        As ``VerdictSettings``.
    metric, resamples, seed
        As ``SummarySettings``.
    """

    scores: str
    nbest: str | None = None
    nbest_feature: str | None = None
    score_kind: str = "total"
    is_cost: bool = False
    alpha: float = 0.0
    beta: float = 0.0
    eos_counted: bool = True
    lengths_without_eos: bool = False
    max_length: int | None = None
    tie_margin: float = 1e-4
    metric: str = "bleu"
    not_worse_at: float = 100.0
    resamples: int = 1000
    seed: int = 1

    def __post_init__(self) -> None:
        if self.metric not in QUALITY_METRICS:
            raise SettingsError(
                f"metric must be one of {', '.join(QUALITY_METRICS)}, got {self.metric!r}"
            )
        if self.scores == "-" and self.nbest == "-":
            raise SettingsError("standard input can be read once; name a file for the rest")


def run_beam_errors(request: BeamErrorRequest) -> BeamErrorSummary:
    """Read score files and count what they show.

    Parameters
    ----------
    request : BeamErrorRequest
        Files, objective, margins.

    Raises
    ------
    FileAccessError, ScoreFileError
        If a file cannot be read or holds something else.
    SettingsError
        If a setting is outside its range.
    """
    objective = Objective(request.alpha, request.beta, request.eos_counted, request.score_kind)
    settings = SummarySettings(
        verdict=VerdictSettings(request.tie_margin, request.max_length, request.not_worse_at),
        metric=request.metric,
        resamples=request.resamples,
        seed=request.seed,
    )
    sentences = read_score_table(
        request.scores,
        objective,
        lengths_without_eos=request.lengths_without_eos,
        is_cost=request.is_cost,
    )
    if request.nbest is not None:
        sentences = with_nbest(
            sentences,
            request.nbest,
            objective,
            lengths_without_eos=request.lengths_without_eos,
            is_cost=request.is_cost,
            feature=request.nbest_feature,
        )
    return summarize(sentences, objective, settings)
