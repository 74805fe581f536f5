"""A bias report as one page that needs no network: drawings, tables and lists."""

import html
import re
from collections.abc import Iterable, Sequence
from importlib import resources

from seqtools.bias.audit import WeatResult
from seqtools.bias.cost import DebiasingCost, ScoreChange
from seqtools.bias.measure import TITLES, Measure
from seqtools.reports.bias_drawing import draw_swarms, draw_tests
from seqtools.reports.bias_story import BiasStory

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_GISTS = {
    "direct_bias": "mean absolute cosine of target words with the bias direction",
    "direct_bias_own": "the same along the direction that the definitional sets have in this state",
    "ripa": "mean size of w·(x - y)/|x - y| over target words, vectors as stored",
    "ripa_unit": "the same with vectors of length 1, which compares before with after",
    "ripa_signed": "its mean with the sign: above 0 towards the first group",
    "rnd": "mean difference of distances to the groups' means: below 0 towards the first group",
    "ect": "rank correlation of target words' cosines with the groups' means",
    "mac": "mean cosine distance of the groups' words to what is ascribed to them",
    "cluster_accuracy": "share of the most biased words in the cluster of their group",
    "neighborhood": "correlation of words' bias before with the leaning of their neighbours",
    "probe": "accuracy of a classifier that tells the groups of the most biased words",
}


def render_bias_page(story: BiasStory) -> bytes:
    """Return the page, UTF-8.

    Parameters
    ----------
    story : BiasStory
        What to show. Equal stories give equal bytes.
    """
    parts = {
        "title": html.escape(story.title),
        "caption": html.escape(story.caption),
        "style": _template("bias_page.css"),
        "script": _template("bias_page.js"),
        "legend": _legend(story),
        "options": "".join(
            f'<option value="{html.escape(word, quote=True)}">'
            for word in sorted(story.plan.targets.words)
        ),
        "swarms": draw_swarms(story),
        "measures": _measures(story),
        "bars": draw_tests(story),
        "tests": _tests(story),
        "cost": _cost(story.cost),
        "most_biased": _most_biased(story),
        "indirect": _indirect(story),
        "lost": _lost(story),
    }
    page = _PLACEHOLDER.sub(lambda match: parts[match[1]], _template("bias_page.html"))
    return page.encode("utf-8", errors="replace")


def _legend(story: BiasStory) -> str:
    """Return what the colours mean."""
    if len(story.states) < 2:
        return ""
    items = "".join(
        f'<li><span class="swatch state-{i}"></span>{html.escape(name)}</li>'
        for i, (name, _) in enumerate(story.states)
    )
    return f'<ul class="legend">{items}</ul>'


def _measures(story: BiasStory) -> str:
    """Return the table of measures."""
    rows = []
    for name, (title, ideal) in TITLES.items():
        cells = [_measure(audit.measures[name]) for _, audit in story.states]
        rows.append([html.escape(title), *cells, html.escape(ideal), _GISTS[name]])
    heads = ["measure", *(name for name, _ in story.states), "ideal", "what it is"]
    return _table(heads, rows, len(story.states))


def _measure(measure: Measure) -> str:
    """Return a value and its interval."""
    if measure.value is None:
        return "n/a"
    return _number(measure.value) + _range(measure.interval)


def _tests(story: BiasStory) -> str:
    """Return the table of association tests."""
    rows = []
    for found in story.plan.tests:
        name = found.test.name
        cells = [html.escape(name)]
        cells += [_test(audit.weat[name]) for _, audit in story.states]
        lost = ", ".join(found.lost) or "none"
        rows.append([*cells, html.escape(f"{found.test.title}; words lost: {lost}")])
    heads = ["test", *(f"d and p, {name}" for name, _ in story.states), "sets"]
    return _table(heads, rows, len(story.states)) if rows else ""


def _test(result: WeatResult) -> str:
    """Return an effect size, its interval and its p-value."""
    score = result.score
    if score is None or score.effect_size is None:
        return "n/a"
    sign = "=" if score.exact else "≈"
    p_value = f"{sign} {score.p_value:.2g}"
    if score.exact and score.p_value == 0:
        p_value = f"&lt; {1 / score.partitions:.2g}"
    size = _number(score.effect_size) + _range(score.interval)
    return f'{size} <span class="range">p {p_value}</span>'


