"""What a speech model heard where: a recording's spectrogram and its symbols' posteriors.

A model trained by connectionist temporal classification says "blank" most of the time, and each
symbol in a short spike (Graves et al. 2006, figure 1). Seen over the spectrogram, spikes tell what
was heard, when, how surely, and what was not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.log_mel import log_mel_frames
from seqtools.audio.mel_filters import filter_edges
from seqtools.audio.recording import Recording
from seqtools.errors import SettingsError
from seqtools.types import Float32Array, Float64Array, FloatArray

SPACE_SIGN = "\N{OPEN BOX}"  # what a space looks like in a drawing

_TOLERANCE = 1e-3
_LEAST_SEEN = 0.1  # a symbol that never comes this far is not drawn


class Spike(NamedTuple):
    """A symbol that was heard.

    Attributes
    ----------
    symbol : int
        Its id, above 0.
    start_seconds, end_seconds : float
        From the beginning of its first frame to the end of its last.
    peak_seconds : float
        The middle of the frame in which it is surest.
    probability : float
        Its posterior there.
    """

    symbol: int
    start_seconds: float
    end_seconds: float
    peak_seconds: float
    probability: float


class TimedWord(NamedTuple):
    """A word that was heard.

    Attributes
    ----------
    text : str
    start_seconds, end_seconds : float
    """

    text: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class SpikeView:
    """A recording and what was heard in it.

    Attributes
    ----------
    title : str
        Name of the recording.
    text : str
        What was heard.
    reference : str or None
        What was said, if it is known.
    recording : Recording
        The sound.
    log_mel : float32 array, shape (F, M)
        Its log-mel frames, as they were before any normalization.
    log_mel_seconds : float64 array, shape (F,)
        The middle of each of these.
    mel_hertz : float64 array, shape (M,)
        The middle of each filter.
    posteriors : float32 array, shape (T, V)
        Probability of each symbol in each frame of the model.
    frame_seconds : float64 array, shape (T,)
        The middle of each of these.
    symbols : tuple of str
        How symbols are written; the blank is the first.
    spikes : tuple of Spike
        In order of time.
    words : tuple of TimedWord
        In order of time.
    """

    title: str
    text: str
    reference: str | None
    recording: Recording
    log_mel: Float32Array
    log_mel_seconds: Float64Array
    mel_hertz: Float64Array
    posteriors: Float32Array
    frame_seconds: Float64Array
    symbols: tuple[str, ...]
    spikes: tuple[Spike, ...]
    words: tuple[TimedWord, ...]

    @property
    def seconds(self) -> float:
        """How long the recording lasts."""
        return len(self.recording.samples) / self.recording.sample_rate

    @property
    def blank_share(self) -> float:
        """Share of the frames in which the blank is the likeliest symbol."""
        return float(np.mean(self.posteriors.argmax(axis=1) == 0))

    @property
    def has_words(self) -> bool:
        """Whether symbols make up words: whether there is a space among them."""
        return " " in self.symbols

    @property
    def drawn_symbols(self) -> tuple[int, ...]:
        """Symbols that are drawn, in order of time: those heard, and those that came near it."""
        first_seconds = {
            symbol: float(self.frame_seconds[self.posteriors[:, symbol].argmax()])
            for symbol in range(1, len(self.symbols))
            if self.posteriors[:, symbol].max() >= _LEAST_SEEN
        }
        for spike in reversed(self.spikes):
            first_seconds[spike.symbol] = spike.peak_seconds
        return tuple(sorted(first_seconds, key=lambda symbol: (first_seconds[symbol], symbol)))

    def missed(self) -> tuple[Spike, ...]:
        """Return what came near being heard: local peaks of symbols outside their spikes."""
        half = (
            float(self.frame_seconds[0])
            if len(self.frame_seconds) == 1
            else 0.5 * float(self.frame_seconds[1] - self.frame_seconds[0])
        )
        found = []
        for symbol in self.drawn_symbols:
            values = self.posteriors[:, symbol]
            padded = np.concatenate([[-1], values, [-1]])
            is_peak = (values > padded[:-2]) & (values >= padded[2:]) & (values >= _LEAST_SEEN)
            for t in np.flatnonzero(is_peak).tolist():
                seconds = float(self.frame_seconds[t])
                if not any(
                    spike.symbol == symbol
                    and spike.start_seconds - 2 * half <= seconds <= spike.end_seconds + 2 * half
                    for spike in self.spikes
                ):
                    ends = seconds - half, seconds + half
                    found.append(Spike(symbol, *ends, seconds, float(values[t])))
        return tuple(sorted(found, key=lambda spike: spike.peak_seconds))

    @property
    def caption(self) -> str:
        """The view in one line of numbers."""
        num_frames = len(self.posteriors)
        return (
            f"{self.seconds:.2f} s, {num_frames} frames, {len(self.spikes)} symbols heard; "
            f"the blank is likeliest in {self.blank_share:.0%} of the frames"
        )

    def spelling(self, symbol: int) -> str:
        """Return how a symbol is drawn: a space by a sign that can be seen."""
        text = self.symbols[symbol]
        return SPACE_SIGN if text == " " else text


def make_spike_view(
    recording: Recording,
    settings: FeatureSettings,
    posteriors: FloatArray,
    symbols: Sequence[str],
    *,
    title: str = "recording",
    reference: str | None = None,
    spikes: Sequence[Spike] | None = None,
) -> SpikeView:
    """Put a recording and a model's output side by side.

    Parameters
    ----------
    recording : Recording
        At the settings' rate.
    settings : FeatureSettings
        How the model's features were made.
    posteriors : float array, shape (T, V)
        Probabilities of the symbols in each frame, the blank in column 0.
    symbols : sequence of str
        How each symbol is written, the blank first.
    title : str
        Name of the recording.
    reference : str, optional
        What was said.
    spikes : sequence of Spike, optional
        What a decoder heard; by default the best path.

    Raises
    ------
    SettingsError
        If `posteriors` are no probabilities, or have not a row for every frame and a column for
        every symbol.
    """
    num_frames = settings.num_frames(len(recording.samples))
    expected = (num_frames, len(symbols))
    if posteriors.shape != expected or not num_frames:
        raise SettingsError(
            f"posteriors of {num_frames} frames and {len(symbols)} symbols have shape {expected}, "
            f"got {posteriors.shape}"
        )
    totals = posteriors.sum(axis=1, dtype=np.float64)
    if not (np.abs(totals - 1) <= _TOLERANCE).all() or (posteriors < 0).any():
        raise SettingsError(
            "posteriors must be probabilities, each frame's adding up to 1; take the softmax of "
            "logits, and the exponential of log probabilities"
        )
    found = best_path(posteriors, settings) if spikes is None else tuple(spikes)
    log_mel = log_mel_frames(recording.samples, settings)
    hops = np.arange(len(log_mel)) * settings.hop_size + settings.window_size / 2
    return SpikeView(
        title=title,
        text="".join(symbols[spike.symbol] for spike in found).strip(),
        reference=reference,
        recording=recording,
        log_mel=log_mel,
        log_mel_seconds=hops / settings.sample_rate,
        mel_hertz=filter_edges(settings)[1:-1],
        posteriors=np.asarray(posteriors, dtype=np.float32),
        frame_seconds=np.array([settings.seconds_of(t) for t in range(num_frames)]),
        symbols=tuple(symbols),
        spikes=found,
        words=_words(found, symbols),
    )


def best_path(posteriors: FloatArray, settings: FeatureSettings) -> tuple[Spike, ...]:
    """Return the likeliest symbol of every frame, repeats merged and blanks left out.

    Parameters
    ----------
    posteriors : float array, shape (T, V)
    settings : FeatureSettings

    Notes
    -----
    Best path decoding (Graves et al. 2006, section 3.2).
    """
    path = posteriors.argmax(axis=1)
    changes = np.flatnonzero(np.diff(path)) + 1
    starts = np.concatenate([[0], changes]).tolist()
    stops = np.concatenate([changes, [len(path)]]).tolist()
    half = settings.frame_seconds / 2
    spikes = []
    for start, stop in zip(starts, stops, strict=True):
        symbol = int(path[start])
        if not symbol:
            continue
        peak = start + int(posteriors[start:stop, symbol].argmax())
        spikes.append(
            Spike(
                symbol,
                settings.seconds_of(start) - half,
                settings.seconds_of(stop - 1) + half,
                settings.seconds_of(peak),
                float(posteriors[peak, symbol]),
            )
        )
    return tuple(spikes)


def _words(spikes: Sequence[Spike], symbols: Sequence[str]) -> tuple[TimedWord, ...]:
    """Join symbols between spaces to words."""
    words: list[TimedWord] = []
    is_open = False
    for spike in spikes:
        text = symbols[spike.symbol]
        if text == " ":
            is_open = False
        elif is_open:
            last = words[-1]
            words[-1] = TimedWord(last.text + text, last.start_seconds, spike.end_seconds)
        else:
            words.append(TimedWord(text, spike.start_seconds, spike.end_seconds))
            is_open = True
    return tuple(words)
