"""The Word Embedding Association Test.

Source: Caliskan, Bryson and Narayanan 2017, "Semantics derived automatically from language corpora
contain human-like biases", Science 356 (arXiv 1608.07187).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtools.bias.partitions import (
    MOST_ENUMERATED,
    all_subset_sums,
    num_partitions,
    sampled_choices,
)
from seqtools.evaluation.bootstrap import Interval, percentile_interval
from seqtools.seeding import numpy_generator
from seqtools.types import Float64Array, FloatArray

# Sums that differ by less than this share of their size are equal but for rounding.
_TIE = 1e-12


@dataclass(frozen=True)
class WeatScore:
    """The outcome of a test.

    Attributes
    ----------
    statistic : float
        Sum of s(x, A, B) over the first targets less that over the second.
    effect_size : float or None
        Difference of their means in standard deviations (ddof 1) of all targets; None if all
        targets are associated alike.
    interval : (float, float) or None
        Bootstrap interval of the effect size over target words.
    p_value : float
        Share of partitions of the targets with a larger statistic (one-sided).
    p_value_two_sided : float
        Share with a larger absolute value.
    exact : bool
        Whether all partitions were counted; else they were sampled, and p is (r + 1) / (m + 1).
    partitions : int
        Partitions counted or sampled.
    """

    statistic: float
    effect_size: float | None
    interval: Interval | None
    p_value: float
    p_value_two_sided: float
    exact: bool
    partitions: int

    def as_dict(self, interval_name: str = "ci95") -> dict[str, Any]:
        """Return the score as it is written to JSON."""
        return {
            "statistic": self.statistic,
            "effect_size": self.effect_size,
            interval_name: self.interval,
            "p_value": self.p_value,
            "p_value_two_sided": self.p_value_two_sided,
            "exact": self.exact,
            "partitions": self.partitions,
        }


def associations(targets: FloatArray, first: FloatArray, second: FloatArray) -> Float64Array:
    """Return s(w, A, B) = mean cos(w, a) - mean cos(w, b) of each target, shape (N,).

    Parameters
    ----------
    targets : float array, shape (N, D)
    first, second : float arrays, shapes (|A|, D) and (|B|, D)
        Unit vectors, all of them.
    """
    difference = first.mean(axis=0, dtype=np.float64) - second.mean(axis=0, dtype=np.float64)
    scores: Float64Array = np.asarray(targets, dtype=np.float64) @ difference
    return scores


def score_weat(
    targets: tuple[FloatArray, FloatArray],
    attributes: tuple[FloatArray, FloatArray],
    *,
    samples: int = 10_000,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 1,
) -> WeatScore:
    """Test whether two sets of targets are associated with two sets of attributes alike.

    Parameters
    ----------
    targets : pair of float arrays, shapes (|X|, D) and (|Y|, D)
        Unit vectors; each set holds at least one, both together at least three.
    attributes : pair of float arrays, shapes (|A|, D) and (|B|, D)
        Unit vectors.
    samples : int
        Partitions drawn where there are more than 100,000.
    resamples, confidence : int, float
        Of the bootstrap interval; 0 resamples for none.
    seed : int
        Of partitions and bootstrap; the same partitions are drawn for every test of a size, and
        so before and after debiasing.

    Notes
    -----
    S(X, Y, A, B) = sum_X s - sum_Y s; d = (mean_X s - mean_Y s) / std_{X u Y} s with ddof = 1, as
    published figures agree with; p = P(S_i > S) over partitions of X u Y into sets of these sizes.
    If words are lost and sizes differ, partitions keep the sizes that are left. Sampled partitions
    are drawn without replacement, and count S itself as one of them (Phipson and Smyth 2010).
    """
    scores = np.concatenate([associations(words, *attributes) for words in targets])
    num_first = len(targets[0])
    statistic = _statistic(scores, num_first)
    total = num_partitions(len(scores), num_first)
    exact = total <= MOST_ENUMERATED
    if exact:
        sums = all_subset_sums(scores, num_first)
    else:
        generator = numpy_generator(seed, "partitions")
        sums = sampled_choices(len(scores), num_first, samples, generator) @ scores
    margin = _TIE * float(np.abs(scores).sum())
    others = 2 * sums - scores.sum()
    larger = int((others > statistic + margin).sum())
    larger_either_way = int((np.abs(others) > abs(statistic) + margin).sum())
    own = 0 if exact else 1
    interval = None
    if resamples and np.ptp(scores) > 0:
        interval = _effect_interval(scores, num_first, resamples, confidence, seed)
    return WeatScore(
        statistic=statistic,
        effect_size=effect_size(scores, num_first),
        interval=interval,
        p_value=(larger + own) / (len(sums) + own),
        p_value_two_sided=(larger_either_way + own) / (len(sums) + own),
        exact=exact,
        partitions=len(sums),
    )


def effect_size(scores: Float64Array, num_first: int) -> float | None:
    """Return the difference of means over the standard deviation (ddof 1) of all scores.

    Parameters
    ----------
    scores : float64 array, shape (N,)
        Associations of the first targets, then of the second.
    num_first : int
        How many are the first.
    """
    deviation = float(scores.std(ddof=1))
    if deviation <= _TIE * float(np.abs(scores).max()):
        return None
    return float(scores[:num_first].mean() - scores[num_first:].mean()) / deviation


def _statistic(scores: Float64Array, num_first: int) -> float:
    """Return the sum over the first less the sum over the others."""
    return float(scores[:num_first].sum() - scores[num_first:].sum())


def _effect_interval(
    scores: Float64Array, num_first: int, resamples: int, confidence: float, seed: int
) -> Interval | None:
    """Return the percentile interval of the effect size; each set is resampled by itself."""
    generator = numpy_generator(seed, "bootstrap")
    parts = [
        part[generator.integers(0, len(part), size=(resamples, len(part)))]
        for part in (scores[:num_first], scores[num_first:])
    ]
    difference = parts[0].mean(axis=1) - parts[1].mean(axis=1)
    deviation = np.concatenate(parts, axis=1).std(axis=1, ddof=1)
    sizes = np.full(resamples, np.nan)
    np.divide(difference, deviation, out=sizes, where=deviation > 0)
    return percentile_interval(sizes, confidence)
