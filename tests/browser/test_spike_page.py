import numpy as np
import pytest

from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.recording import Recording
from seqtools.reports.spike_page import render_spike_page
from seqtools.reports.spike_view import make_spike_view

pytestmark = pytest.mark.browser

SETTINGS = FeatureSettings(sample_rate=8000, num_mels=20)
SYMBOLS = ("<blank>", " ", "a", "b", "<", ">")


def view_of(text, title="first.wav", reference="ab b"):
    """Return a view in which each symbol of a text has a spike, six frames apart."""
    samples = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
    table = np.full((SETTINGS.num_frames(8000), len(SYMBOLS)), 0.01)
    table[:, 0] = 0.95
    for i, character in enumerate(text):
        table[5 + 6 * i] = 0.01
        table[5 + 6 * i, SYMBOLS.index(character)] = 0.95
    return make_spike_view(
        Recording(samples, 8000), SETTINGS, table, SYMBOLS, title=title, reference=reference
    )


@pytest.fixture(scope="module")
def spike_page():
    views = [view_of("ab b"), view_of("a bb", "second.wav"), view_of("", "third.wav", None)]
    return render_spike_page(views, "Three recordings")


def words(dom):
    return dom.texts('button type="button" class="word')


def test_the_page_opens_with_what_was_heard_and_no_error(browser, spike_page):
    dom = browser.open(spike_page)
    assert dom.attribute("", "data-error") is None
    assert dom.texts("h1") == ["Three recordings"]
    assert words(dom) == ["ab", "b"]
    assert dom.texts('span id="verdict"') == ["✓ the same"]
    assert dom.texts('span id="count"') == ["1 of 3"]
    assert 'heard "ab b"' in dom.attribute("drawing", "aria-label")
    assert dom.markup.count('class="swatch"') == 4


def test_an_address_opens_a_recording_and_differences_are_marked(browser, spike_page):
    dom = browser.open(spike_page, "#recording=2")
    assert dom.attribute("drawing", "data-view") == "1"
    assert words(dom) == ["a", "bb"]
    assert dom.markup.count('class="word differs"') == 4
    assert dom.texts('span id="verdict"') == ["≠ not the same"]


def test_nothing_heard_and_nothing_known_are_said(browser, spike_page):
    dom = browser.open(spike_page, "#recording=3")
    assert dom.attribute("", "data-error") is None
    assert dom.texts('p id="heard"') == ["nothing"]
    assert 'id="said-row" hidden' in dom.markup


def test_keys_go_on_and_zoom(browser, spike_page):
    script = """
const press = (key) =>
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
setTimeout(() => {
  const canvas = document.getElementById("drawing");
  const before = parseFloat(canvas.style.width);
  press("n");
  press("n");
  press("p");
  press("+");
  press("+");
  document.body.dataset.growth = parseFloat(canvas.style.width) / before;
  for (let i = 0; i < 40; i++) press("+");
  document.body.dataset.widest = canvas.width;
}, 300);
"""
    dom = browser.open(spike_page, script=script)
    assert dom.attribute("", "data-error") is None
    assert dom.attribute("drawing", "data-view") == "1"
    assert 2 < float(dom.markup.split('data-growth="')[1].split('"')[0]) < 2.3
    assert int(dom.markup.split('data-widest="')[1].split('"')[0]) <= 16000


def test_pointing_reads_the_probabilities(browser, spike_page):
    script = """
setTimeout(() => {
  const canvas = document.getElementById("drawing");
  const rect = canvas.getBoundingClientRect();
  const perSecond = parseFloat(canvas.style.width) - 60;
  const x = rect.left + 46 + 0.0625 * perSecond;
  const place = { clientX: x, clientY: rect.top + 150, bubbles: true };
  canvas.dispatchEvent(new PointerEvent("pointermove", place));
}, 300);
"""
    dom = browser.open(spike_page, script=script)
    reading = dom.texts('output id="reading"')[0]
    assert reading.startswith("0.06")
    assert "a 0.95" in reading


def test_the_sound_is_the_recordings(browser, spike_page):
    script = """
const sound = document.getElementById("sound");
const tell = () => { document.body.dataset.seconds = sound.duration; };
sound.addEventListener("loadedmetadata", tell);
sound.addEventListener("error", () => { document.body.dataset.seconds = sound.error.message; });
sound.load();
"""
    dom = browser.open(spike_page, script=script)
    assert float(dom.markup.split('data-seconds="')[1].split('"')[0]) == pytest.approx(1.0)


@pytest.mark.parametrize(("fragment", "is_dark"), [("#theme=light", False), ("#theme=dark", True)])
def test_the_drawing_is_there_in_light_and_dark(browser, spike_page, fragment, is_dark):
    pixels = browser.screenshot(spike_page, fragment)[..., :3]
    brightness = pixels.mean()
    assert brightness < 0.4 if is_dark else brightness > 0.6
    drawing = pixels[300:700, 80:1150]
    assert drawing.std() > 0.05
    # Coloured lines stand over the grey: channels differ somewhere.
    assert (drawing.max(axis=2) - drawing.min(axis=2)).max() > 0.3


def test_text_is_never_markup(browser):
    title = "</script><script>document.title='broken'</script>{{data}}"
    page = render_spike_page([view_of("<b>", title, "<b>bold</b>")], "<i>&")
    dom = browser.open(page)
    assert dom.texts("title") == ["<i>&"]
    assert dom.attribute("", "data-error") is None
    assert words(dom) == ["<b>"]
    assert "<b>bold" not in dom.markup.split('type="application/json"')[0]
