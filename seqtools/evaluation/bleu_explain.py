"""What a BLEU score is made of: matches by order, the penalty, tokenized lines, missed n-grams."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, islice
from typing import Any

import numpy as np

from seqtools.errors import SettingsError
from seqtools.evaluation.bleu_metrics import BleuMetric, Lines, References
from seqtools.evaluation.bleu_statistics import MAX_ORDER, bleu_scores
from seqtools.types import Float64Array

Ngram = tuple[str, ...]


@dataclass(frozen=True)
class OrderMatches:
    """One order of n-grams.

    Attributes
    ----------
    order : int
        Length of the n-grams.
    clipped : float
        Matches, each n-gram at most as often as in one reference (smoothed, if so set).
    unclipped : int
        Hypothesis n-grams that occur in a reference at all: the difference is what clipping took.
    total : float
        Hypothesis n-grams (smoothed, if so set).
    precision : float
        In percent, as it enters the score.
    """

    order: int
    clipped: float
    unclipped: int
    total: float
    precision: float


@dataclass(frozen=True)
class NgramDifference:
    """An n-gram, how many the hypotheses lack (or have too many), and in how many lines."""

    ngram: str
    order: int
    count: int
    lines: int


@dataclass(frozen=True)
class LineExplanation:
    """One segment as BLEU sees it.

    Attributes
    ----------
    line : int
        Counted from 1.
    score : float
        Sentence BLEU with effective order.
    hypothesis, references : str, list of str
        Tokens joined by spaces.
    matches, totals : list of int
        Clipped matches and n-grams of order 1 to 4.
    hyp_len, ref_len : int
        Lengths in tokens; the nearest reference's.
    """

    line: int
    score: float
    hypothesis: str
    references: list[str]
    matches: list[int]
    totals: list[int]
    hyp_len: int
    ref_len: int


@dataclass(frozen=True)
class Explanation:
    """A corpus BLEU taken apart.

    Attributes
    ----------
    score : float
        ``bp * exp(mean of log precisions)``, percent.
    bp : float
        Brevity penalty.
    hyp_len, ref_len : int
        Tokens of the hypotheses and of the references nearest in length.
    orders : list of OrderMatches
        Order 1 to 4.
    missed : list of NgramDifference
        What every reference of a line has more often than the hypothesis, the most frequent of
        each order.
    excess : list of NgramDifference
        What the hypothesis has more often than any reference.
    lines : list of LineExplanation
        The lines asked for, or the worst.
    """

    score: float
    bp: float
    hyp_len: int
    ref_len: int
    orders: list[OrderMatches]
    missed: list[NgramDifference]
    excess: list[NgramDifference]
    lines: list[LineExplanation]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def explain(
    hypotheses: Lines,
    references: References,
    metric: BleuMetric,
    *,
    lines: Sequence[int] = (),
    num_lines: int = 3,
    num_ngrams: int = 10,
) -> Explanation:
    """Take a corpus BLEU apart.

    Parameters
    ----------
    hypotheses, references
        As ``score_corpus``.
    metric : BleuMetric
        Made for these references.
    lines : sequence of int
        Lines to show, counted from 1; without any, the `num_lines` of lowest sentence BLEU, of
        equal ones the longest.
    num_ngrams : int
        How many missed and excess n-grams of each order to list.

    Raises
    ------
    SettingsError
        If a line does not exist.
    """
    for line in lines:
        if not 1 <= line <= len(hypotheses):
            raise SettingsError(f"line must be between 1 and {len(hypotheses)}, got {line}")
    statistics = metric.statistics(hypotheses)
    score = metric.score(statistics)
    tokens = [metric.tokens.tokens(line) for line in hypotheses]
    reference_tokens = [
        [metric.tokens.tokens(text) for text in texts if text is not None]
        for texts in zip(*references, strict=True)
    ]
    comparison = _NgramComparison()
    for found, wanted in zip(tokens, reference_tokens, strict=True):
        comparison.add(found, wanted)
    sentence_scores = bleu_scores(statistics, effective_order=True)
    shown = [line - 1 for line in lines] or _worst(statistics, sentence_scores, num_lines)
    orders = [
        OrderMatches(
            n + 1, score.counts[n], comparison.unclipped[n], score.totals[n], score.precisions[n]
        )
        for n in range(MAX_ORDER)
    ]
    return Explanation(
        score=score.score,
        bp=score.bp,
        hyp_len=score.sys_len,
        ref_len=score.ref_len,
        orders=orders,
        missed=comparison.missed.largest(num_ngrams),
        excess=comparison.excess.largest(num_ngrams),
        lines=[
            _explain_line(
                index,
                statistics[index],
                float(sentence_scores[index]),
                tokens[index],
                reference_tokens[index],
            )
            for index in shown
        ],
    )


def formula(explanation: Explanation) -> str:
    """Return the score's arithmetic in one line."""
    precisions = [order.precision for order in explanation.orders]
    if explanation.bp == 1.0:
        penalty = "BP = 1 (not shorter than the references)"
    else:
        penalty = (
            f"BP = exp(1 - {explanation.ref_len}/{explanation.hyp_len}) = {explanation.bp:.4f}"
        )
    if not all(precisions):
        return f"{penalty}; an order without a match makes the score {explanation.score:.4f}"
    logs = " + ".join(f"{math.log(precision / 100):.4f}" for precision in precisions)
    return (
        f"{penalty}; BLEU = 100 * {explanation.bp:.4f} * exp(({logs}) / {len(precisions)}) "
        f"= {explanation.score:.4f}"
    )


