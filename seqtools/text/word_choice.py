"""Which of a corpus's words enter the vocabulary, and under which ids.

Whatever changes a word's spelling (lower case, replaced invalid UTF-8) is done here, once a word
instead of once a token: white space is ASCII, so a word can be changed by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqtools.kernels.word_bytes import copy_words, write_prefixes
from seqtools.text.vocabulary import Vocabulary
from seqtools.types import Int32Array, Int64Array, Uint8Array, Uint64Array

_DROPPED = -2
_NEWLINE = 10
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class CountedWords:
    """The different words of a corpus, spelt as they are to be kept.

    Attributes
    ----------
    content : bytes
        The words in UTF-8, each followed by a line feed.
    counts : int64 array, shape (number of words,)
        How often each occurred.
    indices : int64 array or None
        The word of each provisional id; None if they are the same.
    replaced_characters, replaced_tokens : int
        Invalid UTF-8 sequences that became U+FFFD, and the tokens they were in.
    """

    content: bytes
    counts: Int64Array
    indices: Int64Array | None = None
    replaced_characters: int = 0
    replaced_tokens: int = 0

    @property
    def words(self) -> list[str]:
        """The words."""
        return self.content.decode().split("\n")[:-1]


def spell_words(content: bytes, counts: Int64Array, lower: bool) -> CountedWords:
    """Replace what is not UTF-8 in the words of a ``WordTable``, and lower-case them if asked.

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
        text = content.decode()
        if not lower:
            return CountedWords(content, counts)
    except UnicodeDecodeError:
        text = content.decode(errors="replace")
        characters, tokens = _count_replaced(content.split(b"\n"), text.split("\n"), counts)
    words = (text.lower() if lower else text).split("\n")[:-1]
    firsts: dict[str, int] = {}
    indices = np.array([firsts.setdefault(word, len(firsts)) for word in words], dtype=np.int64)
    merged = np.zeros(len(firsts), dtype=np.int64)
    np.add.at(merged, indices, counts)
    spelt = "".join([f"{word}\n" for word in firsts]).encode()
    return CountedWords(spelt, merged, indices, characters, tokens)


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
    content = np.frombuffer(counted.content, dtype=np.uint8)
    ends = np.flatnonzero(content == _NEWLINE)
    starts = np.concatenate(([0], ends[:-1] + 1))
    frequent = np.flatnonzero(counted.counts >= min_count)
    order = _order(content, starts[frequent], ends[frequent], counted.counts[frequent])
    chosen = frequent[order[:max_vocabulary]]
    new_ids = np.full(len(ends), _DROPPED, dtype=np.int32)
    new_ids[chosen] = np.arange(chosen.size, dtype=np.int32)
    new_ids = new_ids if counted.indices is None else new_ids[counted.indices]
    if chosen.size == 0:
        return None, new_ids
    words = _words(content, starts[chosen], ends[chosen])
    return Vocabulary.trusted(words, counted.counts[chosen]), new_ids


def _words(content: Uint8Array, starts: Int64Array, ends: Int64Array) -> list[str]:
    """Decode the words that lie at some places."""
    copy = np.empty(int(np.sum(ends - starts)) + starts.size, dtype=np.uint8)
    copy_words(content, starts, ends, copy)
    joined: bytes = copy.tobytes()
    return joined.decode().split("\n")[:-1]


def _order(
    content: Uint8Array, starts: Int64Array, ends: Int64Array, counts: Int64Array
) -> Int64Array:
    """Return the order of words by falling count, words of equal count by their bytes."""
    prefixes: Uint64Array = np.empty(starts.size, dtype=np.uint64)
    write_prefixes(content, starts, ends, prefixes)
    order = np.lexsort((prefixes, -counts))
    # Only words that agree in count and in their first bytes are left to be compared.
    is_tie = (np.diff(counts[order]) == 0) & (np.diff(prefixes[order]) == 0)
    borders = np.flatnonzero(np.diff(np.concatenate(([False], is_tie, [False]))))
    for first, last in borders.reshape(-1, 2).tolist():
        tied = order[first : last + 1].tolist()
        order[first : last + 1] = sorted(tied, key=lambda i: content[starts[i] : ends[i]].tobytes())
    return order


def choose_given(counted: CountedWords, vocabulary: Vocabulary) -> Int32Array:
    """Map provisional ids to the ids of a vocabulary that was given, below 0 for unknown words."""
    ids = vocabulary.ids
    new_ids = np.array([ids.get(word, _DROPPED) for word in counted.words], dtype=np.int32)
    return new_ids if counted.indices is None else new_ids[counted.indices]
