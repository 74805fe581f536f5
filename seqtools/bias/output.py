"""Writing debiased vectors."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from seqtools.bias.fitting import FittedDebiasing
from seqtools.bias.vector_state import one_blas_thread
from seqtools.embeddings.vector_files import save_vectors
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SettingsError
from seqtools.io.atomic import check_writable
from seqtools.io.compressed import COMPRESSED_SUFFIXES, open_output
from seqtools.io.vector_formats import SUFFIXES, format_for_path, write_vector_file
from seqtools.io.vector_table import VectorTable

if TYPE_CHECKING:
    from seqtools.types import Float32Array

METHOD_KEY = "debiased"


def check_output(path: str, format_name: str | None = None, specific: str | None = None) -> None:
    """Refuse now what could not be written after the work.

    Parameters
    ----------
    path : str
        The file of vectors; "-" is standard output.
    format_name : str, optional
        Its format, whatever the suffix.
    specific : str, optional
        The file of specific words.

    Raises
    ------
    SettingsError
        If a suffix names no format, or two outputs are one file.
    FileAccessError
        If a file could not be written.
    """
    format_for_path(path, format_name)
    named = [name for name in (path, specific) if name is not None and name != "-"]
    for name in named:
        check_writable(name)
    if len({os.path.realpath(name) for name in named}) < len(named):
        raise SettingsError(f"two outputs have the same name: {path}")


def save_debiased(
    path: str | os.PathLike[str],
    vectors: WordVectors,
    fitted: FittedDebiasing,
    *,
    format_name: str | None = None,
) -> None:
    """Write changed vectors, computed block by block while they are written.

    Parameters
    ----------
    path : path-like
        The file; its suffix chooses the format.
    vectors : WordVectors
        The vectors before; they are not changed, and may be a memory-mapped file.
    fitted : FittedDebiasing
        The change. The native format keeps the method in its metadata.
    format_name : str, optional
        The format's name, whatever the suffix.

    Raises
    ------
    SettingsError
        If the suffix names no format.
    FileAccessError
        If the file cannot be written; what stood there still stands.
    VectorFormatError
        If the format cannot represent a word.
    """
    known = format_for_path(path, format_name)
    metadata = {**vectors.metadata, METHOD_KEY: fitted.settings.method}
    if known == "gensim":
        changed = vectors.with_vectors(fitted.debiasing.apply(vectors.vectors))
        changed.metadata.update(metadata)
        save_vectors(path, changed, format=known)
        return
    rows = cast("Float32Array", fitted.debiasing.on_demand(vectors.vectors))
    with one_blas_thread():
        table = VectorTable(vectors.words, rows, vectors.counts, metadata)
        write_vector_file(path, table, known)


def save_specific_words(
    path: str | os.PathLike[str], vectors: WordVectors, fitted: FittedDebiasing
) -> None:
    """Write the words that are never neutralized, one a line, in the order of the vectors.

    Raises
    ------
    FileAccessError
        If the file cannot be written; what stood there still stands.
    """
    rows = np.flatnonzero(fitted.debiasing.kept).tolist()
    lines = "".join(f"{vectors.words[row]}\n" for row in rows)
    with open_output(path) as file:
        file.write(lines.encode("utf-8", errors="surrogateescape"))


def default_output(source: str) -> str:
    """Return the name of the output beside which none is given: NAME-debiased.SUFFIX.

    Parameters
    ----------
    source : str
        The file of vectors, a folder, or "-". A suffix that cannot be written becomes ".vec".
    """
    if source == "-":
        return "stdin-debiased.vec"
    name = Path(source).name or Path(source).resolve().name
    compression = next((suffix for suffix in COMPRESSED_SUFFIXES if name.endswith(suffix)), "")
    stem = name.removesuffix(compression)
    for suffix in SUFFIXES:
        if stem.endswith(suffix):
            return f"{stem.removesuffix(suffix)}-debiased{suffix}{compression}"
    return f"{Path(stem).stem}-debiased.vec"
