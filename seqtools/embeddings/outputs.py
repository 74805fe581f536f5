"""The files that a training run writes, checked before it starts."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seqtools.embeddings.training import Training
from seqtools.embeddings.vector_files import format_for_path, save_vectors
from seqtools.errors import SettingsError
from seqtools.io.atomic import check_is_no_input, check_writable


@dataclass(frozen=True)
class Outputs:
    """Where a run's results go; None where they are not wanted.

    Attributes
    ----------
    vectors : str
        File of the vectors; its suffix chooses the format unless `format` does.
    format : str or None
        A format's name.
    vocabulary, context : str or None
        Files of the vocabulary and of the output vectors.
    """

    vectors: str
    format: str | None = None
    vocabulary: str | None = None
    context: str | None = None


def check_outputs(outputs: Outputs, loss: str, corpus: Sequence[str | None] = ()) -> None:
    """Refuse now what could not be written after hours of training.

    Parameters
    ----------
    outputs : Outputs
    loss : "ns" or "hs"
        Hierarchical softmax has no output vectors of words.
    corpus : sequence of str or None
        Files that the run reads, none of which may be replaced.

    Raises
    ------
    SettingsError
        If a suffix names no format, two outputs are one file, or there are no context vectors.
    FileAccessError
        If a file could not be written.
    """
    if outputs.context is not None and loss == "hs":
        raise SettingsError(
            "hierarchical softmax has no context vectors of words; "
            "leave out --save-context or use --loss ns"
        )
    format_for_path(outputs.vectors, outputs.format)
    if outputs.context is not None:
        format_for_path(outputs.context)
    named = [path for path in (outputs.vectors, outputs.vocabulary, outputs.context) if path]
    for path in named:
        if path != "-":
            check_writable(path)
            check_is_no_input(path, corpus)
    if len({os.path.realpath(path) for path in named}) < len(named):
        raise SettingsError(f"two outputs have the same name: {', '.join(named)}")


def save_training(training: Training, outputs: Outputs) -> None:
    """Write the results of a run, each atomically.

    Raises
    ------
    FileAccessError
        If a file cannot be written; what stood there still stands.
    """
    save_vectors(outputs.vectors, training.vectors, format=outputs.format)
    if outputs.vocabulary is not None:
        training.vocabulary.save(Path(outputs.vocabulary))
    if outputs.context is not None and training.context is not None:
        save_vectors(outputs.context, training.context)
