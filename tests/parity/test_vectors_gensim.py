"""The same answers and the same files as gensim 4.4."""

import gc

import numpy as np
import pytest

gensim_models = pytest.importorskip("gensim.models")

from seqtools.embeddings.gensim_bridge import (  # noqa: E402
    from_keyed_vectors,
    to_keyed_vectors,
)
from seqtools.embeddings.vector_files import load_vectors, save_vectors  # noqa: E402
from seqtools.embeddings.word_vectors import WordVectors  # noqa: E402
from seqtools.errors import FileAccessError, VectorFormatError  # noqa: E402

KeyedVectors = gensim_models.KeyedVectors


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(4)
    words = [f"wort{i}é" for i in range(400)]
    vectors = (rng.standard_normal((400, 30)) * 0.2).astype(np.float32)
    return WordVectors(words, vectors, np.arange(400)[::-1])


@pytest.fixture(scope="module")
def keyed(table):
    return to_keyed_vectors(table)


def _check_equal(found, expected):
    assert [word for word, _ in found] == [word for word, _ in expected]
    assert [score for _, score in found] == pytest.approx([s for _, s in expected], abs=2e-6)


@pytest.mark.parametrize("restrict", [None, 100])
def test_neighbors_equal_most_similar(table, keyed, restrict):
    for word in table.words[::40]:
        expected = keyed.most_similar(word, topn=10, restrict_vocab=restrict)
        _check_equal(table.neighbors(word, 10, restrict), expected)
    group = table.words[3:6]
    _check_equal(table.neighbors(group, 7), keyed.most_similar(positive=group, topn=7))


@pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")
def test_analogies_equal_most_similar_and_cosmul(table, keyed):
    for start in range(0, 90, 9):
        a, b, c = table.words[start : start + 3]
        _check_equal(table.analogy(a, b, c), keyed.most_similar(positive=[b, c], negative=[a]))
        _check_equal(
            table.analogy(a, b, c, method="mul"),
            keyed.most_similar_cosmul(positive=[b, c], negative=[a]),
        )


def test_similarity_and_odd_one_out_equal_gensims(table, keyed):
    for start in range(0, 90, 9):
        words = table.words[start : start + 6]
        assert table.similarity(*words[:2]) == pytest.approx(keyed.similarity(*words[:2]), abs=1e-6)
        assert table.odd_one_out(words)[0].word == keyed.doesnt_match(words)


@pytest.mark.parametrize(
    ("suffix", "binary"), [(".vec", False), (".bin", True), (".vec.gz", False)]
)
def test_gensim_reads_what_we_write(tmp_path, table, suffix, binary):
    save_vectors(tmp_path / f"v{suffix}", table)
    loaded = KeyedVectors.load_word2vec_format(str(tmp_path / f"v{suffix}"), binary=binary)
    assert loaded.index_to_key == table.words
    np.testing.assert_array_equal(loaded.vectors, table.vectors)


@pytest.mark.parametrize(("suffix", "binary"), [(".vec", False), (".bin", True)])
def test_we_read_what_gensim_writes(tmp_path, table, keyed, suffix, binary):
    keyed.save_word2vec_format(str(tmp_path / f"g{suffix}"), binary=binary)
    loaded = load_vectors(tmp_path / f"g{suffix}")
    assert sorted(loaded.words) == sorted(table.words)
    np.testing.assert_array_equal(loaded[table.words], table.vectors)


def test_our_text_equals_gensims_byte_for_byte(tmp_path, table):
    without_counts = WordVectors(table.words, table.vectors)
    save_vectors(tmp_path / "v.vec", without_counts)
    to_keyed_vectors(without_counts).save_word2vec_format(str(tmp_path / "g.vec"))
    assert (tmp_path / "v.vec").read_bytes() == (tmp_path / "g.vec").read_bytes()


# gensim leaves its first look at the file open.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_gensim_reads_our_headerless_text(tmp_path, table):
    save_vectors(tmp_path / "v.glove.txt", table)
    path = str(tmp_path / "v.glove.txt")
    loaded = KeyedVectors.load_word2vec_format(path, binary=False, no_header=True)
    gc.collect()
    np.testing.assert_array_equal(loaded.vectors, table.vectors)


def test_a_large_kv_file_is_one_file_and_gensim_reads_it(tmp_path):
    vectors = np.random.default_rng(1).standard_normal((30_000, 100)).astype(np.float32)
    table = WordVectors([f"w{i}" for i in range(30_000)], vectors, np.arange(30_000))
    save_vectors(tmp_path / "v.kv", table)
    assert [entry.name for entry in tmp_path.iterdir()] == ["v.kv"]
    loaded = KeyedVectors.load(str(tmp_path / "v.kv"))
    np.testing.assert_array_equal(loaded.vectors, vectors)
    assert loaded.get_vecattr("w7", "count") == 7
    assert loaded.most_similar("w7", topn=1)[0][0] == table.neighbors("w7", 1)[0].word


def test_we_read_gensims_own_kv_with_side_files(tmp_path, table, keyed):
    keyed.save(str(tmp_path / "g.kv"), sep_limit=1000)
    assert (tmp_path / "g.kv.vectors.npy").exists()
    loaded = load_vectors(tmp_path / "g.kv", allow_pickle=True)
    assert loaded.words == table.words
    np.testing.assert_array_equal(loaded.vectors, table.vectors)
    np.testing.assert_array_equal(loaded.counts, table.counts)
    (tmp_path / "g.kv.vectors.npy").unlink()
    with pytest.raises(FileAccessError, match=r"g\.kv\.vectors\.npy: cannot read: No such file"):
        load_vectors(tmp_path / "g.kv", allow_pickle=True)


def test_a_whole_model_gives_its_word_vectors(tmp_path):
    model = gensim_models.Word2Vec([["a", "b", "c"]] * 20, vector_size=5, min_count=1, workers=1)
    model.save(str(tmp_path / "m.model"))
    loaded = load_vectors(tmp_path / "m.model", allow_pickle=True)
    np.testing.assert_array_equal(loaded[model.wv.index_to_key], model.wv.vectors)
    assert from_keyed_vectors(model).words == model.wv.index_to_key


def test_a_pickle_without_word_vectors_is_refused(tmp_path):
    gensim_models.TfidfModel([[(0, 1.0)]]).save(str(tmp_path / "t.model"))
    with pytest.raises(VectorFormatError, match="gensim cannot open it"):
        load_vectors(tmp_path / "t.model", allow_pickle=True)


def test_safetensors_reads_our_native_file(tmp_path, table):
    safetensors_numpy = pytest.importorskip("safetensors.numpy")
    save_vectors(tmp_path / "v.safetensors", table)
    tensors = safetensors_numpy.load_file(tmp_path / "v.safetensors")
    np.testing.assert_array_equal(tensors["vectors"], table.vectors)
    np.testing.assert_array_equal(tensors["counts"], table.counts)
    assert tensors["words"].tobytes().decode().split("\n") == table.words
