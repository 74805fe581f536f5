"""Scores against gensim 4.4 on the same vectors and the sets it ships."""

import warnings

import numpy as np
import pytest

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.evaluation.analogy import score_analogies
from seqtools.evaluation.analogy_sets import read_analogy_set
from seqtools.evaluation.default_sets import default_analogy_files, default_similarity_files
from seqtools.evaluation.similarity import score_similarity
from seqtools.evaluation.similarity_sets import read_similarity_set
from seqtools.evaluation.vector_settings import EvaluationSettings

pytest.importorskip("gensim", reason="gensim is not installed")

SIMILARITY = {path.stem: path for path in default_similarity_files()}
QUESTIONS = default_analogy_files()[0]


@pytest.fixture(scope="module")
def vectors():
    """Return vectors in which some analogies hold, with words in several spellings, some absent."""
    analogies = read_analogy_set(QUESTIONS)
    pairs = [pair for path in SIMILARITY.values() for pair in read_similarity_set(path).pairs]
    words = sorted({word for item in (*analogies.questions, *pairs) for word in item})
    generator = np.random.default_rng(5)
    generator.shuffle(words)
    words = words[: int(0.97 * len(words))]
    words += [word.lower() for word in words[:200] if word.lower() not in words]
    words += [word.upper() for word in words[:300] if word.upper() not in words]
    words = list(dict.fromkeys(words))
    row_of = {word: row for row, word in enumerate(words)}
    table = generator.normal(size=(len(words), 20)).astype(np.float32)
    directions = generator.normal(size=(20, 20)).astype(np.float32)
    for (a, b, c, d), section in zip(analogies.questions, analogies.section_of, strict=True):
        for source, target in ((a, b), (c, d)):
            if source in row_of and target in row_of:
                table[row_of[target]] = table[row_of[source]] + directions[section]
    return WordVectors(words, table + generator.normal(scale=0.2, size=table.shape))


@pytest.fixture(scope="module")
def keyed(vectors):
    from gensim.models import KeyedVectors

    result = KeyedVectors(vectors.dim)
    result.add_vectors(vectors.words, vectors.vectors)
    return result


@pytest.mark.parametrize("oov", ["drop", "zero"])
@pytest.mark.parametrize("fold", [True, False])
@pytest.mark.parametrize("name", SIMILARITY)
def test_similarity_equals_gensims(vectors, keyed, name, fold, oov):
    settings = EvaluationSettings(
        similarity_case="fold" if fold else "given", oov=oov, resamples=10
    )
    ours = score_similarity(vectors, read_similarity_set(SIMILARITY[name]), settings)
    _, theirs, oov_percentage = keyed.evaluate_word_pairs(
        str(SIMILARITY[name]), case_insensitive=fold, dummy4unknown=oov == "zero"
    )
    # gensim's cosines are float32, so that near ties may rank otherwise.
    assert ours.spearman == pytest.approx(theirs[0], abs=1e-4)
    assert 100 * (1 - ours.covered / ours.pairs) == pytest.approx(oov_percentage)
    assert ours.covered < ours.pairs


@pytest.fixture(scope="module")
def short_questions(tmp_path_factory):
    """Return a file of every twentieth question; gensim answers about 1,000 in a second."""
    lines = QUESTIONS.read_text(encoding="utf-8").splitlines()
    kept = [line for i, line in enumerate(lines) if line.startswith(":") or i % 20 == 0]
    path = tmp_path_factory.mktemp("analogies") / "short.txt"
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("oov", ["drop", "zero"])
@pytest.mark.parametrize("fold", [True, False])
@pytest.mark.parametrize("restrict", [1500, 300_000])
def test_analogies_equal_gensims(vectors, keyed, short_questions, restrict, fold, oov):
    settings = EvaluationSettings(
        restrict=restrict, analogy_case="fold" if fold else "given", oov=oov, resamples=10
    )
    ours = score_analogies(vectors, read_analogy_set(short_questions), settings)
    score, sections = keyed.evaluate_word_analogies(
        str(short_questions),
        restrict_vocab=restrict,
        case_insensitive=fold,
        dummy4unknown=oov == "zero",
    )
    theirs = {part["section"]: len(part["correct"]) for part in sections[:-1]}
    assert {name: part.correct for name, part in ours.sections.items()} == theirs
    assert ours.overall.accuracy == pytest.approx(score)
    assert 0 < ours.overall.correct < ours.overall.covered < ours.overall.total


def test_multiplied_cosines_equal_gensims(vectors, keyed, short_questions):
    questions = read_analogy_set(short_questions)
    settings = EvaluationSettings(method="mul", analogy_case="given", resamples=10)
    correct = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for a, b, c, d in questions.questions:
            if all(word in vectors for word in (a, b, c, d)):
                answer = keyed.most_similar_cosmul(positive=[b, c], negative=[a], topn=1)
                correct += answer[0][0] == d
    assert score_analogies(vectors, questions, settings).overall.correct == correct > 0
