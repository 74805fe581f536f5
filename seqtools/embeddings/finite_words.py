"""The words whose vectors are finite."""

import warnings

import numpy as np

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SeqtoolsWarning


def finite_words(vectors: WordVectors) -> WordVectors:
    """Return the words whose vectors are finite; NaN would be ranked as if it were a number.

    Returns
    -------
    WordVectors
        The same object if all are.

    Warns
    -----
    SeqtoolsWarning
        If some are not.
    """
    rows = np.flatnonzero(np.isfinite(vectors.norms))
    if len(rows) == len(vectors):
        return vectors
    warnings.warn(
        f"{len(vectors) - len(rows)} words whose vectors are not finite count as unknown",
        SeqtoolsWarning,
        stacklevel=3,
    )
    return WordVectors([vectors.words[row] for row in rows], vectors.vectors[rows])
