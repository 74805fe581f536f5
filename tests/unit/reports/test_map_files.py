import errno
import html.parser
import json
import os
import re
import subprocess
import sys

import pytest

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import FileAccessError, SeqtoolsWarning, SettingsError
from seqtools.reports.embedding_map import MapSettings, make_embedding_map
from seqtools.reports.embedding_page import json_for_script, render_page
from seqtools.reports.embedding_picture import render_picture
from seqtools.reports.map_files import write_embedding_map

FIRST_BYTES = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "html": b"<!DOCTYPE html>"}


class Elements(html.parser.HTMLParser):
    """Collects a page's elements, and the text of scripts."""

    def __init__(self):
        super().__init__()
        self.starts, self.scripts = [], []

    def handle_starttag(self, tag, attrs):
        self.starts.append((tag, dict(attrs)))

    def handle_data(self, text):
        if self.starts[-1:] and self.starts[-1][0] == "script" and text.strip():
            self.scripts.append(text)


def parsed(page):
    elements = Elements()
    elements.feed(page.decode())
    return elements


@pytest.mark.parametrize("suffix", FIRST_BYTES)
def test_every_format_is_written_whole_and_the_same_each_time(tmp_path, small_map, suffix):
    paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for path in paths:
        write_embedding_map(path, small_map)
    first, again = (path.read_bytes() for path in paths)
    assert first.startswith(FIRST_BYTES[suffix])
    assert first == again
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [f"a.{suffix}", f"b.{suffix}"]


@pytest.mark.parametrize("suffix", ["png", "svg", "html"])
def test_the_file_says_how_the_map_was_made(small_map, suffix):
    content = render_page(small_map) if suffix == "html" else render_picture(small_map, suffix)
    assert b"60 of 60 words of small" in content
    assert b"seed 1" in content


def test_an_unknown_suffix_is_refused(tmp_path, small_map):
    with pytest.raises(SettingsError, match=r"map.jpg: .* ending in .png, .svg, .pdf, .html"):
        write_embedding_map(tmp_path / "map.jpg", small_map)


def test_a_failed_write_leaves_the_old_file(tmp_path, small_map, monkeypatch):
    path = tmp_path / "map.html"
    path.write_text("old")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileAccessError, match="No space left"):
        write_embedding_map(path, small_map)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["map.html"]


def test_the_page_holds_every_word_and_its_neighbours(small_map):
    elements = parsed(render_page(small_map))
    data = json.loads(elements.scripts[0])
    assert data["words"] == list(small_map.words)
    k = data["k"]
    assert data["neighbors"][5 * k : 6 * k] == small_map.neighbors[5].tolist()
    assert data["cosines"][5 * k] == pytest.approx(1000 * small_map.cosines[5, 0], abs=0.51)
    assert max(data["x"] + data["y"]) == 10_000
    assert min(data["x"] + data["y"]) == 0


def test_words_cannot_end_the_script_or_open_an_element(small_map):
    elements = parsed(render_page(small_map))
    tags = [tag for tag, _ in elements.starts]
    assert tags.count("script") == 2
    assert "b" not in tags
    assert len(elements.scripts) == 2


def test_the_page_needs_no_network(small_map):
    page = render_page(small_map)
    for _, attributes in parsed(page).starts:
        assert not attributes.get("src")
        assert attributes.get("href", "data:,").startswith("data:")
    assert b"http://" not in page
    assert b"https://" not in page
    assert b"default-src 'none'" in page


def test_the_page_is_left_with_no_placeholder(small_map):
    markup = render_page(small_map).decode().replace(r"{{data}}", "", 1)
    assert not re.search(r"\{\{\w+\}\}", markup)


def test_json_within_a_script_is_ascii_without_angle_brackets():
    text = json_for_script({"a": "</script>&\u2028é\ud800"})
    assert text.isascii()
    assert not set("<>&") & set(text)
    assert json.loads(text) == {"a": "</script>&\u2028é\ud800"}


def test_words_in_a_picture_stay_text(small_map):
    picture = render_picture(small_map, "svg").decode()
    assert ">word0<" in picture
    assert "&lt;!--" in picture


def test_characters_that_the_font_lacks_are_reported_once():
    vectors = WordVectors(["木", "水", "plain"], [[1.0, 0], [0, 1], [1, 1]])
    made = make_embedding_map(vectors, range(3), MapSettings(groups=0))
    with pytest.warns(SeqtoolsWarning, match="lacks 2 characters") as caught:
        render_picture(made, "png")
    assert len(caught) == 1


def test_drawing_leaves_matplotlibs_settings_and_pyplot_alone():
    code = (
        "import matplotlib, sys\n"
        "watched = 'font.sans-serif', 'svg.fonttype', 'svg.hashsalt'\n"
        "before = [matplotlib.rcParams[name] for name in watched]\n"
        "from seqtools.reports.embedding_picture import render_picture\n"
        "from seqtools.reports.embedding_map import make_embedding_map\n"
        "from seqtools.embeddings.word_vectors import WordVectors\n"
        "m = make_embedding_map(WordVectors(['a', 'b'], [[1, 0], [0, 1]]), range(2))\n"
        "render_picture(m, 'png')\n"
        "assert [matplotlib.rcParams[name] for name in watched] == before\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert 'numba' not in sys.modules and 'gensim' not in sys.modules\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    environment.pop("DISPLAY", None)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=120)
