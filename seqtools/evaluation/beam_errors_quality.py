"""How good outputs are: sentence scores, the oracle of n-best lists, what other penalties choose.

An n-best list separates search space from ranking: Niehues et al. (2017), "Analyzing neural MT
search and model performance", found notably better translations in it than the one on top.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqtools.evaluation.beam_errors import ScoredSentence, VerdictSettings, classify, same_text
from seqtools.evaluation.beam_errors_objective import Candidate, Objective
from seqtools.evaluation.bleu_metrics import BleuMetric, make_metric
from seqtools.evaluation.bleu_settings import BleuSettings
from seqtools.evaluation.bleu_statistics import bleu_scores
from seqtools.types import Float64Array, Int64Array

QUALITY_METRICS = ("bleu", "chrf", "none")
SWEEP_ALPHAS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2)
_REPEAT_ORDER = 4
_CHUNK = 20_000


@dataclass(frozen=True)
class Oracle:
    """The best that the lists hold, by sentence BLEU against the reference.

    Attributes
    ----------
    sentences : int
        Sentences with a reference text and a list of at least two different texts.
    list_size : float
        Different texts in a list on average, the output among them.
    bleu_output, bleu_oracle : float
        Corpus BLEU of the outputs and of the best texts of those sentences.
    mean_rank : float
        Mean rank of the best text by the objective, 1 for the top.
    rank_histogram : dict of int to int
        How often the best text has each rank.
    reference_in_list : int
        Lists that hold the reference itself.
    """

    sentences: int
    list_size: float
    bleu_output: float
    bleu_oracle: float
    mean_rank: float
    rank_histogram: dict[int, int]
    reference_in_list: int


@dataclass(frozen=True)
class SweepPoint:
    """What the lists give under another length penalty, or another beam.

    Attributes
    ----------
    beam_size : int or None
        None for lists from a file.
    alpha : float
        Exponent of the penalty.
    bleu : float
        Corpus BLEU of the texts on top.
    mean_score : float
        Mean objective of the texts on top.
    length_ratio : float
        Words of the texts on top by those of the references.
    search_error_fraction : float or None
        Share of sentences whose scored reference beats the text on top.
    improvable_fraction : float or None
        Share of sentences for which any beam of the sweep, or the reference, scores higher than the
        text on top. None for lists from a file.
    empty_fraction : float or None
        Share of texts on top without a word. None for lists from a file.
    """

    beam_size: int | None
    alpha: float
    bleu: float
    mean_score: float
    length_ratio: float
    search_error_fraction: float | None
    improvable_fraction: float | None = None
    empty_fraction: float | None = None


def with_qualities(
    sentences: Sequence[ScoredSentence], metric: str = "bleu"
) -> list[ScoredSentence]:
    """Fill in the quality of each hypothesis by a sentence metric against the reference text.

    Parameters
    ----------
    sentences : sequence of ScoredSentence
        Those with a quality, or without texts, stay as they are.
    metric : {"bleu", "chrf", "none"}
        sacreBLEU's sentence BLEU (effective order, 13a) or chrF.
    """
    texts = [
        (index, sentence.hypothesis.text, sentence.reference_text)
        for index, sentence in enumerate(sentences)
        if sentence.hypothesis_quality is None
    ]
    known = [(i, found, wanted) for i, found, wanted in texts if found is not None and wanted]
    filled = list(sentences)
    if metric == "none" or not known:
        return filled
    indices, hypotheses, references = zip(*known, strict=True)
    settings = BleuSettings(metrics=(metric,), effective_order=True)
    scorer = make_metric(metric, settings, [references])
    qualities = scorer.scores(scorer.statistics(hypotheses))
    for index, quality in zip(indices, qualities.tolist(), strict=True):
        filled[index] = replace(filled[index], hypothesis_quality=quality)
    return filled


class CandidateLists:
    """The texts of each sentence, its output first, with their BLEU statistics.

    Parameters
    ----------
    sentences : sequence of ScoredSentence
        Those that lack a reference text, or two different texts, are left out.
    objective : Objective
        The beam's own.
    """

    def __init__(self, sentences: Sequence[ScoredSentence], objective: Objective) -> None:
        self._objective = objective
        kept = [(sentence, _distinct(sentence)) for sentence in sentences]
        kept = [(s, texts) for s, texts in kept if s.reference_text and len(texts) > 1]
        self._sentences = [sentence for sentence, _ in kept]
        self._lists = [texts for _, texts in kept]
        sizes = np.array([len(texts) for texts in self._lists], dtype=np.int64)
        self._starts: Int64Array = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._statistics = self._count() if kept else np.zeros((0, 10))

    def __len__(self) -> int:
        """Return how many sentences have a list."""
        return len(self._lists)

    def oracle(self) -> Oracle | None:
        """Return the best that the lists hold, None without lists."""
        if not self._lists:
            return None
        scores = bleu_scores(self._statistics, effective_order=True)
        chosen, ranks = [], Counter[int]()
        for start, texts in zip(self._starts[:-1].tolist(), self._lists, strict=True):
            best = int(scores[start : start + len(texts)].argmax())
            values = [self._objective.value(text) for text in texts]
            ranks[1 + sum(value > values[best] for value in values)] += 1
            chosen.append(start + best)
        return Oracle(
            sentences=len(self._lists),
            list_size=sum(map(len, self._lists)) / len(self._lists),
            bleu_output=self._bleu(self._starts[:-1]),
            bleu_oracle=self._bleu(np.array(chosen)),
            mean_rank=sum(rank * count for rank, count in ranks.items()) / len(self._lists),
            rank_histogram=dict(sorted(ranks.items())),
            reference_in_list=sum(
                any(
                    same_text(text, Candidate(0.0, None, sentence.reference_text)) for text in texts
                )
                for sentence, texts in zip(self._sentences, self._lists, strict=True)
            ),
        )

    def sweep(
        self, settings: VerdictSettings, alphas: Sequence[float] = SWEEP_ALPHAS
    ) -> list[SweepPoint]:
        """Rank the lists under other length penalties.

        Needs a length for every text; returns nothing without, or if the scores are the objective
        itself with a penalty, so that the sums behind them are not known.
        """
        beta = self._objective.beta
        lengths_known = all(
            text.length is not None and text.length + beta > 0
            for texts in self._lists
            for text in texts
        )
        is_total_known = self._objective.score_kind != "objective" or self._objective.alpha == 0
        if not (self._lists and lengths_known and is_total_known):
            return []
        exponents = sorted({*alphas, self._objective.alpha})
        return [self._sweep_point(alpha, settings) for alpha in exponents]

    def _sweep_point(self, alpha: float, settings: VerdictSettings) -> SweepPoint:
        """Take the text on top of each list under one exponent."""
        kind = self._objective.score_kind
        objective = replace(
            self._objective, alpha=alpha, score_kind="total" if kind == "objective" else kind
        )
        chosen, values, errors = [], [], []
        for sentence, texts, start in zip(
            self._sentences, self._lists, self._starts[:-1].tolist(), strict=True
        ):
            scores = [objective.value(text) for text in texts]
            best = int(np.argmax(scores))
            chosen.append(start + best)
            values.append(scores[best])
            top = replace(sentence, hypothesis=texts[best], alternatives=(), exact=None)
            verdict = classify(_with_length(top), objective, settings)
            if verdict.reference_value is not None:
                errors.append("reference" in verdict.proofs)
        rows = self._statistics[chosen]
        return SweepPoint(
            beam_size=None,
            alpha=alpha,
            bleu=self._bleu(np.array(chosen)),
            mean_score=float(np.mean(values)),
            length_ratio=float(rows[:, 0].sum() / max(1.0, rows[:, 1].sum())),
            search_error_fraction=float(np.mean(errors)) if errors else None,
        )

    def _bleu(self, rows: Int64Array) -> float:
        """Return the corpus BLEU of chosen texts."""
        return float(bleu_scores(self._statistics[rows].sum(axis=0)[None])[0])

    def _count(self) -> Float64Array:
        """Return BLEU's statistics of every text, in blocks of bounded memory."""
        pairs = list(self._pairs())
        blocks = []
        for start in range(0, len(pairs), _CHUNK):
            hypotheses, references = zip(*pairs[start : start + _CHUNK], strict=True)
            blocks.append(BleuMetric(BleuSettings(), [references]).statistics(hypotheses))
        return np.concatenate(blocks)

    def _pairs(self) -> Iterator[tuple[str, str]]:
        """Yield each text with its reference."""
        for sentence, texts in zip(self._sentences, self._lists, strict=True):
            for text in texts:
                yield text.text or "", sentence.reference_text or ""


def repetition(texts: Sequence[str]) -> float | None:
    """Return the share of 4-grams that repeat one of the same text; None without 4-grams."""
    repeated = total = 0
    for text in texts:
        words = text.split()
        counts = Counter(zip(*(words[start:] for start in range(_REPEAT_ORDER)), strict=False))
        repeated += sum(count - 1 for count in counts.values())
        total += sum(counts.values())
    return repeated / total if total else None


def _distinct(sentence: ScoredSentence) -> list[Candidate]:
    """Return the output and the alternatives of other words, each once."""
    texts: dict[tuple[str, ...], Candidate] = {}
    for candidate in (sentence.hypothesis, *sentence.alternatives):
        if candidate.text is not None:
            texts.setdefault(tuple(candidate.text.split()), candidate)
    return list(texts.values()) if sentence.hypothesis.text is not None else []


def _with_length(sentence: ScoredSentence) -> ScoredSentence:
    """Take a reference without a length as not scored, where another penalty would need it."""
    reference = sentence.reference
    if reference is None or reference.length is not None:
        return sentence
    return replace(sentence, reference=None)
