"""Classes of search and model errors."""

import math

import pytest

from seqtools.errors import SettingsError
from seqtools.evaluation.beam_errors import (
    MEANINGS,
    ErrorClass,
    ScoredSentence,
    VerdictSettings,
    classify,
    find_score_mismatches,
)
from seqtools.evaluation.beam_errors_objective import Candidate, Objective

RAW = Objective()


def sentence(found, wanted, **fields):
    """Make a sentence of output and reference scores."""
    reference = None if wanted is None else Candidate(wanted, 5)
    return ScoredSentence(1, Candidate(found, 5), reference, **fields)


def texts(found, wanted, found_score=-1.0, wanted_score=-2.0, **fields):
    """Make a sentence whose output scores better than its reference."""
    return ScoredSentence(
        1,
        Candidate(found_score, 3, found),
        Candidate(wanted_score, 3, wanted),
        reference_text=wanted,
        **fields,
    )


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (sentence(-3.0, -2.0), ErrorClass.SEARCH_ERROR_REFERENCE),
        (sentence(-2.0, -3.0), ErrorClass.MODEL_ERROR),
        (sentence(-2.0, -2.00005), ErrorClass.TIE),
        (sentence(-2.0, -1.99995), ErrorClass.TIE),
        (sentence(-2.0, -math.inf), ErrorClass.UNREACHABLE),
        (sentence(-2.0, None), ErrorClass.INCONCLUSIVE),
        (
            sentence(-2.0, -3.0, alternatives=(Candidate(-1.0, 5),)),
            ErrorClass.SEARCH_ERROR_BEAM,
        ),
        (sentence(-2.0, -3.0, alternatives=(Candidate(-2.5, 5),)), ErrorClass.MODEL_ERROR),
        (sentence(-2.0, -3.0, exact=Candidate(-1.5, 5)), ErrorClass.SEARCH_ERROR_EXACT),
        (sentence(-2.0, -3.0, exact=Candidate(-2.0, 5)), ErrorClass.MODEL_ERROR),
        (sentence(-2.0, None, exact=Candidate(-1.0, 5)), ErrorClass.SEARCH_ERROR_EXACT),
        (
            sentence(-2.0, -math.inf, alternatives=(Candidate(-1.0, 5),)),
            ErrorClass.SEARCH_ERROR_BEAM,
        ),
        (texts("a b c", "a  b c "), ErrorClass.MATCH),
        (texts("a b c", "a b d"), ErrorClass.MODEL_ERROR),
        (texts("a b c", "a b d", hypothesis_quality=100.0), ErrorClass.NOT_WORSE),
        (texts("a b c", "a b d", hypothesis_quality=99.0), ErrorClass.MODEL_ERROR),
        (
            sentence(-3.0, -2.0, hypothesis_quality=0.7, reference_quality=0.6),
            ErrorClass.NOT_WORSE,
        ),
        (
            sentence(-3.0, -2.0, hypothesis_quality=0.5, reference_quality=0.6),
            ErrorClass.SEARCH_ERROR_REFERENCE,
        ),
    ],
)
def test_class(case, expected):
    assert classify(case, RAW).error_class is expected


def test_proof_by_the_reference_comes_before_others_and_all_are_listed():
    case = sentence(-3.0, -2.0, alternatives=(Candidate(-1.0, 5),), exact=Candidate(-0.5, 5))
    verdict = classify(case, RAW)
    assert verdict.error_class is ErrorClass.SEARCH_ERROR_REFERENCE
    assert verdict.proofs == ("reference", "beam", "exact")
    assert verdict.is_optimal is False


def test_harmless_search_error_is_a_match_with_a_proof():
    verdict = classify(texts("a b c", "a b c", exact=Candidate(-0.5, 3)), RAW)
    assert verdict.error_class is ErrorClass.MATCH
    assert verdict.proofs == ("exact",)


