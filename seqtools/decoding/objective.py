"""The score by which search ranks finished hypotheses.

score = sum of log P / ((beta + T) / (beta + 1))^alpha + coverage, where T counts the end symbol.
With beta 0 this is the course's T^alpha, with beta 5 equation 14 of Wu et al. (2016), "Google's
neural machine translation system", whose second term is the coverage penalty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqtools.errors import SettingsError

if TYPE_CHECKING:
    from seqtools.types import Float64Array

# The log of a position that got no attention at all.
_LEAST_COVERAGE = 1e-10


def length_penalty(length: float, alpha: float, beta: float) -> float:
    """Return ((beta + T) / (beta + 1))^alpha, by which a sum of log-probabilities is divided."""
    return float(((beta + length) / (beta + 1)) ** alpha)


def formula_of(alpha: float, beta: float, coverage: float, counted: str) -> str:
    """Say in one line by what hypotheses are ranked; `counted` says what T counts."""
    covered = f" + {coverage:g} coverage" if coverage else ""
    if alpha == 0:
        return f"sum of log P{covered}, no length penalty"
    if beta == 0:
        return f"sum of log P / T^{alpha:g}{covered}, {counted}"
    return f"sum of log P / (({beta:g} + T)/{beta + 1:g})^{alpha:g}{covered}, {counted}"


@dataclass(frozen=True)
class SearchObjective:
    """How finished hypotheses are ranked; higher is better.

    Attributes
    ----------
    alpha : float
        Exponent of the length penalty; 0 for none.
    beta : float
        Its offset.
    coverage : float
        Weight of the coverage penalty; 0 for none. Needs a model with attention.

    Notes
    -----
    While they live, hypotheses of one sentence are of one length and compared by their sums of
    log-probabilities. Coverage is added when a hypothesis ends, as Wu et al. do when they rank.
    """

    alpha: float = 1.0
    beta: float = 0.0
    coverage: float = 0.0

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "coverage"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise SettingsError(f"{name} must be at least 0 and finite, got {value}")

    @property
    def formula(self) -> str:
        """The objective in one line."""
        return formula_of(self.alpha, self.beta, self.coverage, "T counting the end symbol")

    def penalty(self, length: int) -> float:
        """Return what a sum of log-probabilities over T symbols is divided by."""
        return length_penalty(length, self.alpha, self.beta)

    def value(self, log_prob: float, length: int, attention_sum: Float64Array | None) -> float:
        """Return the score of a finished hypothesis.

        Parameters
        ----------
        log_prob : float
            Sum over its symbols, the end among them.
        length : int
            T, the end symbol counted.
        attention_sum : float64 array, shape (S,), or None
            Attention that each source position got in all.
        """
        return log_prob / self.penalty(length) + self.coverage_term(attention_sum)

    def coverage_term(self, attention_sum: Float64Array | None) -> float:
        """Return coverage * sum over source positions of log min(attention, 1); never above 0.

        Raises
        ------
        SettingsError
            If coverage is asked of a model without attention.
        """
        if self.coverage == 0:
            return 0.0
        if attention_sum is None:
            raise SettingsError("coverage must be 0 for a model without attention")
        total = 0.0
        for weight in attention_sum.tolist():
            total += math.log(min(max(weight, _LEAST_COVERAGE), 1.0))
        return self.coverage * total

    def bound(self, log_prob: float, longest: int) -> float:
        """Return a value that no continuation of a partial hypothesis exceeds.

        Notes
        -----
        Each further symbol adds at most 0 to the sum, and a negative sum is worth most at the
        greatest length; coverage adds at most 0 (Huang, Zhao and Ma 2017, "When to finish?").
        """
        return log_prob / self.penalty(longest)
