import numpy as np
import pytest

from seqtools.bias.comparison import compare_debiasing
from seqtools.bias.settings import AuditSettings
from seqtools.bias.word_sets import BiasAxis, NamedWords, WeatTest
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.reports.bias_page import render_bias_page
from seqtools.reports.bias_story import tell_story

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def comparison():
    rng = np.random.default_rng(4)
    words = ["woman", "man", "girl", "boy", *(f"w{chr(97 + i // 20)}{chr(97 + i % 20)}"
             for i in range(200))]  # fmt: skip
    vectors = rng.normal(size=(len(words), 8))
    vectors[:, 0] += np.where(np.arange(len(words)) % 2, -1, 1)
    axis = BiasAxis("gender", (("woman", "man"), ("girl", "boy")), targets=tuple(words[4:60]))
    targets = NamedWords("x", tuple(words[4:9])), NamedWords("y", tuple(words[9:14]))
    attributes = NamedWords("f", ("woman",)), NamedWords("m", ("man",))
    test = WeatTest("work", targets, attributes)
    settings = AuditSettings(resamples=30)
    return compare_debiasing(WordVectors(words, vectors), axis, [test], audit_settings=settings)


@pytest.fixture(scope="module")
def bias_page(comparison):
    return render_bias_page(tell_story(comparison, "toy.vec"))


def test_the_page_opens_without_error(browser, bias_page):
    dom = browser.open(bias_page)
    assert dom.attribute("", "data-error") is None
    assert dom.texts("h1") == ["toy.vec: gender bias before and after hard debiasing"]
    assert {"Measures of bias", "Association tests", "Most biased words"} <= set(dom.texts("h2"))


def test_a_word_that_is_searched_is_marked_in_both_bands(browser, bias_page, comparison):
    script = """
const field = document.getElementById("search");
field.value = "wab";
field.dispatchEvent(new Event("input"));
"""
    dom = browser.open(bias_page, script=script)
    assert dom.markup.count("dot state-0 marked") == 1
    assert dom.markup.count("dot state-1 marked") == 1
    place = comparison.before.target_words.index("wab")
    cosine = comparison.before.target_cosines[place, 0]
    [found] = dom.texts('output id="found"')
    assert found.startswith(f"wab: {cosine:+.4f}")


def test_an_unknown_word_is_said_to_be_unknown(browser, bias_page):
    script = """
const field = document.getElementById("search");
field.value = "zebra";
field.dispatchEvent(new Event("input"));
"""
    dom = browser.open(bias_page, script=script)
    assert dom.texts('output id="found"') == ["not among the words"]


def test_the_button_switches_between_dark_and_light(browser, bias_page):
    script = 'document.getElementById("theme").click();'
    dom = browser.open(bias_page, script=script)
    assert dom.attribute("", "data-theme") in ("dark", "light")


def test_the_page_is_drawn(browser, bias_page):
    pixels = browser.screenshot(bias_page, "")
    assert pixels.std() > 0.05
