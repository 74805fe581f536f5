"""Score tables and n-best lists."""

import json
import math

import pytest

from seqtools.errors import ScoreFileError, SeqtoolsWarning
from seqtools.evaluation.beam_errors_files import read_score_table
from seqtools.evaluation.beam_errors_nbest import with_nbest
from seqtools.evaluation.beam_errors_objective import Candidate, Objective

RAW, BY_LENGTH = Objective(), Objective(alpha=1.0)


@pytest.fixture
def table(tmp_path):
    """Write a table and return its path."""

    def write(*rows, name="scores.tsv"):
        path = tmp_path / name
        path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows), "utf-8")
        return path

    return write


def test_columns_stand_in_any_order(table):
    path = table(
        ["reference", "reference_score", "source", "hypothesis_length", "hypothesis_score"],
        ["ein Hund", -2.5, "a dog", 4, "-1.5e0"],
    )
    [sentence] = read_score_table(path, RAW)
    assert sentence.hypothesis == Candidate(-1.5, 4, None)
    assert sentence.reference == Candidate(-2.5, 3, "ein Hund")
    assert (sentence.source, sentence.reference_text, sentence.number) == ("a dog", "ein Hund", 1)


def test_reference_scores_may_be_missing_or_impossible(table):
    cells = ["", "NA", "null", "-inf", "-Infinity"]
    path = table(["hypothesis_score", "reference_score"], *(["-1", cell] for cell in cells))
    references = [sentence.reference for sentence in read_score_table(path, RAW)]
    assert references[:3] == [None] * 3
    assert [reference.score for reference in references[3:]] == [-math.inf] * 2


def test_header_may_have_a_mark_capitals_and_carriage_returns(tmp_path):
    path = tmp_path / "scores.tsv"
    path.write_bytes(b"\xef\xbb\xbfHypothesis_Score\tREFERENCE_SCORE \r\n-1\t-2\r\n\r\n")
    assert len(read_score_table(path, RAW)) == 1


def test_unknown_columns_are_left_out_with_a_warning(table):
    path = table(["hypothesis_score", "reference_score", "wer"], [-1, -2, 0.5])
    with pytest.warns(SeqtoolsWarning, match="columns left out: wer"):
        read_score_table(path, RAW)


@pytest.mark.parametrize(
    ("objective", "without_end", "expected"),
    [
        (Objective(1.0), False, 3),
        (Objective(1.0), True, 4),
        (Objective(1.0, eos_counted=False), False, 3),
        (Objective(1.0, eos_counted=False), True, 3),
    ],
)
def test_lengths_become_the_objectives(table, objective, without_end, expected):
    header = ["hypothesis_score", "reference_score", "hypothesis_length", "reference_length"]
    path = table(header, [-1, -2, 3, 3])
    [sentence] = read_score_table(path, objective, lengths_without_eos=without_end)
    assert sentence.hypothesis.length == expected


@pytest.mark.parametrize(("counted", "expected"), [(True, 4), (False, 3)])
def test_lengths_are_counted_from_texts_if_need_be(table, counted, expected):
    path = table(
        ["hypothesis_score", "reference_score", "hypothesis", "reference"],
        [-1, -2, "a b c", "d e f"],
    )
    with pytest.warns(SeqtoolsWarning, match="T is counted from the words"):
        [sentence] = read_score_table(path, Objective(1.0, eos_counted=counted))
    assert sentence.hypothesis.length == sentence.reference.length == expected


def test_costs_are_negated(table):
    path = table(["hypothesis_score", "reference_score"], [1.5, 2.5], [0, "inf"])
    first, second = read_score_table(path, RAW, is_cost=True)
    assert (first.hypothesis.score, first.reference.score) == (-1.5, -2.5)
    assert second.reference.score == -math.inf


def test_alternatives_come_as_scores_or_json(table):
    items = [-3, [-4, 5], [-5.5, 6, "a b"], {"score": -6, "text": "c", "length": 7}]
    path = table(
        ["hypothesis_score", "reference_score", "alternatives"],
        [-1, -2, "-3 -4.5"],
        [-1, -2, "-3, -4.5"],
        [-1, -2, "-3 ||| -4.5"],
        [-1, -2, json.dumps(items)],
        [-1, -2, ""],
        [-1, -2, "[]"],
    )
    found = [sentence.alternatives for sentence in read_score_table(path, RAW)]
    assert found[0] == found[1] == found[2] == (Candidate(-3.0), Candidate(-4.5))
    assert found[3] == (
        Candidate(-3.0),
        Candidate(-4.0, 5),
        Candidate(-5.5, 6, "a b"),
        Candidate(-6.0, 7, "c"),
    )
    assert found[4] == found[5] == ()


