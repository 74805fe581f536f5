import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SeqtoolsWarning, SettingsError
from seqtools.evaluation.analogy import score_analogies
from seqtools.evaluation.analogy_search import answer_analogies
from seqtools.evaluation.analogy_sets import AnalogySet, read_analogy_set
from seqtools.evaluation.vector_settings import EvaluationSettings


def questions_of(**sections):
    names = tuple(sections)
    rows = [(tuple(q.split()), i) for i, name in enumerate(names) for q in sections[name]]
    return AnalogySet(
        "toy", tuple(q for q, _ in rows), names, np.array([i for _, i in rows], dtype=np.int64)
    )


def answer_one_by_one(vectors, questions, same_as, method):
    """Answer in float64 from the formulas."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    answers = []
    for a, b, c in questions:
        cos_a, cos_b, cos_c = (unit @ unit[i] for i in (a, b, c))
        if method == "add":
            score = cos_b - cos_a + cos_c
        else:
            score = ((1 + cos_b) / 2) * ((1 + cos_c) / 2) / ((1 + cos_a) / 2 + 1e-6)
        score[np.isin(same_as, same_as[[a, b, c]])] = -np.inf
        answers.append(int(score.argmax()) if np.isfinite(score).any() else -1)
    return answers


@pytest.mark.parametrize("method", ["add", "mul"])
@given(seed=st.integers(0, 2**32 - 1), block=st.integers(1, 200))
def test_blocks_of_candidates_give_the_answers_of_the_formula(method, seed, block):
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=(30, 6)).astype(np.float32)
    questions = generator.integers(0, 30, size=(25, 3))
    same_as = np.arange(30)
    same_as[20:] = generator.integers(0, 20, size=10)
    found = answer_analogies(vectors, questions, same_as, method, block_cells=block)
    expected = answer_one_by_one(vectors.astype(np.float64), questions, same_as, method)
    assert found.tolist() == expected


@pytest.mark.parametrize("method", ["add", "mul"])
def test_no_answer_is_left_where_all_words_are_in_the_question(method):
    vectors = np.eye(3, dtype=np.float32)
    found = answer_analogies(vectors, np.array([[0, 1, 2], [0, 1, 1]]), np.arange(3), method)
    assert found.tolist() == [-1, 2]


@pytest.mark.parametrize("method", ["add", "mul"])
def test_a_row_of_zeros_is_never_an_answer(method):
    vectors = np.array([[1, 0], [-1, 0.1], [-1, -0.1], [0, 0], [1, 0.2]], dtype=np.float32)
    questions = np.array([[4, 1, 2]])
    assert answer_analogies(vectors, questions, np.arange(5), method).tolist() == [0]


@pytest.fixture
def family():
    gender, royal, age = np.eye(3)
    rows = {
        "the": [0.1, 0.1, -1],
        "man": age,
        "Man": age + 0.01,
        "woman": age + gender,
        "king": age + royal,
        "QUEEN": age + royal + gender,
        "boy": 0.2 * age - 0.5 * royal,
        "girl": 0.2 * age + gender - 0.5 * royal,
    }
    return WordVectors(list(rows), np.stack([np.asarray(v, dtype=float) for v in rows.values()]))


@pytest.mark.parametrize(
    ("method", "question"),
    [
        ("add", "man woman king queen"),
        ("add", "king Queen MAN woman"),
        ("mul", "king Queen MAN woman"),
    ],
)
def test_differences_answer_questions_whatever_their_case(family, method, question):
    settings = EvaluationSettings(method=method)
    assert score_analogies(family, questions_of(family=[question]), settings).overall.correct == 1


def test_case_as_given_leaves_other_spellings_uncovered(family):
    questions = questions_of(family=["man woman king queen", "man woman king QUEEN"])
    score = score_analogies(family, questions, EvaluationSettings(analogy_case="given"))
    assert (score.overall.covered, score.overall.total) == (1, 2)


def test_sections_are_counted_apart_and_by_kind(family):
    questions = questions_of(
        family=["man woman king queen"],
        gram1=["man woman king the", "man woman king queen"],
        gram2=["man woman king yeti"],
    )
    score = score_analogies(family, questions)
    assert (score.semantic.correct, score.semantic.covered, score.semantic.total) == (1, 1, 1)
    assert (score.syntactic.correct, score.syntactic.covered, score.syntactic.total) == (1, 2, 3)
    assert score.sections["gram1"].accuracy == 0.5
    assert score.sections["gram2"].accuracy is None
    assert score.overall.accuracy == pytest.approx(2 / 3)


def test_questions_out_of_vocabulary_can_count_as_wrong(family):
    questions = questions_of(family=["man woman king queen", "man woman king yeti"])
    score = score_analogies(family, questions, EvaluationSettings(oov="zero"))
    assert (score.overall.accuracy, score.overall.covered) == (0.5, 1)


def test_a_set_without_named_sections_has_no_kinds(family):
    score = score_analogies(family, questions_of(**{"(no section)": ["man woman king queen"]}))
    assert score.semantic is None
    assert score.syntactic is None


def test_restriction_hides_words_and_answers(family):
    questions = questions_of(family=["man woman king queen", "man woman king the"])
    score = score_analogies(family, questions, EvaluationSettings(restrict=5))
    assert (score.overall.covered, score.overall.correct) == (1, 1)


def test_a_set_of_which_nothing_is_known_has_no_score(family):
    with pytest.warns(SeqtoolsWarning, match="toy: no score: 0 of 1 questions covered"):
        score = score_analogies(family, questions_of(family=["x y z q"]))
    assert score.overall.as_dict() == {
        "accuracy": None,
        "ci95": None,
        "correct": 0,
        "covered": 0,
        "total": 1,
    }


def test_the_interval_holds_the_accuracy(family):
    questions = questions_of(family=["man woman king queen"] * 50 + ["man woman king the"] * 50)
    part = score_analogies(family, questions).overall
    assert part.interval[0] == pytest.approx(0.4, abs=0.03)
    assert part.interval[1] == pytest.approx(0.6, abs=0.03)


def test_published_vectors_get_their_known_accuracy(data, glove):
    path = data / "wordsim-analogy" / "analogy" / "questions-words.txt"
    score = score_analogies(glove, read_analogy_set(path), EvaluationSettings(restrict=30000))
    overall = score.overall
    assert (overall.correct, overall.covered, overall.total) == (7393, 14877, 19544)
    assert score.semantic.accuracy == pytest.approx(0.5087, abs=5e-5)
    assert score.syntactic.accuracy == pytest.approx(0.4890, abs=5e-5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("restrict", 0),
        ("resamples", 0),
        ("seed", -1),
        ("confidence", 1.0),
        ("confidence", float("nan")),
        ("method", "mult"),
        ("oov", "mean"),
        ("analogy_case", "lower"),
    ],
)
def test_settings_outside_their_range_are_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=f"{name} must"):
        EvaluationSettings(**{name: value})
