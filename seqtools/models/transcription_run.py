"""Transcribing recordings named one by one or in a manifest, with a model from disk."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seqtools.audio.feature_set import FeatureSet, read_feature_set
from seqtools.audio.features import read_features
from seqtools.audio.manifest import Manifest, Utterance, read_manifest
from seqtools.audio.manifest_checks import check_recordings
from seqtools.audio.reading import RecordingOptions
from seqtools.decoding.ctc_fusion import FusionSettings, make_fusion, reweigh
from seqtools.decoding.ctc_output import PROBABILITIES
from seqtools.decoding.ctc_search import CTCBeamSettings, CTCDecoder
from seqtools.errors import SettingsError
from seqtools.evaluation.ctc_tuning import FusionTuning, tune_fusion
from seqtools.evaluation.error_rate import ErrorRateSettings, score_transcripts
from seqtools.evaluation.transcript_text import CHARACTER, WORD
from seqtools.models.speech_files import StoredSpeechModel, load_speech_model
from seqtools.models.transcription import Transcript, hear, write_down
from seqtools.monitor import Monitor, NullMonitor
from seqtools.text.alphabet import prepare_text
from seqtools.text.ngram_model import NGramModel
from seqtools.training.team import Team
from seqtools.types import FloatArray


@dataclass(frozen=True)
class TranscriptionPlan:
    """What to transcribe, and how.

    Attributes
    ----------
    model : str
        A directory that `train-asr` wrote.
    files : sequence of str
        Recordings.
    manifest : str or None
        In their place, a manifest; its texts, if every line has one, are references.
    beam : CTCBeamSettings or None
        None takes the best path.
    language_model : str or None
        ARPA file of words, for a beam search.
    fusion : FusionSettings
        Weights of the language model.
    tuning : str or None
        Manifest of recordings by which alpha and beta are chosen.
    recordings : RecordingOptions
        Whether to resample and mix.
    threads : int
        The result does not depend on them.
    """

    model: str
    files: Sequence[str] = ()
    manifest: str | None = None
    beam: CTCBeamSettings | None = None
    language_model: str | None = None
    fusion: FusionSettings = field(default_factory=FusionSettings)
    tuning: str | None = None
    recordings: RecordingOptions = field(default_factory=RecordingOptions)
    threads: int = 1

    def __post_init__(self) -> None:
        if bool(self.files) == (self.manifest is not None):
            raise SettingsError("name recordings, or a manifest of them")
        if self.language_model is not None and self.beam is None:
            raise SettingsError("a language model needs a beam search: give a beam size")
        if self.tuning is not None and self.language_model is None:
            raise SettingsError("there are weights to tune only with a language model")


@dataclass(frozen=True)
class Transcription:
    """Transcripts of some recordings.

    Attributes
    ----------
    stored : StoredSpeechModel
    utterances : tuple of Utterance
        Files and stretches.
    transcripts : list of Transcript
        In the same order.
    rates : dict or None
        Counts of the errors of words ("wer") and characters ("cer") where there are references.
    tuning : FusionTuning or None
    """

    stored: StoredSpeechModel
    utterances: tuple[Utterance, ...]
    transcripts: list[Transcript]
    rates: dict[str, dict[str, Any]] | None
    tuning: FusionTuning | None

    def as_dict(self) -> dict[str, Any]:
        """Return the object that ``seqtools transcribe --json`` prints."""
        recordings = []
        for utterance, transcript in zip(self.utterances, self.transcripts, strict=True):
            place = {"path": str(utterance.path), "stretch_start": utterance.start_seconds}
            reference = {"reference": utterance.text} if utterance.text else {}
            recordings.append({**place, **transcript.as_dict(), **reference})
        return {
            "recordings": recordings,
            "wer": None if self.rates is None else self.rates["wer"],
            "cer": None if self.rates is None else self.rates["cer"],
            "tuning": None if self.tuning is None else self.tuning.as_dict(),
        }


def transcribe(plan: TranscriptionPlan, monitor: Monitor | None = None) -> Transcription:
    """Transcribe recordings.

    Raises
    ------
    ModelError, VocabularyError, LanguageModelError
        If a model cannot be used.
    AudioError, ManifestError, FileAccessError
        If a recording or a manifest cannot be used.
    """
    monitor = monitor or NullMonitor()
    stored = load_speech_model(plan.model)
    if plan.manifest is not None:
        manifest = read_manifest(plan.manifest, needs_text=False)
        utterances = manifest.utterances
    else:
        utterances = tuple(Utterance(Path(name)) for name in plan.files)
    with Team(plan.threads, plan.threads, has_fixed_weights=True) as team:
        decoder, tuning = _make_decoder(plan, stored, team, monitor)
        if plan.manifest is not None:
            posteriors = _hear_manifest(manifest, plan, stored, team, monitor)
        else:
            posteriors = hear(stored, _read_files(plan, stored), team, monitor)
    transcripts = [write_down(stored, item, decoder) for item in posteriors]
    return Transcription(
        stored, utterances, transcripts, _rate(transcripts, utterances, stored), tuning
    )


def _read_files(plan: TranscriptionPlan, stored: StoredSpeechModel) -> FeatureSet:
    """Return the features of recordings named one by one; a fault names the file."""
    parts = [read_features(name, stored.features, plan.recordings) for name in plan.files]
    offsets = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return FeatureSet(np.concatenate(parts), offsets)


def _hear_manifest(
    manifest: Manifest,
    plan: TranscriptionPlan,
    stored: StoredSpeechModel,
    team: Team,
    monitor: Monitor,
) -> list[FloatArray]:
    """Return the posteriors of the utterances of a manifest, all of them checked before."""
    check_recordings(manifest, stored.features, plan.recordings)
    features = read_feature_set(manifest, stored.features, plan.recordings, monitor)
    return hear(stored, features, team, monitor)


def _make_decoder(
    plan: TranscriptionPlan, stored: StoredSpeechModel, team: Team, monitor: Monitor
) -> tuple[CTCDecoder | None, FusionTuning | None]:
    """Return a beam search, with a language model if there is one; None for the best path."""
    if plan.beam is None:
        return None, None
    symbols = stored.alphabet.symbols
    words = None if plan.language_model is None else NGramModel.read(plan.language_model)
    fusion, tuning = make_fusion(symbols, plan.fusion, words=words), None
    if plan.tuning is not None and fusion is not None:
        manifest = read_manifest(plan.tuning)
        posteriors = _hear_manifest(manifest, plan, stored, team, monitor)
        tuning = tune_fusion(
            CTCDecoder(plan.beam, fusion, symbols),
            posteriors, _references(manifest.utterances, stored), kind=PROBABILITIES,
            settings=plan.fusion, threads=plan.threads, monitor=monitor,
        )  # fmt: skip
        fusion = reweigh(fusion, tuning.settings)
    return CTCDecoder(plan.beam, fusion, symbols), tuning


def _references(utterances: Sequence[Utterance], stored: StoredSpeechModel) -> list[str]:
    """Return what was said, in the form of the model's texts."""
    return [prepare_text(utterance.text, stored.alphabet.lower) for utterance in utterances]


def _rate(
    transcripts: list[Transcript], utterances: Sequence[Utterance], stored: StoredSpeechModel
) -> dict[str, dict[str, Any]] | None:
    """Count errors, if what was said is known of every utterance."""
    if not all(utterance.text for utterance in utterances):
        return None
    texts = [transcript.text for transcript in transcripts]
    references = _references(utterances, stored)
    return {
        name: score_transcripts(texts, references, ErrorRateSettings(unit)).as_dict()
        for name, unit in (("wer", WORD), ("cer", CHARACTER))
    }


def describe_decoding(plan: TranscriptionPlan, tuning: FusionTuning | None) -> dict[str, Any]:
    """Return how texts were found, as plain values."""
    if plan.beam is None:
        return {"decoder": "best path"}
    described: dict[str, Any] = {"decoder": "prefix beam search", **asdict(plan.beam)}
    if plan.language_model is not None:
        described["language_model"] = plan.language_model
        described.update(asdict(tuning.settings if tuning else plan.fusion))
    return described
