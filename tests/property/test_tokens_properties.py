"""Laws of reading text, on random texts."""

import gzip
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.text.corpus import read_chunks
from seqtools.text.id_cache import TextSettings, build_id_cache
from seqtools.text.vocabulary import Vocabulary
from seqtools.text.word_table import WordTable
from tests.reference import tokens as reference

LETTERS = "abé日\U0001f600\u00a0\u2028\x85\x1c"
WORDS = st.text(LETTERS, min_size=1, max_size=12) | st.sampled_from(
    ["a" * 7, "a" * 8, "a" * 16, "a" * 17, "b" * 40, "internationalisation"]
)
GAPS = st.text(" \t\r\v\f\n", min_size=1, max_size=3)
TEXTS = st.lists(st.tuples(WORDS, GAPS), max_size=40).map(
    lambda pairs: "".join(word + gap for word, gap in pairs)
)


def read(paths: list[Path], chunk_bytes: int) -> tuple[list[int], list[bytes], list[int]]:
    """Return provisional ids, words and counts."""
    table, ids = WordTable(), []
    for chunk in read_chunks(paths, chunk_bytes):
        ids += table.add(chunk).tolist()
    return ids, table.content.split(b"\n")[:-1], table.counts.tolist()


@given(text=TEXTS, chunk_bytes=st.integers(4, 64), ends_with_line_feed=st.booleans())
def test_reading_in_chunks_equals_plain_python(
    tmp_path: Path, text: str, chunk_bytes: int, ends_with_line_feed: bool
) -> None:
    content = (text + "\n" if ends_with_line_feed else text.rstrip("\n")).encode()
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    assert read([path], chunk_bytes) == reference.provisional_ids(content)


@given(text=TEXTS)
def test_counts_equal_split_and_counter(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    _, words, counts = read([path], 1 << 20)
    assert Counter(dict(zip(words, counts, strict=True))) == Counter(text.encode().split())


@pytest.mark.parametrize("chunk_bytes", range(4, 80))
def test_any_cut_of_a_text_gives_the_same_ids(tmp_path: Path, chunk_bytes: int) -> None:
    content = "\ufeffa bb\r\n\n日本語 d\n internationalisation\tf\n\n g  " + "x" * 40 + " a\nbb d"
    path = tmp_path / "a.txt"
    path.write_bytes(content.encode())
    expected = reference.provisional_ids(content.removeprefix("\ufeff").encode())
    assert read([path], chunk_bytes) == expected


@given(text=TEXTS, cut=st.integers(0, 40), min_count=st.integers(1, 3))
def test_vocabulary_does_not_depend_on_the_order_of_the_text(
    tmp_path: Path, text: str, cut: int, min_count: int
) -> None:
    lines = [f"{line} so and so and so and on\n" for line in text.split("\n")]
    fingerprints = set()
    for order in (lines, lines[cut:] + lines[:cut], lines[::-1]):
        (tmp_path / "a.txt").write_bytes("".join(order).encode())
        settings = TextSettings(min_count=min_count)
        cache = build_id_cache([tmp_path / "a.txt"], tmp_path / "cache", settings)
        fingerprints.add(cache.vocabulary.fingerprint)
    assert len(fingerprints) == 1


@given(text=TEXTS, min_count=st.integers(1, 3))
def test_compressed_and_plain_text_give_one_cache(
    tmp_path: Path, text: str, min_count: int
) -> None:
    content = f"{text}\nso and so and so and on\n".encode()
    (tmp_path / "a.txt").write_bytes(content)
    (tmp_path / "a.gz").write_bytes(gzip.compress(content))
    caches = [
        build_id_cache([tmp_path / name], tmp_path / "cache", TextSettings(min_count=min_count))
        for name in ("a.txt", "a.gz")
    ]
    assert caches[0].fingerprint == caches[1].fingerprint
    vocabulary = caches[0].vocabulary
    assert caches[0].ids.tolist() == reference.final_ids(content, vocabulary.words)


COUNTS = st.dictionaries(st.text(LETTERS, min_size=1, max_size=6), st.integers(1, 9), min_size=1)


@given(counts=COUNTS)
def test_saved_vocabularies_come_back(tmp_path: Path, counts: dict[str, int]) -> None:
    vocabulary = Vocabulary.from_counts(list(counts), list(counts.values()))
    path = tmp_path / "words.tsv"
    vocabulary.save(path)
    content = path.read_bytes()
    loaded = Vocabulary.load(path)
    loaded.save(path)
    assert loaded == vocabulary
    assert path.read_bytes() == content
    assert loaded.decode(loaded.encode(vocabulary.words)) == vocabulary.words
