"""Training a language model on text files, from reading them to a model directory."""

from dataclasses import asdict, dataclass
from typing import Any

from seqtools.errors import CheckpointError, TrainingInterrupted
from seqtools.io.model_directory import ModelDirectory
from seqtools.models.gradient_report import observe_gradients
from seqtools.models.language_model import LanguageModel
from seqtools.models.language_model_files import KIND, write_description
from seqtools.models.language_model_plan import LanguageModelPlan
from seqtools.models.language_model_task import LanguageModelTask
from seqtools.models.language_model_texts import Texts, read_texts
from seqtools.models.perplexity import score_ids
from seqtools.models.pretrained import put_pretrained
from seqtools.monitor import Monitor, NullMonitor, StopRequest
from seqtools.text.codecs import save_codec
from seqtools.text.stream_settings import StreamSettings
from seqtools.training.loop import Outcome, train
from seqtools.training.run_store import RunStore
from seqtools.training.team import StopWork, Team


@dataclass(frozen=True)
class LanguageModelTraining:
    """What a run came to.

    Attributes
    ----------
    outcome : Outcome
    num_parameters, vocabulary_size : int
    num_train, num_valid : int
        Symbols.
    num_unknown : int
        Unknown symbols of all training text.
    test : dict or None
        Figures of the test text; see ``TextScore.describe``.
    pretrained : Coverage or None
    """

    outcome: Outcome
    num_parameters: int
    vocabulary_size: int
    num_train: int
    num_valid: int
    num_unknown: int
    test: dict[str, Any] | None
    pretrained: Any


def train_language_model(
    plan: LanguageModelPlan, monitor: Monitor | None = None, stop: StopRequest | None = None
) -> LanguageModelTraining:
    """Train a language model and save it.

    Parameters
    ----------
    plan : LanguageModelPlan
    monitor : Monitor, optional
    stop : StopRequest, optional
        A signal handler may set it; the run then saves a checkpoint and ends.

    Raises
    ------
    SettingsError, FileAccessError, FileContentError
        If texts, settings or the output cannot be used; before any training.
    TrainingInterrupted, TrainingError, CheckpointError
        As ``seqtools.training.loop.train``.
    """
    monitor, stop = monitor or NullMonitor(), stop or StopRequest()
    directory = ModelDirectory(plan.output)
    with directory.prepared(plan.may_overwrite, plan.is_resumed):
        return _train(plan, directory, monitor, stop)


def _train(
    plan: LanguageModelPlan, directory: ModelDirectory, monitor: Monitor, stop: StopRequest
) -> LanguageModelTraining:
    """Train into a directory that can be written."""
    is_resumed = plan.is_resumed and _is_begun(directory)
    if is_resumed:
        _check_resumable(directory, plan)
    texts = read_texts(plan, directory.path, is_resumed, monitor)
    model = LanguageModel(plan.model, len(texts.codec), plan.training.seed)
    coverage = None
    if plan.pretrained is not None:
        rows = model.embedding.weights.value
        coverage = put_pretrained(plan.pretrained, texts.codec, rows)
    task = LanguageModelTask(
        model, texts.train, texts.valid, texts.codec.line_end, plan.stream, plan.training.shards,
        monitor,
    )  # fmt: skip
    if not is_resumed:
        directory.clear()
        save_codec(texts.codec, directory.path)
        write_description(directory, plan.model, texts.codec, _how(plan, texts))
    observe = None
    if plan.has_gradient_statistics:
        observe = observe_gradients(model, texts.valid if texts.valid.size else texts.train)
    outcome = train(task, plan.training, monitor, stop, RunStore(directory), is_resumed, observe)
    return LanguageModelTraining(
        outcome=outcome,
        num_parameters=model.parameters.num_values,
        vocabulary_size=len(texts.codec),
        num_train=texts.train.size,
        num_valid=texts.valid.size,
        num_unknown=texts.num_unknown,
        test=_score(model, texts, plan.output, stop),
        pretrained=coverage,
    )


def _is_begun(directory: ModelDirectory) -> bool:
    """Say whether a run left something to go on with; one killed at its start did not."""
    has_state = RunStore(directory).has_checkpoint() or directory.holds_weights()
    return directory.holds_model() and has_state


def _check_resumable(directory: ModelDirectory, plan: LanguageModelPlan) -> None:
    """Refuse to go on with a model of other settings, or without a checkpoint."""
    stored = directory.read_config(KIND)["settings"]
    for name, values in (("model", asdict(plan.model)), ("codec", asdict(plan.codec))):
        for key, value in values.items():
            old = stored.get(name, {}).get(key)
            if old != value:
                raise CheckpointError(
                    f"{directory.path}: its model has {key} {old}, this run {value}; use the first "
                    "run's options, or start again with --overwrite"
                )
    if not RunStore(directory).has_checkpoint():
        raise CheckpointError(
            f"{directory.path}: holds no checkpoint to go on from: its training has ended, or was "
            "killed before the first; start again with --overwrite"
        )


def _how(plan: LanguageModelPlan, texts: Texts) -> dict[str, Any]:
    """Return what a configuration says about how its model was trained."""
    return {
        **plan.training.described(),
        "batch_size": plan.stream.batch_size,
        "num_steps": plan.stream.num_steps,
        "train_tokens": int(texts.train.size),
        "valid_tokens": int(texts.valid.size),
    }


def _score(
    model: LanguageModel, texts: Texts, output: str, stop: StopRequest
) -> dict[str, Any] | None:
    """Return the figures of the test text, read from its first symbol to its last."""
    text, line_end = texts.test, texts.codec.line_end
    if text is None:
        return None
    try:
        with Team(1, stop=stop) as team:
            score = score_ids(model, text.ids, line_end, team, StreamSettings(1, 256))
    except StopWork as error:
        raise TrainingInterrupted(
            f"interrupted while scoring the test text; the trained model is in {output}",
            stop.signal_number,
        ) from error
    return score.describe(text)
