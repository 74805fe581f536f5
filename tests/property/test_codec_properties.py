"""Laws of codecs, on random texts."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.text.codecs import build_codec
from seqtools.text.symbols import NUM_SPECIAL_SYMBOLS, UNKNOWN, Codec, CodecSettings

SAMPLE = [
    "the cat <unk> sat </s> <0x0A> on the mat",
    "\u2581\u2338 1 2 ⁇ \u23381",
    "日本 é e\u0301",
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.text(
    "ab \u2581\u233812\n\t\r", max_size=20
)


@cache
def codec_for(level: str, subword_model: str = "unigram") -> Codec:
    size = 320 if level == "subword" else None
    return build_codec(SAMPLE, CodecSettings(level, size, subword_model=subword_model))


@pytest.mark.parametrize("subword_model", ["unigram", "bpe"])
@given(text=TEXTS | st.sampled_from(SAMPLE))
def test_subwords_lose_nothing(subword_model: str, text: str) -> None:
    codec = codec_for("subword", subword_model)
    ids = codec.encode(text)
    assert codec.decode(ids) == text
    assert UNKNOWN not in ids


@given(text=TEXTS)
def test_characters_lose_nothing_that_they_know(text: str) -> None:
    codec = build_codec(["x" + text], CodecSettings("char"))
    assert codec.decode(codec.encode(text)) == text
    assert UNKNOWN not in codec.encode(text)


@given(text=TEXTS)
def test_every_character_or_word_is_one_id(text: str) -> None:
    assert codec_for("char").encode(text).size == len(text)
    assert codec_for("word").encode(text).size == len(text.encode().split())


@given(ids=st.lists(st.integers(0, 310), max_size=30))
def test_subwords_of_any_model_are_some_text(ids: list[int]) -> None:
    codec = codec_for("subword")
    codec.decode([index % len(codec) for index in ids]).encode()


@given(texts=st.lists(TEXTS, max_size=6))
def test_words_are_in_the_order_of_their_counts(texts: list[str]) -> None:
    codec = build_codec(["a", *texts], CodecSettings("word"))
    counts: dict[str, int] = {}
    for word in " ".join(["a", *texts]).encode().split():
        counts[word.decode()] = counts.get(word.decode(), 0) + 1
    order = sorted(counts, key=lambda word: (-counts[word], word.encode()))
    found = [codec.spell(index) for index in range(NUM_SPECIAL_SYMBOLS, len(codec))]
    assert found == [word for word in order if word != "<unk>"]
