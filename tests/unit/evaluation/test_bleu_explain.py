"""Explanations and groups, recounted by hand."""

import math
from collections import Counter

import pytest

from seqtools.errors import SettingsError
from seqtools.evaluation.bleu_buckets import bucket
from seqtools.evaluation.bleu_explain import explain, formula
from seqtools.evaluation.bleu_metrics import BleuMetric
from seqtools.evaluation.bleu_settings import BleuSettings

HYPOTHESES = ["the cat the cat on the mat", "a dog .", "", "one two three four"]
REFERENCES = [
    ["the cat is on the mat", "a black dog .", "nothing", "one two three four"],
    ["a cat is on the mat", "the dog .", "nothing at all", "one two three four"],
]


def count(text, order):
    words = text.split()
    return Counter(tuple(words[i : i + order]) for i in range(len(words) - order + 1))


def explanation_of(references, **options):
    return explain(HYPOTHESES, references, BleuMetric(BleuSettings(), references), **options)


def test_matches_by_order_equal_a_recount():
    explanation = explanation_of(REFERENCES)
    for item in explanation.orders:
        clipped = unclipped = total = 0
        for hypothesis, *texts in zip(HYPOTHESES, *REFERENCES, strict=True):
            allowed = count(texts[0], item.order) | count(texts[1], item.order)
            found = count(hypothesis, item.order)
            clipped += (found & allowed).total()
            unclipped += sum(number for ngram, number in found.items() if ngram in allowed)
            total += found.total()
        assert (item.clipped, item.unclipped, item.total) == (clipped, unclipped, total)


def test_formula_gives_the_score():
    explanation = explanation_of(REFERENCES)
    mean = sum(math.log(order.precision / 100) for order in explanation.orders) / 4
    assert explanation.score == pytest.approx(100 * explanation.bp * math.exp(mean))
    assert formula(explanation).endswith(f"= {explanation.score:.4f}")


def test_formula_of_a_score_without_matches_says_so():
    references = [["x"] * 4]
    metric = BleuMetric(BleuSettings(smooth_method="none"), references)
    explanation = explain(HYPOTHESES, references, metric)
    assert "without a match" in formula(explanation)


def test_missed_ngrams_are_those_of_every_reference():
    missed = {item.ngram: item for item in explanation_of(REFERENCES, num_ngrams=99).missed}
    assert missed["is"].count == 1
    assert missed["nothing"].lines == 1
    assert "black" not in missed
    assert missed["is on the mat"].order == 4


def test_excess_ngrams_are_beyond_any_reference():
    excess = {item.ngram: item for item in explanation_of(REFERENCES, num_ngrams=99).excess}
    assert (excess["the"].count, excess["cat"].count) == (1, 1)
    assert "dog" not in excess


def test_worst_lines_come_first_and_lines_can_be_named():
    worst = explanation_of(REFERENCES, num_lines=2).lines
    assert [line.line for line in worst] == [3, 1]
    [named] = explanation_of(REFERENCES, lines=[4]).lines
    assert (named.line, named.matches, named.totals) == (4, [4, 3, 2, 1], [4, 3, 2, 1])
    assert named.score == pytest.approx(100.0)
    with pytest.raises(SettingsError, match="line must be between 1 and 4, got 5"):
        explanation_of(REFERENCES, lines=[5])


def test_absent_references_are_left_out():
    references = [REFERENCES[0], [None, *REFERENCES[1][1:]]]
    explanation = explanation_of(references, lines=[1])
    assert explanation.lines[0].references == ["the cat is on the mat"]


def groups_of(hypotheses, references, training=None):
    return bucket(hypotheses, references, BleuMetric(BleuSettings(), references), training)


def test_lines_are_grouped_by_reference_length():
    hypotheses = ["a " * 9, "a " * 10, "a " * 70]
    groups = groups_of(hypotheses, [["a " * 9, "a " * 10, "b " * 70]])
    found = [(group.label, group.lines, group.length_ratio) for group in groups.by_length]
    assert found == [("0-9", 1, 1.0), ("10-19", 1, 1.0), ("60+", 1, 1.0)]
    assert [group.bleu for group in groups.by_length] == [pytest.approx(100), pytest.approx(100), 0]


def test_words_are_grouped_by_training_frequency():
    training = ["a a a a a b b c", "a a a a a"]
    groups = groups_of(["a a b x", "c"], [["a b b c", "c"]], training)
    [never, once, twice, frequent] = groups.by_frequency
    assert frequent.label == "10-99"
    assert (frequent.matched, frequent.hypothesis, frequent.reference) == (1, 2, 1)
    assert (twice.label, twice.precision, twice.recall) == ("2", 1.0, 0.5)
    assert (once.label, once.precision, once.recall) == ("1", 1.0, 0.5)
    assert (never.label, never.precision, never.recall, never.f1) == ("0", 0.0, None, 0.0)


def test_words_in_all_groups_are_all_words():
    groups = groups_of(HYPOTHESES, REFERENCES)
    assert sum(group.hypothesis for group in groups.by_frequency) == 14
    assert sum(group.reference for group in groups.by_frequency) == 15
    assert sum(group.lines for group in groups.by_score) == 4
    assert sum(group.lines for group in groups.by_length) == 4


def test_line_of_100_is_in_the_last_group():
    groups = groups_of(["a b c d"], [["a b c d"]])
    assert [group.lines for group in groups.by_score] == [0] * 9 + [1]
