"""Which of a corpus's words enter the vocabulary, and under which ids.

Whatever changes a word's spelling (lower case, replaced invalid UTF-8) is done here, once a word
instead of once a token: white space is ASCII, so a word can be changed by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from seqtools.text.vocabulary import Vocabulary
from seqtools.types import Int32Array, Int64Array

_DROPPED = -2
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class CountedWords:
    """The words of a corpus as they are to be spelt, in order of first occurrence.

    Attributes
    ----------
    words : list of str
        The spelling of each provisional id; two ids may share one.
    counts : int64 array
        How often each provisional id occurred.
    num_types : int
        Different spellings.
    replaced_characters, replaced_tokens : int
        Invalid UTF-8 sequences that became U+FFFD, and the tokens they were in.
    """

    words: list[str]
    counts: Int64Array
    num_types: int
    replaced_characters: int
    replaced_tokens: int


def spell_words(content: bytes, counts: Int64Array, lower: bool) -> CountedWords:
    """Decode the words of a ``WordTable`` and lower-case them if asked.

    Parameters
    ----------
    content : bytes
        Words in order of their provisional ids, each followed by a line feed.
    counts : int64 array, shape (number of words,)
        How often each occurred.
    lower : bool
        Fold upper to lower case, by the full Unicode rules.
    """
    characters, tokens = 0, 0
    try:
        words = content.decode().split("\n")
    except UnicodeDecodeError:
        words = content.decode(errors="replace").split("\n")
        characters, tokens = _count_replaced(content.split(b"\n"), words, counts)
    words.pop()
    if lower:
        words = [word.lower() for word in words]
    num_types = len(set(words)) if lower or characters else len(words)
    return CountedWords(words, counts, num_types, characters, tokens)


def _count_replaced(
    raw_words: Sequence[bytes], words: Sequence[str], counts: Int64Array
) -> tuple[int, int]:
    """Return how many characters were replaced, and in how many tokens."""
    characters, tokens = 0, 0
    raw_replacement = _REPLACEMENT.encode()
    for index, word in enumerate(words):
        if _REPLACEMENT in word:
            number = word.count(_REPLACEMENT) - raw_words[index].count(raw_replacement)
            characters += number * int(counts[index])
            tokens += int(counts[index]) if number else 0
    return characters, tokens


def choose_frequent(
    counted: CountedWords, min_count: int, max_vocabulary: int | None
) -> tuple[Vocabulary | None, Int32Array]:
    """Make a vocabulary of the most frequent words.

    Returns
    -------
    Vocabulary or None
        None if no word occurs `min_count` times.
    int32 array, shape (number of provisional ids,)
        The id of each provisional id, below 0 for a word that is left out.
    """
    words, counts = counted.words, counted.counts
    firsts = np.arange(len(words))
    if counted.num_types < len(words):
        first_of: dict[str, int] = {}
        firsts = np.array([first_of.setdefault(word, index) for index, word in enumerate(words)])
        counts = np.zeros(len(words), dtype=np.int64)
        np.add.at(counts, firsts, counted.counts)
    order = _order(words, counts, min_count)[:max_vocabulary]
    new_ids = np.full(len(words), _DROPPED, dtype=np.int32)
    if order.size == 0:
        return None, new_ids
    new_ids[order] = np.arange(order.size, dtype=np.int32)
    chosen = [words[index] for index in order.tolist()]
    return Vocabulary(chosen, counts[order]), new_ids[firsts]


def _order(words: list[str], counts: Int64Array, min_count: int) -> Int64Array:
    """Return the frequent words' indices by falling count, equal counts by bytes."""
    frequent = np.flatnonzero(counts >= max(min_count, 1))
    frequent = frequent[np.argsort(-counts[frequent], kind="stable")]
    # Only runs of equal counts need their words compared.
    borders = np.flatnonzero(np.diff(counts[frequent])) + 1
    indices = frequent.tolist()
    edges = [0, *borders.tolist(), len(indices)]
    for start, stop in pairwise(edges):
        if stop - start > 1:
            indices[start:stop] = sorted(indices[start:stop], key=words.__getitem__)
    return np.array(indices, dtype=np.int64)


def choose_given(counted: CountedWords, vocabulary: Vocabulary) -> Int32Array:
    """Map provisional ids to the ids of a vocabulary that was given, below 0 for unknown words."""
    ids = vocabulary.ids
    return np.array([ids.get(word, _DROPPED) for word in counted.words], dtype=np.int32)
