"""The vocabulary against gensim 4.4 and against Python on real text."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from seqtools.text.id_cache import TextSettings, build_id_cache


@pytest.fixture(scope="module")
def text(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the first 20,000 sentences of Wikipedia."""
    packed = data / "corpora" / "wiki.txt.gz"
    if not packed.is_file():
        pytest.skip(f"{packed} is missing")
    path = tmp_path_factory.mktemp("text") / "wiki.txt"
    with gzip.open(packed, "rb") as source:
        path.write_bytes(b"".join(source.readline() for _ in range(20_000)))
    return path


def test_counts_equal_those_of_gensim(text: Path, tmp_path: Path) -> None:
    gensim_models = pytest.importorskip("gensim.models")
    cache = build_id_cache([text], tmp_path, TextSettings(min_count=5))
    model = gensim_models.Word2Vec(vector_size=1, min_count=5, workers=1)
    model.build_vocab(corpus_file=str(text))
    theirs = {word: model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key}
    ours = dict(zip(cache.vocabulary.words, cache.vocabulary.counts.tolist(), strict=True))
    assert ours == theirs
    assert cache.statistics.tokens_read == model.corpus_total_words


def test_counts_equal_those_of_split_and_counter(text: Path, tmp_path: Path) -> None:
    cache = build_id_cache([text], tmp_path, TextSettings(min_count=1))
    ours = dict(zip(cache.vocabulary.words, cache.vocabulary.counts.tolist(), strict=True))
    assert ours == Counter(text.read_text(encoding="utf-8").split())
    assert cache.statistics.lines_read == 20_000


def test_ids_spell_the_text(text: Path, tmp_path: Path) -> None:
    cache = build_id_cache([text], tmp_path, TextSettings(min_count=1))
    words = [*cache.vocabulary.words, "\n"]
    spelt = " ".join(words[index] for index in cache.ids)
    lines = (line.split() for line in text.read_text(encoding="utf-8").split("\n"))
    assert spelt.split(" ") == [word for words in lines if words for word in [*words, "\n"]]


def test_all_of_the_corpus_has_the_known_counts(data: Path, tmp_path: Path) -> None:
    packed = data / "corpora" / "wiki.txt.gz"
    cache = build_id_cache([packed], tmp_path, TextSettings(min_count=5))
    assert cache.statistics.tokens_read == 9_144_250
    assert cache.statistics.lines_read == 473_747
    assert cache.statistics.types_read == 238_143
    assert cache.statistics.tokens_kept == 8_866_419
    assert len(cache.vocabulary) == 62_308
