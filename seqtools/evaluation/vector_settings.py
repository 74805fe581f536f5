"""How word vectors are scored."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from seqtools.errors import SettingsError

AnalogyMethod: TypeAlias = Literal["add", "mul"]
OovPolicy: TypeAlias = Literal["drop", "zero"]
CaseRule: TypeAlias = Literal["given", "fallback", "fold"]

ANALOGY_METHODS: tuple[AnalogyMethod, ...] = get_args(AnalogyMethod)
OOV_POLICIES: tuple[OovPolicy, ...] = get_args(OovPolicy)
CASE_RULES: tuple[CaseRule, ...] = get_args(CaseRule)

_OOV_TEXTS = {
    "drop": "out-of-vocabulary pairs and questions dropped",
    "zero": "out-of-vocabulary pairs taken as similarity 0, questions as wrong",
}
_CASE_TEXTS = {"given": "as given", "fallback": "as given, else lower", "fold": "ignored"}
_METHOD_TEXTS = {"add": "3CosAdd", "mul": "3CosMul"}


@dataclass(frozen=True)
class EvaluationSettings:
    """Settings of an evaluation; each is printed with the scores.

    Attributes
    ----------
    restrict : int
        Analogies are answered within this many words from the top of the file, and questions
        with a word beyond are out of vocabulary. Similarity uses every word.
    method : {"add", "mul"}
        3CosAdd or 3CosMul.
    oov : {"drop", "zero"}
        Items with a word out of vocabulary are left out, or count as similarity 0 and as a
        wrong answer.
    similarity_case, analogy_case : {"given", "fallback", "fold"}
        How words are looked up: as written; as written, else in lower case; or without regard to
        case, where the first of the spellings in the file counts and answers differing only in
        case are equal.
    resamples : int
        Bootstrap resamples behind each interval.
    confidence : float
        Share of resamples within an interval, between 0 and 1.
    seed : int
        Seed of the resampling.
    """

    restrict: int = 300_000
    method: AnalogyMethod = "add"
    oov: OovPolicy = "drop"
    similarity_case: CaseRule = "fallback"
    analogy_case: CaseRule = "fold"
    resamples: int = 1000
    confidence: float = 0.95
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse values outside their range."""
        for name, lowest in (("restrict", 1), ("resamples", 1), ("seed", 0)):
            value = getattr(self, name)
            if value < lowest:
                raise SettingsError(f"{name} must be at least {lowest}, got {value}")
        if not 0 < self.confidence < 1:
            raise SettingsError(
                f"confidence must lie between 0 and 1, such as 0.95, got {self.confidence}"
            )
        for name, choices in (
            ("method", ANALOGY_METHODS),
            ("oov", OOV_POLICIES),
            ("similarity_case", CASE_RULES),
            ("analogy_case", CASE_RULES),
        ):
            value = getattr(self, name)
            if value not in choices:
                raise SettingsError(f"{name} must be one of {', '.join(choices)}, got {value!r}")

    @property
    def interval_name(self) -> str:
        """The key of intervals in JSON, such as "ci95"."""
        return f"ci{100 * self.confidence:g}"

    @property
    def policy(self) -> str:
        """One line with all that must be equal for two figures to be compared."""
        return (
            f"{_OOV_TEXTS[self.oov]}; "
            f"case {_CASE_TEXTS[self.similarity_case]} (pairs), "
            f"{_CASE_TEXTS[self.analogy_case]} (questions); "
            f"questions answered by {_METHOD_TEXTS[self.method]} "
            f"among the first {self.restrict:,} words; "
            f"{100 * self.confidence:g}% percentile intervals from {self.resamples:,} "
            f"bootstrap resamples, seed {self.seed}"
        )
