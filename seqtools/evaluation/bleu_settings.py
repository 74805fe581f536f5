"""How translations are scored; every setting is part of a score's signature.

The names and defaults are sacreBLEU's. This module imports nothing heavy, so that a command can
take its defaults from here and still print its help at once.
"""

from dataclasses import dataclass, field

from seqtools.errors import SettingsError

METRICS = ("bleu", "chrf", "ter")
SMOOTH_METHODS = ("exp", "floor", "add-k", "none")
TOKENIZERS = (
    "13a",
    "none",
    "char",
    "intl",
    "zh",
    "ja-mecab",
    "ko-mecab",
    "spm",
    "flores101",
    "flores200",
    "spBLEU-1K",
)
PAIRED_TESTS = ("bootstrap", "randomization")
SACREBLEU_SEED = 12345
NUM_SAMPLES = {"bootstrap": 1000, "randomization": 10_000}


@dataclass(frozen=True)
class BleuSettings:
    """Settings of BLEU, chrF and TER.

    Attributes
    ----------
    metrics : tuple of {"bleu", "chrf", "ter"}
        What to compute.
    tokenize : str
        BLEU's tokenizer, one of `TOKENIZERS`.
    lowercase : bool
        BLEU without regard to case.
    smooth_method : {"exp", "floor", "add-k", "none"}
        How an order without a match counts: halved again and again, as `smooth_value` matches,
        with `smooth_value` added to matches and n-grams from order 2 on, or as zero.
    smooth_value : float, optional
        For "floor" (default 0.1) and "add-k" (default 1).
    effective_order : bool
        Leave out the orders for which a hypothesis is too short; meant for single sentences.
    force : bool
        Do not warn about text that looks tokenized already.
    chrf_char_order, chrf_word_order, chrf_beta : int
        Longest character n-gram, longest word n-gram (2 for chrF++), weight of recall.
    chrf_whitespace, chrf_lowercase, chrf_eps_smoothing : bool
        Count white space; ignore case; smooth by a small number rather than by effective order.
    ter_case_sensitive, ter_asian_support, ter_no_punct, ter_normalized : bool
        Heed case; split Asian text into characters; drop punctuation; normalize first.
    """

    metrics: tuple[str, ...] = ("bleu",)
    tokenize: str = "13a"
    lowercase: bool = False
    smooth_method: str = "exp"
    smooth_value: float | None = None
    effective_order: bool = False
    force: bool = False
    chrf_char_order: int = 6
    chrf_word_order: int = 0
    chrf_beta: int = 2
    chrf_whitespace: bool = False
    chrf_lowercase: bool = False
    chrf_eps_smoothing: bool = False
    ter_case_sensitive: bool = False
    ter_asian_support: bool = False
    ter_no_punct: bool = False
    ter_normalized: bool = False

    def __post_init__(self) -> None:
        for name, value, accepted in (
            ("tokenize", self.tokenize, TOKENIZERS),
            ("smooth_method", self.smooth_method, SMOOTH_METHODS),
            *(("metrics", metric, METRICS) for metric in self.metrics),
        ):
            if value not in accepted:
                raise SettingsError(f"{name} must be one of {', '.join(accepted)}, got {value!r}")
        if not self.metrics:
            raise SettingsError("metrics must name at least one metric")
        _check_smooth_value(self.smooth_method, self.smooth_value)
        for name, low in (("chrf_char_order", 1), ("chrf_word_order", 0), ("chrf_beta", 1)):
            if getattr(self, name) < low:
                raise SettingsError(f"{name} must be at least {low}, got {getattr(self, name)}")


def _check_smooth_value(method: str, value: float | None) -> None:
    """Refuse a smoothing value that the method does not take."""
    if value is None:
        return
    if method not in {"floor", "add-k"}:
        raise SettingsError(f"smooth_value belongs to floor and add-k, not to {method}")
    if not 0 < value < float("inf"):
        raise SettingsError(f"smooth_value must be above 0 and finite, got {value}")


@dataclass(frozen=True)
class BleuRequest:
    """Files, their roles, and what to do with them.

    Attributes
    ----------
    hypotheses : tuple of str
        System outputs, the baseline first; "-" is standard input.
    references : tuple of str
        Reference files.
    num_references : int
        References that each line of a single reference file holds, separated by tabs.
    encoding : str
        Of all files.
    replace_invalid : bool
        Read bytes that are no text as U+FFFD rather than refuse the file.
    skip_empty_references : bool
        An empty reference line is no reference, rather than an empty translation.
    settings : BleuSettings
        Metrics.
    sentence_level : bool
        Score each line on its own.
    confidence_samples : int
        Resamples behind one system's interval; 0 for none.
    test : {"bootstrap", "randomization"} or None
        How systems are compared with the first.
    test_samples : int, optional
        Resamples or shuffles; None for the test's default.
    seed : int
        Seed of resampling.
    explain, buckets : bool
        Take BLEU apart; group lines and words.
    lines : tuple of int
        Lines to explain, counted from 1; empty for the worst.
    num_lines, num_ngrams : int
        How many worst lines, and missed n-grams of each order, to show.
    training : str, optional
        Text whose word counts are the frequencies of the groups.
    """

    hypotheses: tuple[str, ...]
    references: tuple[str, ...]
    num_references: int = 1
    encoding: str = "utf-8"
    replace_invalid: bool = False
    skip_empty_references: bool = False
    settings: BleuSettings = field(default_factory=BleuSettings)
    sentence_level: bool = False
    confidence_samples: int = 0
    test: str | None = None
    test_samples: int | None = None
    seed: int = SACREBLEU_SEED
    explain: bool = False
    buckets: bool = False
    lines: tuple[int, ...] = ()
    num_lines: int = 3
    num_ngrams: int = 5
    training: str | None = None

    def __post_init__(self) -> None:
        for is_wrong, message in (
            (not self.hypotheses, "name a hypothesis file"),
            (not self.references, "name a reference file"),
            (
                self.num_references > 1 and len(self.references) > 1,
                "num_references splits one reference file at tabs; name just one",
            ),
            (
                len(set(self.hypotheses)) < len(self.hypotheses),
                "a hypothesis file is named twice; each system needs its own",
            ),
            (
                (*self.hypotheses, *self.references).count("-") > 1,
                "standard input can be read once; name files for the rest",
            ),
            (
                self.sentence_level and len(self.settings.metrics) > 1,
                "one metric at a time scores single lines",
            ),
            (
                self.sentence_level and len(self.hypotheses) > 1,
                "one system at a time is scored line by line",
            ),
            (
                self.sentence_level and bool(self.confidence_samples),
                "single lines have no confidence interval",
            ),
            (
                len(self.hypotheses) > 1 and bool(self.confidence_samples),
                "the interval of several systems comes with a paired bootstrap test",
            ),
            (
                self.test is not None and len(self.hypotheses) < 2,
                "a paired test needs at least 2 systems; name another (--compare)",
            ),
        ):
            if is_wrong:
                raise SettingsError(message)

    @property
    def num_test_samples(self) -> int | None:
        """Resamples or shuffles of the test; None without a test."""
        if self.test is None:
            return None
        return self.test_samples or NUM_SAMPLES[self.test]
