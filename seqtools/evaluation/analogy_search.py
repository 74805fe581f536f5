"""Answering many analogy questions at once.

The score of a candidate depends on a question's words only through its cosine with each of them,
so the cosines of the vocabulary with the distinct words of all questions (about 900 in Google's
19,544 questions) are computed once, by matrix products, and each question adds or multiplies rows
of them. The vocabulary is taken in blocks, which bounds the memory.
"""

from typing import NamedTuple

import numpy as np

from seqtools.embeddings.nearest import unit_rows
from seqtools.evaluation.vector_settings import AnalogyMethod
from seqtools.types import Float32Array, Int64Array

_BLOCK_CELLS = 1 << 24
_EPSILON = np.float32(1e-6)
_SMALLEST = np.float32(1e-12)


def answer_analogies(
    vectors: Float32Array,
    questions: Int64Array,
    same_as: Int64Array,
    method: AnalogyMethod = "add",
    block_cells: int = _BLOCK_CELLS,
) -> Int64Array:
    """Return the row that answers each question "a is to b as c is to ?".

    Parameters
    ----------
    vectors : float32 array, shape (V, D)
        The candidates, one a row.
    questions : int64 array, shape (N, 3)
        Rows of a, b and c.
    same_as : int64 array, shape (V,)
        For each row the first row that counts as the same word; no word that is the same as
        a, b or c can be the answer, and no row of zeros, which has no direction.
    method : {"add", "mul"}
        3CosAdd or 3CosMul.
    block_cells : int
        Cosines held in memory at a time.

    Returns
    -------
    int64 array, shape (N,)
        Rows of the answers; -1 where no candidate is left.

    Notes
    -----
    3CosAdd (Mikolov, Yih & Zweig 2013): argmax cos(x, b) - cos(x, a) + cos(x, c), which ranks as
    the cosine with the unit-length b - a + c does. 3CosMul (Levy & Goldberg 2014, eq. 4): argmax
    p(x, b) p(x, c) / (p(x, a) + e) with p = (1 + cos) / 2 and e = 1e-6, which is gensim's; the
    paper has 0.001.
    """
    used, columns = np.unique(questions, return_inverse=True)
    columns = columns.reshape(questions.shape)
    order = np.lexsort((columns[:, 1], columns[:, 0]))
    queries = _unit_rows(vectors[used])
    excluded = _rows_same_as(used, same_as)
    best = np.full(len(questions), -np.inf, dtype=np.float32)
    answers = np.full(len(questions), -1, dtype=np.int64)
    block = max(1, block_cells // max(1, len(used)))
    for start in range(0, len(vectors), block):
        units = _unit_rows(vectors[start : start + block])
        local = [rows[(rows >= start) & (rows < start + block)] - start for rows in excluded]
        zero_rows = np.flatnonzero(~units.any(axis=1))
        found = _answer_in_block(queries @ units.T, columns[order], local, zero_rows, method)
        is_better = found.score > best[order]
        winners = order[is_better]
        best[winners] = found.score[is_better]
        answers[winners] = found.row[is_better] + start
    return answers


class _Found(NamedTuple):
    """The best candidate of a block for each question, and its score."""

    row: Int64Array
    score: Float32Array


def _answer_in_block(
    cosines: Float32Array,
    columns: Int64Array,
    excluded: list[Int64Array],
    zero_rows: Int64Array,
    method: AnalogyMethod,
) -> _Found:
    """Answer questions, sorted by a and b, from a block of candidates.

    The part of the score that comes from a and b is shared by all questions about the pair.
    Excluded candidates get the score that nothing else can have: -inf in sums, 0 in products.
    """
    is_sum = method == "add"
    never = np.float32(-np.inf if is_sum else 0.0)
    combine = np.add if is_sum else np.multiply
    terms = cosines if is_sum else np.maximum((1 + cosines) / 2, _SMALLEST)
    for term, own in zip(terms, excluded, strict=True):
        term[own] = never
    rows = np.empty(len(columns), dtype=np.int64)
    scores = np.empty(len(columns), dtype=np.float32)
    score = np.empty(cosines.shape[1], dtype=np.float32)
    pair, shared = (-1, -1), score
    # -inf less -inf is NaN where a and b are the same word, and is overwritten at once.
    with np.errstate(invalid="ignore"):
        for i, (a, b, c) in enumerate(columns.tolist()):
            if pair != (a, b):
                pair = (a, b)
                shared = terms[b] - terms[a] if is_sum else terms[b] / (terms[a] + _EPSILON)
                shared[excluded[a]] = never
                shared[excluded[b]] = never
                shared[zero_rows] = never
            combine(shared, terms[c], out=score)
            rows[i] = score.argmax()
            scores[i] = score[rows[i]]
    scores[scores <= never] = -np.inf
    return _Found(rows, scores)


def _unit_rows(vectors: Float32Array) -> Float32Array:
    """Return the rows at length 1; zero rows stay zero."""
    return unit_rows(vectors, np.sqrt(np.einsum("vd,vd->v", vectors, vectors, dtype=np.float64)))


def _rows_same_as(rows: Int64Array, same_as: Int64Array) -> list[Int64Array]:
    """Return for each row all rows that count as the same word."""
    order = np.argsort(same_as, kind="stable")
    keys = same_as[order]
    first = np.searchsorted(keys, same_as[rows], side="left")
    last = np.searchsorted(keys, same_as[rows], side="right")
    return [order[i:j] for i, j in zip(first, last, strict=True)]
