"""Spikes over the spectrogram as a PNG, SVG or PDF, drawn by matplotlib without a display."""

import io
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from seqtools.reports.picture_text import metadata, printable
from seqtools.reports.spike_view import SPACE_SIGN, SpikeView

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Dark enough for type on white (contrast 4.5 and more), and apart for colour-blind eyes.
COLOURS = (
    "#1f6fb5",
    "#b3500b",
    "#21803f",
    "#a8286f",
    "#6a4bb0",
    "#7d6a00",
    "#0b7c80",
    "#b92c2c",
)
LOUDEST_RANGE = 8.0  # natural logarithms below the loudest that are told apart: 35 decibels

_INK, _SOFT, _LINE, _BLANK = "#1c2330", "#5b6675", "#d9dde3", "#9aa1ab"
_DOTS_PER_INCH = 150
_HEIGHT_INCHES = 6.6
_WIDTHS_INCHES = (11.0, 48.0)
_INCHES_A_SECOND = 1.7
_LABEL_INCHES = 0.13  # labels closer than this go to another line
_LABEL_LINES = 3
_COLUMNS_AN_INCH = 13.5
_HERTZ_TICKS = (125, 250, 500, 1000, 2000, 4000, 8000, 16000)


def render_spike_picture(view: SpikeView, image_format: str) -> bytes:
    """Draw a recording's spectrogram, what was heard in it, and the posteriors below.

    Parameters
    ----------
    view : SpikeView
        What to draw.
    image_format : {"png", "svg", "pdf"}
        The file's format. Equal views give equal bytes with one version of matplotlib.
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
    width = float(np.clip(_INCHES_A_SECOND * view.seconds, *_WIDTHS_INCHES))
    with mpl.rc_context(settings):
        figure = Figure(figsize=(width, _HEIGHT_INCHES), dpi=_DOTS_PER_INCH)
        _draw(figure, view, width)
        content = io.BytesIO()
        figure.savefig(
            content, format=image_format, metadata=metadata(view.title, view.caption, image_format)
        )
    return content.getvalue()


def colours_of(view: SpikeView) -> dict[int, str]:
    """Return a colour for each symbol that is drawn, in order of time."""
    return {symbol: COLOURS[i % len(COLOURS)] for i, symbol in enumerate(view.drawn_symbols)}


def _draw(figure: "Figure", view: SpikeView, width: float) -> None:
    """Draw title, spectrogram, posteriors and caption."""
    left, right = 0.62 / width, 1 - 0.25 / width
    figure.text(left, 0.958, printable(view.title), size=13, color=_INK, parse_math=False)
    for y, name, text in ((0.918, "heard", view.text), (0.884, "said", view.reference)):
        if text is not None:
            figure.text(left, y, name, size=9, color=_SOFT)
            place = left + 0.55 / width
            shown = textwrap.shorten(
                printable(text) or "nothing", int(_COLUMNS_AN_INCH * width), placeholder=" …"
            )
            figure.text(place, y, shown, size=9.5, color=_INK, parse_math=False)
    figure.text(left, 0.018, view.caption, size=8, color=_SOFT, parse_math=False)
    colours = colours_of(view)
    upper = figure.add_axes((left, 0.40, right - left, 0.37))
    _draw_spectrogram(upper, view)
    _draw_spikes(upper, view, colours)
    _label_spikes(upper, view, colours, view.seconds / (width * (right - left)))
    lower = figure.add_axes((left, 0.115, right - left, 0.255), sharex=upper)
    _draw_posteriors(lower, view, colours)


def _draw_spectrogram(axes: "Axes", view: SpikeView) -> None:
    """Draw the log-mel frames in grey, loud ones dark."""
    _prepare(axes)
    loudest = float(view.log_mel.max())
    step = float(view.log_mel_seconds[1] - view.log_mel_seconds[0]) if len(view.log_mel) > 1 else 1
    first, last = view.log_mel_seconds[0] - step / 2, view.log_mel_seconds[-1] + step / 2
    num_mels = view.log_mel.shape[1]
    axes.imshow(
        view.log_mel.T,
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        extent=(first, last, -0.5, num_mels - 0.5),
        cmap="Greys",
        vmin=loudest - LOUDEST_RANGE,
        vmax=loudest + 2,  # so that the loudest is not black, and lines over it are seen
    )
    axes.set_xlim(0, view.seconds)
    axes.tick_params(labelbottom=False)
    shown = [hertz for hertz in _HERTZ_TICKS if view.mel_hertz[0] <= hertz <= view.mel_hertz[-1]]
    places = np.interp(shown, view.mel_hertz, np.arange(num_mels))
    axes.set_yticks(places, [f"{hertz / 1000:g}" for hertz in shown])
    axes.set_ylabel("kHz, mel scale", size=8.5, color=_SOFT)


def _draw_spikes(axes: "Axes", view: SpikeView, colours: dict[int, str]) -> None:
    """Draw a line at each spike's peak and shade the frames it takes."""
    for spike in view.spikes:
        colour = colours[spike.symbol]
        axes.axvspan(spike.start_seconds, spike.end_seconds, color=colour, alpha=0.16, linewidth=0)
        axes.axvline(spike.peak_seconds, color=colour, linewidth=1.3)


