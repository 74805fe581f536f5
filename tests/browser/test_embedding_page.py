import numpy as np
import pytest

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.reports.embedding_map import MapSettings, make_embedding_map
from seqtools.reports.embedding_page import render_page

pytestmark = pytest.mark.browser

# Presses a key after the page has settled, and again at every further step.
PRESS = """
const press = (key, target = document.body) =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
"""


def names(word_map, index):
    return [word_map.words[i] for i in word_map.neighbors[index]]


def test_the_page_opens_with_labels_a_legend_and_no_error(browser, page, word_map):
    dom = browser.open(page)
    assert dom.attribute("", "data-error") is None
    assert 20 < int(dom.attribute("map", "data-labels")) < 300
    legend = dom.texts("span")
    assert ", ".join(word_map.words[i] for i in word_map.groups.typical[0]) in legend
    assert "300 words" in dom.attribute("map", "aria-label")
    assert dom.texts('footer id="caption"') == [word_map.caption]


def test_an_address_with_a_word_opens_its_neighbours(browser, page, word_map):
    dom = browser.open(page, "#word=king42")
    assert dom.heading == "king42"
    assert dom.neighbors == names(word_map, 42)
    cosines = [float(text) for text in dom.texts('span class="cosine"')]
    assert cosines == pytest.approx(word_map.cosines[42].tolist(), abs=0.0006)
    status = dom.texts('div id="status"')[0]
    assert status == f"king42; nearest: {', '.join(names(word_map, 42)[:3])}"


def test_a_search_lists_words_that_begin_so_before_those_that_contain_it(browser):
    vectors = WordVectors(["asking", "kingdom", "king", "queen"], np.eye(4))
    page = render_page(make_embedding_map(vectors, range(4), MapSettings(groups=0)))
    dom = browser.open(page, "#search=KING")
    assert dom.texts("li id=.match-") == ["king", "kingdom", "asking"]
    assert "hidden" not in dom.markup.split('id="matches"')[1].split(">")[0]
    assert dom.attribute("search", "aria-expanded") == "true"


def test_a_word_is_found_by_keys_alone(browser, page):
    dom = browser.open(page, script=PRESS + """
setTimeout(() => {
  press("/");
  const field = document.activeElement;
  document.body.dataset.focus = field.id;
  field.value = "pear29";
  field.dispatchEvent(new Event("input"));
  press("ArrowDown", field);
  press("ArrowDown", field);
  press("Enter", field);
}, 300);
""")  # fmt: skip
    assert 'data-focus="search"' in dom.markup
    assert dom.heading == "pear290"
    assert dom.attribute("", "data-error") is None


def test_a_click_on_a_word_shows_it_and_escape_clears_it(browser, page, word_map):
    # The pointer searches the canvas for a word, as a hand would.
    find = """
const canvas = document.getElementById("map");
const send = (type, x, y) => canvas.dispatchEvent(
  new PointerEvent(type, { clientX: x, clientY: y, pointerId: 5, bubbles: true }));
setTimeout(() => {
  const rect = canvas.getBoundingClientRect();
  for (let y = rect.top + 80; y < rect.bottom; y += 7) {
    for (let x = rect.left + 80; x < rect.right; x += 7) {
      send("pointermove", x, y);
      if (!canvas.classList.contains("on-word")) continue;
      send("pointerdown", x, y);
      send("pointerup", x, y);
      FOLLOW
      return;
    }
  }
}, 300);
"""
    dom = browser.open(page, script=find.replace("FOLLOW", ""))
    assert dom.heading in word_map.words
    assert dom.neighbors == names(word_map, word_map.words.index(dom.heading))
    cleared = browser.open(page, script=PRESS + find.replace("FOLLOW", 'press("Escape");'))
    assert cleared.heading == ""
    assert cleared.texts('div id="status"') == ["No word chosen"]


def test_a_neighbour_in_the_list_can_be_followed_and_back_returns(browser, page, word_map):
    follow = 'setTimeout(() => document.querySelector(".neighbor").click(), 300);'
    second = names(word_map, 42)[0]
    assert browser.open(page, "#word=king42", follow).heading == second
    back = follow + "setTimeout(() => history.back(), 800);"
    assert browser.open(page, "#word=king42", back).heading == "king42"


def test_labels_thin_out_when_the_map_shrinks(browser, page):
    script = """
setTimeout(() => {
  const canvas = document.getElementById("map");
  document.body.dataset.whole = canvas.dataset.labels;
  press("-");
}, 300);
"""
    dom = browser.open(page, script=PRESS + script)
    whole = int(dom.markup.split('data-whole="')[1].split('"')[0])
    assert int(dom.attribute("map", "data-labels")) < whole


def test_words_are_never_markup(browser):
    words = ["</script><script>document.title='broken'</script>", "<b>bold</b>", "{{data}}", "x"]
    vectors = WordVectors(words, np.random.default_rng(0).normal(size=(4, 3)))
    page = render_page(make_embedding_map(vectors, range(4), MapSettings(), "<i>&.vec"))
    dom = browser.open(page, "#word=%3Cb%3Ebold%3C/b%3E")
    assert dom.texts("title") == ["<i>&.vec: PCA map"]
    assert dom.heading == "<b>bold</b>"
    assert sorted(dom.neighbors) == sorted(set(words) - {"<b>bold</b>"})
    assert dom.attribute("", "data-error") is None


@pytest.mark.parametrize(
    ("fragment", "flags", "is_dark"),
    [
        ("#theme=light", (), False),
        ("#theme=dark", (), True),
        ("", ("--blink-settings=preferredColorScheme=0",), True),
    ],
    ids=["light", "dark", "dark by preference"],
)
def test_the_page_follows_light_and_dark(browser, page, fragment, flags, is_dark):
    pixels = browser.screenshot(page, fragment, *flags)[..., :3]
    brightness = pixels.mean()
    assert brightness < 0.3 if is_dark else brightness > 0.8
    # Words are drawn: the map is not all background.
    assert pixels[100:700, 50:900].std() > 0.03


@pytest.mark.parametrize("num_words", [1, 2])
def test_the_smallest_maps_open(browser, num_words):
    vectors = WordVectors(["only", "other"], [[1.0, 0], [0, 1]])
    page = render_page(make_embedding_map(vectors, range(num_words), MapSettings()))
    dom = browser.open(page, "#word=only")
    assert dom.heading == "only"
    assert len(dom.neighbors) == num_words - 1
    assert dom.attribute("", "data-error") is None


def test_five_thousand_words_open_within_seconds(browser):
    table = np.random.default_rng(0).normal(size=(5000, 8))
    vectors = WordVectors([f"word{i}" for i in range(5000)], table)
    page = render_page(make_embedding_map(vectors, range(5000), MapSettings(groups=0)))
    timed = page.replace(
        b"placeLabels();\nresize",
        b"const begun = performance.timeOrigin + performance.now();\nplaceLabels();\n"
        b"document.body.dataset.milliseconds = performance.timeOrigin + performance.now() - begun;"
        b"\nresize",
    )
    assert timed != page
    dom = browser.open(timed)
    assert float(dom.markup.split('data-milliseconds="')[1].split('"')[0]) < 5000
    assert int(dom.attribute("map", "data-labels")) > 100
