"""A map of words as one page that needs no network: search, zoom, neighbours on click.

The page is put together from the files beside this module: markup, style, and scripts that share
one scope.
"""

import html
import json
import re
from importlib import resources

import numpy as np

from seqtools.reports.embedding_map import EmbeddingMap

_MARKUP, _STYLE = "embedding_map.html", "embedding_map.css"
_SCRIPTS = (
    "map_state.js",
    "map_labels.js",
    "map_view.js",
    "map_drawing.js",
    "map_words.js",
    "map_input.js",
)

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
# Within a script element, "<" alone could begin "</script>" or "<!--".
_UNSAFE_IN_SCRIPTS = {"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"}


def render_page(embedding_map: EmbeddingMap) -> bytes:
    """Return the page, UTF-8.

    Parameters
    ----------
    embedding_map : EmbeddingMap
        What to draw. Equal maps give equal bytes.

    Notes
    -----
    The page carries its data as JSON in ASCII, in which no character can end the element, and
    writes words as text nodes only, so that a word such as ``</script>`` stays a word.
    """
    parts = {
        "title": html.escape(embedding_map.title),
        "caption": html.escape(embedding_map.caption),
        "style": _template(_STYLE),
        "script": "\n".join(_template(name) for name in _SCRIPTS),
        "data": json_for_script(_page_data(embedding_map)),
    }
    page = _PLACEHOLDER.sub(lambda match: parts[match[1]], _template(_MARKUP))
    return page.encode("utf-8", errors="replace")


def json_for_script(value: object) -> str:
    """Return JSON in ASCII that is safe within a script element."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character, escape in _UNSAFE_IN_SCRIPTS.items():
        text = text.replace(character, escape)
    return text


def _page_data(embedding_map: EmbeddingMap) -> dict[str, object]:
    """Return what the script reads: places in 1/10,000 of the map, cosines in 1/1,000."""
    places = np.rint(embedding_map.points * 10_000).astype(np.int64)
    thousandths = np.rint(embedding_map.cosines * 1000).astype(np.int64)
    return {
        "words": embedding_map.words,
        "ranks": (embedding_map.rows + 1).tolist(),
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "groups": embedding_map.groups.group_of.tolist(),
        "typical": embedding_map.groups.typical,
        "k": int(embedding_map.neighbors.shape[1]),
        "neighbors": embedding_map.neighbors.ravel().tolist(),
        "cosines": thousandths.ravel().tolist(),
        "dim": embedding_map.dim,
    }


def _template(name: str) -> str:
    """Return a file that stands beside this module."""
    return resources.files("seqtools.reports").joinpath(name).read_text(encoding="utf-8")
