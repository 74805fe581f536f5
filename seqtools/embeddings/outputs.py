"""The files that a training run writes, checked before it starts."""

import os
from dataclasses import dataclass
from pathlib import Path

from seqtools.embeddings.training import Training
from seqtools.embeddings.vector_files import format_for_path, save_vectors
from seqtools.errors import SettingsError
from seqtools.io.atomic import check_writable


@dataclass(frozen=True)
class Outputs:
    """Where a run's results go; None where they are not wanted."""

    vectors: str
    vocabulary: str | None
    context: str | None


def check_outputs(vectors: str, vocabulary: str | None, context: str | None, loss: str) -> Outputs:
    """Refuse now what could not be written after hours of training.

    Parameters
    ----------
    vectors, vocabulary, context : str or None
        File names; the suffixes of vectors and context choose their formats.
    loss : "ns" or "hs"
        Hierarchical softmax has no output vectors of words.

    Raises
    ------
    SettingsError
        If a suffix names no format, two outputs are one file, or there are no context vectors.
    FileAccessError
        If a file could not be written.
    """
    if context is not None and loss == "hs":
        raise SettingsError(
            "hierarchical softmax has no context vectors of words; "
            "leave out --save-context or use --loss ns"
        )
    for path in (vectors, context):
        if path is not None:
            format_for_path(path)
    named = [path for path in (vectors, vocabulary, context) if path is not None]
    for path in named:
        check_writable(path)
    places = [os.path.realpath(path) for path in named]
    if len(set(places)) < len(places):
        raise SettingsError(f"two outputs have the same name: {', '.join(map(str, named))}")
    return Outputs(vectors, vocabulary, context)


def save_training(training: Training, outputs: Outputs) -> None:
    """Write the results of a run, each atomically.

    Raises
    ------
    FileAccessError
        If a file cannot be written; what stood there still stands.
    """
    save_vectors(outputs.vectors, training.vectors)
    if outputs.vocabulary is not None:
        training.vocabulary.save(Path(outputs.vocabulary))
    if outputs.context is not None and training.context is not None:
        save_vectors(outputs.context, training.context)
