"""How well cosines of vectors agree with human ratings of word pairs."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SeqtoolsWarning
from seqtools.evaluation.bootstrap import Interval, bootstrap_interval
from seqtools.evaluation.lookup import WordLookup
from seqtools.evaluation.rank_correlation import resampled_spearman, spearman
from seqtools.evaluation.similarity_sets import SimilaritySet
from seqtools.evaluation.vector_settings import EvaluationSettings, OovPolicy
from seqtools.types import BoolArray, Float32Array, Float64Array, Int64Array


@dataclass(frozen=True)
class SimilarityScore:
    """Rank correlation of cosines with human ratings.

    Attributes
    ----------
    spearman : float or None
        Under the policy asked for; None if it is not defined, as over fewer than two pairs.
    interval : (float, float) or None
        Bootstrap interval over pairs.
    pairs, covered : int
        Pairs in the set, and those with both words in the vocabulary.
    by_policy : dict of str to float or None
        The correlation with uncovered pairs dropped ("drop") and taken as similarity 0 ("zero").
    """

    spearman: float | None
    interval: Interval | None
    pairs: int
    covered: int
    by_policy: dict[OovPolicy, float | None]

    def as_dict(self, interval_name: str = "ci95") -> dict[str, Any]:
        """Return the score as it is written to JSON."""
        return {
            "spearman": self.spearman,
            interval_name: self.interval,
            "pairs": self.pairs,
            "covered": self.covered,
            "spearman_by_oov": self.by_policy,
        }


def score_similarity(
    vectors: WordVectors, pairs: SimilaritySet, settings: EvaluationSettings | None = None
) -> SimilarityScore:
    """Correlate the cosine of each pair with its human rating.

    Parameters
    ----------
    vectors : WordVectors
        The vectors to judge; all their words are used.
    pairs : SimilaritySet
        Word pairs and ratings.
    settings : EvaluationSettings, optional
        Policy for unknown words and case, and the bootstrap.

    Notes
    -----
    Finkelstein et al. (2002) for WordSim-353; the correlation is Spearman's. A pair of which
    nothing is known says nothing about the vectors, so it is dropped unless asked otherwise;
    both scores are kept, because published figures use either.
    """
    settings = settings or EvaluationSettings()
    rows = WordLookup(vectors.words, settings.similarity_case).rows(pairs.pairs)
    covered: BoolArray = rows.min(axis=1) >= 0
    cosines = np.zeros(len(rows))
    cosines[covered] = _cosines(vectors.vectors, rows[covered])
    kept: dict[OovPolicy, BoolArray] = {"drop": covered, "zero": np.ones_like(covered)}
    by_policy = {
        policy: _number(spearman(pairs.ratings[mask], cosines[mask])) if covered.any() else None
        for policy, mask in kept.items()
    }
    score = by_policy[settings.oov]
    if score is None:
        warnings.warn(
            f"{pairs.name}: no score: {int(covered.sum())} of {len(rows)} pairs covered"
            + (", and ratings or cosines are all equal" if covered.sum() > 1 else ""),
            SeqtoolsWarning,
            stacklevel=2,
        )
    mask = kept[settings.oov]
    interval = None
    if score is not None:
        interval = bootstrap_interval(
            resampled_spearman(pairs.ratings[mask], cosines[mask]),
            int(mask.sum()),
            resamples=settings.resamples,
            confidence=settings.confidence,
            seed=settings.seed,
        )
    return SimilarityScore(score, interval, len(rows), int(covered.sum()), by_policy)


def _cosines(vectors: Float32Array, rows: Int64Array) -> Float64Array:
    """Return the cosine of each pair of rows, 0 where a vector is zero, 1 exactly where both agree.

    Without the last, rounding would rank pairs of equal words by chance.
    """
    left = vectors[rows[:, 0]].astype(np.float64)
    right = vectors[rows[:, 1]].astype(np.float64)
    dots = np.einsum("nd,nd->n", left, right)
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    cosines: Float64Array = np.zeros(len(dots))
    np.divide(dots, lengths, out=cosines, where=lengths > 0)
    cosines[(left == right).all(axis=1) & (lengths > 0)] = 1.0
    return cosines


def _number(value: float) -> float | None:
    """Return None for NaN."""
    return value if np.isfinite(value) else None
