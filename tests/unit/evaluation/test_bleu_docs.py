"""The numbers of docs/bleu.md, computed."""

import math
from pathlib import Path

import pytest

from seqtools.evaluation.bleu import score_corpus

PAGE = Path(__file__).resolve().parents[3] / "docs" / "bleu.md"


def rows_of(header):
    """Return the cells of the table under a header."""
    lines = PAGE.read_text("utf-8").split("\n")
    start = lines.index(header) + 2
    table = lines[start : lines.index("", start)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


@pytest.fixture(scope="module")
def score():
    hypotheses, references = zip(*rows_of("| hypothesis | reference |"), strict=True)
    [result] = score_corpus(hypotheses, [references])
    return result.score


def with_log_mean(brevity_penalty, precisions):
    return 100 * brevity_penalty * math.exp(sum(map(math.log, precisions)) / 4)


def test_counts_of_the_page(score):
    matches = [f"{c}/{t}" for c, t in zip(score.counts, score.totals, strict=True)]
    text = PAGE.read_text("utf-8")
    assert f"{', '.join(matches[:3])} and {matches[3]}" in text
    assert f"c = {score.sys_len} and r = {score.ref_len}" in text
    assert f"exp(1 - {score.ref_len}/{score.sys_len}) = {score.bp:.3f}" in text


def test_results_of_the_page(score):
    precisions = [c / t for c, t in zip(score.counts, score.totals, strict=True)]
    by_unigrams = [c / score.totals[0] for c in score.counts]
    expected = [
        with_log_mean(score.bp, precisions),
        100 * score.bp * math.exp(sum(precisions) / 4),
        with_log_mean(score.bp, by_unigrams),
        0.0,
    ]
    assert expected[0] == pytest.approx(score.score)
    results = [float(row[1].strip("*")) for row in rows_of("| formula | result |")]
    assert results == [round(value, 2) for value in expected]


def test_copy_of_the_references_under_the_second_slip():
    _, references = zip(*rows_of("| hypothesis | reference |"), strict=True)
    [copy] = score_corpus(references, [references])
    value = with_log_mean(1.0, [total / copy.score.totals[0] for total in copy.score.counts])
    assert f"would score {value:.2f}" in PAGE.read_text("utf-8")


def test_mean_of_precisions_is_never_below_100_times_the_penalty(score):
    assert 100 * score.bp * math.exp(0.0) > score.score
    assert float(rows_of("| formula | result |")[1][1]) > 100 * score.bp
