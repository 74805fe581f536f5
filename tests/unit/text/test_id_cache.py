"""The id cache against Python's own split and Counter."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from seqtools.text.id_cache import SENTENCE_END, IdCache, TextSettings, build_id_cache

TEXT = "the cat sat\n\non the mat \t the end\r\nthe cat\v\fis blue\n"


def decoded(cache: IdCache) -> list[list[str]]:
    """Turn a cache back into sentences."""
    sentences: list[list[str]] = [[]]
    for index in cache.ids.tolist():
        if index == SENTENCE_END:
            sentences.append([])
        else:
            sentences[-1].append(cache.vocabulary.words[index])
    assert sentences.pop() == []
    return sentences


def build(folder: Path, text: str, **settings: object) -> IdCache:
    source = folder / "corpus.txt"
    source.write_bytes(text.encode())
    return build_id_cache([source], folder / "cache", TextSettings(**settings))


def test_ids_spell_the_sentences_of_the_text(tmp_path: Path) -> None:
    cache = build(tmp_path, TEXT, min_count=1)
    assert decoded(cache) == [line.split() for line in TEXT.split("\n") if line.split()]


def test_counts_equal_those_of_counter(tmp_path: Path) -> None:
    cache = build(tmp_path, TEXT, min_count=1)
    expected = sorted(Counter(TEXT.split()).items(), key=lambda pair: (-pair[1], pair[0]))
    assert list(zip(cache.vocabulary.words, cache.vocabulary.counts, strict=True)) == expected


def test_opened_cache_equals_the_built_one(tmp_path: Path) -> None:
    built = build(tmp_path, TEXT, min_count=1)
    opened = IdCache.open(tmp_path / "cache")
    assert np.array_equal(built.ids, opened.ids)
    assert opened.vocabulary == built.vocabulary
    assert opened.statistics == built.statistics
    assert opened.fingerprint == built.fingerprint
    opened.verify()


def test_ids_are_read_only(tmp_path: Path) -> None:
    cache = build(tmp_path, TEXT, min_count=1)
    with pytest.raises(ValueError, match="read-only"):
        cache.ids[0] = 1
