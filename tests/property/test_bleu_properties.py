"""Laws of BLEU on any text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU

from seqtools.evaluation.bleu import score_corpus
from seqtools.evaluation.bleu_settings import BleuSettings
from seqtools.evaluation.bleu_tokens import WORD_BY_WORD, TokenTable

# What tokenizers treat specially, beside ordinary letters and odd white space.
CHARACTERS = st.sampled_from("ab1Σ٣²é .,-'\"&;<>/()$%#@~`^\t\u00a0\u2028\x85\x1c日。“”½")
PIECES = st.sampled_from(["<skipped>", "&quot;", "&amp;", "&lt;", "3.5", "1,000", "..", "-5"])
TEXT = st.lists(CHARACTERS | PIECES, max_size=25).map("".join)
WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "ab", "cd", ".", ","]), max_size=12).map(
    " ".join
)
PAIRS = st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=8)


@pytest.mark.parametrize("name", sorted(WORD_BY_WORD))
@given(text=TEXT, lowercase=st.booleans())
def test_tokens_of_words_are_the_tokens_of_the_line(name, text, lowercase):
    bleu = BLEU(tokenize=name, lowercase=lowercase)
    line = bleu._preprocess_segment(text).split()
    table = TokenTable(bleu.tokenizer, name, lowercase=lowercase)
    whole = TokenTable(bleu.tokenizer, name, lowercase=lowercase)
    whole._is_word_by_word = False
    assert table.encode([text]).token_ids.tolist() == whole.encode([text]).token_ids.tolist()
    assert table.encode([text]).lengths.tolist() == [len(line)]
    assert table.tokens(text) == line


@given(pairs=PAIRS)
def test_score_equals_sacrebleus(pairs):
    hypotheses, *references = map(list, zip(*pairs, strict=True))
    [ours] = score_corpus(hypotheses, references)
    assert ours.score.score == BLEU(force=True).corpus_score(hypotheses, references).score


@given(pairs=PAIRS, shuffle=st.randoms(use_true_random=False))
def test_order_of_lines_changes_nothing(pairs, shuffle):
    shuffled = list(pairs)
    shuffle.shuffle(shuffled)
    scores = []
    for lines in (pairs, shuffled):
        hypotheses, *references = map(list, zip(*lines, strict=True))
        [result] = score_corpus(hypotheses, references)
        scores.append(result.as_dict(width=15))
    assert scores[0] == scores[1]


@given(lines=st.lists(WORDS, min_size=1, max_size=8))
def test_text_against_itself_is_100_if_it_has_four_words(lines):
    lines = [*lines, "a b c d"]
    [result] = score_corpus(lines, [lines])
    assert result.score.score == pytest.approx(100.0, abs=1e-10)
    assert result.score.bp == 1.0


@given(pairs=PAIRS)
def test_another_reference_never_takes_matches_away(pairs):
    hypotheses, first, second = map(list, zip(*pairs, strict=True))
    [one] = score_corpus(hypotheses, [first])
    [two] = score_corpus(hypotheses, [first, second])
    assert np.all(two.statistics[:, 2:6] >= one.statistics[:, 2:6])


@given(pairs=PAIRS)
def test_score_stays_between_0_and_100(pairs):
    hypotheses, *references = map(list, zip(*pairs, strict=True))
    for method in ("exp", "floor", "add-k", "none"):
        [result] = score_corpus(hypotheses, references, BleuSettings(smooth_method=method))
        assert 0.0 <= result.score.score <= 100.0 + 1e-9
