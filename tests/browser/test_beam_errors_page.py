"""The page of search and model errors in headless Chromium."""

import re

import pytest

from seqtools.evaluation.beam_errors import ErrorClass, ScoredSentence
from seqtools.evaluation.beam_errors_objective import Candidate, Objective
from seqtools.evaluation.beam_errors_summary import summarize
from seqtools.reports.beam_errors import render_report

pytestmark = pytest.mark.browser

NUMBER = 120


def text_of(index, swap):
    words = ["the", f"animal{index % 5}", "sat", "on", "a", "mat", "today", "again"]
    if swap:
        words[1], words[2] = words[2], words[1]
    return " ".join(words)


@pytest.fixture(scope="module")
def summary():
    sentences = []
    for index in range(NUMBER):
        alternative = Candidate(-2.0 - index % 5, 7, text_of(index, False))
        sentences.append(
            ScoredSentence(
                number=index + 1,
                hypothesis=Candidate(-3.0 - 0.01 * index, 9, text_of(index, index % 6)),
                reference=Candidate(-3.5 + 0.02 * (index % 60), 9, text_of(index, False)),
                alternatives=(alternative,) if index % 3 == 0 else (),
                reference_text=text_of(index, False),
                source="<i>source</i>",
                fell_off_step=1 + index % 4,
                fell_off_rank=5 + index % 3,
            )
        )
    return summarize(sentences, Objective(alpha=0.6))


@pytest.fixture(scope="module")
def page(summary):
    return render_report(summary, "scores.tsv")


@pytest.fixture(scope="module")
def dom(browser, page):
    """The page as it opens."""
    return browser.open(page)


def test_page_runs_without_an_error_and_draws_every_chart(dom, summary):
    assert dom.attribute("", "data-error") is None
    titles = dom.texts("h3")
    assert titles == [
        "Scores of output and reference",
        "Gap: reference minus output",
        "Lengths",
        "Rank of the best text of each list",
        "BLEU of the lists by length penalty",
        "Step at which the reference left the beam",
        "Its rank there",
    ]
    points = sum(verdict.reference_value is not None for verdict in summary.verdicts)
    assert len(re.findall(r"<circle[^>]*data-sentence", dom.markup)) == points
    assert f"{NUMBER} of {NUMBER} sentences" in dom.markup


def test_bar_and_chips_count_as_the_summary_does(dom, summary):
    chips = re.findall(r'<button[^>]*data-class="(\w+)"[^>]*>[^<]*?(\d+)</button>', dom.markup)
    counted = {str(name): count for name, count in summary.counts.items() if count}
    assert {name: int(count) for name, count in chips} == counted


def test_gap_bars_hold_every_sentence_but_matches(dom, summary):
    [chart] = re.findall(r'<svg[^>]*aria-label="Gap.*?</svg>', dom.markup, re.DOTALL)
    counts = [int(text) for text in re.findall(r"<title>[^<]*: (\d+)</title>", chart)]
    assert sum(counts) == NUMBER - summary.counts[ErrorClass.MATCH]


def test_chip_leaves_the_sentences_of_its_class(browser, page, summary):
    script = "document.querySelector('#chips button[data-class=model_error]').click();"
    dom = browser.open(page, script=script)
    count = summary.counts[ErrorClass.MODEL_ERROR]
    assert f"{count} of {NUMBER} sentences" in dom.markup
    assert set(dom.texts('span class="class"')) == {"model error"}


def test_search_leaves_the_sentences_with_the_words(browser, page):
    script = (
        "const box = document.getElementById('search'); box.value = 'ANIMAL3 ';"
        "box.dispatchEvent(new Event('input'));"
    )
    assert f"{NUMBER // 5} of {NUMBER} sentences" in browser.open(page, script=script).markup


def test_more_sentences_come_on_request(browser, page, dom):
    assert dom.markup.count("<details") == 50
    script = "document.getElementById('more').click();"
    assert browser.open(page, script=script).markup.count("<details") == NUMBER


def test_sentence_opens_by_link_and_marks_what_differs(browser, page):
    dom = browser.open(page, "#sentence=2")
    [opened] = re.findall(r"<details[^>]*\bopen\b.*?</details>", dom.markup, re.DOTALL)
    assert 'data-sentence="2"' in opened
    assert re.findall(r'<mark class="missing">(.*?)</mark>', opened) == ["animal1"]
    assert re.findall(r'<mark class="added">(.*?)</mark>', opened) == ["animal1"]
    assert "&lt;i&gt;source&lt;/i&gt;" in opened
    assert len(re.findall(r'<circle[^>]*class="chosen"', dom.markup)) == 1


def test_point_opens_its_sentence_even_if_filtered_out(browser, page):
    script = (
        "document.querySelector('#chips button').click();"
        "document.querySelector('circle[data-sentence=\"60\"]').dispatchEvent(new Event('click'));"
    )
    [opened] = re.findall(r"<details[^>]*\bopen\b[^>]*>", browser.open(page, script=script).markup)
    assert 'data-sentence="60"' in opened


@pytest.mark.parametrize(("order", "first"), [("number", "1"), ("gap", None)])
def test_sorting(browser, page, summary, order, first):
    script = (
        f"const box = document.getElementById('sort'); box.value = '{order}';"
        "box.dispatchEvent(new Event('change'));"
    )
    shown = browser.open(page, script=script).texts('span class="place"')
    widest = max(range(NUMBER), key=lambda index: abs(summary.verdicts[index].gap))
    assert shown[0] == (first or str(widest + 1))


def test_theme_switches(browser, page):
    script = "document.getElementById('theme').click();"
    assert browser.open(page, script=script).attribute("", "data-theme") in {"dark", "light"}


def test_page_is_drawn_in_colours(browser, page):
    pixels = browser.screenshot(page, "", "--window-size=1000,900")[..., :3]
    colours = {tuple(row) for row in (pixels[::7, ::7].reshape(-1, 3) * 255).astype(int)}
    assert len(colours) > 20
    # The middle of the bar is no paper.
    assert pixels.mean() < 0.99
