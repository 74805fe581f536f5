"""From recordings to text with an acoustic model: posteriors, a decoder, times."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtools.audio.feature_set import FeatureSet
from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.utterance_batches import UtteranceBatch, UtteranceBatches
from seqtools.decoding.ctc_output import PROBABILITIES, log_probabilities_of
from seqtools.decoding.ctc_search import CTCDecoder, find_best_path, spell
from seqtools.decoding.ctc_times import LabelTimes, TimedText, align, time_labels, time_words
from seqtools.layers.workspace import Workspace
from seqtools.models.speech import losses_of, posteriors_of
from seqtools.models.speech_files import StoredSpeechModel
from seqtools.monitor import Monitor, Progress
from seqtools.text.alphabet import BLANK
from seqtools.text.batch_settings import BatchSettings
from seqtools.training.team import Team
from seqtools.types import FloatArray, Int32Array

_UTTERANCES_AT_ONCE = 16


@dataclass(frozen=True)
class Alternative:
    """A text that a recording may hold.

    Attributes
    ----------
    text : str
    score : float
        What texts are ranked by, in nats.
    log_probability : float
        ln P(text's characters | recording), over all paths.
    """

    text: str
    score: float
    log_probability: float


@dataclass(frozen=True)
class Transcript:
    """What was heard in a recording.

    Attributes
    ----------
    text : str
    score, log_probability : float
        As in `Alternative`; without a beam search both are the same.
    labels : int32 array, shape (L,)
        Ids of its characters.
    frames : LabelTimes
        Where each stands, in frames of the model.
    symbols, words : list of TimedText
        Times in seconds from the start of the recording, or of its stretch.
    seconds : float
        What its frames cover.
    alternatives : list of Alternative
        Best first, the first is this one; alone without a beam search.
    posteriors : float32 array, shape (T, V)
    """

    text: str
    score: float
    log_probability: float
    labels: Int32Array
    frames: LabelTimes
    symbols: list[TimedText]
    words: list[TimedText]
    seconds: float
    alternatives: list[Alternative]
    posteriors: FloatArray

    @property
    def blank_share(self) -> float:
        """Share of the frames in which the blank is the likeliest symbol."""
        return float(np.mean(self.posteriors.argmax(-1) == BLANK))

    def as_dict(self) -> dict[str, Any]:
        """Return text, scores and times as plain values."""
        return {
            "text": self.text,
            "seconds": self.seconds,
            "score": self.score,
            "log_probability": self.log_probability,
            "blank_share": self.blank_share,
            "words": [_timed(item) for item in self.words],
            "symbols": [_timed(item) for item in self.symbols],
            "alternatives": [vars(item) for item in self.alternatives],
        }


def hear(
    stored: StoredSpeechModel, features: FeatureSet, team: Team, monitor: Monitor
) -> list[FloatArray]:
    """Return the probabilities of the symbols in each frame of each utterance.

    What an utterance gets does not depend on the others, nor on the number of threads.

    Returns
    -------
    list of float32 arrays, shape (T, V)
    """
    batches = UtteranceBatches(features, None, BatchSettings(_UTTERANCES_AT_ONCE)).in_order()
    found: dict[int, FloatArray] = {}

    def work(_: int, batch: UtteranceBatch, workspace: Workspace) -> list[tuple[int, FloatArray]]:
        lengths = batch.lengths.astype(np.int64)
        logits = stored.model.logits(batch.x, lengths, workspace)
        return [
            (row, posteriors_of(logits[: lengths[b], b]))
            for b, row in enumerate(batch.rows.tolist())
        ]

    monitor.start("listening", len(features), "recordings")
    try:
        for group in _groups(batches, team.num_shards):
            for part in team.run(work, group):
                found.update(part)
            monitor.update(Progress(len(found), len(features), "recordings"))
    finally:
        monitor.finish()
    return [found[row] for row in range(len(features))]


def write_down(
    stored: StoredSpeechModel, posteriors: FloatArray, decoder: CTCDecoder | None
) -> Transcript:
    """Return what was heard in one utterance.

    Parameters
    ----------
    stored : StoredSpeechModel
    posteriors : float array, shape (T, V)
    decoder : CTCDecoder or None
        None takes the best path.
    """
    symbols = stored.alphabet.symbols
    if decoder is None:
        path = find_best_path(posteriors, kind=PROBABILITIES, blank=BLANK)
        log_path = float(np.log(posteriors.max(-1).astype(np.float64)).sum())
        frames = LabelTimes(path.starts, path.stops, log_path)
        [log_probability] = _log_probabilities(posteriors, [path.labels])
        labels = path.labels
        alternatives = [Alternative(spell(labels, symbols), log_probability, log_probability)]
    else:
        found = decoder.search(posteriors, PROBABILITIES)
        labels = found[0].labels if found else np.zeros(0, np.int32)
        logs = _log_probabilities(posteriors, [item.labels for item in found])
        alternatives = [
            Alternative(spell(item.labels, symbols), item.score, log)
            for item, log in zip(found, logs, strict=True)
        ]
        frames = align(log_probabilities_of(posteriors, PROBABILITIES), labels, BLANK)
    best = alternatives[0] if alternatives else Alternative("", 0.0, 0.0)
    timed = _place(time_labels(labels, frames, symbols, stored.features.frame_seconds), stored)
    return Transcript(
        text=best.text,
        score=best.score,
        log_probability=best.log_probability,
        labels=labels,
        frames=frames,
        symbols=timed,
        words=time_words(timed),
        seconds=_covered(len(posteriors), stored.features),
        alternatives=alternatives,
        posteriors=posteriors,
    )


def _groups(batches: Iterator[UtteranceBatch], size: int) -> Iterator[list[UtteranceBatch]]:
    """Yield batches in groups for a team."""
    group: list[UtteranceBatch] = []
    for batch in batches:
        group.append(batch)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _log_probabilities(posteriors: FloatArray, labellings: Sequence[Int32Array]) -> list[float]:
    """Return ln P of labellings over all of their paths."""
    if not labellings:
        return []
    logs = np.log(np.maximum(posteriors, np.finfo(posteriors.dtype).tiny))
    side_by_side = np.ascontiguousarray(np.repeat(logs[:, np.newaxis], len(labellings), axis=1))
    lengths = np.full(len(labellings), len(posteriors), np.int64)
    found: list[float] = (-losses_of(side_by_side, lengths, labellings)).tolist()
    return found


def _place(timed: list[TimedText], stored: StoredSpeechModel) -> list[TimedText]:
    """Move times from the starts of frames to the sound in the middle of their windows."""
    settings = stored.features
    shift = settings.seconds_of(0) - settings.frame_seconds / 2
    return [
        TimedText(
            item.text, max(item.start_seconds + shift, 0.0), max(item.end_seconds + shift, 0.0)
        )
        for item in timed
    ]


def _covered(num_frames: int, settings: FeatureSettings) -> float:
    """Return how many seconds frames cover."""
    hops = (num_frames - 1) * settings.stride + settings.stack - 1
    return (hops * settings.hop_size + settings.window_size) / settings.sample_rate


def _timed(item: TimedText) -> dict[str, Any]:
    """Return a text with its times, to the millisecond."""
    return {
        "text": item.text,
        "start": round(item.start_seconds, 3),
        "end": round(item.end_seconds, 3),
    }
