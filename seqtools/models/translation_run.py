"""Training a translator on parallel text, from reading it to a model directory."""

from dataclasses import asdict, dataclass, field
from itertools import chain

from seqtools.errors import CheckpointError, SettingsError
from seqtools.io.model_directory import ModelDirectory
from seqtools.models.pretrained import put_pretrained
from seqtools.models.translation import KIND, TranslationModel, load_codecs
from seqtools.models.translation_task import TranslationTask
from seqtools.models.translator_settings import TranslatorSettings
from seqtools.monitor import Monitor, NullMonitor, StopRequest
from seqtools.seeding import numpy_generator
from seqtools.text.batch_settings import BatchSettings
from seqtools.text.codecs import build_codec
from seqtools.text.encoding import EncodedLines
from seqtools.text.lines import EncodingErrors
from seqtools.text.parallel_text import ParallelText, read_parallel, trainable_pairs
from seqtools.text.splits import SplitSettings, split_rows
from seqtools.text.symbols import Codec, CodecSettings
from seqtools.training.loop import Outcome, train
from seqtools.training.run_store import RunStore
from seqtools.training.settings import TrainingSettings


@dataclass(frozen=True)
class TranslationPlan:
    """What to train on, how, and where to put it.

    Attributes
    ----------
    source, target : str
        Files, plain or compressed; line n of the one is the translation of line n of the other.
    output : str
        The model directory.
    development : tuple of str, or None
        Source and target file by which the best epoch is chosen. Without it a part of the training
        lines is set apart, by `split`.
    split : SplitSettings
    codec : CodecSettings
        Of both sides.
    is_joint : bool
        Make one vocabulary of both sides.
    max_length : int or None
        Leave out pairs a side of which has more symbols.
    model : TranslatorSettings
    batches : BatchSettings
    training : TrainingSettings
    pretrained_source, pretrained_target : str or None
        Files of word vectors for the embeddings.
    encoding_errors : "strict" or "replace"
    is_resumed, may_overwrite : bool
        Go on from the checkpoint in `output`; replace the model that lies there.
    """

    source: str
    target: str
    output: str
    development: tuple[str, str] | None = None
    split: SplitSettings = field(default_factory=lambda: SplitSettings(size=0.02))
    codec: CodecSettings = field(default_factory=CodecSettings)
    is_joint: bool = False
    max_length: int | None = 100
    model: TranslatorSettings = field(default_factory=TranslatorSettings)
    batches: BatchSettings = field(default_factory=BatchSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    pretrained_source: str | None = None
    pretrained_target: str | None = None
    encoding_errors: EncodingErrors = "strict"
    is_resumed: bool = False
    may_overwrite: bool = False

    def __post_init__(self) -> None:
        if self.model.tied_embeddings == "all" and not self.is_joint:
            raise SettingsError("tied_embeddings all needs one vocabulary of both sides; add joint")


@dataclass(frozen=True)
class TranslationTraining:
    """What a run came to.

    Attributes
    ----------
    outcome : Outcome
    model : TranslationModel
        With the chosen weights.
    num_pairs, num_left_out, num_development : int
    coverage : dict of str to object
        How much of a vocabulary the pretrained vectors cover, by side.
    """

    outcome: Outcome
    model: TranslationModel
    num_pairs: int
    num_left_out: int
    num_development: int
    coverage: dict[str, object]


def train_translation(
    plan: TranslationPlan, monitor: Monitor | None = None, stop: StopRequest | None = None
) -> TranslationTraining:
    """Train a translator and save it.

    Parameters
    ----------
    plan : TranslationPlan
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
    plan: TranslationPlan, directory: ModelDirectory, monitor: Monitor, stop: StopRequest
) -> TranslationTraining:
    """Train into a directory that can be written."""
    is_resumed = plan.is_resumed and directory.holds_model()
    if is_resumed:
        _check_resumable(directory, plan)
    text = read_parallel(plan.source, plan.target, plan.encoding_errors)
    text, development = _set_apart(plan, text)
    codecs = load_codecs(directory) if is_resumed else _build_codecs(plan, text, monitor)
    generator = numpy_generator(plan.training.seed, "initial weights")
    model = TranslationModel.new(plan.model, *codecs, generator)
    coverage = _put_pretrained(plan, model)
    sources, targets = model.encode_sources(text.sources), model.encode_targets(text.targets)
    rows = trainable_pairs(sources, targets, plan.max_length, monitor, text.source_name)
    task = _make_task(plan, model, sources.take(rows), targets.take(rows), development)
    if not is_resumed:
        directory.clear()
        model.describe(directory, plan.training.described() | {"batches": asdict(plan.batches)})
    outcome = train(task, plan.training, monitor, stop, RunStore(directory), is_resumed)
    return TranslationTraining(
        outcome, model, len(rows), len(text) - len(rows), len(development), coverage
    )


def _set_apart(plan: TranslationPlan, text: ParallelText) -> tuple[ParallelText, ParallelText]:
    """Return the lines to train on, and those to be judged by."""
    if plan.development is not None:
        development = read_parallel(*plan.development, plan.encoding_errors)
        development.check_words()
        return text, development
    train_rows, held_rows = split_rows(len(text), plan.split)
    return text.take(train_rows), text.take(held_rows)


def _build_codecs(
    plan: TranslationPlan, text: ParallelText, monitor: Monitor
) -> tuple[Codec, Codec]:
    """Make the vocabularies from the lines to train on."""
    if plan.is_joint:
        lines = chain(text.sources, text.targets)
        both = f"{text.source_name} and {text.target_name}"
        codec = build_codec(lines, plan.codec, monitor, both)
        return codec, codec
    return (
        build_codec(text.sources, plan.codec, monitor, text.source_name),
        build_codec(text.targets, plan.codec, monitor, text.target_name),
    )


def _put_pretrained(plan: TranslationPlan, model: TranslationModel) -> dict[str, object]:
    """Put word vectors into the embeddings."""
    translator, found = model.translator, dict[str, object]()
    sides = {
        "source": (plan.pretrained_source, model.source_codec, translator.source_table),
        "target": (plan.pretrained_target, model.target_codec, translator.target_table),
    }
    for side, (path, codec, table) in sides.items():
        if path is not None:
            found[side] = put_pretrained(path, codec, table.weights.value)
    return found


def _make_task(
    plan: TranslationPlan,
    model: TranslationModel,
    sources: EncodedLines,
    targets: EncodedLines,
    development: ParallelText,
) -> TranslationTask:
    """Return what the loop trains."""
    seed = plan.training.seed
    batches = BatchSettings(**{**asdict(plan.batches), "seed": seed})
    return TranslationTask(model, sources, targets, development, batches, plan.training.shards)


def _check_resumable(directory: ModelDirectory, plan: TranslationPlan) -> None:
    """Refuse to go on with a model of other settings, or without a checkpoint."""
    stored = directory.read_config(KIND)["settings"]
    for name, value in asdict(plan.model).items():
        if stored.get(name) != value:
            raise CheckpointError(
                f"{directory.path}: its model has {name} {stored.get(name)}, this run {value}; use "
                "the first run's options, or start again with --overwrite"
            )
    if not RunStore(directory).has_checkpoint():
        raise CheckpointError(
            f"{directory.path}: holds no checkpoint to go on from: its training has ended, or was "
            "killed before the first; start again with --overwrite"
        )