def test_exact_scores_qualities_and_falls_are_read(table):
    names = ["exact_score", "hypothesis_quality", "reference_quality"]
    path = table(
        ["hypothesis_score", "reference_score", *names, "fell_off_step", "fell_off_rank"],
        [-1, -2, -0.5, 0.25, "", 3, 11],
        [-1, -2, "", "", "", "", ""],
    )
    first, second = read_score_table(path, RAW)
    assert first.exact == Candidate(-0.5)
    assert (first.hypothesis_quality, first.reference_quality) == (0.25, None)
    assert (first.fell_off_step, first.fell_off_rank) == (3, 11)
    assert second.exact is second.fell_off_step is None


HEADER = ["hypothesis_score", "reference_score"]
LENGTHS = [*HEADER, "hypothesis_length", "reference_length"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "the score file is empty"),
        ([HEADER], "no sentence below the header"),
        ([["hypothesis_score"], [-1]], "line 1: no column reference_score"),
        ([["hyp_score", "reference_score"]], "no column hypothesis_score"),
        ([["hypothesis_scores", "reference_score"]], "rename hypothesis_scores"),
        ([["hypothesis_score,reference_score"]], "separate columns by tabs"),
        ([[*HEADER, "reference_score"]], "column reference_score stands twice"),
        ([HEADER, [-1]], "line 2: 1 fields, but the header has 2 columns"),
        ([HEADER, [-1, -2, -3]], "line 2: 3 fields, but the header has 2 columns"),
        ([HEADER, [-1, -2], [], [-1, -2]], "line 3: 1 fields"),
        ([HEADER, ["nan", -2]], "line 2: hypothesis_score 'nan' is not a finite number"),
        ([HEADER, [-1, "NaN"]], "line 2: reference_score 'NaN' is not a finite number"),
        ([HEADER, [-1, "inf"]], "reference_score 'inf' is not a finite number"),
        ([HEADER, [-1, "1_0"]], "reference_score '1_0' is not a finite number"),
        ([HEADER, [-1, "-1,5"]], "reference_score '-1,5' is not a finite number"),
        ([HEADER, [-1, "-1e999"]], "reference_score '-1e999' is not a finite number"),
        ([HEADER, ["", -2]], "hypothesis_score is empty"),
        ([HEADER, ["-inf", -2]], "hypothesis_score is minus infinity"),
        ([HEADER, [-1, 2.5]], "reference_score 2.5 is above 0, which no log-probability is"),
        ([HEADER, [0.5, -1]], "take logarithms if it is a probability"),
        ([LENGTHS, [-1, -2, 0, 4]], "hypothesis_length is 0, but T counts the end symbol"),
        ([LENGTHS, [-1, -2, 4, -1]], "reference_length '-1' is not a whole number"),
        ([LENGTHS, [-1, -2, 4, 2.5]], "reference_length '2.5' is not a whole number"),
        ([[*HEADER, "alternatives"], [-1, -2, "-1,5"]], "alternative_score 5 is above 0"),
        ([[*HEADER, "alternatives"], [-1, -2, "-1,,-2"]], "alternative_score is empty"),
        ([[*HEADER, "alternatives"], [-1, -2, "[1"]], "alternatives is not JSON"),
        ([[*HEADER, "alternatives"], [-1, -2, "[[]]"]], r"\[\] is no alternative"),
        ([[*HEADER, "alternatives"], [-1, -2, '[{"text": "a"}]']], "alternative without a score"),
        ([[*HEADER, "alternatives"], [-1, -2, "[[-1, 2, 3]]"]], "text of alternative is not"),
        ([[*HEADER, "alternatives"], [-1, -2, "[true]"]], "true is no alternative"),
        ([[*HEADER, "alternatives"], [-1, -2, "[NaN]"]], "'nan' is not a finite number"),
        ([[*HEADER, "alternatives"], [-1, -2, "[" * 9999]], "nested too deeply|not JSON"),
        ([[*HEADER, "exact_score"], [-1, -2, "-inf"]], "exact_score is minus infinity"),
        ([[*HEADER, "fell_off_step"], [-1, -2, 0]], "fell_off_step '0' is not a whole number"),
    ],
)
def test_bad_tables_are_refused_at_their_place(table, rows, message):
    with pytest.raises(ScoreFileError, match=message):
        read_score_table(table(*rows), RAW)


def test_objective_that_needs_lengths_refuses_tables_without(table):
    path = table(HEADER, [-1, -2])
    with (
        pytest.warns(SeqtoolsWarning, match="no columns hypothesis_length"),
        pytest.raises(ScoreFileError, match="line 2: no length for the hypothesis"),
    ):
        read_score_table(path, BY_LENGTH)


