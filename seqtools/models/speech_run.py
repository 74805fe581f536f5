"""Training an acoustic model on recordings, from a manifest to a model directory."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from seqtools.audio.feature_set import cached_feature_set
from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.manifest import Manifest, read_manifest
from seqtools.audio.manifest_checks import check_lengths, check_recordings, encode_texts
from seqtools.audio.masking import MaskSettings
from seqtools.audio.mel_filters import mel_filters
from seqtools.audio.reading import RecordingOptions, read_info
from seqtools.errors import AudioError, CheckpointError, FileAccessError, SettingsError
from seqtools.io.model_directory import ModelDirectory
from seqtools.layers.ctc import frames_needed
from seqtools.models.speech import SpeechModel
from seqtools.models.speech_files import (
    ALPHABET_FILE,
    KIND,
    describe_settings,
    write_description,
)
from seqtools.models.speech_settings import SpeechSettings
from seqtools.models.speech_task import METRICS, SpeechTask, SpokenTexts
from seqtools.monitor import Monitor, NullMonitor, StopRequest
from seqtools.text.alphabet import Alphabet, load_alphabet, prepare_text, save_alphabet
from seqtools.text.batch_settings import BatchSettings
from seqtools.training.loop import Outcome, train
from seqtools.training.run_store import RunStore
from seqtools.training.settings import TrainingSettings, check_choice
from seqtools.types import Int32Array

# Features beside the model while it is trained.
_CACHES = ("train.features", "dev.features")


@dataclass(frozen=True)
class SpeechPlan:
    """What to train on, how, and where to put it.

    Attributes
    ----------
    train : str
        Manifest of the recordings to train on.
    output : str
        The model directory.
    dev : str or None
        Manifest of the recordings to choose the best epoch by; None takes the last epoch.
    model : SpeechSettings
    features : FeatureSettings
    takes_rate : bool
        Take the sample rate of the first recording in place of that of `features`.
    recordings : RecordingOptions
        Whether to resample and mix.
    lower : bool
        Fold upper to lower case.
    batches : BatchSettings
        Its seed is that of the training.
    masks : MaskSettings or None
        None masks nothing.
    metric : str
        "wer", "cer" or "dev_loss".
    training : TrainingSettings
    is_resumed, may_overwrite : bool
        Go on from the checkpoint in `output`; replace the model that lies there.
    """

    train: str
    output: str
    dev: str | None = None
    model: SpeechSettings = field(default_factory=SpeechSettings)
    features: FeatureSettings = field(default_factory=FeatureSettings)
    takes_rate: bool = True
    recordings: RecordingOptions = field(default_factory=RecordingOptions)
    lower: bool = False
    batches: BatchSettings = field(default_factory=lambda: BatchSettings(batch_size=16))
    masks: MaskSettings | None = None
    metric: str = "wer"
    training: TrainingSettings = field(default_factory=TrainingSettings)
    is_resumed: bool = False
    may_overwrite: bool = False

    def __post_init__(self) -> None:
        check_choice("metric", self.metric, METRICS)
        if "-" in (self.train, self.dev):
            raise SettingsError("a manifest to train on is a file, not standard input")


@dataclass(frozen=True)
class SpeechTraining:
    """What a run came to.

    Attributes
    ----------
    outcome : Outcome
    num_parameters, num_symbols : int
    num_train, num_dev : int
        Utterances.
    seconds : float
        Of the recordings to train on, counted in frames.
    sample_rate : int
    """

    outcome: Outcome
    num_parameters: int
    num_symbols: int
    num_train: int
    num_dev: int
    seconds: float
    sample_rate: int


@dataclass(frozen=True)
class _Checked:
    """A manifest without faults, and its texts as ids."""

    manifest: Manifest
    targets: list[Int32Array]


def train_speech_model(
    plan: SpeechPlan, monitor: Monitor | None = None, stop: StopRequest | None = None
) -> SpeechTraining:
    """Train an acoustic model and save it.

    Parameters
    ----------
    plan : SpeechPlan
    monitor : Monitor, optional
    stop : StopRequest, optional
        A signal handler may set it; the run then saves a checkpoint and ends.

    Raises
    ------
    SettingsError, FileAccessError, ManifestError
        If recordings, texts, settings or the output cannot be used; before any training.
    TrainingInterrupted, TrainingError, CheckpointError
        As ``seqtools.training.loop.train``.
    """
    monitor, stop = monitor or NullMonitor(), stop or StopRequest()
    directory = ModelDirectory(plan.output)
    with directory.prepared(plan.may_overwrite, plan.is_resumed, _CACHES):
        return _train(plan, directory, monitor, stop)


def _train(
    plan: SpeechPlan, directory: ModelDirectory, monitor: Monitor, stop: StopRequest
) -> SpeechTraining:
    """Train into a directory that can be written."""
    store = RunStore(directory)
    is_resumed = plan.is_resumed and _is_begun(directory, store)
    manifests = [read_manifest(path) for path in (plan.train, plan.dev) if path is not None]
    features = _with_rate(plan, manifests[0])
    mel_filters(features)  # refuses now what would be found once a model has been replaced
    if is_resumed:
        _check_resumable(directory, store, plan, features)
        alphabet = load_alphabet(directory.path / ALPHABET_FILE)
    else:
        alphabet = Alphabet.from_texts(manifests[0].texts, plan.lower)
    checked = [_check(manifest, features, alphabet, plan.recordings) for manifest in manifests]
    spoken = _read(plan, checked, directory, features, alphabet, is_resumed, monitor)
    model = SpeechModel(plan.model, features.dim, len(alphabet), plan.training.seed)
    task = SpeechTask(
        model, alphabet, spoken[0], spoken[1] if plan.dev is not None else None,
        replace(plan.batches, seed=plan.training.seed), features.num_mels, plan.masks,
        plan.training.shards, plan.metric, monitor,
    )  # fmt: skip
    if not is_resumed:
        directory.clear()
        save_alphabet(alphabet, directory.path / ALPHABET_FILE)
        write_description(directory, plan.model, features, alphabet, _how(plan, checked))
    outcome = train(task, plan.training, monitor, stop, store, is_resumed)
    for name in _CACHES:
        (directory.path / name).unlink(missing_ok=True)
    return SpeechTraining(
        outcome=outcome,
        num_parameters=model.parameters.num_values,
        num_symbols=len(alphabet),
        num_train=len(spoken[0].texts),
        num_dev=len(spoken[1].texts) if plan.dev is not None else 0,
        seconds=len(spoken[0].features.frames) * features.frame_seconds,
        sample_rate=features.sample_rate,
    )


def _is_begun(directory: ModelDirectory, store: RunStore) -> bool:
    """Say whether a run left something to go on with; one killed at its start did not."""
    return directory.holds_model() and (store.has_checkpoint() or directory.holds_weights())


def _check_resumable(
    directory: ModelDirectory, store: RunStore, plan: SpeechPlan, features: FeatureSettings
) -> None:
    """Refuse to go on with a model of other settings, or without a checkpoint."""
    stored = directory.read_config(KIND)["settings"]
    wanted = describe_settings(plan.model, features, plan.lower)
    for key, old, new in _differences(stored, wanted):
        raise CheckpointError(
            f"{directory.path}: its model has {key} {old}, this run {new}; use the first run's "
            "options, or start again with --overwrite"
        )
    if not store.has_checkpoint():
        raise CheckpointError(
            f"{directory.path}: holds no checkpoint to go on from: its training has ended, or was "
            "killed before the first; start again with --overwrite"
        )


def _differences(stored: dict[str, Any], wanted: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return names and values of the settings in which two models differ."""
    found = []
    for name, value in wanted.items():
        new = value if isinstance(value, dict) else {name: value}
        old = stored.get(name) if isinstance(value, dict) else {name: stored.get(name)}
        found += [
            (key, (old or {}).get(key), new[key]) for key in new if (old or {}).get(key) != new[key]
        ]
    return found


