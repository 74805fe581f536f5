"""Training a language model on text files, from reading them to a model directory."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from seqtools.embeddings.lock_free import is_kernel_cached
from seqtools.errors import CheckpointError, CorpusError, FileAccessError
from seqtools.io.model_directory import ModelDirectory
from seqtools.io.temporary import temporary_directory
from seqtools.kernels.output import train_rows
from seqtools.models.gradient_report import observe_gradients
from seqtools.models.language_model import LanguageModel
from seqtools.models.language_model_files import KIND, write_description
from seqtools.models.language_model_task import LanguageModelTask
from seqtools.models.perplexity import score_ids
from seqtools.models.pretrained import put_pretrained
from seqtools.models.settings import LanguageModelSettings
from seqtools.monitor import Monitor, NullMonitor, StopRequest
from seqtools.text.codecs import build_codec, load_codec, save_codec
from seqtools.text.encoding import EncodedText, encode_text
from seqtools.text.lines import EncodingErrors, read_pieces
from seqtools.text.splits import split_stream
from seqtools.text.stream_settings import StreamSettings
from seqtools.text.symbols import Codec, CodecSettings
from seqtools.training.loop import Outcome, train
from seqtools.training.run_store import RunStore
from seqtools.training.settings import TrainingSettings
from seqtools.training.team import Team
from seqtools.types import Int32Array

# A text shorter than this teaches nothing: there is no symbol that follows another twice.
_LEAST_SYMBOLS = 4


@dataclass(frozen=True)
class LanguageModelPlan:
    """What to train on, how, and where to put it.

    Attributes
    ----------
    texts : sequence of str
        Plain or compressed; "-" is standard input.
    output : str
        The model directory.
    valid, test : sequence of str
        Texts to choose the best epoch by, and to report at the end.
    valid_share : float
        Without `valid`, this share of the text's end is set apart; 0 sets nothing apart.
    codec : CodecSettings
    model : LanguageModelSettings
    stream : StreamSettings
    training : TrainingSettings
    pretrained : str or None
        File of word vectors for the embeddings.
    encoding_errors : "strict" or "replace"
    is_resumed, may_overwrite : bool
        Go on from the checkpoint in `output`; replace the model that lies there.
    has_gradient_statistics : bool
        Log gradients by time lag and layer after every epoch.
    """

    texts: Sequence[str]
    output: str
    valid: Sequence[str] = ()
    test: Sequence[str] = ()
    valid_share: float = 0.05
    codec: CodecSettings = field(default_factory=lambda: CodecSettings("word"))
    model: LanguageModelSettings = field(default_factory=LanguageModelSettings)
    stream: StreamSettings = field(default_factory=StreamSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    pretrained: str | None = None
    encoding_errors: EncodingErrors = "strict"
    is_resumed: bool = False
    may_overwrite: bool = False
    has_gradient_statistics: bool = False


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


@dataclass(frozen=True)
class _Texts:
    """The texts as ids."""

    codec: Codec
    train: Int32Array
    valid: Int32Array
    num_unknown: int


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
    directory.check_free(plan.may_overwrite, plan.is_resumed)
    is_resumed = plan.is_resumed and _is_begun(directory)
    if is_resumed:
        _check_resumable(directory, plan)
    with ExitStack() as stack:
        plan_texts = _spooled(plan.texts, directory.path, stack)
        texts = _read(plan, plan_texts, directory, is_resumed, monitor)
        test = _encode(plan.test, texts.codec, plan, monitor) if plan.test else None
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
    if not is_kernel_cached(train_rows, "train_rows"):
        monitor.message("compiling kernels (first run only)")
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
        test=None if test is None else _score(model, test, texts.codec),
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


def _spooled(paths: Sequence[str], folder: Path, stack: ExitStack) -> list[str]:
    """Put standard input into a file, because text is read twice."""
    if "-" not in paths:
        return list(paths)
    copy = stack.enter_context(temporary_directory(folder, "text")) / "stdin"
    try:
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        raise FileAccessError.from_os_error(error, folder, "write") from error
    return [str(copy) if path == "-" else path for path in paths]


def _read(
    plan: LanguageModelPlan,
    paths: list[str],
    directory: ModelDirectory,
    is_resumed: bool,
    monitor: Monitor,
) -> _Texts:
    """Turn text into ids by a codec made of it, or by that of the run to go on with."""
    if is_resumed:
        codec = load_codec(directory.path)
    else:
        lines = chain.from_iterable(_lines(path, plan.encoding_errors) for path in paths)
        codec = build_codec(lines, plan.codec, monitor, plan.texts[0])
    text = encode_text(paths, codec, plan.encoding_errors, monitor)
    train, valid = text.ids, np.empty(0, np.int32)
    if plan.valid:
        valid = _encode(plan.valid, codec, plan, monitor).ids
    elif plan.valid_share and text.ids.size >= 2 * _LEAST_SYMBOLS:
        train, valid = split_stream(text.ids, plan.valid_share, codec.line_end)
    if train.size < _LEAST_SYMBOLS:
        raise CorpusError(
            f"{train.size} symbols to train on are too few",
            path=plan.texts[0],
            remedy=f"give at least {_LEAST_SYMBOLS}",
        )
    return _Texts(codec, train, valid, text.num_unknown)


def _lines(path: str, encoding_errors: EncodingErrors) -> Iterator[str]:
    """Yield the lines of a text, long ones in pieces."""
    return (piece.text for piece in read_pieces(path, encoding_errors))


def _encode(
    paths: Sequence[str], codec: Codec, plan: LanguageModelPlan, monitor: Monitor
) -> EncodedText:
    """Turn further text into ids."""
    return encode_text(paths, codec, plan.encoding_errors, monitor)


def _how(plan: LanguageModelPlan, texts: _Texts) -> dict[str, Any]:
    """Return what a configuration says about how its model was trained.

    Threads and logging are left out: the bytes of a model do not depend on them.
    """
    return {
        **plan.training.fixed(),
        "epochs": plan.training.epochs,
        "patience": plan.training.patience,
        "batch_size": plan.stream.batch_size,
        "num_steps": plan.stream.num_steps,
        "train_tokens": int(texts.train.size),
        "valid_tokens": int(texts.valid.size),
    }


def _score(model: LanguageModel, text: EncodedText, codec: Codec) -> dict[str, Any]:
    """Return the figures of the test text, read from its first symbol to its last."""
    with Team(1) as team:
        score = score_ids(model, text.ids, codec.line_end, team, StreamSettings(1, 256))
    return score.describe(text)
