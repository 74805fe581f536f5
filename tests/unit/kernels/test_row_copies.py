"""Private copies of frequent rows: nothing is lost, and alone they change nothing."""

from dataclasses import replace

import numpy as np
import pytest

from seqtools.embeddings.private_rows import CopyRules, plan_copies, rows_with_copies
from seqtools.embeddings.settings import Word2VecSettings
from seqtools.embeddings.word2vec import make_model
from seqtools.kernels.row_copies import (
    NO_COPIES,
    RowCopies,
    copy_rows,
    merge_all,
    merge_turn,
    own_row,
)
from tests.reference import row_copies as twin
from tests.unit.kernels.test_word2vec_kernels import small_corpus

NUM_ROWS, WIDTH, FIRST, COPIED = 7, 16, 2, 3
RULES = CopyRules(most_rows=512, visits_a_merge=16)


def copies_of(thread, masks=(0, 0, 0)):
    """Return copies of rows 2 to 4 of a matrix of 7 rows."""
    shift = NUM_ROWS - FIRST + 2 * COPIED * thread
    return RowCopies(FIRST, COPIED, shift, np.array(masks, np.int64))


def make_matrix():
    """Return a matrix with room for the copies of two threads, and the same in float64."""
    matrix = np.zeros((NUM_ROWS + 4 * COPIED, WIDTH), np.float32)
    matrix[:NUM_ROWS] = np.random.default_rng(1).normal(size=(NUM_ROWS, WIDTH))
    return matrix, matrix[:NUM_ROWS].astype(np.float64)


@pytest.mark.small
def test_what_two_threads_learn_adds_up():
    matrix, expected = make_matrix()
    threads = [copies_of(0), copies_of(1)]
    gains = np.random.default_rng(2).normal(size=(2, COPIED, WIDTH)).astype(np.float32)
    for copies in threads:
        copy_rows(matrix, copies)
    seen = [expected[FIRST : FIRST + COPIED].copy() for _ in threads]
    own = [rows + gain for rows, gain in zip(seen, gains, strict=True)]
    for copies, gain in zip(threads, gains, strict=True):
        for place in range(COPIED):
            matrix[own_row(FIRST + place, copies)] += gain[place]
    for index, copies in enumerate(threads):
        merge_all(matrix, copies)
        shared = expected[FIRST : FIRST + COPIED]
        shared[:], own[index], seen[index] = twin.merge(shared, own[index], seen[index])
        np.testing.assert_allclose(matrix[:NUM_ROWS], expected, atol=1e-5)
        start = FIRST + copies.shift
        np.testing.assert_allclose(matrix[start : start + COPIED], own[index], atol=1e-5)
        np.testing.assert_allclose(
            matrix[start + COPIED : start + 2 * COPIED], seen[index], atol=1e-5
        )


@pytest.mark.small
def test_only_copied_rows_are_replaced():
    rows = [own_row(row, copies_of(1)) for row in range(NUM_ROWS)]
    shift = copies_of(1).shift
    assert rows == [0, 1, 2 + shift, 3 + shift, 4 + shift, 5, 6]
    assert [own_row(np.int32(row), NO_COPIES) for row in range(3)] == [0, 1, 2]


@pytest.mark.small
def test_a_row_is_merged_every_so_many_turns():
    matrix, _ = make_matrix()
    copies = copies_of(0, masks=(0, 1, 7))
    copy_rows(matrix, copies)
    merges = np.zeros(COPIED, int)
    for turn in range(8):
        before = matrix[FIRST : FIRST + COPIED].copy()
        for place in range(COPIED):
            matrix[own_row(FIRST + place, copies)] += 1
        merge_turn(matrix, copies, turn)
        merges += (matrix[FIRST : FIRST + COPIED] != before).any(axis=1)
    assert merges.tolist() == [8, 4, 1]


@pytest.mark.small
@pytest.mark.parametrize("loss", ["ns", "hs"])
@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_copies_change_nothing_for_a_thread_alone(model, loss):
    ids, counts = small_corpus(1_000)
    settings = Word2VecSettings(
        model=model, loss=loss, dim=20, window=3, negative=4, epochs=1, subsample=0.05, threads=2
    )
    alone, copying = make_model(ids, counts, replace(settings, threads=1)), None
    copying = make_model(ids, counts, settings)
    first, walk = alone.walks[0], copying.walks[0]
    assert walk.copies.x.num_rows == len(counts)
    # The same walk as the one that copies nothing, over the same slice.
    first.state[:], first.rng_state[:] = walk.state, walk.rng_state
    first.num_words = walk.num_words
    with np.errstate(over="ignore"):
        for run in (alone, copying):
            while run.step(run.walks[0], 100):
                pass
    np.testing.assert_allclose(copying.x, alone.x, atol=1e-5)
    np.testing.assert_allclose(copying.u, alone.u, atol=1e-5)
    assert (copying.x != make_model(ids, counts, settings).x).any()


@pytest.mark.parametrize("frequent_first", [True, False])
def test_the_most_frequent_rows_are_planned_and_rare_ones_merged_seldom(frequent_first):
    visits = 1_000.0 / np.arange(1, 2_001)
    plans = plan_copies(visits if frequent_first else visits[::-1], 3, RULES)
    total = rows_with_copies(2_000, 3, RULES)
    ranges = [
        range(plan.first + plan.shift, plan.first + plan.shift + 2 * plan.num_rows)
        for plan in plans
    ]
    behind = sorted(row for rows in ranges for row in rows)
    assert behind == list(range(2_000, total))
    masks = plans[0].masks if frequent_first else plans[0].masks[::-1]
    assert plans[0].first == (0 if frequent_first else 2_000 - plans[0].num_rows)
    assert masks[0] == 0
    assert masks[-1] == 7  # visited twice a turn: every eighth
    assert (np.diff(masks) >= 0).all()


def test_a_thread_alone_copies_nothing():
    assert plan_copies(np.ones(10), 1, RULES) == [NO_COPIES]
    assert rows_with_copies(10, 1, RULES) == 10
