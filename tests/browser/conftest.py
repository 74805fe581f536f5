"""Pages opened in headless Chromium."""

import html
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.reports.embedding_map import MapSettings, make_embedding_map
from seqtools.reports.embedding_page import render_page

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Few frames are drawn without a display: movements must end at once.
    "--force-prefers-reduced-motion",
    "--window-size=1200,800",
    "--virtual-time-budget=4000",
)
# Errors of the page's own script would else go unseen. Frames are drawn by a timer, because without
# a display the last one before the markup is printed may never come.
_WATCH = (
    "<script>addEventListener('error', (event) => {"
    "document.documentElement.dataset.error = event.message; });"
    "window.requestAnimationFrame = (draw) => setTimeout(() => draw(performance.now()), 16);"
    "</script>"
)


class Browser:
    """Opens pages and returns their markup after their scripts have run."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program, self.folder = program, folder
        self._runs = 0

    def run(self, page: bytes, fragment: str, *flags: str, script: str = "") -> str:
        """Open a page, run a script in it, and return what Chromium prints."""
        self._runs += 1
        text = page.decode().replace("<title>", f"{_WATCH}<title>", 1)
        text = text.replace("</body>", f"<script>{script}</script></body>", 1)
        path = self.folder / f"page{self._runs}.html"
        path.write_text(text, encoding="utf-8")
        profile = f"--user-data-dir={self.folder / f'profile{self._runs}'}"
        command = [self.program, *_FLAGS, profile, *flags, f"{path.as_uri()}{fragment}"]
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
        return done.stdout.decode()

    def open(self, page: bytes, fragment: str = "", script: str = "") -> "Dom":
        """Open a page and return its markup."""
        return Dom(self.run(page, fragment, "--dump-dom", script=script))

    def screenshot(self, page: bytes, fragment: str, *flags: str) -> np.ndarray:
        """Open a page and return its pixels, float array of shape (height, width, 3 or 4)."""
        from matplotlib.image import imread

        path = self.folder / f"shot{self._runs}.png"
        self.run(page, fragment, f"--screenshot={path}", *flags)
        return imread(path)


class Dom:
    """The markup of a page after its scripts have run."""

    def __init__(self, markup: str) -> None:
        self.markup = markup

    def attribute(self, element_id: str, name: str) -> str | None:
        """Return an attribute of an element; "" is the root."""
        start = rf'<[a-z0-9]+[^>]*\bid="{element_id}"[^>]*>' if element_id else "<html[^>]*>"
        tag = re.search(start, self.markup)[0]
        found = re.search(rf'\b{name}="([^"]*)"', tag)
        return html.unescape(found[1]) if found else None

    def texts(self, pattern: str) -> list[str]:
        """Return the text of elements whose opening tags match a pattern."""
        found = re.findall(rf"<{pattern}[^>]*>(.*?)</", self.markup, re.DOTALL)
        return [html.unescape(text) for text in found]

    @property
    def heading(self) -> str:
        """The chosen word, empty if there is none."""
        return next(iter(self.texts("h2")), "")

    @property
    def neighbors(self) -> list[str]:
        """The words in the panel's list."""
        return self.texts('span class="word"')


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Return a browser, or skip where none is installed."""
    named = os.environ.get("SEQTOOLS_CHROMIUM")
    program = named or next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip("no Chromium found; install it or name it in SEQTOOLS_CHROMIUM")
    return Browser(program, tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="session")
def word_map():
    """Return a map of 300 words in six clusters."""
    generator = np.random.default_rng(0)
    middles = generator.normal(size=(6, 12)) * 2
    words = [f"{'king' if i % 6 == 0 else 'pear'}{i}" for i in range(300)]
    table = middles[np.arange(300) % 6] + generator.normal(size=(300, 12))
    return make_embedding_map(WordVectors(words, table), range(300), MapSettings(), "toy.vec")


@pytest.fixture(scope="session")
def page(word_map):
    """Return the page of the map."""
    return render_page(word_map)
