"""Intervals of a score and tests between systems, from sums of segment statistics.

Koehn (2004), "Statistical significance tests for machine translation evaluation", for the
bootstrap; Riezler and Maxwell (2005), "On some pitfalls in automatic evaluation and significance
testing for MT", for approximate randomization. A resample or a shuffle is a vector of weights
over segments, so all of them are one matrix product with the statistics, and nothing is scored
again. Draws, intervals and p-values are defined as in sacreBLEU 2.x, and with its seed (12345) are
its very draws: the figures agree to float32 rounding, in which sacreBLEU holds resampled sums.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from seqtools.errors import SettingsError
from seqtools.evaluation.bleu_settings import SACREBLEU_SEED
from seqtools.evaluation.bootstrap import resample_counts
from seqtools.types import Float64Array, FloatArray, Uint8Array

# With a multiple of 64 rows a block ends where one of the generator's words does.
_SHUFFLE_ROWS = 64
_EXACT_IN_FLOAT32 = 1 << 24

ScoreTotals = Callable[[Float64Array], Float64Array]


@dataclass(frozen=True)
class Interval:
    """A 95% bootstrap interval.

    Attributes
    ----------
    mean : float
        Mean score over resamples.
    half_width : float
        Half the distance from `low` to `high`, which is what follows "±".
    low, high : float
        The resampled scores that cut off a fortieth on either side.
    """

    mean: float
    half_width: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """A system beside the baseline.

    Attributes
    ----------
    difference : float
        The system's score minus the baseline's.
    p_value : float
        Chance of a difference as large as this, either way, between equal systems.
    interval : Interval or None
        The system's own interval; randomization gives none.
    """

    difference: float
    p_value: float
    interval: Interval | None = None


def score_interval(scores: Float64Array) -> Interval:
    """Return the mean and the middle 95% of resampled scores.

    Parameters
    ----------
    scores : float64 array, shape (S,)
        At least one score.
    """
    ordered = np.sort(scores)
    tail = len(ordered) // 40
    low, high = float(ordered[tail]), float(ordered[len(ordered) - tail - 1])
    return Interval(float(ordered.mean()), 0.5 * (high - low), low, high)


def resampled_totals(
    statistics: Float64Array, num_samples: int, seed: int = SACREBLEU_SEED
) -> Float64Array:
    """Draw segments with replacement and add up their statistics.

    Parameters
    ----------
    statistics : float64 array, shape (N, K)
        Sufficient statistics of each segment.
    num_samples : int
        Number of resamples S, at least 1.
    seed : int
        Seed of the draws.

    Returns
    -------
    float64 array, shape (S, K)
    """
    _check_samples(num_samples)
    draws = resample_counts(np.random.default_rng(seed), len(statistics), num_samples)
    return np.concatenate([counts.astype(np.float64) @ statistics for counts in draws])


def bootstrap_interval_of_score(
    statistics: Float64Array, score: ScoreTotals, num_samples: int, seed: int = SACREBLEU_SEED
) -> Interval:
    """Return the bootstrap interval of one system's score.

    Parameters
    ----------
    statistics, num_samples, seed
        As `resampled_totals`.
    score : callable
        Maps sums of statistics, shape (S, K), to scores, shape (S,).
    """
    return score_interval(score(resampled_totals(statistics, num_samples, seed)))


def paired_bootstrap(
    systems: Sequence[Float64Array],
    score: ScoreTotals,
    num_samples: int,
    seed: int = SACREBLEU_SEED,
) -> tuple[Interval, list[Comparison]]:
    """Compare systems with the first by paired bootstrap resampling.

    Parameters
    ----------
    systems : sequence of float64 arrays, shape (N, K)
        Statistics of the same segments, the baseline's first.
    score, num_samples, seed
        As `bootstrap_interval_of_score`. All systems are resampled alike.

    Returns
    -------
    Interval
        The baseline's.
    list of Comparison
        One for each further system.

    Notes
    -----
    The resampled differences are centred, as they scatter about the observed one and not about
    none; p is the share that then exceeds it.
    """
    _check_systems(systems)
    width = systems[0].shape[1]
    totals = resampled_totals(np.hstack(systems), num_samples, seed)
    scores = [score(totals[:, k * width : (k + 1) * width]) for k in range(len(systems))]
    observed = _observed(systems, score)
    comparisons = []
    for system in range(1, len(systems)):
        distance = np.abs(scores[system] - scores[0])
        difference = observed[system] - observed[0]
        p_value = _p_value(distance - distance.mean(), abs(difference))
        comparisons.append(Comparison(difference, p_value, score_interval(scores[system])))
    return score_interval(scores[0]), comparisons


def paired_randomization(
    systems: Sequence[Float64Array],
    score: ScoreTotals,
    num_trials: int,
    seed: int = SACREBLEU_SEED,
) -> list[Comparison]:
    """Compare systems with the first by approximate randomization.

    Parameters
    ----------
    systems, score, seed
        As `paired_bootstrap`.
    num_trials : int
        Number of shuffles, in each of which every segment changes sides or not by a coin's fall.

    Returns
    -------
    list of Comparison
        One for each further system.
    """
    _check_samples(num_trials)
    _check_systems(systems)
    baseline, others = systems[0], systems[1:]
    # Swapping a segment moves its difference from one side's sum to the other's.
    differences = _in_smallest_type(np.hstack([baseline - other for other in others]))
    moved = np.concatenate(
        [
            keeps.astype(differences.dtype) @ differences
            for keeps in _coin_falls(len(baseline), num_trials, seed)
        ]
    ).astype(np.float64)
    width, observed = baseline.shape[1], _observed(systems, score)
    comparisons = []
    for index, other in enumerate(others):
        kept = moved[:, index * width : (index + 1) * width]
        first, second = score(other.sum(axis=0) + kept), score(baseline.sum(axis=0) - kept)
        difference = observed[index + 1] - observed[0]
        p_value = _p_value(np.abs(first - second), abs(difference))
        comparisons.append(Comparison(difference, p_value))
    return comparisons


def _coin_falls(num_segments: int, num_trials: int, seed: int) -> Iterator[Uint8Array]:
    """Yield blocks of coin falls, shape (rows, num_segments).

    They are those of ``integers(2, size=(num_trials, num_segments), dtype=bool)``, which takes the
    bits of the generator's words one by one; unpacked at once they come in a fifth of the time.
    """
    words = np.random.default_rng(seed).bit_generator
    for start in range(0, num_trials, _SHUFFLE_ROWS):
        rows = min(_SHUFFLE_ROWS, num_trials - start)
        falls = rows * num_segments
        drawn = words.random_raw(-(-falls // 64)).astype("<u8").view(np.uint8)
        yield np.unpackbits(drawn, count=falls, bitorder="little").reshape(rows, num_segments)


def _in_smallest_type(differences: Float64Array) -> FloatArray:
    """Return float32 if every sum over a part of the rows is a whole number it holds exactly."""
    is_whole = bool(np.all(differences == np.rint(differences)))
    is_small = np.abs(differences).sum(axis=0).max() < _EXACT_IN_FLOAT32
    return differences.astype(np.float32) if is_whole and is_small else differences


def _observed(systems: Sequence[Float64Array], score: ScoreTotals) -> list[float]:
    """Return the systems' scores by the same arithmetic as the resampled ones.

    A shuffle that happens to be the original must tie with it to the last bit.
    """
    return score(np.stack([system.sum(axis=0) for system in systems])).tolist()  # type: ignore[no-any-return]


def _p_value(sampled: Float64Array, observed: float) -> float:
    """Return the share of samples beyond the observed value, counting the observed one too."""
    return (int(np.sum(sampled > observed)) + 1) / (len(sampled) + 1)


def _check_samples(num_samples: int) -> None:
    """Refuse fewer than one resample."""
    if num_samples < 1:
        raise SettingsError(f"the number of samples must be at least 1, got {num_samples}")


def _check_systems(systems: Sequence[Float64Array]) -> None:
    """Refuse what cannot be paired."""
    if len(systems) < 2:
        raise SettingsError(f"a paired test needs at least 2 systems, got {len(systems)}")
    if len({system.shape for system in systems}) != 1:
        shapes = ", ".join(str(system.shape) for system in systems)
        raise SettingsError(f"systems must have statistics of the same segments, got {shapes}")
