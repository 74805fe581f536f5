"""Drawings of a bias report as SVG that takes its colours from the page."""

from collections.abc import Sequence
from html import escape

import numpy as np

from seqtools.bias.audit import BiasAudit
from seqtools.reports.bias_story import BiasStory
from seqtools.types import Float64Array, Int64Array

_WIDTH = 920
_MARGIN = 24
_DOT = 3.2
_BAND = 150
_ROW = 34
_LABEL_ROOM = 84


def draw_swarms(story: BiasStory) -> str:
    """Draw every target word as a dot along the bias direction, a band a state.

    Dots carry their word and cosine as a tooltip, and the word for the page's search.
    """
    words = story.plan.targets.words
    if not words:
        return "<p>No target word has a vector.</p>"
    cosines = [audit.target_cosines[:, 0] for _, audit in story.states]
    reach = 1.06 * max(0.05, *(float(np.abs(values).max()) for values in cosines))
    height = _BAND * len(cosines) + 46
    right, left = story.ends
    parts = [_open(height, "Words along the bias direction")]
    parts += _grid(reach, height - 40)
    for band, ((name, _), values) in enumerate(zip(story.states, cosines, strict=True)):
        parts += _swarm(words, values, reach, band, name)
    parts.append(
        f'<text x="{_MARGIN}" y="{height - 4}" class="soft">← {escape(left)}</text>'
        f'<text x="{_WIDTH - _MARGIN}" y="{height - 4}" class="soft" text-anchor="end">'
        f"{escape(right)} →</text>"
        f'<text x="{_WIDTH / 2}" y="{height - 4}" class="soft" text-anchor="middle">'
        "cosine with the bias direction</text></svg>"
    )
    return "\n".join(parts)


def draw_tests(story: BiasStory) -> str:
    """Draw the effect size of every test as a bar with its interval, a bar a state."""
    names = story.tests()
    if not names:
        return "<p>No association test has enough words with a vector.</p>"
    bounds = [_reach(audit, name) for _, audit in story.states for name in names]
    low, high = min(0.0, *(a for a, _ in bounds)), max(0.1, *(b for _, b in bounds))
    scale = (_WIDTH - _LABEL_ROOM - _MARGIN) / (1.08 * (high - low))
    zero = _LABEL_ROOM + (0.04 * (high - low) - low) * scale
    height = _ROW * len(names) + 40
    parts = [_open(height, "Effect sizes of association tests")]
    for tick in np.arange(np.ceil(low / 0.5) * 0.5, high + 1e-9, 0.5):
        x = zero + tick * scale
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{height - 34}" class="grid"/>'
            f'<text x="{x:.1f}" y="{height - 18}" class="soft" text-anchor="middle">{tick:g}</text>'
        )
    for row, name in enumerate(names):
        top = 6 + row * _ROW
        parts.append(f'<text x="8" y="{top + _ROW / 2 + 2:.1f}" class="ink">{escape(name)}</text>')
        for i, (state, audit) in enumerate(story.states):
            parts.append(_bar(audit, name, state, i, len(story.states), top, zero, scale))
    parts.append(
        f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="4" y2="{height - 34}" class="zero"/>'
        f'<text x="{_WIDTH / 2}" y="{height - 2}" class="soft" text-anchor="middle">'
        "effect size d (0: no bias)</text></svg>"
    )
    return "\n".join(parts)


def stack_heights(places: Float64Array, width: float) -> Int64Array:
    """Return how high each dot must be piled so that none covers another.

    Parameters
    ----------
    places : float64 array, shape (N,)
    width : float
        Of a dot, in the same unit.

    Returns
    -------
    int64 array, shape (N,)
        Dots already there at the place of each.
    """
    cells = np.floor(places / width).astype(np.int64)
    order = np.argsort(cells, kind="stable")
    starts = np.flatnonzero(np.diff(cells[order], prepend=cells[order[0]] - 1))
    sizes = np.diff(np.append(starts, len(cells)))
    heights = np.empty(len(cells), dtype=np.int64)
    heights[order] = np.arange(len(cells)) - np.repeat(starts, sizes)
    return heights


def _swarm(
    words: Sequence[str], values: Float64Array, reach: float, band: int, name: str
) -> list[str]:
    """Draw the dots of a state, piled upwards."""
    scale = (_WIDTH - 2 * _MARGIN) / (2 * reach)
    x = _MARGIN + (values + reach) * scale
    heights = stack_heights(x, 2 * _DOT)
    step = min(2 * _DOT, (_BAND - 34) / max(1, int(heights.max())))
    floor = _BAND * (band + 1)
    parts = [
        f'<text x="{_MARGIN}" y="{floor - _BAND + 22}" class="ink">{escape(name)}</text>',
        f'<line x1="{_MARGIN}" x2="{_WIDTH - _MARGIN}" y1="{floor}" y2="{floor}" class="grid"/>',
    ]
    for word, place, height, value in zip(
        words, x.tolist(), heights.tolist(), values.tolist(), strict=True
    ):
        y = floor - _DOT - 1 - height * step
        label = escape(word, quote=True)
        parts.append(
            f'<circle cx="{place:.1f}" cy="{y:.1f}" r="{_DOT}" class="dot state-{band}" '
            f'data-word="{label}"><title>{label}: {value:+.4f}</title></circle>'
        )
    return parts


def _grid(reach: float, bottom: float) -> list[str]:
    """Draw vertical lines at round cosines."""
    step = 0.1 if reach < 0.6 else 0.2
    if reach < 0.12:
        step = 0.02
    scale = (_WIDTH - 2 * _MARGIN) / (2 * reach)
    parts = []
    for i in range(-int(reach / step), int(reach / step) + 1):
        x = _MARGIN + (i * step + reach) * scale
        kind = "zero" if i == 0 else "grid"
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="6" y2="{bottom:.0f}" class="{kind}"/>'
            f'<text x="{x:.1f}" y="{bottom + 18:.0f}" class="soft" text-anchor="middle">'
            f"{i * step:g}</text>"
        )
    return parts


def _bar(
    audit: BiasAudit,
    name: str,
    state: str,
    place: int,
    num_states: int,
    top: float,
    zero: float,
    scale: float,
) -> str:
    """Draw a bar and its interval."""
    score = audit.weat[name].score
    size = score.effect_size if score is not None else None
    if score is None or size is None:
        return ""
    height = (_ROW - 10) / num_states
    y = top + place * height
    x, width = zero + min(size, 0) * scale, abs(size) * scale
    tip = escape(f"{name}, {state}: d = {size:.3f}, p = {score.p_value:.3g}")
    drawn = (
        f'<g><title>{tip}</title><rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{height - 1:.1f}" class="bar state-{place}"/>'
    )
    if score.interval is not None:
        low, high = (zero + end * scale for end in score.interval)
        middle = y + (height - 1) / 2
        drawn += f'<path d="M{low:.1f} {middle - 3:.1f}v6m0-3H{high:.1f}m0-3v6" class="interval"/>'
    return drawn + "</g>"


def _reach(audit: BiasAudit, name: str) -> tuple[float, float]:
    """Return the ends of what is drawn for a test."""
    score = audit.weat[name].score
    if score is None or score.effect_size is None:
        return 0.0, 0.0
    low, high = score.interval or (score.effect_size, score.effect_size)
    return min(low, score.effect_size), max(high, score.effect_size)


def _open(height: float, label: str) -> str:
    """Begin a drawing."""
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{escape(label)}" '
        'xmlns="http://www.w3.org/2000/svg">'
    )
