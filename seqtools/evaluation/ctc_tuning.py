"""Weights of a language model for CTC decoding, chosen on development data.

A grid of alpha and beta is decoded, then the places around the best one at half the distance: what
is right for one model is wrong for another, so there is no weight that fits all.
"""

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from numpy.typing import ArrayLike

from seqtools.decoding.ctc_fusion import FusionSettings, reweigh
from seqtools.decoding.ctc_output import PROBABILITIES, probabilities_of
from seqtools.decoding.ctc_search import CTCDecoder, spell
from seqtools.errors import SettingsError
from seqtools.evaluation.error_rate import ErrorRateSettings, score_transcripts
from seqtools.evaluation.transcript_text import WORD
from seqtools.monitor import Monitor, NullMonitor, Progress

_WORD_WEIGHTS, _CHARACTER_WEIGHTS = ("alpha", "beta"), ("character_alpha", "label_bonus")


@dataclass(frozen=True)
class TuningGrid:
    """What to try.

    Attributes
    ----------
    alphas, betas : tuple of float
        Weights of the model, and bonuses of each word (of each label, for a model of characters).
    rounds : int
        Times to look around the best place at half the distance; 0 for the grid alone.
    unit : str
        "word" or "character": the errors to have few of.
    """

    alphas: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
    betas: tuple[float, ...] = (-1.0, 0.0, 1.0, 2.0, 3.0)
    rounds: int = 1
    unit: str = WORD

    def __post_init__(self) -> None:
        if not self.alphas or not self.betas:
            raise SettingsError("alphas and betas must hold at least one number each")
        if self.rounds < 0:
            raise SettingsError(f"rounds must be at least 0, got {self.rounds}")


@dataclass(frozen=True)
class TuningTrial:
    """One pair of weights and the error rate it gave."""

    alpha: float
    beta: float
    rate: float


@dataclass(frozen=True)
class FusionTuning:
    """What tuning found.

    Attributes
    ----------
    settings : FusionSettings
        The best weights; of equally good ones those nearest to no language model.
    rate, rate_without : float
        Error rate with them, and without a language model.
    trials : list of TuningTrial
        In the order they were made.
    """

    settings: FusionSettings
    rate: float
    rate_without: float
    trials: list[TuningTrial]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "settings": asdict(self.settings),
            "rate": self.rate,
            "rate_without": self.rate_without,
            "trials": [asdict(trial) for trial in self.trials],
        }


def tune_fusion(
    decoder: CTCDecoder,
    outputs: Sequence[ArrayLike],
    references: Sequence[str],
    *,
    kind: str | None = None,
    settings: FusionSettings | None = None,
    grid: TuningGrid | None = None,
    threads: int = 1,
    monitor: Monitor | None = None,
) -> FusionTuning:
    """Choose alpha and beta by the error rate of decoded development data.

    Parameters
    ----------
    decoder : CTCDecoder
        With language models and symbols. A model of words is tuned if there is one, else that of
        characters.
    outputs : sequence of float arrays, shape (T, V) each
        What the acoustic model says of each utterance.
    references : sequence of str
        What was said.
    kind : str, optional
        What `outputs` hold; see ``seqtools.decoding.ctc_output``.
    settings : FusionSettings, optional
        The weights that are not tuned.
    grid : TuningGrid, optional
    threads : int
        Utterances are shared among so many threads.
    monitor : Monitor, optional

    Raises
    ------
    SettingsError
        If the decoder has no language model or no symbols, or there are no utterances.
    """
    if decoder.fusion is None or decoder.symbols is None:
        raise SettingsError("the decoder needs a language model and symbols to tune weights")
    if len(outputs) != len(references) or not references:
        raise SettingsError(
            f"tuning needs as many outputs as references, got {len(outputs)} and {len(references)}"
        )
    ready = [probabilities_of(output, kind, decoder.symbols) for output in outputs]
    grid = grid or TuningGrid()
    tuner = _Tuner(decoder, ready, references, settings or FusionSettings(), grid, threads)
    return tuner.run(monitor or NullMonitor())


@dataclass
class _Tuner:
    """Decodes with one pair of weights after the other."""

    decoder: CTCDecoder
    outputs: Sequence[ArrayLike]
    references: Sequence[str]
    settings: FusionSettings
    grid: TuningGrid
    threads: int

    def run(self, monitor: Monitor) -> FusionTuning:
        """Try the grid, then around the best."""
        rates: dict[tuple[float, float], float] = {}
        steps = _smallest_step(self.grid.alphas), _smallest_step(self.grid.betas)
        places = list(itertools.product(self.grid.alphas, self.grid.betas))
        for round_number in range(self.grid.rounds + 1):
            monitor.start("tuning", len(places), "weights")
            for done, place in enumerate(places, start=1):
                if place not in rates:
                    rates[place] = self.rate_of(self.weights(*place))
                monitor.update(Progress(done, len(places), "weights"))
            monitor.finish()
            best = min(rates, key=lambda place: (rates[place], place[0], abs(place[1])))
            half = [step / 2 ** (round_number + 1) for step in steps]
            places = [
                (max(best[0] + a * half[0], 0.0), best[1] + b * half[1])
                for a, b in itertools.product((-1, 0, 1), repeat=2)
            ]
        return FusionTuning(
            settings=self.weights(*best),
            rate=rates[best],
            rate_without=self.rate_of(None),
            trials=[TuningTrial(*place, rate) for place, rate in rates.items()],
        )

    def weights(self, alpha: float, beta: float) -> FusionSettings:
        """Return settings with these weights for the model that is tuned."""
        has_words = self.decoder.fusion is not None and self.decoder.fusion.has_words
        names = _WORD_WEIGHTS if has_words else _CHARACTER_WEIGHTS
        changes: dict[str, Any] = dict(zip(names, (alpha, beta), strict=True))
        return replace(self.settings, **changes)

    def rate_of(self, settings: FusionSettings | None) -> float:
        """Return the error rate with these weights, or without language models."""
        fusion, symbols = self.decoder.fusion, self.decoder.symbols or ()
        fusion = reweigh(fusion, settings) if fusion is not None and settings is not None else None
        decoder = replace(self.decoder, fusion=fusion)
        found = decoder.search_all(self.outputs, PROBABILITIES, self.threads)
        texts = [spell(items[0].labels, symbols) if items else "" for items in found]
        measure = ErrorRateSettings(self.grid.unit, samples=0)
        return score_transcripts(texts, self.references, measure).rate


def _smallest_step(numbers: Sequence[float]) -> float:
    """Return the smallest distance between numbers, 0 if there is one number."""
    steps = [b - a for a, b in itertools.pairwise(sorted(set(numbers)))]
    return min(steps, default=0.0)
