"""Sentences told step by step, in headless Chromium."""

import re

import numpy as np
import pytest

from seqtools.decoding.beam import BeamSettings
from seqtools.decoding.objective import SearchObjective
from seqtools.evaluation.beam_errors_model import ModelErrorSettings, analyze_model
from seqtools.reports.attention_map import AttentionMap, render_attention_page
from seqtools.reports.beam_errors import render_report
from tests.reference.toy_scorers import LetterCodec, ToyScorer

pytestmark = pytest.mark.browser

OPEN_ALL = """
for (const box of document.querySelectorAll("#sentences details")) {
  box.open = true;
  box.dispatchEvent(new Event("toggle"));
}
"""


@pytest.fixture(scope="module")
def found():
    generator = np.random.default_rng(4)
    lines = [
        [
            " ".join(generator.choice(list("abcdef"), size=generator.integers(2, 7)))
            for _ in range(8)
        ]
        for _ in range(2)
    ]
    settings = ModelErrorSettings(
        beam=BeamSettings(2, objective=SearchObjective(0.7)),
        wider_beam_size=6,
        sweep_beam_sizes=(1,),
        num_stories=6,
    )
    scorer = ToyScorer(3, vocabulary_size=10, sharpness=1.0)
    return analyze_model(scorer, LetterCodec(), *lines, settings)


@pytest.fixture(scope="module")
def dom(browser, found):
    page = render_report(found.summary, "toy", found.stories)
    return browser.open(page, script=OPEN_ALL)


def test_every_story_opens_with_its_beam_its_symbols_and_its_attention(dom, found):
    assert dom.attribute("", "data-error") is None
    assert dom.markup.count('class="lattice"') == len(found.stories) == 6
    assert dom.markup.count('class="heat"') == 6
    assert dom.markup.count('class="told-mark"') == 6
    for story in found.stories.values():
        for label in story.output.labels:
            assert f">{label}<" in dom.markup.replace("&lt;/s&gt;", "</s>")


def test_the_lattice_marks_the_output_and_where_the_reference_fell_off(dom, found):
    lattices = re.findall(r'<div class="lattice">.*?</svg>', dom.markup, re.DOTALL)
    outputs = [len(re.findall(r'<g class="node \w+ output', text)) for text in lattices]
    assert sorted(outputs) == sorted(len(s.output.labels) for s in found.stories.values())
    lost = [s.trace.fell_off for s in found.stories.values() if s.trace.fell_off]
    marked = sum(len(re.findall(r'<g class="node pruned wanted', text)) for text in lattices)
    assert marked == len(lost) > 0
    for place in lost:
        assert f"fell off at step {place.step}" in dom.markup


def test_every_extension_is_a_node(dom, found):
    nodes = len(re.findall(r'<g class="node', dom.markup))
    shown = sum(len(step) for s in found.stories.values() for step in s.trace.steps)
    assert shown <= nodes <= shown + len(found.stories)


def test_sweep_charts_have_a_point_for_every_beam_and_exponent(dom, found):
    titles = dom.texts("h3")
    assert "BLEU by beam size" in titles
    assert "BLEU by length penalty" in titles
    [chart] = re.findall(r'<svg[^>]*aria-label="BLEU by beam size".*?</svg>', dom.markup, re.DOTALL)
    assert chart.count("<circle") == len(found.summary.sweep)


def test_attention_page_draws_its_maps_and_reads_out_a_cell(browser):
    weights = np.array([[0.25, 0.75], [1.0, 0.0]], dtype=np.float32)
    maps = [AttentionMap(["ein", "Hund"], ["a", "dog"], weights, "sentence 1")] * 5
    point = (
        'document.querySelector(\'.cell[data-row="0"][data-column="1"]\')'
        ".dispatchEvent(new PointerEvent('pointerover', {bubbles: true}));"
    )
    dom = browser.open(render_attention_page(maps, "toy"), script=point)
    assert dom.attribute("", "data-error") is None
    assert dom.markup.count('class="heat"') == 3  # the rest are drawn when opened
    assert dom.markup.count("<details") == 5
    assert "“a” looks at “Hund” with 75%" in dom.markup
