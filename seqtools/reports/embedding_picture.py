"""A map of words as a PNG, SVG or PDF, drawn by matplotlib without a display."""

import io
import textwrap
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from seqtools.errors import SeqtoolsWarning
from seqtools.reports.embedding_map import EmbeddingMap
from seqtools.reports.label_placement import place_labels
from seqtools.reports.picture_text import metadata, printable
from seqtools.types import Float64Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Dark enough for type on white (contrast 4.5 and more), and apart for colour-blind eyes.
_COLOURS = (
    "#1f6fb5",
    "#b3500b",
    "#21803f",
    "#a8286f",
    "#6a4bb0",
    "#7d6a00",
    "#0b7c80",
    "#b92c2c",
)
_INK, _SOFT, _LINE = "#1c2330", "#5b6675", "#d9dde3"
_SIZE_INCHES = (12.0, 9.0)
_DOTS_PER_INCH = 150
# What draws the halo of text in SVG, where outlines would make the file five times as large.
_SVG_HALO = b"text{paint-order:stroke;stroke:#fff;stroke-opacity:.8;stroke-width:2px}"
_CAPTION_COLUMNS = 175
_LEGEND_COLUMNS = 48
# Importance decides the size of type: for the first share of the words, then the next, the rest.
_TYPE_SIZES = ((0.04, 10.0, 14.0), (0.2, 8.5, 9.0), (1.0, 7.5, 6.0))


