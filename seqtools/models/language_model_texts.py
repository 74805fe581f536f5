"""The texts of a language model as symbol ids: to train on, to validate, to test."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from seqtools.errors import CorpusError, FileAccessError
from seqtools.io.compressed import standard_input
from seqtools.io.temporary import temporary_directory
from seqtools.models.language_model_plan import LanguageModelPlan
from seqtools.monitor import Monitor
from seqtools.text.codecs import build_codec, load_codec
from seqtools.text.encoding import EncodedText, encode_text
from seqtools.text.lines import EncodingErrors, name_of, read_pieces
from seqtools.text.splits import split_stream
from seqtools.text.symbols import Codec
from seqtools.types import Int32Array

# A text shorter than this teaches nothing: there is no symbol that follows another twice.
_LEAST_SYMBOLS = 4


@dataclass(frozen=True)
class Texts:
    """The texts of a run.

    Attributes
    ----------
    codec : Codec
    train, valid : int32 arrays
        `valid` is empty if there is none.
    test : EncodedText or None
    num_unknown : int
        Unknown symbols of all text that is not `valid` or `test` by name.
    """

    codec: Codec
    train: Int32Array
    valid: Int32Array
    test: EncodedText | None
    num_unknown: int


def read_texts(plan: LanguageModelPlan, folder: Path, is_resumed: bool, monitor: Monitor) -> Texts:
    """Read all texts of a plan.

    Parameters
    ----------
    plan : LanguageModelPlan
    folder : Path
        The model's directory; holds the codec of a run that is resumed, and standard input for a
        while.
    is_resumed : bool
    monitor : Monitor

    Raises
    ------
    FileAccessError, FileContentError
        If a text cannot be read, or there is too little of it.
    """
    with ExitStack() as stack:
        return _read(plan, _spooled(plan.texts, folder, stack), folder, is_resumed, monitor)


def _spooled(paths: Sequence[str], folder: Path, stack: ExitStack) -> list[str]:
    """Put standard input into a file, because text is read twice."""
    if "-" not in paths:
        return list(paths)
    source = standard_input()
    copy = stack.enter_context(temporary_directory(folder, "text")) / "stdin"
    try:
        with copy.open("wb") as file:
            shutil.copyfileobj(source, file)
    except OSError as error:
        raise FileAccessError.from_os_error(error, folder, "write") from error
    return [str(copy) if path == "-" else path for path in paths]


def _read(
    plan: LanguageModelPlan, paths: list[str], folder: Path, is_resumed: bool, monitor: Monitor
) -> Texts:
    """Turn text into ids by a codec made of it, or by that of the run to go on with."""
    if is_resumed:
        codec = load_codec(folder)
    else:
        lines = chain.from_iterable(
            _lines(path, plan.encoding_errors, name)
            for path, name in zip(paths, plan.texts, strict=True)
        )
        others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        codec = build_codec(lines, plan.codec, monitor, name_of(plan.texts[0]) + others)
    text = encode_text(paths, codec, plan.encoding_errors, monitor, plan.texts)
    train, valid = text.ids, np.empty(0, np.int32)
    if plan.valid:
        valid = _encode(plan.valid, codec, plan, monitor).ids
    elif plan.valid_share and text.ids.size >= 2 * _LEAST_SYMBOLS:
        train, valid = split_stream(text.ids, plan.valid_share, codec.line_end)
    if train.size < _LEAST_SYMBOLS:
        raise CorpusError(
            f"{train.size} symbols to train on are too few",
            path=name_of(plan.texts[0]),
            remedy=f"give at least {_LEAST_SYMBOLS}",
        )
    test = _encode(plan.test, codec, plan, monitor) if plan.test else None
    return Texts(codec, train, valid, test, text.num_unknown)


def _lines(path: str, encoding_errors: EncodingErrors, name: str) -> Iterator[str]:
    """Yield the lines of a text, long ones in pieces."""
    return (piece.text for piece in read_pieces(path, encoding_errors, name=name_of(name)))


def _encode(
    paths: Sequence[str], codec: Codec, plan: LanguageModelPlan, monitor: Monitor
) -> EncodedText:
    """Turn further text into ids."""
    return encode_text(paths, codec, plan.encoding_errors, monitor)
