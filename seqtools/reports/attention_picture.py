"""A heat map of attention as a PNG, SVG or PDF, drawn by matplotlib without a display."""

import io
import warnings
from typing import Any

from seqtools.reports.attention_map import AttentionMap
from seqtools.reports.embedding_picture import report_glyphs

_CELL_INCHES = 0.3
_LETTER_INCHES = 0.085
_LONGEST_LABEL = 24
_DOTS_PER_INCH = 150
_INK, _COLOURS = "#1c2330", "Blues"


def render_attention_picture(attention: AttentionMap, image_format: str) -> bytes:
    """Draw a map.

    Parameters
    ----------
    attention : AttentionMap
        What to draw.
    image_format : {"png", "svg", "pdf"}
        The file's format. Equal maps give equal bytes with one version of matplotlib.

    Warns
    -----
    SeqtoolsWarning
        If the font lacks characters of some labels.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings: Any = {
        "svg.hashsalt": "seqtools",
        "svg.fonttype": "none",
        "pdf.fonttype": 42,
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
    }
    rows, columns = attention.weights.shape
    left, top = _margin(attention.target_labels), _margin(attention.source_labels) + 0.25
    width = left + columns * _CELL_INCHES + 0.2 + 0.5 * top
    height = top + rows * _CELL_INCHES + 0.15
    with mpl.rc_context(settings), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH)
        size = (columns * _CELL_INCHES / width, rows * _CELL_INCHES / height)
        axes = figure.add_axes((left / width, 0.15 / height, *size))
        axes.imshow(attention.weights, cmap=_COLOURS, vmin=0.0, vmax=1.0, aspect="auto")
        axes.xaxis.tick_top()
        axes.set_xticks(range(columns), [])
        axes.set_yticks(range(rows), [])
        axes.tick_params(length=0)
        for place, label in enumerate(attention.source_labels):
            _write(axes, place, -0.65, label, rotation=50, ha="left", va="bottom")
        for place, label in enumerate(attention.target_labels):
            _write(axes, -0.7, place, label, ha="right", va="center")
        axes.set_xticks([n - 0.5 for n in range(columns + 1)], minor=True)
        axes.set_yticks([n - 0.5 for n in range(rows + 1)], minor=True)
        axes.grid(which="minor", color="white", linewidth=1.0)
        axes.tick_params(which="minor", length=0)
        axes.spines[:].set_visible(False)
        if attention.title:
            figure.text(0.1 / width, 1 - 0.2 / height, attention.title, color=_INK, size=9,
                        parse_math=False)  # fmt: skip
        content = io.BytesIO()
        figure.savefig(content, format=image_format, metadata=_metadata(image_format))
    report_glyphs(caught)
    return content.getvalue()


def _write(axes: Any, x: float, y: float, label: str, **options: Any) -> None:
    """Write a label, cut if it is long."""
    if len(label) > _LONGEST_LABEL:
        label = f"{label[: _LONGEST_LABEL - 1]}…"
    axes.text(x, y, label, size=9, color=_INK, parse_math=False, rotation_mode="anchor", **options)


def _margin(labels: Any) -> float:
    """Return the inches that labels need."""
    longest = max((min(len(label), _LONGEST_LABEL) for label in labels), default=1)
    return 0.25 + _LETTER_INCHES * longest


def _metadata(image_format: str) -> dict[str, Any]:
    """Return what the file says of itself; no dates, so that equal maps give equal bytes."""
    if image_format == "png":
        return {"Software": "seqtools"}
    return {"Creator": "seqtools", "Date" if image_format == "svg" else "CreationDate": None}