def _cost(cost: DebiasingCost | None) -> str:
    """Return the section on similarity and analogies."""
    if cost is None:
        return ""
    changes = [*cost.similarity.items(), *cost.analogies.items()]
    if not changes:
        return ""
    heads = ["set", "before", "after", "change", "p", "covered"]
    rows = [[html.escape(name), *_change(change)] for name, change in changes]
    return (
        "<section><h2>What it cost</h2>"
        f"{_table(heads, rows, 5)}"
        f'<p class="note">{html.escape(cost.settings.policy)}</p></section>'
    )


def _change(change: ScoreChange) -> list[str]:
    """Return the cells of a score before and after."""
    counts = f"{change.covered:,} of {change.total:,}"
    if change.before is None or change.after is None or change.difference is None:
        return ["n/a", "n/a", "n/a", "n/a", counts]
    p_value = "n/a" if change.p_value is None else f"{change.p_value:.2g}"
    return [
        _number(change.before),
        _number(change.after),
        f"{change.difference:+.4f}{_range(change.interval)}",
        p_value,
        counts,
    ]


def _most_biased(story: BiasStory) -> str:
    """Return the lists of words that lean most, by state and group."""
    lists = []
    for state, audit in story.states:
        for group, words in audit.most_biased.items():
            title = f"{group}, {state}" if len(story.states) > 1 else group
            items = "".join(
                f'<li>{html.escape(word)}<span class="number">{leaning:.3f}</span></li>'
                for word, leaning in words
            )
            body = f"<ol>{items}</ol>" if items else '<p class="note">none</p>'
            lists.append(f"<div><h3>{html.escape(title)}</h3>{body}</div>")
    return f'<div class="columns">{"".join(lists)}</div>'


def _indirect(story: BiasStory) -> str:
    """Return the section on pairs of words."""
    pairs = story.states[0][1].indirect
    if not pairs:
        return ""
    rows = [
        [
            html.escape(f"{pair.first} and {pair.second}"),
            *(
                "n/a" if (beta := audit.indirect[i].beta) is None else _number(beta)
                for _, audit in story.states
            ),
        ]
        for i, pair in enumerate(pairs)
    ]
    heads = ["words", *(name for name, _ in story.states)]
    table = _table(heads, rows, len(story.states))
    gist = "Share of two words' similarity that comes from the bias subspace."
    return f'<section><h2>Indirect bias</h2><p class="note">{gist}</p>{table}</section>'


def _lost(story: BiasStory) -> str:
    """Return the list of words without a vector."""
    if not story.lost:
        return ""
    words = html.escape(", ".join(story.lost))
    count = len(story.lost)
    return f"<details><summary>{count} words have no vector</summary><p>{words}</p></details>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], num_numbers: int) -> str:
    """Return a table; cells are HTML, and so many columns after the first hold numbers."""

    def kind(column: int, num_columns: int) -> str:
        if 1 <= column <= num_numbers:
            return ' class="number"'
        is_gist = column == num_columns - 1 and column > num_numbers
        return ' class="gist"' if is_gist else ""

    head = "".join(f"<th{kind(i, 0)}>{html.escape(title)}</th>" for i, title in enumerate(heads))
    body = "".join(
        "<tr>"
        + "".join(f"<td{kind(i, len(row))}>{cell}</td>" for i, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _number(value: float) -> str:
    """Write a number, rounding errors about 0 as 0."""
    return f"{value if abs(value) >= 5e-7 else 0.0:.4f}"


def _range(interval: tuple[float, float] | None) -> str:
    """Write an interval behind a number."""
    if interval is None:
        return ""
    return f' <span class="range">[{_number(interval[0])}, {_number(interval[1])}]</span>'


def _template(name: str) -> str:
    """Return a file that stands beside this module."""
    return resources.files("seqtools.reports").joinpath(name).read_text(encoding="utf-8")
