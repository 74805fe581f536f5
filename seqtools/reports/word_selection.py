"""Which words a map shows."""

import warnings
from collections.abc import Sequence

import numpy as np

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SeqtoolsWarning, SettingsError
from seqtools.types import Int64Array

DEFAULT_WORDS = 1000
_SHOWN_MISSING = 5


def choose_rows(
    vectors: WordVectors, top: int | None = None, words: Sequence[str] | None = None
) -> tuple[Int64Array, tuple[str, ...]]:
    """Return the rows to draw, most important first, and the wanted words that are missing.

    Parameters
    ----------
    vectors : WordVectors
        All the vectors.
    top : int, optional
        Take the first `top` rows; 1,000 by default.
    words : sequence of str, optional
        Take these words instead, in their order.

    Raises
    ------
    SettingsError
        If none of the words has a vector.

    Warns
    -----
    SeqtoolsWarning
        If some of the words have none.
    """
    if words is None:
        return np.arange(min(top or DEFAULT_WORDS, len(vectors)), dtype=np.int64), ()
    wanted = list(dict.fromkeys(words))
    missing = tuple(word for word in wanted if word not in vectors)
    found = [word for word in wanted if word in vectors]
    if not found:
        raise SettingsError(
            f"none of the {len(wanted)} words to draw has a vector, the first being "
            f"{wanted[0]!r}; is their case that of the vectors?"
        )
    if missing:
        examples = ", ".join(repr(word) for word in missing[:_SHOWN_MISSING])
        more = ", ..." if len(missing) > _SHOWN_MISSING else ""
        warnings.warn(
            f"{len(missing)} of {len(wanted)} words to draw have no vector: {examples}{more}",
            SeqtoolsWarning,
            stacklevel=2,
        )
    return vectors.indices(found), missing
