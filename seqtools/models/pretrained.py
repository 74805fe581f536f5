"""Word vectors as the first values of a model's embeddings."""

import os
import warnings
from dataclasses import dataclass

import numpy as np

from seqtools.embeddings.vector_files import load_vectors
from seqtools.errors import SeqtoolsWarning, SettingsError
from seqtools.text.symbols import NUM_SPECIAL_SYMBOLS, Codec
from seqtools.types import FloatArray

_LOW_COVERAGE = 0.5


@dataclass(frozen=True)
class Coverage:
    """How many symbols of a vocabulary have a vector.

    Attributes
    ----------
    found, words : int
    """

    found: int
    words: int


def put_pretrained(path: str | os.PathLike[str], codec: Codec, embeddings: FloatArray) -> Coverage:
    """Replace the rows of symbols that a file of word vectors holds; the others stay as drawn.

    Parameters
    ----------
    path : path-like
        Any format that ``seqtools embed`` writes.
    codec : Codec
    embeddings : float array, shape (V, D)

    Raises
    ------
    SettingsError
        If the vectors are not D wide, or no symbol has one.
    """
    vectors = load_vectors(path)
    width = embeddings.shape[1]
    if vectors.dim != width:
        raise SettingsError(
            f"{os.fspath(path)}: holds vectors of {vectors.dim} numbers, the model's embeddings "
            f"have {width}; use --embedding-size {vectors.dim}"
        )
    symbols = [codec.spell(index) for index in range(NUM_SPECIAL_SYMBOLS, len(codec))]
    rows = np.array([i for i, word in enumerate(symbols) if word in vectors], dtype=np.int64)
    if not rows.size:
        raise SettingsError(
            f"{os.fspath(path)}: holds a vector for none of the {len(symbols)} symbols; "
            "check that level, case and language are the same"
        )
    embeddings[rows + NUM_SPECIAL_SYMBOLS] = vectors[[symbols[row] for row in rows.tolist()]]
    if rows.size < _LOW_COVERAGE * len(symbols):
        warnings.warn(
            f"{os.fspath(path)}: holds vectors for only {rows.size} of {len(symbols)} symbols",
            SeqtoolsWarning,
            stacklevel=2,
        )
    return Coverage(int(rows.size), len(symbols))
