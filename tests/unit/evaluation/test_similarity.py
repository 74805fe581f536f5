import itertools
import json

import numpy as np
import pytest

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SeqtoolsWarning
from seqtools.evaluation.similarity import score_similarity
from seqtools.evaluation.similarity_sets import SimilaritySet, read_similarity_set
from seqtools.evaluation.vector_settings import EvaluationSettings


def pairs_of(*lines):
    return SimilaritySet(
        "toy", tuple((a, b) for a, b, _ in lines), np.array([float(r) for _, _, r in lines])
    )


@pytest.fixture
def vectors():
    angles = np.deg2rad([0, 10, 40, 80, 90])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1) * [[1], [3], [5], [2], [9]]
    return WordVectors(["cat", "tiger", "dog", "car", "Jerusalem"], rows)


def test_cosines_in_the_order_of_ratings_score_one(vectors):
    pairs = pairs_of(("cat", "tiger", 9), ("cat", "dog", 5), ("cat", "car", 1))
    assert score_similarity(vectors, pairs).spearman == pytest.approx(1.0)


def test_unknown_pairs_are_dropped_or_taken_as_zero(vectors):
    pairs = pairs_of(("cat", "tiger", 9), ("cat", "dog", 5), ("cat", "yeti", 10), ("cat", "car", 1))
    dropped = score_similarity(vectors, pairs)
    zero = score_similarity(vectors, pairs, EvaluationSettings(oov="zero"))
    assert dropped.spearman == pytest.approx(1.0)
    assert zero.spearman == pytest.approx(-0.2)
    assert (zero.covered, zero.pairs) == (3, 4)
    assert zero.by_policy == dropped.by_policy == pytest.approx({"drop": 1.0, "zero": -0.2})


@pytest.mark.parametrize(("case", "covered"), [("given", 0), ("fallback", 2), ("fold", 3)])
def test_the_rule_about_case_decides_what_is_covered(vectors, case, covered):
    pairs = pairs_of(("Cat", "TIGER", 9), ("Cat", "Dog", 5), ("jerusalem", "CAR", 3))
    settings = EvaluationSettings(similarity_case=case)
    if covered == 0:
        with pytest.warns(SeqtoolsWarning, match="0 of 3 pairs covered"):
            score = score_similarity(vectors, pairs, settings)
    else:
        score = score_similarity(vectors, pairs, settings)
    assert score.covered == covered


def test_folding_case_takes_the_first_spelling():
    vectors = WordVectors(["Us", "a", "us", "b"], [[1.0, 0], [1, 0.1], [0, 1], [0.5, 1]])
    pairs = pairs_of(("us", "a", 9), ("us", "b", 1))
    folded = score_similarity(vectors, pairs, EvaluationSettings(similarity_case="fold"))
    given = score_similarity(vectors, pairs, EvaluationSettings(similarity_case="given"))
    assert folded.spearman == pytest.approx(1.0)
    assert given.spearman == pytest.approx(-1.0)


@pytest.mark.parametrize("oov", ["drop", "zero"])
def test_a_set_of_which_nothing_is_known_has_no_score(vectors, oov):
    with pytest.warns(SeqtoolsWarning, match="toy: no score: 0 of 2 pairs covered"):
        score = score_similarity(
            vectors, pairs_of(("x", "y", 1), ("y", "z", 2)), EvaluationSettings(oov=oov)
        )
    assert (score.spearman, score.interval, score.covered, score.pairs) == (None, None, 0, 2)


def test_a_single_covered_pair_has_no_score(vectors):
    with pytest.warns(SeqtoolsWarning, match="1 of 1 pairs covered"):
        assert score_similarity(vectors, pairs_of(("cat", "dog", 1))).spearman is None


def test_vectors_of_zeros_have_cosine_zero():
    vectors = WordVectors(["a", "b", "c"], [[0.0, 0], [1, 0], [1, 1]])
    pairs = pairs_of(("b", "c", 9), ("a", "b", 1), ("a", "c", 1))
    assert score_similarity(vectors, pairs).spearman == pytest.approx(1.0)


def test_the_interval_holds_the_score_and_depends_on_the_seed_alone():
    generator = np.random.default_rng(0)
    words = [f"w{i}" for i in range(60)]
    table = WordVectors(words, generator.normal(size=(60, 5)))
    ratings = generator.normal(size=59)
    pairs = SimilaritySet("chain", tuple(itertools.pairwise(words)), ratings)
    first, again, other = (
        score_similarity(table, pairs, EvaluationSettings(seed=seed)) for seed in (1, 1, 2)
    )
    assert first.interval[0] < first.spearman < first.interval[1]
    assert first == again
    assert first.interval != other.interval
    assert first.spearman == other.spearman


def test_the_score_is_written_to_json():
    table = WordVectors(["a", "b", "c"], np.eye(3) + 0.1)
    score = score_similarity(table, pairs_of(("a", "b", 1), ("b", "b", 3), ("a", "c", 2)))
    written = json.loads(json.dumps(score.as_dict("ci95")))
    assert {"spearman", "ci95", "pairs", "covered"} <= set(written)


# Spearman of GloVe 6B 50d, measured with another program (all words lower-cased).
GLOVE = {
    "EN-MEN-TR-3k": (0.6523, 3000, 3000),
    "EN-WS-353-ALL": (0.5033, 353, 353),
    "EN-WS-353-SIM": (0.5732, 203, 203),
    "EN-WS-353-REL": (0.4657, 252, 252),
    "EN-RG-65": (0.6021, 65, 65),
    "EN-MC-30": (0.5630, 30, 30),
    "EN-MTurk-287": (0.6188, 287, 287),
    "EN-MTurk-771": (0.5542, 771, 771),
    "EN-SIMLEX-999": (0.2646, 999, 999),
    "EN-SimVerb-3500": (0.1526, 3498, 3500),
    "EN-RW-STANFORD": (0.3403, 1782, 2034),
    "EN-YP-130": (0.3772, 130, 130),
    "EN-VERB-143": (0.2503, 144, 144),
}


@pytest.mark.parametrize("name", GLOVE)
def test_published_vectors_get_their_known_scores(data, glove, name):
    pairs = read_similarity_set(data / "wordsim-analogy" / "wordsim" / f"{name}.txt")
    score = score_similarity(glove, pairs, EvaluationSettings(resamples=50))
    spearman, covered, total = GLOVE[name]
    assert score.spearman == pytest.approx(spearman, abs=6e-5)
    assert (score.covered, score.pairs) == (covered, total)


def test_pairs_of_equal_words_have_no_order_and_no_score():
    random = np.random.default_rng(1).normal(size=(30, 50)).astype(np.float32)
    vectors = WordVectors([f"w{i}" for i in range(30)], random)
    pairs = pairs_of(*((word, word, rating) for rating, word in enumerate(vectors.words)))
    with pytest.warns(SeqtoolsWarning, match=r"30 of 30 pairs covered, .* all equal"):
        assert score_similarity(vectors, pairs).spearman is None
