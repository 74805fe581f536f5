"""Sorting keys and copies of words."""

import numpy as np
import pytest

from seqtools.kernels.word_bytes import copy_words, write_prefixes

pytestmark = pytest.mark.small

WORDS = [
    "",
    "a",
    "ab",
    "b",
    "é",
    "aaaaaaa",
    "aaaaaaab",
    "aaaaaaaba",
    "日本語",
    "\U0001f600",
    "\x7f",
]


def spans(words: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    content = "".join(f"{word}\n" for word in words).encode()
    array = np.frombuffer(content, dtype=np.uint8)
    ends = np.flatnonzero(array == 10)
    return array, np.concatenate(([0], ends[:-1] + 1)), ends


def test_prefixes_sort_words_by_their_first_bytes() -> None:
    prefixes = np.empty(len(WORDS), dtype=np.uint64)
    write_prefixes(*spans(WORDS), prefixes)
    expected = [int.from_bytes(word.encode()[:8].ljust(8, b"\0"), "big") for word in WORDS]
    assert prefixes.tolist() == expected


@pytest.mark.parametrize("order", [[], [3], [8, 0, 2, 2, 10], list(range(len(WORDS)))])
def test_words_are_copied_in_the_order_asked_for(order: list[int]) -> None:
    content, starts, ends = spans(WORDS)
    chosen = np.array(order, dtype=np.int64)
    expected = "".join(f"{WORDS[index]}\n" for index in order).encode()
    copy = np.empty(len(expected), dtype=np.uint8)
    copy_words(content, starts[chosen], ends[chosen], copy)
    assert copy.tobytes() == expected
