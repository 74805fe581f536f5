"""Bias as a PNG, SVG or PDF: words along the axis, and effect sizes with their intervals."""

import io
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from seqtools.reports.bias_story import BiasStory
from seqtools.reports.picture_text import metadata, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _SOFT, _LINE = "#1c2330", "#5b6675", "#d9dde3"
# Before and after, apart in lightness and for colour-blind eyes.
_COLOURS = ("#b3500b", "#1f6fb5")
_SIZE_INCHES = (12.0, 7.5)
_DOTS_PER_INCH = 150
_CAPTION_COLUMNS = 190


def render_bias_picture(story: BiasStory, image_format: str) -> bytes:
    """Draw the words along the bias direction and the association tests.

    Parameters
    ----------
    story : BiasStory
        What to draw.
    image_format : {"png", "svg", "pdf"}
        The file's format. Equal stories give equal bytes with one version of matplotlib.
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
    with mpl.rc_context(settings):
        figure = Figure(figsize=_SIZE_INCHES, dpi=_DOTS_PER_INCH)
        figure.text(0.03, 0.955, story.title, size=14, color=_INK, parse_math=False)
        caption = textwrap.fill(story.caption, _CAPTION_COLUMNS)
        figure.text(0.03, 0.018, caption, size=7.5, color=_SOFT, parse_math=False)
        _draw_axis(figure.add_axes((0.135, 0.11, 0.38, 0.79)), story)
        _draw_tests(figure.add_axes((0.60, 0.11, 0.37, 0.79)), story)
        content = io.BytesIO()
        figure.savefig(
            content,
            format=image_format,
            metadata=metadata(story.title, story.caption, image_format),
        )
    return content.getvalue()


def _draw_axis(axes: "Axes", story: BiasStory) -> None:
    """Draw the words that lean most, each with its cosine before and after."""
    shown = story.shown_words()
    places = np.arange(len(shown))
    cosines = [audit.target_cosines[shown, 0] for _, audit in story.states]
    right, left = story.ends
    _prepare(axes, f"cosine with the bias direction: {left} (left), {right} (right)")
    if not len(shown):
        axes.text(0.5, 0.5, "no target word has a vector", transform=axes.transAxes, ha="center")
        return
    axes.axvline(0, color=_SOFT, linewidth=0.8, zorder=1)
    if len(cosines) == 2:
        axes.hlines(places, cosines[0], cosines[1], color=_LINE, linewidth=2, zorder=1)
    for (name, _), values, colour in zip(story.states, cosines, _COLOURS, strict=False):
        axes.scatter(values, places, s=26, color=colour, label=name, zorder=3, linewidths=0)
    words = [printable(story.plan.targets.words[place]) for place in shown]
    axes.set_yticks(places, words, size=8, color=_INK, parse_math=False)
    axes.set_ylim(-0.8, len(shown) - 0.2)
    reach = 1.1 * max(0.05, *(float(np.abs(values).max()) for values in cosines))
    axes.set_xlim(-reach, reach)
    axes.set_title("words that should be neutral", size=10, color=_INK, loc="left")
    if len(cosines) == 2:
        _add_legend(axes)


def _draw_tests(axes: "Axes", story: BiasStory) -> None:
    """Draw effect sizes as bars with intervals."""
    names = story.tests()
    _prepare(axes, "effect size d (0: no bias)")
    axes.set_title("association tests (WEAT)", size=10, color=_INK, loc="left")
    if not names:
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no association test", transform=axes.transAxes, ha="center")
        return
    thickness = 0.7 / len(story.states)
    lows, highs = [-0.1], [0.1]
    for i, (state, audit) in enumerate(story.states):
        scores = [audit.weat[name].score for name in names]
        sizes = np.array([score.effect_size if score else 0.0 for score in scores], dtype=float)
        intervals = np.array([(score and score.interval) or (np.nan, np.nan) for score in scores])
        places = np.arange(len(names)) + (i - (len(story.states) - 1) / 2) * thickness
        colour = _COLOURS[i]
        axes.barh(places, sizes, thickness * 0.92, color=colour, alpha=0.75, label=state)
        errors = np.abs(intervals.T - sizes)
        axes.errorbar(
            sizes, places, xerr=errors, fmt="none", ecolor=_INK, elinewidth=0.9, capsize=2
        )
        lows += [float(np.nanmin(np.append(intervals, sizes)))]
        highs += [float(np.nanmax(np.append(intervals, sizes)))]
    axes.axvline(0, color=_SOFT, linewidth=0.8)
    axes.set_yticks(np.arange(len(names)), names, size=8, color=_INK, parse_math=False)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(1.06 * min(lows), 1.06 * max(highs))
    if len(story.states) == 2:
        _add_legend(axes)


def _add_legend(axes: "Axes") -> None:
    """Say which colour is which state, above the frame."""
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.995), ncols=2, fontsize=8, frameon=False)


def _prepare(axes: "Axes", label: str) -> None:
    """Draw a light frame."""
    axes.set_xlabel(label, size=8.5, color=_SOFT, parse_math=False)
    axes.tick_params(colors=_SOFT, labelsize=8, length=0)
    axes.grid(axis="x", color=_LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)
