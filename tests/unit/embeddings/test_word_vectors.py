"""Look-up, neighbours and analogies, against brute force and on awkward tables."""

import numpy as np
import pytest

from seqtools.embeddings import nearest
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SettingsError, UnknownWordError


@pytest.fixture
def table():
    rng = np.random.default_rng(2)
    return WordVectors([f"w{i}" for i in range(60)], rng.standard_normal((60, 8)))


def _cosines(table, direction):
    rows = table.vectors.astype(np.float64)
    return rows @ direction / np.linalg.norm(rows, axis=1) / np.linalg.norm(direction)


def _best(scores, words, excluded, k):
    order = sorted(range(len(words)), key=lambda row: (-scores[row], row))
    return [words[row] for row in order if words[row] not in excluded][:k]


def test_look_up_by_word_and_by_list(table):
    assert "w3" in table
    assert "nothing" not in table
    assert table.index("w3") == 3
    np.testing.assert_array_equal(table["w3"], table.vectors[3])
    np.testing.assert_array_equal(table[["w5", "w1"]], table.vectors[[5, 1]])
    assert (len(table), table.dim) == (60, 8)
    assert repr(table) == "WordVectors(60 words, 8 dimensions)"


def test_other_vectors_share_the_words(table):
    other = table.with_vectors(-2 * table.vectors[:, :5])
    assert other.words is table.words
    assert (len(other), other.dim, other.index("w3")) == (60, 5, 3)
    first = table.neighbors("w3", k=1)
    other.metadata["method"] = "mirrored"
    assert (table.neighbors("w3", k=1), table.metadata) == (first, {})
    with pytest.raises(SettingsError, match="one row for each of 60 words"):
        table.with_vectors(np.zeros((59, 8)))


def test_unknown_words_are_answered_with_close_ones():
    table = WordVectors(["Paris", "mother", "brother", "other"], np.eye(4))
    with pytest.raises(UnknownWordError, match=r"'paris' is not in the vocabulary; .*: Paris"):
        table.index("paris")
    with pytest.raises(UnknownWordError, match=r"close words: mother$"):
        table.neighbors("mothr")
    with pytest.raises(UnknownWordError, match=r"'zzz' is not in the vocabulary$"):
        table.similarity("mother", "zzz")


@pytest.mark.parametrize("k", [1, 5, 59, 500])
def test_neighbors_are_those_of_brute_force(table, k):
    found = table.neighbors("w7", k)
    cosines = _cosines(table, table.vectors[7])
    assert [word for word, _ in found] == _best(cosines, table.words, {"w7"}, k)
    for word, similarity in found:
        assert similarity == pytest.approx(cosines[table.index(word)], abs=1e-6)


def test_neighbors_of_several_words_are_those_of_their_mean_direction(table):
    units = table.vectors[[1, 2]] / np.linalg.norm(table.vectors[[1, 2]], axis=1)[:, None]
    expected = _best(_cosines(table, units.mean(0)), table.words, {"w1", "w2"}, 5)
    assert [word for word, _ in table.neighbors(["w1", "w2"], 5)] == expected


def test_many_queries_are_answered_as_one_by_one_whatever_the_blocks(table, monkeypatch):
    queries = ["w1", ["w2", "w3"], "w59"]
    alone = [table.neighbors(query, 4) for query in queries]
    monkeypatch.setattr(nearest, "_SCORES_AT_ONCE", 61)
    together = table.neighbors_of_many(queries, 4)
    for one, other in zip(alone, together, strict=True):
        assert [word for word, _ in one] == [word for word, _ in other]
    assert table.neighbors_of_many([]) == []


def test_restrict_searches_the_first_words_only(table):
    found = table.neighbors("w50", 60, restrict=10)
    assert {word for word, _ in found} == {f"w{i}" for i in range(10)}
    assert len(table.analogy("w1", "w2", "w40", 60, restrict=10)) == 8


@pytest.mark.parametrize("method", ["add", "mul"])
def test_analogies_are_those_of_brute_force(table, method):
    a, b, c = (table.vectors[i].astype(np.float64) for i in (4, 5, 6))
    a, b, c = (vector / np.linalg.norm(vector) for vector in (a, b, c))
    if method == "add":
        scores = _cosines(table, b - a + c)
    else:
        of_a, of_b, of_c = ((1 + _cosines(table, vector)) / 2 for vector in (a, b, c))
        scores = of_b * of_c / (of_a + 1e-6)
    found = table.analogy("w4", "w5", "w6", 10, method)
    assert [word for word, _ in found] == _best(scores, table.words, {"w4", "w5", "w6"}, 10)
    assert [score for _, score in found] == pytest.approx(
        [scores[table.index(word)] for word, _ in found], rel=1e-5
    )


def test_many_analogies_are_answered_as_one_by_one(table, monkeypatch):
    questions = [("w1", "w2", "w3"), ("w9", "w8", "w7"), ("w5", "w5", "w6")]
    monkeypatch.setattr(nearest, "_SCORES_AT_ONCE", 100)
    for method in ("add", "mul"):
        many = table.analogies(questions, 3, method)
        for question, found in zip(questions, many, strict=True):
            alone = table.analogy(*question, 3, method)
            assert [word for word, _ in found] == [word for word, _ in alone]


