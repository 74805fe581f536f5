"""Spelling and choosing words."""

import numpy as np

from seqtools.text.vocabulary import Vocabulary
from seqtools.text.word_choice import choose_frequent, choose_given, spell_words
from seqtools.types import Int64Array


def counts_of(*counts: int) -> Int64Array:
    return np.array(counts, dtype=np.int64)


def test_words_stay_as_they_are_unless_asked() -> None:
    spelt = spell_words("The\nthe\nÉa\n".encode(), counts_of(1, 2, 3), lower=False)
    assert spelt.words == ["The", "the", "Éa"]
    assert spelt.indices is None


def test_lower_case_merges_words_and_their_counts() -> None:
    content = "The\nthe\nÉA\néa\nTHE\n".encode()
    spelt = spell_words(content, counts_of(1, 2, 3, 4, 5), lower=True)
    assert spelt.words == ["the", "éa"]
    assert spelt.counts.tolist() == [8, 7]
    assert spelt.indices.tolist() == [0, 0, 1, 1, 0]


def test_lower_case_follows_unicode_word_by_word() -> None:
    words = ["ΣΊΣΥΦΟΣ", "İstanbul", "STRASSE", "Ǆ", "ΑΣ"]
    spelt = spell_words("".join(f"{word}\n" for word in words).encode(), counts_of(*[1] * 5), True)
    assert spelt.words == " ".join(words).lower().split(" ")


def test_invalid_bytes_are_replaced_and_counted_by_token() -> None:
    content = b"a\xff\nok\nb\xe2\x82\n\xef\xbf\xbd\n\xff\xef\xbf\xbd\xff\n"
    spelt = spell_words(content, counts_of(2, 5, 3, 7, 1), lower=False)
    assert spelt.words == ["a\ufffd", "ok", "b\ufffd", "\ufffd", "\ufffd\ufffd\ufffd"]
    assert spelt.replaced_characters == 2 + 3 + 2
    assert spelt.replaced_tokens == 2 + 3 + 1


def test_replaced_words_that_look_alike_are_one() -> None:
    spelt = spell_words(b"a\xff\na\xfe\n", counts_of(2, 3), lower=False)
    assert spelt.words == ["a\ufffd"]
    assert spelt.counts.tolist() == [5]
    assert spelt.indices.tolist() == [0, 0]


def test_ids_follow_count_then_bytes() -> None:
    words = ["bb", "b", "aaaaaaaab", "aaaaaaaaa", "aaaaaaaa", "é", "z"]
    content = "".join(f"{word}\n" for word in words).encode()
    spelt = spell_words(content, counts_of(2, 2, 2, 2, 2, 2, 3), lower=False)
    vocabulary, new_ids = choose_frequent(spelt, 1, None)
    assert vocabulary.words == ["z", "aaaaaaaa", "aaaaaaaaa", "aaaaaaaab", "b", "bb", "é"]
    assert [vocabulary.words[index] for index in new_ids] == words


def test_rare_words_and_those_beyond_the_limit_are_dropped() -> None:
    spelt = spell_words(b"a\nb\nc\nd\n", counts_of(1, 5, 3, 3), lower=False)
    vocabulary, new_ids = choose_frequent(spelt, 2, 2)
    assert vocabulary == Vocabulary(["b", "c"], [5, 3])
    assert new_ids.tolist() == [-2, 0, 1, -2]
    nothing, new_ids = choose_frequent(spelt, 6, None)
    assert nothing is None
    assert new_ids.tolist() == [-2] * 4


def test_limits_apply_after_lower_casing() -> None:
    spelt = spell_words(b"A\na\nB\n", counts_of(1, 1, 1), lower=True)
    vocabulary, new_ids = choose_frequent(spelt, 2, None)
    assert vocabulary == Vocabulary(["a"], [2])
    assert new_ids.tolist() == [0, 0, -2]


def test_a_given_vocabulary_keeps_its_ids() -> None:
    spelt = spell_words(b"A\na\nB\n", counts_of(1, 1, 1), lower=True)
    assert choose_given(spelt, Vocabulary(["x", "a"], [9, 1])).tolist() == [1, 1, -2]