def render_picture(embedding_map: EmbeddingMap, image_format: str) -> bytes:
    """Draw a map.

    Parameters
    ----------
    embedding_map : EmbeddingMap
        What to draw.
    image_format : {"png", "svg", "pdf"}
        The file's format. Equal maps give equal bytes with one version of matplotlib.

    Warns
    -----
    SeqtoolsWarning
        If the font lacks characters of some words.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings: Any = {
        "svg.hashsalt": "seqtools",
        "svg.fonttype": "none",
        "pdf.fonttype": 42,
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "axes.unicode_minus": False,
    }
    with mpl.rc_context(settings), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure = Figure(figsize=_SIZE_INCHES, dpi=_DOTS_PER_INCH)
        _draw(figure, embedding_map, has_halo=image_format != "svg")
        content = io.BytesIO()
        figure.savefig(
            content,
            format=image_format,
            metadata=metadata(embedding_map.title, embedding_map.caption, image_format),
        )
    report_glyphs(caught)
    return content.getvalue().replace(b"</style>", _SVG_HALO + b"</style>", 1)


def _draw(figure: "Figure", embedding_map: EmbeddingMap, has_halo: bool) -> None:
    """Draw title, points, labels, legend and caption."""
    caption = textwrap.fill(embedding_map.caption, _CAPTION_COLUMNS)
    figure.text(0.03, 0.965, embedding_map.title, size=14, color=_INK, parse_math=False)
    figure.text(0.03, 0.018, caption, size=7.5, color=_SOFT, parse_math=False)
    legend = _legend_lines(embedding_map)
    top = 0.945 - 0.0165 * -(-len(legend) // 3)
    bottom = 0.07 if embedding_map.explained_variance else 0.05
    axes = figure.add_axes((0.03, bottom, 0.94, top - bottom))
    for i, (colour, text) in enumerate(legend):
        x, y = 0.03 + 0.32 * (i % 3), 0.94 - 0.0165 * (i // 3)
        figure.text(x, y, "●", size=8, color=colour)
        figure.text(x + 0.012, y, text, size=7.5, color=_SOFT, parse_math=False)
    _prepare_axes(axes, embedding_map)
    colours = np.array(_COLOURS)[embedding_map.groups.group_of % len(_COLOURS)]
    sizes, areas = _importance(len(embedding_map.words))
    x_places, y_places = embedding_map.points.T
    axes.scatter(x_places, y_places, s=areas, c=colours, alpha=0.6, linewidths=0)
    _write_labels(axes, embedding_map, colours, sizes, has_halo)


def _prepare_axes(axes: "Axes", embedding_map: EmbeddingMap) -> None:
    """Set the limits, and name the axes where they mean something."""
    low, high = embedding_map.points.min(axis=0), embedding_map.points.max(axis=0)
    margin = 0.03 * max(float((high - low).max()), 0.1)
    axes.set_xlim(low[0] - margin, high[0] + 2 * margin)
    axes.set_ylim(low[1] - margin, high[1] + margin)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(_LINE)
    if embedding_map.explained_variance:
        first, second = embedding_map.explained_variance
        axes.set_xlabel(f"component 1: {first:.1%} of the variance", size=8, color=_SOFT)
        axes.set_ylabel(f"component 2: {second:.1%}", size=8, color=_SOFT)


def _importance(num_words: int) -> tuple[list[float], list[float]]:
    """Return the type size of each word, and the area of its point, both in points."""
    sizes, areas = [], []
    for i in range(num_words):
        _, size, area = next(row for row in _TYPE_SIZES if i / num_words < row[0])
        sizes.append(size)
        areas.append(area)
    return sizes, areas


def _write_labels(
    axes: "Axes", embedding_map: EmbeddingMap, colours: Any, sizes: list[float], has_halo: bool
) -> None:
    """Write the words that find room, most important first.

    A halo lifts type off the points under it. It is drawn apart from the text, because it turns
    what it surrounds into outlines, and words are to stay text in a PDF.
    """
    from matplotlib.patheffects import Stroke

    dots = _DOTS_PER_INCH / 72
    words = [printable(word) for word in embedding_map.words]
    places = axes.transData.transform(embedding_map.points)
    frame = axes.get_window_extent()
    room = (frame.x0, frame.y0, frame.x1, frame.y1)
    halo = [Stroke(linewidth=2, foreground="white", alpha=0.8)]
    for label in place_labels(places, _extents(words, sizes) * dots, room, gap=3 * dots):
        settings: Any = {
            "xy": tuple(embedding_map.points[label.point]),
            "xytext": (label.shift_x / dots, label.shift_y / dots),
            "textcoords": "offset points",
            "ha": label.horizontal,
            "va": label.vertical,
            "size": sizes[label.point],
            "parse_math": False,
        }
        text, colour = words[label.point], colours[label.point]
        if has_halo:
            axes.annotate(text, **settings, color="white", path_effects=halo, zorder=3)
        axes.annotate(text, **settings, color=colour, zorder=4)


def _extents(words: list[str], sizes: list[float]) -> Float64Array:
    """Return the width and height of each word in points, float64 array, shape (N, 2)."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    extents = np.empty((len(words), 2))
    for i, (word, size) in enumerate(zip(words, sizes, strict=True)):
        font = FontProperties(size=size)
        width, height, _ = text_to_path.get_text_width_height_descent(word, font, False)
        extents[i] = width, max(height, size)
    return extents


def _legend_lines(embedding_map: EmbeddingMap) -> list[tuple[str, str]]:
    """Return a colour and typical words for each group, none for a single group."""
    typical = embedding_map.groups.typical
    if len(typical) < 2:
        return []
    lines = []
    for colour, members in zip(_COLOURS, typical, strict=False):
        text = ", ".join(printable(embedding_map.words[i]) for i in members)
        lines.append((colour, textwrap.shorten(text, _LEGEND_COLUMNS, placeholder=" …")))
    return lines


def report_glyphs(caught: list[warnings.WarningMessage]) -> None:
    """Pass warnings on; those about missing glyphs, one a character, become one."""
    missing = [w for w in caught if "missing from" in str(w.message)]
    for other in caught:
        if other not in missing:
            warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)
    if missing:
        characters = len({str(w.message) for w in missing})
        warnings.warn(
            f"the font DejaVu Sans lacks {characters} characters of the words drawn; "
            "an .svg or .html file shows them in the viewer's fonts",
            SeqtoolsWarning,
            stacklevel=3,
        )
