"""Gradients through time as a picture, or as a page with the picture and its figures."""

import html
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqtools.io.atomic import atomic_writer
from seqtools.models.gradient_log import GradientRun
from seqtools.reports.output_files import PAGE_SUFFIX, suffix_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _SOFT, _LINE = "#1c2330", "#5b6675", "#d9dde3"
# Apart in lightness and for colour-blind eyes; by cell, so that pictures can be compared.
_COLOURS = {"rnn": "#b3500b", "gru": "#1f6fb5", "lstm": "#2a8a4a"}
_MARKERS = ("o", "s", "^", "D", "v")
_DOTS_PER_INCH = 150
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)


def write_gradient_picture(path: str | os.PathLike[str], runs: Sequence[GradientRun]) -> None:
    """Draw the gradients of several models.

    Parameters
    ----------
    path : path-like
        .png, .svg or .pdf for a picture, .html for a page that needs no network.
    runs : sequence of GradientRun
        Most telling if the models were trained on the same text.
    """
    suffix = suffix_of(path, "a picture")
    is_page = suffix == PAGE_SUFFIX
    content = _page(runs) if is_page else _picture(runs, suffix.removeprefix("."))
    with atomic_writer(path) as file:
        file.write(content)


def gradient_rows(runs: Sequence[GradientRun]) -> list[tuple[str, ...]]:
    """Return a table: a row for each model, layer and part of its state."""
    return [
        (
            run.name,
            run.cell,
            layer,
            *(f"{norms[place]:.3g}" for place in _shown(run.last["lags"])),
            "-" if run.share_left(layer) is None else f"{run.share_left(layer):.2g}",
        )
        for run in runs
        for layer, norms in run.last["norms"].items()
    ]


def gradient_columns(runs: Sequence[GradientRun]) -> list[str]:
    """Return the heads of the columns of `gradient_rows`."""
    lags = runs[0].last["lags"]
    return ["model", "cell", "layer", *(f"lag {lags[i]}" for i in _shown(lags)), "last/first"]


def gate_rows(runs: Sequence[GradientRun]) -> list[tuple[str, ...]]:
    """Return a table of gates: shares near both ends, and spectral radii."""
    rows: list[tuple[str, ...]] = []
    for run in runs:
        saturation, radii = run.last["saturation"], run.last["spectral_radius"]
        for name in sorted({*saturation, *radii}):
            low, high = (f"{100 * share:.0f}%" for share in saturation.get(name, (np.nan, np.nan)))
            rows.append(
                (
                    run.name, name, low.replace("nan%", "-"), high.replace("nan%", "-"),
                    f"{radii[name]:.2f}" if name in radii else "-",
                )
            )  # fmt: skip
    return rows


GATE_COLUMNS = ("model", "gate", "near the low end", "near the high end", "spectral radius")


def _shown(lags: Sequence[int]) -> list[int]:
    """Return which lags stand in a table: at most five, the first and the last among them."""
    places = np.unique(np.linspace(0, len(lags) - 1, min(5, len(lags))).round().astype(int))
    return [int(place) for place in places]


def _picture(runs: Sequence[GradientRun], image_format: str) -> bytes:
    """Draw norms by lag, one panel a layer, and their decay over the epochs."""
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
    num_layers = max(run.num_layers for run in runs)
    has_epochs = any(len(run.observations) > 1 for run in runs)
    num_panels = num_layers + has_epochs
    with mpl.rc_context(settings):
        figure = Figure(figsize=(1.2 + 5.2 * num_panels, 5.2), dpi=_DOTS_PER_INCH)
        figure.suptitle("Loss gradients by time lag", x=0.02, ha="left", size=13, color=_INK)
        panels = figure.subplots(1, num_panels, squeeze=False)[0]
        for layer in range(num_layers):
            _draw_layer(panels[layer], runs, layer)
        if has_epochs:
            _draw_epochs(panels[-1], runs)
        figure.tight_layout(rect=(0, 0, 1, 0.96))
        content = io.BytesIO()
        metadata = {"Date": None} if image_format == "svg" else {}
        if image_format == "pdf":
            metadata = {"CreationDate": None}
        figure.savefig(content, format=image_format, metadata=metadata)
    return content.getvalue()


def _draw_layer(axes: "Axes", runs: Sequence[GradientRun], layer: int) -> None:
    """Draw the norms of one layer against the lag."""
    for index, run in enumerate(runs):
        colour = _COLOURS.get(run.cell, _INK)
        for part, style in (("hidden", "-"), ("cell", "--")):
            norms = run.last["norms"].get(f"layer{layer}.{part}")
            if norms is None:
                continue
            label = run.name if part == "hidden" else f"{run.name}, cell"
            axes.plot(
                run.last["lags"], _positive(norms), style, color=colour, label=label,
                marker=_MARKERS[index % len(_MARKERS)], markersize=4, linewidth=1.6,
            )  # fmt: skip
    lags = runs[0].last["lags"]
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(lags, [str(lag) for lag in lags])
    axes.set_title(f"layer {layer + 1}", size=10, color=_INK, loc="left")
    axes.set_xlabel("time lag k, steps", size=9, color=_SOFT)
    axes.set_ylabel("mean norm of dL(t) / dh(t-k)", size=9, color=_SOFT)
    _finish(axes)


def _draw_epochs(axes: "Axes", runs: Sequence[GradientRun]) -> None:
    """Draw what is left of the first layer's gradient at the longest lag, epoch by epoch."""
    from matplotlib.ticker import MaxNLocator

    for index, run in enumerate(runs):
        epochs = [found["epoch"] or 0 for found in run.observations]
        for part, style in (("hidden", "-"), ("cell", "--")):
            norms = [found["norms"].get(f"layer0.{part}") for found in run.observations]
            if None in norms:
                continue
            shares = [seen[-1] / max(seen[0], 1e-300) for seen in norms]
            axes.plot(
                epochs, _positive(shares), style, color=_COLOURS.get(run.cell, _INK),
                label=run.name if part == "hidden" else f"{run.name}, cell",
                marker=_MARKERS[index % len(_MARKERS)], markersize=4, linewidth=1.6,
            )  # fmt: skip
    lag = runs[0].last["lags"][-1]
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_yscale("log")
    axes.set_title(f"layer 1: norm at lag {lag} over lag 1", size=10, color=_INK, loc="left")
    axes.set_xlabel("epoch", size=9, color=_SOFT)
    _finish(axes)


def _positive(values: Sequence[float]) -> list[float]:
    """Return values for a logarithmic axis, which has no room for 0."""
    return [value if value > 0 else float("nan") for value in values]


def _finish(axes: "Axes") -> None:
    """Add grid and legend."""
    axes.grid(True, color=_LINE, linewidth=0.6)
    axes.tick_params(labelsize=8, colors=_SOFT)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(fontsize=8, frameon=False)


def _page(runs: Sequence[GradientRun]) -> bytes:
    """Return a page with the picture and its tables, which needs no network."""
    picture = _picture(runs, "svg").decode()
    # Matplotlib's description of the drawing only names vocabularies on the network.
    drawing = _METADATA.sub("", picture[picture.index("<svg") :])
    tables = _table(gradient_columns(runs), gradient_rows(runs))
    gates = _table(GATE_COLUMNS, gate_rows(runs))
    page = (Path(__file__).parent / "gradient_page.html").read_text(encoding="utf-8")
    for name, part in (("PICTURE", drawing), ("NORMS", tables), ("GATES", gates)):
        page = page.replace(f"<!-- {name} -->", part)
    return page.encode()


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in HTML."""
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
