"""The page of search and model errors, without a browser."""

import html
import json
import re

import pytest

from seqtools.evaluation.beam_errors import ScoredSentence
from seqtools.evaluation.beam_errors_objective import Candidate, Objective
from seqtools.evaluation.beam_errors_summary import summarize
from seqtools.reports import beam_errors
from seqtools.reports.beam_errors import render_report, write_report

EVIL = "</script><b>&\"'{{data}} \u2028 <!--"


def sentences(number=30):
    """Return sentences of several classes, one with hostile text."""
    made = []
    for index in range(number):
        text = EVIL if index == 3 else f"word{index} a b c"
        found, wanted = -1.0 - index % 7, -3.0 - index % 4
        made.append(
            ScoredSentence(
                number=index + 1,
                hypothesis=Candidate(found, 5, text),
                reference=None if index % 9 == 0 else Candidate(wanted, 6),
                alternatives=(Candidate(-4.0, 4, "a b c"),),
                reference_text=f"word{index} a c b",
                source=f"source {index}",
            )
        )
    return made


@pytest.fixture(scope="module")
def summary():
    return summarize(sentences(), Objective(alpha=0.5))


def data_of(page):
    text = page.decode("utf-8")
    [content] = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)
    return json.loads(content)


def test_page_holds_every_sentence_and_its_numbers(summary):
    data = data_of(render_report(summary))
    assert data["sentences"] == summary.as_dict()["sentences"]
    assert {item["name"]: item["count"] for item in data["classes"]} == {
        str(name): count for name, count in summary.counts.items()
    }
    assert data["left_out"] == 0
    assert len(data["points"]) == sum(v.reference_value is not None for v in summary.verdicts)


def test_tables_stand_in_the_markup(summary):
    text = render_report(summary).decode("utf-8")
    for name, count in summary.counts.items():
        row = re.search(rf'<tr id="class-{name}".*?</tr>', text)[0]
        assert f'<td class="number">{count}</td>' in row
    for name, fraction in summary.fractions.items():
        row = re.search(rf'<tr id="fault-{name}".*?</tr>', text, re.DOTALL)[0]
        assert f"{100 * fraction:.1f}%" in row


def test_page_needs_no_network(summary):
    text = render_report(summary).decode("utf-8")
    assert not re.search(r"""(src|href)=["'](?!data:)""", text)
    assert not re.search(r"@import|url\((?!data:)|fetch\(|XMLHttpRequest|WebSocket", text)
    assert text.count("http") == text.count("http-equiv") + text.count("http://www.w3.org/2000/svg")
    assert "default-src 'none'" in text


def test_hostile_text_stays_text(summary):
    page = render_report(summary, title=EVIL)
    text = page.decode("utf-8")
    assert EVIL not in text
    assert text.count("</script>") == 2
    assert html.escape(EVIL) in text
    assert data_of(page)["sentences"][3]["hypothesis"] == EVIL


def test_equal_summaries_give_equal_bytes(summary):
    again = summarize(sentences(), Objective(alpha=0.5))
    assert render_report(summary) == render_report(again)


def test_of_many_sentences_the_widest_gaps_are_listed(monkeypatch, summary):
    monkeypatch.setattr(beam_errors, "MOST_SENTENCES", 4)
    monkeypatch.setattr(beam_errors, "_MOST_POINTS", 10)
    data = data_of(render_report(summary))
    gaps = sorted((abs(v.gap) for v in summary.verdicts if v.gap is not None), reverse=True)
    shown = sorted((abs(row["gap"]) for row in data["sentences"]), reverse=True)
    assert shown == gaps[:4]
    assert data["left_out"] == 26
    assert 5 <= len(data["points"]) <= 10


def test_scores_alone_make_a_page():
    alone = [ScoredSentence(1, Candidate(-1.0), Candidate(-2.0))]
    page = render_report(summarize(alone, Objective()))
    assert data_of(page)["lengths"]["ratio"] is None
    assert b"not known, so every other output" in page
    good = [ScoredSentence(1, Candidate(-1.0), None, hypothesis_quality=100.0)]
    assert b"no errors" in render_report(summarize(good, Objective()))


def test_report_replaces_the_file(tmp_path, summary):
    path = tmp_path / "r.html"
    path.write_text("old", "utf-8")
    write_report(summary, path, "scores.tsv")
    assert path.read_bytes() == render_report(summary, "scores.tsv")