def _label_spikes(
    axes: "Axes", view: SpikeView, colours: dict[int, str], seconds_an_inch: float
) -> None:
    """Write symbols above their lines, on the lowest line with room, and the words above them."""
    across = axes.get_xaxis_transform()
    free = [-1.0] * _LABEL_LINES
    least = _LABEL_INCHES * seconds_an_inch
    for spike in view.spikes:
        line = next((i for i, end in enumerate(free) if spike.peak_seconds >= end), 0)
        free[line] = spike.peak_seconds + least
        text = view.spelling(spike.symbol)
        axes.text(
            spike.peak_seconds,
            1.03 + 0.07 * line + (0.025 if text == SPACE_SIGN else 0),  # it hangs below the line
            printable(text),
            transform=across,
            ha="center",
            va="baseline",
            size=9.5,
            weight="bold",
            color=colours[spike.symbol],
            parse_math=False,
        )
    if view.has_words:
        lines = sum(end >= 0 for end in free)
        _write_words(axes, view, 1.05 + 0.07 * lines)


def _write_words(axes: "Axes", view: SpikeView, y: float) -> None:
    """Write words over lines as long as they last, at a height in parts of the frame's."""
    across = axes.get_xaxis_transform()
    for word in view.words:
        ends = [word.start_seconds, word.end_seconds]
        axes.plot(ends, [y, y], transform=across, color=_SOFT, linewidth=1.2, clip_on=False)
        axes.text(
            sum(ends) / 2,
            y + 0.02,
            printable(word.text),
            transform=across,
            ha="center",
            va="baseline",
            size=9,
            color=_INK,
            parse_math=False,
        )


def _draw_posteriors(axes: "Axes", view: SpikeView, colours: dict[int, str]) -> None:
    """Draw probabilities of the blank and of symbols, and name those that came near being heard."""
    _prepare(axes)
    times = view.frame_seconds
    axes.plot(times, view.posteriors[:, 0], color=_BLANK, linewidth=1.1, linestyle=(0, (4, 2)))
    for symbol, colour in colours.items():
        values = view.posteriors[:, symbol]
        axes.fill_between(times, values, color=colour, alpha=0.22, linewidth=0)
        axes.plot(times, values, color=colour, linewidth=1.3)
    for spike in view.missed():
        axes.text(
            spike.peak_seconds,
            spike.probability + 0.03,
            printable(view.spelling(spike.symbol)),
            ha="center",
            va="baseline",
            size=8,
            color=colours[spike.symbol],
            parse_math=False,
        )
    axes.set_ylim(0, 1.04)
    axes.set_yticks([0, 0.5, 1])
    axes.set_ylabel("probability", size=8.5, color=_SOFT)
    axes.set_xlabel("seconds (dashed: blank)", size=8.5, color=_SOFT)
    axes.grid(axis="y", color=_LINE, linewidth=0.6)
    axes.set_axisbelow(True)


def _prepare(axes: "Axes") -> None:
    """Draw a light frame."""
    axes.tick_params(colors=_SOFT, labelsize=8, length=2.5, color=_LINE)
    for spine in axes.spines.values():
        spine.set_color(_LINE)
