"""Exchange of word vectors with gensim; the only module that imports it.

gensim's own files are pickles: opening one can run code hidden in it, so ``load_vectors`` opens
them only when it is told to.
"""

import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import FileAccessError, MissingDependencyError, VectorFormatError


def to_keyed_vectors(vectors: WordVectors) -> Any:
    """Return gensim's ``KeyedVectors`` with the same words, vectors and counts.

    Raises
    ------
    MissingDependencyError
        If gensim is not installed.
    """
    keyed = _keyed_vectors_class()(vector_size=vectors.dim, count=0)
    keyed.add_vectors(vectors.words, np.array(vectors.vectors))
    if vectors.counts is not None:
        keyed.expandos["count"] = np.array(vectors.counts)
    return keyed


def from_keyed_vectors(keyed: Any) -> WordVectors:
    """Return the words, vectors and counts of gensim's ``KeyedVectors`` or of its models.

    Parameters
    ----------
    keyed : gensim.models.KeyedVectors, or a model with such an attribute ``wv``

    Raises
    ------
    TypeError
        If the object holds no vectors of words.
    """
    keyed = getattr(keyed, "wv", keyed)
    words, rows = getattr(keyed, "index_to_key", None), getattr(keyed, "vectors", None)
    if words is None or rows is None:
        raise TypeError(f"a {type(keyed).__name__} holds no word vectors")
    counts = keyed.expandos.get("count")
    return WordVectors([str(word) for word in words], np.array(rows, dtype=np.float32), counts)


def write_keyed_vectors(file: BinaryIO, vectors: WordVectors) -> None:
    """Write gensim's .kv into an open file: one pickle without side files."""
    keyed = to_keyed_vectors(vectors)
    keyed.lifecycle_events = None  # it would hold the time, and no two files would be equal
    keyed.save(file)


def read_keyed_vectors(path: str | os.PathLike[str]) -> WordVectors:
    """Read a file that gensim saved, which can run code hidden in it.

    Raises
    ------
    FileAccessError
        If the file or one of its side files is missing.
    VectorFormatError
        If gensim cannot open it, or it holds no word vectors.
    """
    loader = _keyed_vectors_class()
    try:
        return from_keyed_vectors(loader.load(os.fspath(path)))
    except FileNotFoundError as error:
        missing = Path(error.filename or path)
        raise FileAccessError.from_os_error(
            error, missing, remedy="gensim wrote it beside the .kv file; put them together"
        ) from error
    except Exception as error:  # a pickle can raise anything
        raise VectorFormatError(
            f"gensim cannot open it ({type(error).__name__}: {error})",
            path=path,
            remedy="save it again with gensim's KeyedVectors.save or save_word2vec_format",
        ) from error


def _keyed_vectors_class() -> Any:
    """Import gensim, or say how to install it."""
    try:
        from gensim.models import KeyedVectors
    except ImportError as error:
        raise MissingDependencyError(
            f"gensim's files need gensim ({error}); install it with: pip install 'gensim>=4.4'"
        ) from error
    return KeyedVectors
