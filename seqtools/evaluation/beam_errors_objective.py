"""The score by which a beam ranks, and what it scores."""

import math
from dataclasses import dataclass

from seqtools.decoding.objective import formula_of, length_penalty
from seqtools.errors import SettingsError

SCORE_KINDS = ("total", "per-token", "objective")


@dataclass(frozen=True)
class Objective:
    """The score by which the beam ranked.

    Attributes
    ----------
    alpha : float
        Exponent of the length penalty; 0 for none.
    beta : float
        Its offset.
    eos_counted : bool
        Whether T counts the end symbol.
    score_kind : {"total", "per-token", "objective"}
        What the given scores are: sums of log-probabilities, means of them over T tokens, or the
        objective itself.
    coverage : float
        Weight of GNMT's coverage penalty, which each candidate carries; 0 for none.
    """

    alpha: float = 0.0
    beta: float = 0.0
    eos_counted: bool = True
    score_kind: str = "total"
    coverage: float = 0.0

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "coverage"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise SettingsError(f"{name} must be at least 0 and finite, got {value}")
        if self.score_kind not in SCORE_KINDS:
            raise SettingsError(
                f"score_kind must be one of {', '.join(SCORE_KINDS)}, got {self.score_kind!r}"
            )

    @property
    def needs_lengths(self) -> bool:
        """Whether a score cannot be compared without its length."""
        return self.score_kind == "per-token" or (self.score_kind == "total" and self.alpha > 0)

    @property
    def formula(self) -> str:
        """The objective in one line."""
        end = "" if self.eos_counted else "not "
        counted = f"T {end}counting the end symbol"
        if self.score_kind == "objective":
            return "the scores as given"
        return formula_of(self.alpha, self.beta, self.coverage, counted)

    def penalty(self, length: int) -> float:
        """Return what a sum of log-probabilities is divided by."""
        return length_penalty(length, self.alpha, self.beta)

    def total(self, score: float, length: int) -> float:
        """Return the sum of log-probabilities behind a given score."""
        if self.score_kind == "objective":
            return score * self.penalty(length)
        return score * length if self.score_kind == "per-token" else score

    def value(self, candidate: "Candidate") -> float:
        """Return a candidate's score under the objective; higher is better."""
        if not self.needs_lengths:
            return candidate.score + candidate.coverage
        if candidate.length is None:
            raise SettingsError(f"the objective {self.formula} needs lengths; give them")
        total = self.total(candidate.score, candidate.length)
        return total / self.penalty(candidate.length) + candidate.coverage


@dataclass(frozen=True)
class Candidate:
    """Something the model has scored.

    Attributes
    ----------
    score : float
        As ``Objective.score_kind`` says; minus infinity if the model cannot produce it.
    length : int or None
        T, as the objective counts it.
    text : str or None
        The words.
    coverage : float
        What the objective adds for coverage, its weight included; at most 0.
    """

    score: float
    length: int | None = None
    text: str | None = None
    coverage: float = 0.0