def test_length_of_zero_without_the_end_symbol_cannot_be_divided_by(table):
    path = table(LENGTHS, [-1, -2, 0, 4])
    [sentence] = read_score_table(path, Objective(eos_counted=False))
    assert sentence.hypothesis.length == 0
    [sentence] = read_score_table(path, Objective(1.0, 5.0, eos_counted=False))
    assert sentence.hypothesis.length == 0
    with pytest.raises(ScoreFileError, match="hypothesis_length is 0, and the objective divides"):
        read_score_table(path, Objective(1.0, eos_counted=False))
    [sentence] = read_score_table(path, Objective(1.0), lengths_without_eos=True)
    assert sentence.hypothesis.length == 1


def test_negative_cost_is_refused(table):
    with pytest.raises(ScoreFileError, match="hypothesis_score -1 is below 0, which no cost is"):
        read_score_table(table(HEADER, [-1, 2]), RAW, is_cost=True)


@pytest.fixture
def sentences(table):
    return read_score_table(table(HEADER, [-1, -2], [-1, -2]), RAW)


def test_moses_lists_are_read(tmp_path, sentences):
    path = tmp_path / "nbest"
    path.write_text(
        "0 ||| a b ||| F0= -3.5 LM= -1 ||| -1.75\n1 ||| ||| F0= -9 ||| -9\n\n"
        "0 ||| c ||| F0= -4 LM= -1 ||| -2 ||| 0-0 1-1\n",
        "utf-8",
    )
    first, second = with_nbest(sentences, path, RAW)
    assert first.alternatives == (Candidate(-1.75, 3, "a b"), Candidate(-2.0, 2, "c"))
    assert second.alternatives == (Candidate(-9.0, 1, ""),)
    [first, _] = with_nbest(sentences, path, RAW, feature="F0")
    assert [item.score for item in first.alternatives] == [-3.5, -4.0]


def test_nematus_lists_of_three_fields_are_read(tmp_path, sentences):
    path = tmp_path / "nbest"
    path.write_text("1 ||| a ||| 1.25\n", "utf-8")
    _, second = with_nbest(sentences, path, RAW, is_cost=True)
    assert second.alternatives == (Candidate(-1.25, 2, "a"),)


@pytest.mark.parametrize(
    "lines",
    [
        ['{"hypotheses": [{"text": "a", "score": -3}]}', '{"hypotheses": [[-4, 2, "b"]]}'],
        ['{"id": 1, "nbest": [[-4, 2, "b"]]}', '{"id": "0", "nbest": [[-3, 2, "a"]]}'],
        ['{"id": 0, "text": "a", "score": -3}', "", '{"id": 1, "text": "b", "score": -4}'],
    ],
    ids=["in order", "by id", "one a line"],
)
def test_json_lines_are_read(tmp_path, sentences, lines):
    path = tmp_path / "nbest"
    path.write_text("\n".join(lines), "utf-8")
    first, second = with_nbest(sentences, path, RAW)
    assert first.alternatives == (Candidate(-3.0, 2, "a"),)
    assert second.alternatives == (Candidate(-4.0, 2, "b"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the n-best list is empty"),
        ("0 ||| a\n", "line 1: 2 fields between"),
        ("0 ||| a ||| -1\nhello\n", "line 2: 1 fields between"),
        ("x ||| a ||| F0= -1 ||| -1\n", "sentence id 'x' is not a whole number"),
        ("2 ||| a ||| F0= -1 ||| -1\n", "sentence id 2, but there are 2 sentences, counted from 0"),
        ("0 ||| a ||| F0= -1 ||| nan\n", "'nan' is not a finite number"),
        ("0 ||| a ||| F0= -1 ||| 3\n", "n-best_score 3 is above 0"),
        ('{"id": 0', "line 1: the line is not JSON"),
        ('{"text": "a", "score": -1}', "no whole number under id"),
        ('{"id": -1, "score": -1}', "sentence id -1"),
        ('{"hypotheses": 3}', "hypotheses is not a list"),
        ('{"id": 0, "score": null}', "score of n-best is not a number: null"),
        ('{"id": 0, "score": -1}\n[1]', "line 2: not a JSON object"),
    ],
)
def test_bad_lists_are_refused_at_their_place(tmp_path, sentences, content, message):
    path = tmp_path / "nbest"
    path.write_text(content, "utf-8")
    with pytest.raises(ScoreFileError, match=message):
        with_nbest(sentences, path, RAW)


def test_feature_that_is_not_there_is_named(tmp_path, sentences):
    path = tmp_path / "nbest"
    path.write_text("0 ||| a ||| F0= -1 ||| -1\n", "utf-8")
    with pytest.raises(ScoreFileError, match="no feature LM= among 'F0= -1'"):
        with_nbest(sentences, path, RAW, feature="LM")
