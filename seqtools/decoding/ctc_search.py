"""From the output of a CTC model to labels: best path, and prefix beam search.

The best path takes the likeliest symbol of each frame, merges repeats and drops blanks. The labels
that are likeliest in all, over all their paths, may be others: those the prefix beam search looks
for (see ``seqtools.kernels.ctc_beam``), alone or together with language models.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from seqtools.decoding.ctc_output import probabilities_of
from seqtools.errors import SettingsError
from seqtools.kernels.ctc_beam import make_beam_scratch, read_prefix, search_prefixes
from seqtools.kernels.ctc_fusion import Fusion
from seqtools.kernels.ctc_path import best_path
from seqtools.types import Int32Array, Int64Array


class BestPath(NamedTuple):
    """The labels of the likeliest path.

    Attributes
    ----------
    labels : int32 array, shape (L,)
    starts, stops : int64 arrays, shape (L,)
        First frame of each label, and the frame after its last.
    """

    labels: Int32Array
    starts: Int64Array
    stops: Int64Array


class CTCHypothesis(NamedTuple):
    """Labels that a search found.

    Attributes
    ----------
    labels : int32 array, shape (L,)
    score : float
        What hypotheses are ranked by, in nats: ln P(labels | input) and the language models' part.
    log_probability : float
        ln P(labels | input) alone, over the paths that the beam held; at most the true one.
    """

    labels: Int32Array
    score: float
    log_probability: float


@dataclass(frozen=True)
class CTCBeamSettings:
    """How to search.

    Attributes
    ----------
    beam_size : int
        Prefixes kept from frame to frame.
    n_best : int
        Hypotheses returned, at most `beam_size`.
    min_probability : float
        Symbols less probable than this at a frame are not tried there; 0 tries all. Never more
        than half of what all symbols would have if they were equal.
    blank : int
        Index of the blank.
    """

    beam_size: int = 100
    n_best: int = 1
    min_probability: float = 0.001
    blank: int = 0

    def __post_init__(self) -> None:
        if self.beam_size < 1:
            raise SettingsError(f"beam_size must be at least 1, got {self.beam_size}")
        if not 1 <= self.n_best <= self.beam_size:
            raise SettingsError(
                f"n_best must be between 1 and beam_size, {self.beam_size}, got {self.n_best}"
            )
        if not 0 <= self.min_probability < 1:
            raise SettingsError(
                f"min_probability must be at least 0 and below 1, got {self.min_probability}"
            )
        if self.blank < 0:
            raise SettingsError(f"blank must be at least 0, got {self.blank}")


def find_best_path(output: ArrayLike, *, kind: str | None = None, blank: int = 0) -> BestPath:
    """Return the labels of the likeliest path.

    Parameters
    ----------
    output : float array, shape (T, V)
    kind : str, optional
        What `output` holds; see ``seqtools.decoding.ctc_output``.
    blank : int
        Index of the blank.
    """
    y = probabilities_of(output, kind)
    _check_blank(blank, y.shape[1])
    labels, starts = np.zeros(len(y), np.int32), np.zeros(len(y), np.int64)
    stops = np.zeros(len(y), np.int64)
    number = best_path(y, blank, labels, starts, stops)
    return BestPath(labels[:number], starts[:number], stops[:number])


@dataclass(frozen=True)
class CTCDecoder:
    """A prefix beam search that is ready to use; threads may share it.

    Attributes
    ----------
    settings : CTCBeamSettings
    fusion : Fusion, optional
        Language models, as ``seqtools.decoding.ctc_fusion.make_fusion`` prepares them.
    symbols : sequence of str, optional
        What the symbols are, so that an output with another number of them is refused.
    """

    settings: CTCBeamSettings = field(default_factory=CTCBeamSettings)
    fusion: Fusion | None = None
    symbols: Sequence[str] | None = None

    def search(self, output: ArrayLike, kind: str | None = None) -> list[CTCHypothesis]:
        """Return the best hypotheses of one utterance, best first.

        Parameters
        ----------
        output : float array, shape (T, V)
        kind : str, optional
            What `output` holds; see ``seqtools.decoding.ctc_output``.
        """
        y = probabilities_of(output, kind, self.symbols)
        num_frames, num_symbols = y.shape
        settings = self.settings
        _check_blank(settings.blank, num_symbols)
        # Above this a flat frame would leave nothing to go on with.
        cut = min(settings.min_probability, 0.5 / num_symbols)
        tree, beam = make_beam_scratch(num_frames, num_symbols, settings.beam_size, self.fusion)
        found = search_prefixes(y, settings.blank, cut, self.fusion, tree, beam)
        order = np.argsort(-beam.log_scores[:found], kind="stable")[: settings.n_best]
        # Prefixes that died, while there was room for them, are no hypotheses.
        order = order[beam.log_scores[order] > -np.inf]
        hypotheses = []
        for place in order.tolist():
            labels = np.zeros(num_frames, np.int32)
            number = read_prefix(tree, beam.nodes[place], labels)
            score = float(beam.log_scores[place])
            log_probability = score - float(beam.log_factors[place])
            hypotheses.append(CTCHypothesis(labels[:number].copy(), score, log_probability))
        return hypotheses

    def search_all(
        self,
        outputs: Iterable[ArrayLike],
        kind: str | None = None,
        threads: int = 1,
        on_done: Callable[[], None] | None = None,
    ) -> list[list[CTCHypothesis]]:
        """Return the hypotheses of many utterances, in their order.

        Parameters
        ----------
        outputs : iterable of float arrays, shape (T, V) each
        kind : str, optional
        threads : int
            Utterances are shared among so many threads; the result does not depend on it.
        on_done : callable, optional
            Called after each utterance, one call at a time.
        """
        if threads < 1:
            raise SettingsError(f"threads must be at least 1, got {threads}")
        lock = threading.Lock()

        def work(output: ArrayLike) -> list[CTCHypothesis]:
            hypotheses = self.search(output, kind)
            if on_done is not None:
                with lock:
                    on_done()
            return hypotheses

        if threads == 1:
            return [work(output) for output in outputs]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(work, outputs))


def spell(labels: ArrayLike, symbols: Sequence[str]) -> str:
    """Return labels as text, with single spaces between words and none at the ends."""
    return " ".join("".join(symbols[label] for label in np.asarray(labels).tolist()).split())


def _check_blank(blank: int, num_symbols: int) -> None:
    """Refuse a blank that is not among the symbols."""
    if not 0 <= blank < num_symbols:
        raise SettingsError(
            f"blank must be below the {num_symbols} symbols of the model's output, got {blank}"
        )