def test_reference_longer_than_the_search_allows_proves_nothing():
    case = ScoredSentence(1, Candidate(-3.0, 5), Candidate(-2.0, 9))
    assert classify(case, RAW).error_class is ErrorClass.SEARCH_ERROR_REFERENCE
    limited = classify(case, RAW, VerdictSettings(max_length=8))
    assert limited.error_class is ErrorClass.UNREACHABLE
    assert limited.proofs == ()
    longer = sentence(-3.0, -4.0, alternatives=(Candidate(-1.0, 9),))
    assert classify(longer, RAW, VerdictSettings(max_length=8)).proofs == ()


def test_another_score_of_the_same_words_is_a_mismatch_and_no_proof():
    other = Candidate(-0.5, 3, "a  b c")
    case = texts("a b c", "a b d", alternatives=(other,))
    assert classify(case, RAW).error_class is ErrorClass.MODEL_ERROR
    assert find_score_mismatches(case, RAW) == [(-1.0, -0.5)]
    assert find_score_mismatches(texts("a b", "a b", wanted_score=-1.001), RAW) == []
    assert find_score_mismatches(texts("a b", "a b", wanted_score=-2.0), RAW) == [(-1.0, -2.0)]


def test_verdict_is_that_of_the_objective_not_of_the_raw_score():
    # -4 for 10 tokens beats -3 for 5 by token, not by sum.
    case = ScoredSentence(1, Candidate(-3.0, 5), Candidate(-4.0, 10))
    assert classify(case, RAW).error_class is ErrorClass.MODEL_ERROR
    by_token = classify(case, Objective(alpha=1.0))
    assert by_token.error_class is ErrorClass.SEARCH_ERROR_REFERENCE
    assert by_token.raw_would_differ
    assert by_token.gap == pytest.approx(0.2)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 1.7])
@pytest.mark.parametrize("beta", [0.0, 5.0])
def test_objective_is_the_sum_divided_by_the_penalty(alpha, beta):
    objective = Objective(alpha, beta)
    expected = -6.0 / ((beta + 8) / (beta + 1)) ** alpha
    assert objective.value(Candidate(-6.0, 8)) == pytest.approx(expected)
    mean = Objective(alpha, beta, score_kind="per-token")
    assert mean.value(Candidate(-6.0 / 8, 8)) == pytest.approx(expected)
    given = Objective(alpha, beta, score_kind="objective")
    assert given.value(Candidate(expected)) == expected
    assert given.total(expected, 8) == pytest.approx(-6.0)


def test_penalties_are_those_of_the_notes_and_of_gnmt():
    assert Objective(alpha=0.7).penalty(9) == pytest.approx(9**0.7)
    assert Objective(alpha=0.6, beta=5.0).penalty(9) == pytest.approx(((5 + 9) / 6) ** 0.6)


def test_formula_says_everything_that_enters():
    assert Objective().formula == "sum of log P, no length penalty"
    assert Objective(0.7).formula == "sum of log P / T^0.7, T counting the end symbol"
    assert Objective(0.6, 5.0, eos_counted=False).formula == (
        "sum of log P / ((5 + T)/6)^0.6, T not counting the end symbol"
    )


def test_objective_without_lengths_asks_for_them():
    with pytest.raises(SettingsError, match="needs lengths"):
        Objective(alpha=1.0).value(Candidate(-1.0))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"alpha": -0.1}, "alpha must be at least 0 and finite, got -0.1"),
        ({"beta": math.nan}, "beta must be at least 0 and finite, got nan"),
        ({"score_kind": "cost"}, "score_kind must be one of total, per-token, objective"),
    ],
)
def test_objective_outside_its_range_is_refused(fields, message):
    with pytest.raises(SettingsError, match=message):
        Objective(**fields)


def test_negative_margin_is_refused():
    with pytest.raises(SettingsError, match="tie_margin must be at least 0"):
        VerdictSettings(tie_margin=-1.0)


def test_every_class_has_a_meaning():
    assert set(MEANINGS) == set(ErrorClass)