def _explain_line(
    index: int, row: Float64Array, score: float, tokens: list[str], references: list[list[str]]
) -> LineExplanation:
    """Describe one segment."""
    numbers = [int(number) for number in row]
    return LineExplanation(
        line=index + 1,
        score=score,
        hypothesis=" ".join(tokens),
        references=[" ".join(reference) for reference in references],
        matches=numbers[2 : 2 + MAX_ORDER],
        totals=numbers[2 + MAX_ORDER :],
        hyp_len=numbers[0],
        ref_len=numbers[1],
    )


def _worst(statistics: Float64Array, scores: Float64Array, num_lines: int) -> list[int]:
    """Return the lines of lowest score, the longest first among equals."""
    order = np.lexsort((-statistics[:, 1], scores))
    return [int(index) for index in order[:num_lines]]


class _Tally:
    """How often n-grams differ, and in how many lines."""

    def __init__(self) -> None:
        self._counts: Counter[Ngram] = Counter()
        self._lines: Counter[Ngram] = Counter()

    def add(self, ngrams: Counter[Ngram]) -> None:
        """Add the n-grams of one line."""
        self._counts.update(ngrams)
        self._lines.update(ngrams.keys())

    def largest(self, number: int) -> list[NgramDifference]:
        """Return the most frequent n-grams of each order, alphabetically among equals."""
        ordered = sorted(self._counts.items(), key=lambda item: (len(item[0]), -item[1], item[0]))
        return [
            NgramDifference(" ".join(ngram), order, count, self._lines[ngram])
            for order, items in groupby(ordered, key=lambda item: len(item[0]))
            for ngram, count in islice(items, number)
        ]


class _NgramComparison:
    """Compares n-grams line by line: matched without clipping, missed, in excess."""

    def __init__(self) -> None:
        self.unclipped = [0] * MAX_ORDER
        self.missed, self.excess = _Tally(), _Tally()

    def add(self, hypothesis: list[str], references: list[list[str]]) -> None:
        """Compare one line."""
        found = _ngrams(hypothesis)
        counts = [_ngrams(reference) for reference in references]
        largest, smallest = counts[0], counts[0]
        for more in counts[1:]:
            largest, smallest = largest | more, smallest & more
        for ngram, count in found.items():
            if ngram in largest:
                self.unclipped[len(ngram) - 1] += count
        self.missed.add(smallest - found)
        self.excess.add(found - largest)


def _ngrams(tokens: list[str]) -> Counter[Ngram]:
    """Count the n-grams of order 1 to 4."""
    counts: Counter[Ngram] = Counter()
    for order in range(1, MAX_ORDER + 1):
        counts.update(zip(*(tokens[start:] for start in range(order)), strict=False))
    return counts
