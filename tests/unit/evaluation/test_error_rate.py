"""Error rates of transcripts, and laws they obey."""

import numpy as np
import pytest

from seqtools.errors import SegmentError, SettingsError
from seqtools.evaluation import error_rate
from seqtools.evaluation.error_rate import ErrorRateSettings, align_units, score_transcripts
from seqtools.evaluation.transcript_text import NORMALIZATIONS, split_transcript

REFERENCES = ["the cat sat on the mat", "", "hello world", "one two"]
HYPOTHESES = ["the bat sat on mat", "oh", "", "one two"]


def random_texts(number=40, seed=0):
    generator = np.random.default_rng(seed)
    return [
        " ".join(generator.choice(["a", "b", "c"], generator.integers(0, 7))) for _ in range(number)
    ]


def test_counts_are_summed_over_segments_before_dividing():
    result = score_transcripts(HYPOTHESES, REFERENCES)
    assert result.counts.tolist() == [[4, 1, 1, 0], [0, 0, 0, 1], [0, 0, 2, 0], [2, 0, 0, 0]]
    assert result.rate == pytest.approx(5 / 10)
    assert result.num_segments_with_errors == 3
    assert result.as_dict() == {
        "rate": 0.5,
        "ci95": list(result.interval),
        "errors": 5,
        "substitutions": 1,
        "deletions": 3,
        "insertions": 1,
        "matches": 6,
        "reference_length": 10,
        "hypothesis_length": 8,
        "segments": 4,
        "segments_with_errors": 3,
    }


def test_texts_have_no_errors_against_themselves():
    for unit in ("word", "character"):
        result = score_transcripts(random_texts(), random_texts(), ErrorRateSettings(unit))
        assert result.rate == 0
        assert result.interval == (0, 0)


def test_swapping_the_sides_swaps_deletions_and_insertions():
    one, other = random_texts(seed=1), random_texts(seed=2)
    there, back = score_transcripts(one, other).counts, score_transcripts(other, one).counts
    np.testing.assert_array_equal(there[:, 1:].sum(-1), back[:, 1:].sum(-1))
    difference = there[:, 2] - there[:, 3]
    np.testing.assert_array_equal(difference, back[:, 3] - back[:, 2])


@pytest.mark.parametrize(
    ("hypothesis", "reference", "rate"),
    [("", "", 0), ("", "a b", 1), ("a b", "", 2), ("a b c", "x", 3), (" a  b ", "a b", 0)],
)
def test_empty_texts_are_defined(hypothesis, reference, rate):
    assert score_transcripts([hypothesis], [reference]).rate == rate


def test_no_segments_have_no_errors():
    result = score_transcripts([], [])
    assert result.rate == 0
    assert result.interval is None


def test_characters_count_one_space_between_words():
    settings = ErrorRateSettings("character")
    result = score_transcripts(["ab  c"], [" ab cd"], settings)
    assert result.counts.tolist() == [[4, 0, 1, 0]]


def test_the_interval_holds_the_rate_and_depends_on_the_seed_alone():
    one, other = random_texts(seed=1), random_texts(seed=2)
    results = [
        score_transcripts(one, other, ErrorRateSettings(samples=200, seed=seed))
        for seed in (1, 1, 2)
    ]
    low, high = results[0].interval
    assert low < results[0].rate < high
    assert results[0].interval == results[1].interval != results[2].interval
    assert score_transcripts(one, other, ErrorRateSettings(samples=0)).interval is None


def test_an_alignment_shows_what_stands_against_what():
    item = align_units(["the", "cat", "sat", "here"], ["the", "sat", "here", "down"])
    assert item.columns() == [
        ("the", "the", ""),
        ("cat", None, "D"),
        ("sat", "sat", ""),
        ("here", "here", ""),
        (None, "down", "I"),
    ]
    assert item.num_errors == 2
    assert item.counts.tolist() == [3, 0, 1, 1]


def test_normalizations_even_out_what_they_say():
    text = (
        "Don\N{RIGHT SINGLE QUOTATION MARK}t  STOP\N{EM DASH}'now', x-ray: \N{FULLWIDTH DIGIT ONE}%"
    )
    words = [split_transcript(text, "word", names) for names in ((), tuple(NORMALIZATIONS))]
    assert words[0] == text.split()
    assert words[1] == ["don\N{RIGHT SINGLE QUOTATION MARK}t", "stop", "now", "x-ray", "1"]
    loose = ErrorRateSettings(normalizations=("punctuation", "lower", "lower"))
    assert loose.normalizations == ("lower", "punctuation")
    assert score_transcripts(["HELLO, World!"], ["hello world"], loose).rate == 0
    assert score_transcripts(["HELLO, World!"], ["hello world"]).rate == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"unit": "line"}, "unit must be one of word, character, got 'line'"),
        ({"normalizations": ("upper",)}, "normalization must be one of nfkc, lower, punctuation"),
        ({"samples": -1}, "samples must be at least 0, got -1"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
    ],
)
def test_settings_name_their_range(settings, message):
    with pytest.raises(SettingsError, match=message):
        ErrorRateSettings(**settings)


def test_sides_that_do_not_pair_are_refused(monkeypatch):
    with pytest.raises(SegmentError, match="2 hypotheses for 1 references"):
        score_transcripts(["a", "b"], ["a"])
    with pytest.raises(SettingsError, match="lists of segments"):
        score_transcripts("abc", "abc")
    monkeypatch.setattr(error_rate, "_LARGEST_TABLE", 10)
    with pytest.raises(SegmentError, match="a segment of 4 and 2 units is too long"):
        align_units("abcd", "ab")
