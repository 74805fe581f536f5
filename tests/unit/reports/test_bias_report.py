"""Pictures and pages about bias."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from seqtools.bias.comparison import audit_vectors, compare_debiasing
from seqtools.bias.settings import AuditSettings, DebiasSettings
from seqtools.bias.word_sets import BiasAxis, NamedWords, WeatTest
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SettingsError
from seqtools.reports.bias_drawing import stack_heights
from seqtools.reports.bias_files import check_pictures, write_pictures
from seqtools.reports.bias_page import render_bias_page
from seqtools.reports.bias_picture import render_bias_picture
from seqtools.reports.bias_story import tell_story

NASTY = '</script><img src=x onerror="alert(1)">'
SETTINGS = AuditSettings(resamples=30, samples=50, cluster_words=20, probe_words=20, neighbors=5)


@pytest.fixture(scope="module")
def bias_vectors():
    """Return vectors of a gendered pair, forty words that lean, and a word full of markup."""
    rng = np.random.default_rng(4)
    words = ["woman", "man", "girl", "boy", NASTY, *(f"w{chr(97 + i // 20)}{chr(97 + i % 20)}"
             for i in range(120))]  # fmt: skip
    vectors = rng.normal(size=(len(words), 8))
    vectors[:, 0] += np.where(np.arange(len(words)) % 2, -1, 1)
    return WordVectors(words, vectors)


@pytest.fixture(scope="module")
def bias_axis():
    """Return an axis with sixty targets and one test."""
    targets = (NASTY, *(f"wa{chr(97 + i)}" for i in range(20)), "wab" + "x", "missing&lost")
    return BiasAxis("gen<der", (("woman", "man"), ("girl", "boy")), targets=targets,
                    indirect=(("waa", "wab"),))  # fmt: skip


@pytest.fixture(scope="module")
def bias_test():
    """Return an association test."""
    return WeatTest("a <b>", (NamedWords("x", ("waa", "wab")), NamedWords("y", ("wac", "wad"))),
                    (NamedWords("f", ("woman",)), NamedWords("m", ("man",))))  # fmt: skip


@pytest.fixture(scope="module")
def comparison(bias_vectors, bias_axis, bias_test):
    """Return a comparison before and after hard debiasing."""
    settings = DebiasSettings(equalize=False)
    return compare_debiasing(bias_vectors, bias_axis, [bias_test], (), (), settings, SETTINGS)


@pytest.fixture(scope="module")
def audited(bias_vectors, bias_axis, bias_test):
    """Return an audit."""
    return audit_vectors(bias_vectors, bias_axis, [bias_test], SETTINGS)


@pytest.mark.parametrize("which", ["comparison", "audited"])
def test_a_page_needs_nothing_from_elsewhere(which, request):
    page = render_bias_page(tell_story(request.getfixturevalue(which), "v.vec")).decode()
    assert "{{" not in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_words_in_a_page_stay_words(comparison):
    page = render_bias_page(tell_story(comparison, "v.vec")).decode()
    assert "<img" not in page
    assert "&lt;/script&gt;&lt;img" in page
    assert "gen&lt;der" in page
    assert "missing&amp;lost" in page
    assert page.count("</script>") == 1


def test_a_page_shows_every_target_twice_and_every_test(comparison):
    story = tell_story(comparison, "v.vec")
    page = render_bias_page(story).decode()
    num_targets = len(comparison.before.target_words)
    assert page.count("<circle") == 2 * num_targets
    assert page.count("<rect") == 2
    assert page.count('class="interval"') == 2
    assert "v.vec: gen&lt;der bias before and after hard debiasing" in page


def test_drawings_are_well_formed(comparison):
    page = render_bias_page(tell_story(comparison, "v.vec")).decode()
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawings) == 2
    for drawing in drawings:
        ET.fromstring(drawing)


@pytest.mark.parametrize("which", ["comparison", "audited"])
@pytest.mark.parametrize(
    ("image_format", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_pictures_come_in_every_format_and_are_repeatable(which, image_format, start, request):
    story = tell_story(request.getfixturevalue(which), "v$_vec")
    first, again = (render_bias_picture(story, image_format) for _ in range(2))
    assert first.startswith(start)
    assert first == again


def test_a_picture_shows_the_words_that_lean_most(comparison):
    story = tell_story(comparison, "v.vec")
    shown = story.shown_words()
    cosines = comparison.before.target_cosines[:, 0]
    assert len(shown) == min(28, len(cosines))
    assert (np.diff(cosines[shown]) >= 0).all()
    svg = render_bias_picture(story, "svg").decode()
    assert comparison.before.target_words[int(np.argmax(cosines))] in svg


def test_an_audit_without_words_is_drawn_too(bias_vectors):
    axis = BiasAxis("gender", (("woman", "man"),), targets=("nobody",))
    story = tell_story(audit_vectors(bias_vectors, axis, [], SETTINGS), "v.vec")
    assert "No target word has a vector" in render_bias_page(story).decode()
    assert render_bias_picture(story, "png").startswith(b"\x89PNG")


def test_more_than_two_groups_have_ends_too(bias_vectors):
    axis = BiasAxis("three", (("woman", "man", "girl"),), targets=("waa",))
    story = tell_story(audit_vectors(bias_vectors, axis, [], SETTINGS, components=2), "v.vec")
    assert story.ends == ("woman", "the others")
    assert "the others" in render_bias_page(story).decode()


def test_dots_pile_up_where_they_meet():
    heights = stack_heights(np.array([0.1, 5.0, 0.2, 0.3, 5.4, 9.0]), 1.0)
    assert heights.tolist() == [0, 0, 1, 2, 1, 0]


def test_files_are_written_by_their_suffix(audited, tmp_path):
    paths = [str(tmp_path / name) for name in ("r.html", "p.PDF")]
    check_pictures(*paths)
    write_pictures(audited, tmp_path / "v.vec", *paths)
    assert (tmp_path / "r.html").read_bytes().startswith(b"<!DOCTYPE html>")
    assert (tmp_path / "p.PDF").read_bytes().startswith(b"%PDF")
    write_pictures(audited, "-", None, None)


def test_other_suffixes_are_refused():
    with pytest.raises(SettingsError, match=r"p\.html: a picture is written to a file ending in"):
        check_pictures(None, "p.html")
    with pytest.raises(SettingsError, match="got no suffix"):
        check_pictures("report", None)
