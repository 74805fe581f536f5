import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SeqtoolsWarning, SettingsError
from seqtools.reports.embedding_map import MapSettings, make_embedding_map, nearest_words
from seqtools.reports.word_groups import group_words
from seqtools.reports.word_selection import choose_rows
from seqtools.seeding import numpy_generator


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(0, 12))
def test_nearest_words_are_those_of_all_cosines(seed, n, k):
    units = np.random.default_rng(seed).normal(size=(n, 5)).astype(np.float32)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    neighbors, cosines = nearest_words(units, k)
    assert neighbors.shape == cosines.shape == (n, min(k, n - 1))
    for i in range(n):
        others = np.delete(units @ units[i], i)
        expected = np.sort(others)[::-1][: neighbors.shape[1]]
        assert cosines[i] == pytest.approx(expected, abs=1e-6)
        assert i not in neighbors[i]


def test_the_caption_says_how_the_map_was_made(vectors):
    made = make_embedding_map(vectors, range(20), MapSettings(method="tsne", perplexity=5), "f.vec")
    assert made.caption == (
        "20 of 60 words of f.vec, 10 dimensions, unit length, t-SNE, perplexity 5, "
        "8 colours by k-means, seed 1"
    )
    assert made.title == "f.vec: t-SNE map"


def test_words_keep_the_order_they_were_asked_in(vectors):
    made = make_embedding_map(vectors, [30, 10, 20])
    assert made.words == ("word22", "word2", "word12")
    assert made.rows.tolist() == [30, 10, 20]


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_equal_seeds_make_equal_maps(vectors, method):
    first, again = (
        make_embedding_map(vectors, range(40), MapSettings(method=method, perplexity=9, seed=3))
        for _ in range(2)
    )
    assert first.points.tobytes() == again.points.tobytes()
    assert first.groups.group_of.tobytes() == again.groups.group_of.tobytes()


def test_too_large_a_perplexity_is_lowered_with_a_warning(vectors):
    with pytest.warns(SeqtoolsWarning, match="perplexity 30 is too large for 10 words; using 3"):
        made = make_embedding_map(vectors, range(10), MapSettings(method="tsne"))
    assert made.perplexity == 3


@pytest.mark.parametrize("rows", [[], np.zeros(5001, dtype=int)], ids=["none", "too many"])
def test_a_map_holds_one_to_five_thousand_words(vectors, rows):
    with pytest.raises(SettingsError, match="1 to 5,000 words"):
        make_embedding_map(vectors, rows)


@pytest.mark.parametrize("table", [[[1.0, 2.0]], [[0.0], [0.0]], [[1.0, 0.0], [1.0, 0.0]]])
def test_degenerate_vectors_still_make_a_map(table):
    vectors = WordVectors([f"w{i}" for i in range(len(table))], table)
    made = make_embedding_map(vectors, range(len(table)))
    assert np.isfinite(made.points).all()
    assert ((made.points >= 0) & (made.points <= 1)).all()


def test_groups_follow_the_clusters_and_are_numbered_by_first_word():
    units = np.repeat(np.eye(3, 6, dtype=np.float32)[[2, 0, 1]], 5, axis=0)
    units += np.random.default_rng(0).normal(scale=0.01, size=units.shape).astype(np.float32)
    groups = group_words(units, 3, numpy_generator(1, "layout"))
    assert groups.group_of.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert all(
        set(members) <= set(range(5 * i, 5 * i + 5)) for i, members in enumerate(groups.typical)
    )


def test_groups_are_no_more_than_different_rows():
    groups = group_words(np.eye(2, dtype=np.float32)[[0, 1, 0, 1]], 8, numpy_generator(1, "layout"))
    assert groups.group_of.tolist() == [0, 1, 0, 1]
    assert len(group_words(np.ones((4, 2), dtype=np.float32), 8, None).typical) == 1


def test_the_first_words_are_drawn_by_default(vectors):
    rows, missing = choose_rows(vectors)
    assert rows.tolist() == list(range(60))
    assert choose_rows(vectors, top=7)[0].tolist() == list(range(7))
    assert missing == ()


def test_wanted_words_are_drawn_in_their_order_and_missing_ones_named(vectors):
    with pytest.warns(SeqtoolsWarning, match="1 of 3 words to draw have no vector: 'yeti'"):
        rows, missing = choose_rows(vectors, words=["word5", "yeti", "word1", "word5"])
    assert [vectors.words[row] for row in rows] == ["word5", "word1"]
    assert missing == ("yeti",)


def test_only_unknown_words_are_an_error(vectors):
    with pytest.raises(SettingsError, match="none of the 2 words to draw has a vector"):
        choose_rows(vectors, words=["Yeti", "Nessie"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("method", "umap"), ("perplexity", 0.0), ("groups", 9), ("neighbors", -1), ("seed", -1)],
)
def test_settings_outside_their_range_are_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=f"{name} must"):
        MapSettings(**{name: value})
