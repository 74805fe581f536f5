"""Marking analogies without finding the answers to those that are wrong."""

import numpy as np
import pytest

from seqtools.evaluation.analogy_marks import right_answers
from seqtools.evaluation.analogy_search import answer_analogies


def marks_by_search(vectors, questions, same_as, method):
    """Return which questions are right by finding every answer."""
    answers = answer_analogies(vectors, questions[:, :3], same_as, method)
    return (answers >= 0) & (same_as[answers] == same_as[questions[:, 3]])


@pytest.fixture
def table():
    """Return vectors with structure, spellings of one word and rows of zeros."""
    rng = np.random.default_rng(11)
    groups, kinds = rng.normal(size=(40, 12)), rng.normal(size=(6, 12))
    vectors = (groups[:, None] + kinds + 0.3 * rng.normal(size=(40, 6, 12))).reshape(240, 12)
    vectors[[7, 100]] = 0
    same_as = np.arange(240)
    same_as[[50, 120, 200]] = 3, 3, 77
    return vectors.astype(np.float32), same_as


@pytest.mark.parametrize("method", ["add", "mul"])
@pytest.mark.parametrize("block_rows", [1, 17, 1000])
def test_marks_are_those_of_a_search_for_the_answers(table, method, block_rows):
    vectors, same_as = table
    rng = np.random.default_rng(12)
    group, other, kind, wanted = (rng.integers(0, n, 800) for n in (40, 40, 6, 6))
    questions = np.stack(
        [6 * group + kind, 6 * group + wanted, 6 * other + kind, 6 * other + wanted], axis=1
    )
    questions[:40] = rng.integers(0, 240, size=(40, 4))
    marks = right_answers(vectors, questions, same_as, method, block_rows)
    np.testing.assert_array_equal(marks, marks_by_search(vectors, questions, same_as, method))
    assert 0.1 < marks.mean() < 0.9


def test_a_word_of_the_question_is_never_right(table):
    vectors, same_as = table
    questions = np.array([[1, 2, 3, 3], [1, 2, 3, 50], [3, 2, 9, 120], [4, 4, 5, 5]])
    assert not right_answers(vectors, questions, same_as).any()


def test_no_question_is_no_answer(table):
    assert right_answers(table[0], np.empty((0, 4), dtype=np.int64), table[1]).shape == (0,)
