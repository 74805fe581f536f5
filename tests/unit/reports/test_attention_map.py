"""Heat maps of attention."""

import json
import re

import numpy as np
import pytest

from seqtools.errors import SettingsError
from seqtools.reports.attention_map import (
    AttentionMap,
    render_attention_page,
    write_attention_maps,
)
from seqtools.reports.output_files import suffix_of

EVIL = "</script><b>"


def attention(num_rows=4, num_columns=5, seed=0):
    generator = np.random.default_rng(seed)
    weights = generator.dirichlet(np.ones(num_columns), num_rows).astype(np.float32)
    source = ["▁ein", "▁Hu", "nd", EVIL, "</s>"][:num_columns]
    return AttentionMap(source, ["▁a", "▁d", "og", "</s>"][:num_rows], weights, "sentence 1")


def data_of(page):
    [content] = re.findall(
        r'<script type="application/json"[^>]*>(.*?)</script>', page.decode(), re.DOTALL
    )
    return json.loads(content)


def test_page_holds_the_weights_in_hundredths_and_needs_no_network():
    page = render_attention_page([attention(), attention(seed=1)], "a & b")
    first = data_of(page)[0]
    assert first["weights"] == np.rint(attention().weights * 100).astype(int).tolist()
    assert first["source"][3] == EVIL
    text = page.decode()
    assert EVIL not in text
    assert "a &amp; b" in text
    assert not re.search(r"""(src|href)=["'](?!data:)|@import|fetch\(""", text)
    assert render_attention_page([attention(), attention(seed=1)], "a & b") == page


def test_words_get_the_sum_of_what_their_parts_get_and_look_with_the_mean():
    whole = attention()
    words = whole.by_words(np.array([0, 1, 1, 2, 3], np.int32), np.array([0, 1, 1, 2], np.int32))
    assert list(words.source_labels) == ["ein", "Hund", EVIL, "</s>"]
    assert list(words.target_labels) == ["a", "dog", "</s>"]
    np.testing.assert_allclose(words.weights.sum(axis=1), 1.0, atol=1e-6)
    parts = whole.weights[1:3, 1:3].sum(axis=1)
    assert words.weights[1, 1] == pytest.approx(parts.mean())


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_picture_is_written_and_is_the_same_again(tmp_path, suffix):
    paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for path in paths:
        write_attention_maps(path, [attention()])
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    assert paths[0].read_bytes().startswith(starts[suffix])
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_picture_is_dark_where_attention_is(tmp_path):
    from matplotlib.image import imread

    weights = np.zeros((2, 2), dtype=np.float32)
    weights[0, 1] = weights[1, 0] = 1.0
    path = tmp_path / "a.png"
    write_attention_maps(path, [AttentionMap(["x", "y"], ["p", "q"], weights)])
    picture = imread(path)[..., :3].mean(axis=2)
    cells = picture[-100:, :][:80]
    assert (cells < 0.4).sum() > 2 * 30 * 30


def test_a_page_is_written_for_many_and_a_picture_refused(tmp_path):
    write_attention_maps(tmp_path / "a.html", [attention(), attention()], "two")
    assert len(data_of((tmp_path / "a.html").read_bytes())) == 2
    with pytest.raises(SettingsError, match="a picture shows one sentence, got 2"):
        write_attention_maps(tmp_path / "a.png", [attention(), attention()])


def test_other_suffixes_and_shapes_are_refused():
    with pytest.raises(SettingsError, match=r"a file ending in \.png, \.svg, \.pdf, \.html, got"):
        suffix_of("a.jpg", "attention")
    with pytest.raises(SettingsError, match="a row a target label"):
        AttentionMap(["a"], ["b"], np.zeros((2, 1), np.float32))
