"""Search and model errors as one page that needs no network.

The page is put together from the files beside this module. Its tables stand in the markup; charts
and the list of sentences are drawn by scripts from JSON within the page.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from seqtools.evaluation.beam_errors import MEANINGS, ErrorClass
from seqtools.io.atomic import atomic_writer
from seqtools.reports.page_parts import filled, json_for_script, template

if TYPE_CHECKING:  # at run time it would load the compiler
    import os
    from collections.abc import Mapping

    from seqtools.evaluation.beam_errors_story import SentenceStory
    from seqtools.evaluation.beam_errors_summary import BeamErrorSummary

MOST_SENTENCES = 2000
_MOST_POINTS = 4000
_MARKUP = "beam_errors.html"
_STYLES = ("beam_errors.css", "heat_map.css", "beam_story.css")
_SCRIPTS = (
    "page_elements.js",
    "beam_errors_charts.js",
    "beam_sweep.js",
    "heat_map.js",
    "beam_lattice.js",
    "beam_story.js",
    "beam_errors_sentences.js",
)
_KEYS_OF_SCRIPTS = ("lengths", "oracle", "sweep", "fell_off")


def write_report(
    summary: BeamErrorSummary,
    path: str | os.PathLike[str],
    title: str = "scores",
    stories: Mapping[int, SentenceStory] | None = None,
) -> None:
    """Write the page.

    Parameters
    ----------
    summary : BeamErrorSummary
        What to show.
    path : path-like
        The file; it is replaced only when the new one is whole.
    title : str
        What the scores are called.
    stories : mapping of int to SentenceStory, optional
        Sentences whose beam and attention can be opened, by their numbers.

    Raises
    ------
    FileAccessError
        If the file cannot be written; what stood there still stands.
    """
    page = render_report(summary, title, stories)
    with atomic_writer(path) as file:
        file.write(page)


def render_report(
    summary: BeamErrorSummary,
    title: str = "scores",
    stories: Mapping[int, SentenceStory] | None = None,
) -> bytes:
    """Return the page, UTF-8. Equal summaries give equal bytes.

    Notes
    -----
    Of more than `MOST_SENTENCES` sentences the page lists those with a story and those of the
    widest gaps; counts, shares and tables are over all.
    """
    content = summary.as_dict()
    settings = summary.settings
    parts = {
        "title": html.escape(title),
        "style": "\n".join(template(name) for name in _STYLES),
        "advice": html.escape(_sentence_case(summary.advice)),
        "objective": html.escape(summary.objective.formula),
        "tiles": _tiles(summary),
        "classes": _class_rows(summary),
        "faults": _fault_rows(summary),
        "turned": str(summary.raw_would_differ),
        "margin": f"{settings.verdict.tie_margin:g}",
        "caption": html.escape(
            f"{len(summary.sentences)} sentences; quality: {_quality(summary)}; "
            f"{settings.resamples} bootstrap resamples, seed {settings.seed}"
        ),
        "data": json_for_script(_page_data(summary, content, stories or {})),
        "script": "\n".join(template(name) for name in _SCRIPTS),
    }
    return filled(template(_MARKUP), parts)


def _page_data(
    summary: BeamErrorSummary, content: dict[str, Any], stories: Mapping[int, SentenceStory]
) -> dict[str, Any]:
    """Return what the scripts read."""
    rows = content["sentences"]
    rank = {
        row["sentence"]: (row["sentence"] not in stories, -abs(row.get("gap", 0))) for row in rows
    }
    kept = sorted(rows, key=lambda row: rank[row["sentence"]])[:MOST_SENTENCES]
    points = [
        {
            "sentence": row["sentence"],
            "class": row["class"],
            "x": row["hypothesis_value"],
            "y": row["reference_value"],
        }
        for row in rows
        if "reference_value" in row
    ]
    step = -(-len(points) // _MOST_POINTS) or 1
    return {
        "classes": [
            {"name": str(name), "label": _label(name), "count": count}
            for name, count in summary.counts.items()
        ],
        "alpha": summary.objective.alpha,
        "points": points[::step],
        "sentences": sorted(kept, key=lambda row: row["sentence"]),
        "left_out": len(rows) - len(kept),
        "beam_size": summary.beam_size,
        "stories": {
            row["sentence"]: stories[row["sentence"]].as_dict()
            for row in kept
            if row["sentence"] in stories
        },
        **{key: content[key] for key in _KEYS_OF_SCRIPTS},
    }


def _tiles(summary: BeamErrorSummary) -> str:
    """Return the numbers on top."""
    tiles = [
        ("", "sentences", f"{len(summary.sentences):,}", ""),
        ("", "errors", f"{summary.num_errors:,}", "neither the reference nor as good"),
    ]
    for name, label in (("search", "search at fault"), ("model", "model at fault")):
        fraction, interval = summary.fractions[name], summary.ci95[name]
        if fraction is None or interval is None:
            tiles.append((name, label, "n/a", "no errors"))
            continue
        low, high = (100 * end for end in interval)
        tiles.append((name, label, f"{100 * fraction:.0f}%", f"{low:.0f} to {high:.0f}%"))
    tiles.append(("", "search errors proved", f"{summary.proved:,}", "also where they did no harm"))
    return "\n".join(
        f'      <div class="{kind}"><dt>{label}</dt><dd>{value} <small>{note}</small></dd></div>'
        for kind, label, value, note in tiles
    )


def _class_rows(summary: BeamErrorSummary) -> str:
    """Return the rows of the table of classes."""
    total = len(summary.sentences)
    return "\n".join(
        f'        <tr id="class-{name}"{"" if count else " class=none"}>'
        f'<td style="--class: var(--{name})"><span class="swatch"></span>{_label(name)}</td>'
        f'<td class="number">{count}</td><td class="number">{100 * count / total:.1f}%</td>'
        f"<td>{html.escape(MEANINGS[name])}</td></tr>"
        for name, count in summary.counts.items()
    )


def _fault_rows(summary: BeamErrorSummary) -> str:
    """Return the rows of the table of faults, each with its interval drawn."""
    rows = []
    for name, fraction in summary.fractions.items():
        interval = summary.ci95[name]
        if fraction is None or interval is None:
            cells = "".join(f'<td class="number">{text}</td>' for text in ("0", "n/a", "n/a"))
            rows.append(f"        <tr><td>{name}</td>{cells}<td></td></tr>")
            continue
        low, high = (100 * end for end in interval)
        rows.append(
            f'        <tr id="fault-{name}"><td>{name}</td>'
            f'<td class="number">{round(fraction * summary.num_errors)}</td>'
            f'<td class="number">{100 * fraction:.1f}%</td>'
            f'<td class="number">{low:.1f}% to {high:.1f}%</td>'
            f'<td class="wide"><div class="whisker" style="--class: var(--{name})">'
            f'<div class="fill" style="left: 0; width: {100 * fraction:.2f}%"></div>'
            f'<div class="range" style="left: {low:.2f}%; width: {high - low:.2f}%"></div>'
            "</div></td></tr>"
        )
    return "\n".join(rows)


def _quality(summary: BeamErrorSummary) -> str:
    """Say how an output counts as not worse."""
    name = summary.metric_name
    if name is None:
        return "not known, so every other output than the reference is an error"
    if name == "given":
        return "as given"
    return f"sentence {name}, not worse from {summary.settings.verdict.not_worse_at:g} on"


def _label(name: ErrorClass) -> str:
    """Return a class in words."""
    words = str(name).replace("_", " ")
    for proof in ("reference", "beam", "exact"):
        words = words.replace(f"search error {proof}", f"search error ({proof})")
    return words


def _sentence_case(text: str) -> str:
    """Begin with a capital and end with a period."""
    return f"{text[:1].upper()}{text[1:]}."
