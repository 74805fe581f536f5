"""Spikes over the spectrogram as one page that needs no network: look, zoom, listen.

The page is put together from the files beside this module. Spectrograms and posteriors travel as
bytes, the sound as WAV of 16 bits, all in base64 within the page's JSON.
"""

import base64
import html
import io
import re
import wave
from collections.abc import Sequence
from importlib import resources

import numpy as np

from seqtools.audio.recording import Recording
from seqtools.errors import SettingsError
from seqtools.reports.embedding_page import json_for_script
from seqtools.reports.spike_picture import LOUDEST_RANGE, colours_of
from seqtools.reports.spike_view import SpikeView
from seqtools.types import FloatArray

MOST_VIEWS = 100
LONGEST_SOUND_SECONDS = 120.0

_MARKUP, _STYLE = "spike_page.html", "spike_page.css"
_SCRIPTS = ("spike_state.js", "spike_drawing.js", "spike_sound.js", "spike_input.js")
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def render_spike_page(views: Sequence[SpikeView], title: str = "What was heard") -> bytes:
    """Return the page, UTF-8. Equal views give equal bytes.

    Parameters
    ----------
    views : sequence of SpikeView
        One or more recordings, `MOST_VIEWS` at most.
    title : str
        What they are.

    Raises
    ------
    SettingsError
        If there is no view, or more than a page holds.

    Notes
    -----
    The page carries its data as JSON in ASCII, in which no character can end the element, and
    writes text as text nodes only. Sound of more than `LONGEST_SOUND_SECONDS` is left out.
    """
    if not 1 <= len(views) <= MOST_VIEWS:
        raise SettingsError(f"a page shows 1 to {MOST_VIEWS} recordings, got {len(views)}")
    parts = {
        "title": html.escape(title),
        "style": _template(_STYLE),
        "script": "\n".join(_template(name) for name in _SCRIPTS),
        "data": json_for_script([_view_data(view) for view in views]),
    }
    page = _PLACEHOLDER.sub(lambda match: parts[match[1]], _template(_MARKUP))
    return page.encode("utf-8", errors="replace")


def _view_data(view: SpikeView) -> dict[str, object]:
    """Return what the scripts read of one recording; times in seconds."""
    loudest = float(view.log_mel.max())
    levels = np.clip((view.log_mel - loudest + LOUDEST_RANGE) / LOUDEST_RANGE, 0, 1)
    colours = list(colours_of(view))
    # The blank's row is the first, the symbols that are drawn follow.
    rows = view.posteriors[:, [0, *colours]]
    return {
        "title": view.title,
        "text": view.text,
        "reference": view.reference,
        "caption": view.caption,
        "seconds": view.seconds,
        "mels": view.log_mel.shape[1],
        "melHertz": np.round(view.mel_hertz, 1).tolist(),
        "melStart": _first(view.log_mel_seconds),
        "melStep": _step(view.log_mel_seconds),
        "levels": _bytes(levels),
        "frameStart": _first(view.frame_seconds),
        "frameStep": _step(view.frame_seconds),
        "symbols": [view.symbols[0], *(view.spelling(symbol) for symbol in colours)],
        "posteriors": _bytes(rows),
        "spikes": [
            [
                1 + colours.index(spike.symbol),
                round(spike.start_seconds, 4),
                round(spike.end_seconds, 4),
                round(spike.peak_seconds, 4),
                round(spike.probability, 4),
            ]
            for spike in view.spikes
        ],
        "missed": [
            [1 + colours.index(spike.symbol), round(spike.peak_seconds, 4), spike.probability]
            for spike in view.missed()
        ],
        "hasWords": view.has_words,
        "words": [
            [word.text, round(word.start_seconds, 4), round(word.end_seconds, 4)]
            for word in view.words
        ],
        "sound": _sound(view.recording) if view.seconds <= LONGEST_SOUND_SECONDS else "",
    }


def _first(seconds: FloatArray) -> float:
    """Return the first time."""
    return round(float(seconds[0]), 6)


def _step(seconds: FloatArray) -> float:
    """Return the time from one frame to the next; of a single frame, twice its middle."""
    return round(float(seconds[1] - seconds[0]) if len(seconds) > 1 else 2 * float(seconds[0]), 6)


def _bytes(values: FloatArray) -> str:
    """Return numbers from 0 to 1 in 256 steps, base64."""
    steps = np.rint(np.asarray(values) * 255).astype(np.uint8)
    return base64.b64encode(steps.tobytes()).decode()


def _sound(recording: Recording) -> str:
    """Return the recording as WAV, base64, at a level at which quiet ones are heard."""
    samples = recording.samples
    loudest = float(np.abs(samples).max(initial=0))
    scaled = samples * np.float32(0.9 * 32767 / loudest if loudest else 0)
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(recording.sample_rate)
        file.writeframes(np.rint(scaled).astype("<i2").tobytes())
    return base64.b64encode(content.getvalue()).decode()


def _template(name: str) -> str:
    """Return a file that stands beside this module."""
    return resources.files("seqtools.reports").joinpath(name).read_text(encoding="utf-8")
