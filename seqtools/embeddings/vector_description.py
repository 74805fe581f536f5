"""What there is to say about a file of vectors."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqtools.embeddings.vector_files import open_vector_file
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.io.vector_table import ReadingOptions

_NUM_FIRST_WORDS = 10


@dataclass(frozen=True)
class VectorDescription:
    """A file of vectors in numbers.

    Attributes
    ----------
    path : str
        The file.
    format, compression : str
        What the file is, and how it is compressed ("plain" if it is not).
    file_bytes : int or None
        Its size; None for standard input.
    num_words, dim : int
        The shape of the matrix that was read.
    num_duplicates, num_invalid_words : int
        Rows left out because their word had occurred, and words that were not UTF-8.
    num_zero_vectors, num_nonfinite_vectors : int
        Rows that have no direction.
    mean_norm, smallest_norm, largest_norm : float
        Euclidean lengths of the finite rows; NaN if there are none.
    total_count : int or None
        Sum of the words' counts, if the file has counts.
    first_words : tuple of str
        The first ten.
    metadata : dict of str to str
        What the file says about itself.
    """

    path: str
    format: str
    compression: str
    file_bytes: int | None
    num_words: int
    dim: int
    num_duplicates: int
    num_invalid_words: int
    num_zero_vectors: int
    num_nonfinite_vectors: int
    mean_norm: float
    smallest_norm: float
    largest_norm: float
    total_count: int | None
    first_words: tuple[str, ...]
    metadata: dict[str, str]


def describe_vector_file(
    path: str | os.PathLike[str],
    format_name: str | None = None,
    options: ReadingOptions | None = None,
    *,
    allow_pickle: bool = False,
) -> VectorDescription:
    """Read a file of vectors whole and describe it.

    Parameters
    ----------
    path, format_name, allow_pickle
        As for ``seqtools.embeddings.vector_files.load_vectors``.
    options : ReadingOptions, optional
        How to read it.

    Raises
    ------
    FileAccessError, VectorFormatError
        As ``load_vectors``.
    """
    file = open_vector_file(
        path, format_name, options or ReadingOptions(), allow_pickle=allow_pickle
    )
    vectors = WordVectors(file.table.words, file.table.vectors, file.table.counts)
    finite = vectors.norms[np.isfinite(vectors.norms)]
    has_any = finite.size > 0
    return VectorDescription(
        path=os.fspath(path),
        format=file.format_name,
        compression=file.compression,
        file_bytes=_size(path),
        num_words=len(vectors),
        dim=vectors.dim,
        num_duplicates=file.table.num_duplicates,
        num_invalid_words=file.table.num_invalid_words,
        num_zero_vectors=int(np.count_nonzero(vectors.norms == 0)),
        num_nonfinite_vectors=len(vectors) - len(finite),
        mean_norm=float(finite.mean()) if has_any else np.nan,
        smallest_norm=float(finite.min()) if has_any else np.nan,
        largest_norm=float(finite.max()) if has_any else np.nan,
        total_count=None if vectors.counts is None else int(vectors.counts.sum()),
        first_words=tuple(vectors.words[:_NUM_FIRST_WORDS]),
        metadata=file.table.metadata,
    )


def _size(path: str | os.PathLike[str]) -> int | None:
    """Return the size of a file, or of the array in a folder; None for what has no size."""
    if os.fspath(path) == "-":
        return None
    place = Path(path)
    return (place / "vectors.npy" if place.is_dir() else place).stat().st_size