def _with_rate(plan: SpeechPlan, manifest: Manifest) -> FeatureSettings:
    """Return the settings of features, with the rate of the first recording if that is wanted."""
    if not plan.takes_rate:
        return plan.features
    try:
        info = read_info(manifest.utterances[0].path)
    except (AudioError, FileAccessError) as error:
        manifest.refuse([(0, str(error))])
        raise
    return replace(plan.features, sample_rate=info.sample_rate)


def _check(
    manifest: Manifest, features: FeatureSettings, alphabet: Alphabet, options: RecordingOptions
) -> _Checked:
    """Refuse recordings that cannot be used, texts that cannot be written, and misfits."""
    num_frames = check_recordings(manifest, features, options)
    targets = encode_texts(manifest, alphabet)
    check_lengths(manifest, num_frames, np.array([frames_needed(ids) for ids in targets]))
    return _Checked(manifest, targets)


def _read(
    plan: SpeechPlan,
    checked: list[_Checked],
    directory: ModelDirectory,
    features: FeatureSettings,
    alphabet: Alphabet,
    is_resumed: bool,
    monitor: Monitor,
) -> list[SpokenTexts]:
    """Return the utterances of each manifest, their features from files beside the model.

    Where a recording is refused, features that were made for a new model go again.
    """
    spoken: list[SpokenTexts] = []
    paths = [directory.path / name for name in _CACHES]
    # Only training writes these names into a model's directory; in another one they may be the
    # user's.
    is_ours = directory.holds_model()
    try:
        for item, path in zip(checked, paths, strict=False):
            found = cached_feature_set(
                item.manifest, path, features, plan.recordings, monitor, is_ours
            )
            texts = [prepare_text(text, alphabet.lower) for text in item.manifest.texts]
            spoken.append(SpokenTexts(found, item.targets, texts))
    except BaseException:
        if not is_resumed:
            for path in paths[: len(spoken)]:
                path.unlink(missing_ok=True)
        raise
    return spoken


def _how(plan: SpeechPlan, checked: list[_Checked]) -> dict[str, Any]:
    """Return what a configuration says about how its model was trained."""
    return {
        **plan.training.described(),
        "batch_size": plan.batches.batch_size,
        "masks": None if plan.masks is None else asdict(plan.masks),
        "metric": plan.metric,
        "train_utterances": len(checked[0].manifest),
        "dev_utterances": len(checked[1].manifest) if len(checked) > 1 else 0,
    }
