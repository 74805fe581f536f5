"""How bias is removed and measured."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from seqtools.errors import SettingsError

Method: TypeAlias = Literal["hard", "soft", "inlp", "double-hard"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True)
class DebiasSettings:
    """Settings of debiasing.

    Attributes
    ----------
    method : {"hard", "soft", "inlp", "double-hard"}
        Bolukbasi et al. 2016, hard or soft; Ravfogel et al. 2020; Wang et al. 2020.
    components : int
        Dimensions of the bias subspace; no more than the definitional sets have.
    neutralize, equalize : bool
        The two steps of the hard methods; soft debiasing has neither, INLP the first.
    strength : float
        Soft: the weight of removing bias against keeping all inner products (lambda).
    relative_strength : bool
        Soft: let `strength` weigh the two terms by their own size, |W^T W|^2 and |N^T B|^2, so that
        its effect does not shrink with the number of words.
    iterations : int
        INLP: classifiers trained at most.
    candidates : int
        Double-hard: principal components tried.
    learn_specific : bool
        Learn the words never neutralized from the axis's seeds, instead of taking its list.
    training_words : int
        Words from the top of the file that the classifier of specific words is trained on.
    seed : int
        Seed of every random choice.
    """

    method: Method = "hard"
    components: int = 1
    neutralize: bool = True
    equalize: bool = True
    strength: float = 0.2
    relative_strength: bool = False
    iterations: int = 35
    candidates: int = 20
    learn_specific: bool = False
    training_words: int = 26_377
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse values outside their range."""
        if self.method not in METHODS:
            raise SettingsError(f"method must be one of {', '.join(METHODS)}, got {self.method!r}")
        for name in ("components", "iterations", "candidates", "training_words"):
            value = getattr(self, name)
            if value < 1:
                raise SettingsError(f"{name} must be at least 1, got {value}")
        if not 0 < self.strength < float("inf"):
            raise SettingsError(f"strength must be above 0 and finite, got {self.strength}")
        if self.seed < 0:
            raise SettingsError(f"seed must be at least 0, got {self.seed}")
        if self.method in ("hard", "double-hard") and not (self.neutralize or self.equalize):
            raise SettingsError("without neutralizing and equalizing there is nothing to do")


@dataclass(frozen=True)
class AuditSettings:
    """Settings of the measures.

    Attributes
    ----------
    max_lost : float
        Largest share of words that any set may lose, from 0 to 1.
    strictness : float
        The exponent c of direct bias.
    samples : int
        Partitions drawn for the p-values of tests with more than 100,000 of them.
    resamples : int
        Bootstrap resamples behind each interval.
    confidence : float
        Share of resamples within an interval.
    vocabulary : int
        Words from the top of the file among which the most biased words and the neighbours of
        words are looked for.
    cluster_words : int
        Most biased words of each group that are clustered.
    probe_words : int
        Most biased words of each group that the probe is trained and tested on.
    neighbors : int
        Nearest words of a word whose bias is counted.
    top : int
        Most biased words of each group that are listed.
    seed : int
        Seed of every random choice.
    """

    max_lost: float = 1.0
    strictness: float = 1.0
    samples: int = 10_000
    resamples: int = 1000
    confidence: float = 0.95
    vocabulary: int = 50_000
    cluster_words: int = 500
    probe_words: int = 2500
    neighbors: int = 100
    top: int = 10
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse values outside their range."""
        for name in (
            "samples",
            "resamples",
            "vocabulary",
            "cluster_words",
            "probe_words",
            "neighbors",
        ):
            value = getattr(self, name)
            if value < 1:
                raise SettingsError(f"{name} must be at least 1, got {value}")
        for name in ("top", "seed", "strictness"):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise SettingsError(f"{name} must be at least 0, got {value}")
        if not 0 <= self.max_lost <= 1:
            raise SettingsError(f"max_lost must be a share from 0 to 1, got {self.max_lost}")
        if not 0 < self.confidence < 1:
            raise SettingsError(
                f"confidence must lie between 0 and 1, such as 0.95, got {self.confidence}"
            )

    @property
    def interval_name(self) -> str:
        """The key of intervals in JSON, such as "ci95"."""
        return f"ci{100 * self.confidence:g}"
