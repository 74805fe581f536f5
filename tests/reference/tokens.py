"""Words, counts and ids of a text, in plain Python."""

import re
from collections import Counter

SENTENCE_END = -1


def sentences_of(content: bytes) -> list[list[bytes]]:
    """Split text into sentences of words; a line without words is no sentence."""
    sentences = []
    for line in content.split(b"\n"):
        words = re.findall(rb"[^ \t\r\v\f]+", line)
        if words:
            sentences.append(words)
    return sentences


def provisional_ids(content: bytes) -> tuple[list[int], list[bytes], list[int]]:
    """Return ids by first occurrence with marks, the words behind them, and their counts."""
    ids, index_of, counts = [], {}, Counter()
    for sentence in sentences_of(content):
        for word in sentence:
            ids.append(index_of.setdefault(word, len(index_of)))
            counts[word] += 1
        ids.append(SENTENCE_END)
    words = list(index_of)
    return ids, words, [counts[word] for word in words]


def vocabulary_of(
    content: bytes, min_count: int, max_vocabulary: int | None = None
) -> list[tuple[str, int]]:
    """Return the frequent words, most frequent first, equal counts in the order of their bytes."""
    counts = Counter(word for sentence in sentences_of(content) for word in sentence)
    frequent = [(word, count) for word, count in counts.items() if count >= min_count]
    frequent.sort(key=lambda pair: (-pair[1], pair[0]))
    return [(word.decode(), count) for word, count in frequent[:max_vocabulary]]


def final_ids(content: bytes, vocabulary: list[str]) -> list[int]:
    """Return the ids of the words that are in a vocabulary; no mark for a sentence without any."""
    index_of = {word.encode(): index for index, word in enumerate(vocabulary)}
    ids = []
    for sentence in sentences_of(content):
        kept = [index_of[word] for word in sentence if word in index_of]
        ids += [*kept, SENTENCE_END] if kept else []
    return ids
