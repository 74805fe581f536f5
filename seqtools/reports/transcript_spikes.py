"""Spikes over the spectrogram of recordings that were transcribed."""

import os
from collections.abc import Sequence

from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.manifest import Utterance
from seqtools.audio.reading import RecordingOptions, read_recording
from seqtools.models.transcription import Transcript
from seqtools.models.transcription_run import Transcription
from seqtools.reports.spike_files import write_spikes
from seqtools.reports.spike_view import Spike, SpikeView, make_spike_view


def write_transcript_spikes(
    path: str | os.PathLike[str], found: Transcription, options: RecordingOptions
) -> None:
    """Draw transcripts over their recordings, in the format that a file's suffix names.

    Parameters
    ----------
    path : path-like
        .png, .svg or .pdf for one recording, .html for several.
    found : Transcription
    options : RecordingOptions
        Whether to resample and mix, as when they were transcribed.

    Raises
    ------
    SettingsError
        If the suffix names none of these, or there are more recordings than it can show.
    FileAccessError
        If the file cannot be written, or a recording no longer read.
    """
    pairs = zip(found.utterances, found.transcripts, strict=True)
    views = [_view(found, utterance, transcript, options) for utterance, transcript in pairs]
    write_spikes(path, views)


def _view(
    found: Transcription, utterance: Utterance, transcript: Transcript, options: RecordingOptions
) -> SpikeView:
    """Put a recording and its transcript side by side."""
    settings = found.stored.features
    wanted = RecordingOptions(settings.sample_rate, options.resample, options.mix_channels)
    recording = read_recording(
        utterance.path, wanted, utterance.start_seconds, utterance.end_seconds
    )
    return make_spike_view(
        recording,
        settings,
        transcript.posteriors,
        found.stored.alphabet.symbols,
        title=utterance.path.name,
        reference=utterance.text or None,
        spikes=_spikes(transcript, settings),
    )


def _spikes(transcript: Transcript, settings: FeatureSettings) -> Sequence[Spike]:
    """Return the characters of a transcript where the search put them."""
    half = settings.frame_seconds / 2
    spikes = []
    spans = zip(transcript.frames.starts.tolist(), transcript.frames.stops.tolist(), strict=True)
    for label, (start, stop) in zip(transcript.labels.tolist(), spans, strict=True):
        values = transcript.posteriors[start:stop, label]
        peak = start + int(values.argmax())
        spikes.append(
            Spike(
                label,
                settings.seconds_of(start) - half,
                settings.seconds_of(stop - 1) + half,
                settings.seconds_of(peak),
                float(transcript.posteriors[peak, label]),
            )
        )
    return spikes
