"""Shards hold every line exactly once, and their counts add up."""

import gzip
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.errors import CorpusError, SeqtoolsWarning, SettingsError, VocabularyError
from seqtools.text.corpus import read_chunks
from seqtools.text.id_cache import TextSettings, build_id_cache
from seqtools.text.shards import Shard, own_lines
from seqtools.text.vocabulary import Vocabulary
from seqtools.text.word_counts import count_words, merge_counts

ALL_WORDS = TextSettings(min_count=1)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr("seqtools.text.shards._BLOCK_BYTES", 50)


@pytest.fixture
def text(tmp_path):
    """Write lines of 0 to 30 words, some blank, in two files, one compressed."""
    generator = np.random.default_rng(4)
    paths = []
    for name, opener in (("plain.txt", open), ("packed.txt.gz", gzip.open)):
        words = generator.zipf(1.5, 20_000).clip(max=500)
        borders = np.sort(generator.choice(20_000, 1_500))
        lines = [" ".join(f"w{word}" for word in line) for line in np.split(words, borders)]
        paths.append(tmp_path / name)
        with opener(paths[-1], "wb") as file:
            file.write("\ufeff".encode() + "\n".join(lines).encode())  # no line feed at the end
    return paths


def lines_of(chunks):
    """Return the lines that hold a word, with their numbers in each file."""
    found, text = [], b""
    for chunk in chunks:
        if chunk.begins_file and text:
            found.append(text)
            text = b""
        text += chunk.content
    return [
        (number, line.split())
        for content in [*found, text]
        for number, line in enumerate(content.split(b"\n"))
        if line.split()
    ]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("chunk_bytes", [64, 1_000, 1 << 20])
@pytest.mark.parametrize("num_shards", [1, 2, 5])
def test_every_line_is_in_one_shard_whatever_the_chunks(text, num_shards, chunk_bytes):
    whole = lines_of(read_chunks(text))
    parts = [
        lines_of(own_lines(read_chunks(text, chunk_bytes), Shard(number, num_shards)))
        for number in range(1, num_shards + 1)
    ]
    assert sum(len(part) for part in parts) == len(whole)
    key = repr
    assert sorted((line for part in parts for line in part), key=key) == sorted(whole, key=key)
    if num_shards > 1:
        assert all(len(part) > len(whole) / num_shards / 2 for part in parts)


@pytest.mark.usefixtures("small_blocks")
@given(lines=st.lists(st.integers(0, 40), max_size=30), num_shards=st.integers(1, 5))
def test_any_lengths_of_lines_are_shared_out(lines, num_shards, tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "text.txt"
    words = [" ".join([f"l{number}"] * length) for number, length in enumerate(lines)]
    path.write_text("\n".join(words))
    whole = lines_of(read_chunks([path]))
    parts = [
        line
        for number in range(1, num_shards + 1)
        for line in lines_of(own_lines(read_chunks([path]), Shard(number, num_shards)))
    ]
    assert sorted(parts) == sorted(whole)


@pytest.mark.parametrize(
    "text", ["0/4", "5/4", "1/0", "4", "a/b", "1/2/3", "-1/4", "1 /4", "\u0661/\u0664"]
)
def test_a_shard_that_does_not_exist_is_refused(text):
    with pytest.raises(SettingsError, match=r"such as 1/4 to 4/4"):
        Shard.parse(text)


@pytest.mark.usefixtures("small_blocks")
def test_counts_of_shards_add_up_to_the_counts_of_all(text, tmp_path):
    whole = count_words(text, TextSettings(min_count=3))
    files = []
    for number in range(1, 5):
        files.append(tmp_path / f"{number}.tsv")
        count_words(text, ALL_WORDS, Shard(number, 4)).save(files[-1])
    merged = merge_counts(files, TextSettings(min_count=3))
    assert merged == whole
    assert merged.vocabulary.content == whole.vocabulary.content
    limited = merge_counts(files, TextSettings(min_count=3, max_vocabulary=7)).vocabulary
    assert limited.words == whole.vocabulary.words[:7]


def test_counts_equal_those_of_the_id_cache(text, tmp_path):
    settings = TextSettings(min_count=2, lower=True)
    cache = build_id_cache(text, tmp_path / "cache", settings)
    counted = count_words(text, settings)
    assert counted.vocabulary == cache.vocabulary
    assert counted.tokens_read == cache.statistics.tokens_read
    assert counted.types_read == cache.statistics.types_read


@pytest.mark.usefixtures("small_blocks")
def test_caches_of_shards_hold_all_tokens_once(text, tmp_path):
    words = count_words(text, TextSettings(min_count=2)).vocabulary
    whole = build_id_cache(text, tmp_path / "whole", TextSettings(), words)
    parts = [
        build_id_cache(text, tmp_path / f"{n}", TextSettings(), words, shard=Shard(n, 3))
        for n in (1, 2, 3)
    ]
    for name in ("tokens_read", "tokens_kept", "sentences"):
        total = sum(getattr(part.statistics, name) for part in parts)
        assert total == getattr(whole.statistics, name)


@pytest.mark.parametrize("lower", [False, True])
def test_a_shard_may_hold_no_word(tmp_path, lower):
    path = tmp_path / "short.txt"
    path.write_text("a b\n")
    empty = count_words([path], TextSettings(min_count=1, lower=lower), Shard(2, 2))
    empty.save(tmp_path / "empty.tsv")
    assert (tmp_path / "empty.tsv").read_bytes() == b""
    count_words([path], ALL_WORDS, Shard(1, 2)).save(tmp_path / "full.tsv")
    merged = merge_counts([tmp_path / "empty.tsv", tmp_path / "full.tsv"], ALL_WORDS)
    assert merged.vocabulary.words == ["a", "b"]
    cache = build_id_cache(
        [path], tmp_path / "cache", TextSettings(lower=lower), merged.vocabulary, shard=Shard(2, 2)
    )
    assert cache.ids.size == 0
    assert cache.statistics.tokens_read == 0


def test_counts_that_would_not_add_up_are_refused(text):
    for settings in (TextSettings(min_count=2), TextSettings(min_count=1, max_vocabulary=5)):
        with pytest.raises(SettingsError, match="must keep all words"):
            count_words(text, settings, Shard(1, 2))


def test_counts_that_seem_cut_are_merged_with_a_warning(tmp_path):
    paths = [tmp_path / "a.tsv", tmp_path / "b.tsv"]
    for path in paths:
        Vocabulary(["x", "y"], [9, 5]).save(path)
    with pytest.warns(SeqtoolsWarning, match=r"[ab]\.tsv: no word has a count below 5") as caught:
        merged = merge_counts(paths, ALL_WORDS)
    assert len(caught) == 2
    assert merged.vocabulary.counts.tolist() == [18, 10]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        merge_counts(paths[:1], ALL_WORDS)


def test_nothing_left_is_an_error(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("a b c\n")
    with pytest.raises(CorpusError, match="no word occurs 5 times or more, of 3 different words"):
        count_words([path], TextSettings())
    path.write_text(" \n")
    with pytest.raises(CorpusError, match="no words in the text"):
        count_words([path], ALL_WORDS)
    Vocabulary(["x"], [1]).save(path)
    with pytest.raises(VocabularyError, match="no word occurs 5 times or more, of 1"):
        merge_counts([path], TextSettings())