def test_analogy_rows_are_padded_where_there_are_too_few_answers():
    table = WordVectors(["a", "b", "c", "d"], np.eye(4) + 0.1)
    rows, scores = table.analogy_rows(np.array([[0, 1, 2]]), k=3)
    assert rows.tolist() == [[3, -1, -1]]
    assert scores[0, 1] == -np.inf


def test_equal_scores_come_in_the_order_of_the_table():
    table = WordVectors([f"w{i}" for i in range(9)], np.ones((9, 3)))
    assert [word for word, _ in table.neighbors("w4", 3)] == ["w0", "w1", "w2"]


def test_similarity_is_symmetric_and_one_with_itself(table):
    assert table.similarity("w1", "w1") == pytest.approx(1.0, abs=1e-7)
    assert table.similarity("w1", "w2") == table.similarity("w2", "w1")


def test_euclidean_distance_is_that_of_the_stored_vectors():
    table = WordVectors(["a", "b"], [[0.0, 3.0], [4.0, 0.0]])
    assert table.euclidean_distance("a", "b") == 5.0


def test_the_odd_one_out_points_elsewhere():
    table = WordVectors(list("abcd"), [[1, 0.1], [1, 0], [0.9, 0.1], [-1, 1]])
    found = table.odd_one_out(["a", "d", "b", "c"])
    assert found[0].word == "d"
    assert {word for word, _ in found} == set("abcd")
    with pytest.raises(SettingsError, match="at least 3 different words, got 2"):
        table.odd_one_out(["a", "b", "b"])


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_vectors_without_a_direction_are_never_answers_and_refused_as_questions(bad):
    table = WordVectors(["a", "bad", "b", "c"], [[1, 0], [bad, bad], [0, 1], [1, 1]])
    for found in (
        table.neighbors("a"),
        table.analogy("a", "b", "c"),
        table.analogy("a", "b", "c", method="mul"),
    ):
        assert "bad" not in [word for word, _ in found]
        assert np.isfinite([score for _, score in found]).all()
    for ask in (
        lambda: table.neighbors("bad"),
        lambda: table.similarity("a", "bad"),
        lambda: table.analogy("bad", "a", "b"),
        lambda: table.odd_one_out(["a", "b", "bad"]),
    ):
        with pytest.raises(SettingsError, match=r"the vector of 'bad' is .* no direction"):
            ask()


def test_opposite_vectors_have_no_mean():
    table = WordVectors(["a", "b", "c"], [[1, 0], [-1, 0], [0, 1]])
    with pytest.raises(SettingsError, match="the vectors of a, b cancel out"):
        table.neighbors(["a", "b"])


@pytest.mark.parametrize("scale", [1e-38, 1e-20, 1e20, 1e37])
def test_vectors_of_extreme_length_have_the_same_neighbors(table, scale):
    scaled = WordVectors(table.words, table.vectors * np.float32(scale))
    assert [w for w, _ in scaled.neighbors("w7", 5)] == [w for w, _ in table.neighbors("w7", 5)]
    assert scaled.similarity("w1", "w2") == pytest.approx(table.similarity("w1", "w2"), abs=1e-5)


def test_unit_vectors_have_length_one(table):
    np.testing.assert_allclose(np.linalg.norm(table.unit_vectors, axis=1), 1, atol=1e-6)
    assert table.unit_vectors is table.unit_vectors
    assert table.unit_vectors.dtype == np.float32


@pytest.mark.parametrize(
    ("words", "vectors", "counts", "message"),
    [
        (["a", "b"], [[1.0]], None, r"one row for each of 2 words, got shape \(1, 1\)"),
        (["a"], [1.0], None, r"got shape \(1,\)"),
        (["a"], np.empty((1, 0)), None, "at least one dimension"),
        (["a", "b", "a"], np.eye(3), None, "'a' occurs twice, in rows 1 and 3"),
        (["a", ""], np.eye(2), None, "word 2 is empty"),
        (["a"], [[1.0]], [1, 2], r"counts must hold 1 numbers, got shape \(2,\)"),
    ],
)
def test_tables_that_do_not_fit_are_refused(words, vectors, counts, message):
    with pytest.raises(SettingsError, match=message):
        WordVectors(words, vectors, counts)


@pytest.mark.parametrize("k", [0, -1])
def test_numbers_out_of_range_are_refused(table, k):
    with pytest.raises(SettingsError, match=f"k must be at least 1, got {k}"):
        table.neighbors("w1", k)
    with pytest.raises(SettingsError, match=f"restrict must be at least 1, got {k}"):
        table.neighbors("w1", 1, restrict=k)
    with pytest.raises(SettingsError, match="method must be 'add' or 'mul', got 'sub'"):
        table.analogy("w1", "w2", "w3", method="sub")
    with pytest.raises(SettingsError, match="at least one word"):
        table.neighbors([])


def test_one_word_has_no_neighbors():
    assert WordVectors(["a"], [[1.0]]).neighbors("a") == []


def test_the_array_is_kept_not_copied():
    vectors = np.ones((2, 2), np.float32)
    assert WordVectors(["a", "b"], vectors).vectors is vectors
