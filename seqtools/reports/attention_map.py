"""Attention of outputs over their sources as heat maps: a picture of one, a page of many.

Bahdanau, Cho and Bengio (2015), figure 3: rows are what was written, columns what was read.
"""

import html
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqtools.errors import SettingsError
from seqtools.io.atomic import atomic_writer
from seqtools.reports.output_files import PAGE_SUFFIX, suffix_of
from seqtools.reports.page_parts import filled, json_for_script, template
from seqtools.types import Float32Array, Int32Array

_STYLES = ("beam_errors.css", "heat_map.css", "attention_map.css")
_SCRIPTS = ("page_elements.js", "heat_map.js")


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """Where a model looked while it wrote.

    Attributes
    ----------
    source_labels : sequence of str
        S positions read.
    target_labels : sequence of str
        T symbols written.
    weights : float32 array, shape (T, S)
        Rows sum to 1.
    title : str
        What the output is called, such as "sentence 3".
    """

    source_labels: Sequence[str]
    target_labels: Sequence[str]
    weights: Float32Array
    title: str = ""

    def __post_init__(self) -> None:
        shape = (len(self.target_labels), len(self.source_labels))
        if self.weights.shape != shape:
            raise SettingsError(
                f"weights must have a row a target label and a column a source label, {shape}; "
                f"got {self.weights.shape}"
            )

    def by_words(self, source_words: Int32Array, target_words: Int32Array) -> "AttentionMap":
        """Return the map between words instead of subwords.

        Parameters
        ----------
        source_words, target_words : int32 arrays, shapes (S,) and (T,)
            To which word each position belongs, as ``Codec.words_of`` says; never falling.

        Notes
        -----
        A word is looked at with the sum of its parts' weights, and looks with their mean.
        """
        from_source, source_labels = _joined(self.source_labels, source_words)
        from_target, target_labels = _joined(self.target_labels, target_words)
        summed = from_target.T @ self.weights @ from_source
        means = summed / from_target.sum(axis=0)[:, None]
        return replace(
            self,
            source_labels=source_labels,
            target_labels=target_labels,
            weights=means.astype(np.float32),
        )


def write_attention_maps(
    path: str | os.PathLike[str], maps: Sequence[AttentionMap], title: str = "attention"
) -> None:
    """Write maps in the format that the suffix names.

    Parameters
    ----------
    path : path-like
        .html for a page of all maps; .png, .svg or .pdf for a picture of the only one.
    maps : sequence of AttentionMap
        At least one.
    title : str
        Heading of the page.

    Raises
    ------
    SettingsError
        If the suffix names none of these, or a picture is asked for of several maps.
    FileAccessError
        If the file cannot be written; what stood there still stands.
    """
    suffix = suffix_of(path, "attention")
    if suffix == PAGE_SUFFIX:
        content = render_attention_page(maps, title)
    elif len(maps) == 1:
        from seqtools.reports.attention_picture import render_attention_picture

        content = render_attention_picture(maps[0], suffix.removeprefix("."))
    else:
        raise SettingsError(
            f"{os.fspath(path)}: a picture shows one sentence, got {len(maps)}; write a page "
            "ending in .html, or give one sentence"
        )
    with atomic_writer(path) as file:
        file.write(content)


def render_attention_page(maps: Sequence[AttentionMap], title: str = "attention") -> bytes:
    """Return a page that needs no network, UTF-8. Equal maps give equal bytes."""
    data = [
        {
            "source": list(item.source_labels),
            "target": list(item.target_labels),
            "weights": percentages(item.weights),
            "title": item.title,
            "caption": f"{len(item.source_labels)} positions, {len(item.target_labels)} symbols",
        }
        for item in maps
    ]
    parts = {
        "title": html.escape(title),
        "style": "\n".join(template(name) for name in _STYLES),
        "data": json_for_script(data),
        "script": "\n".join(template(name) for name in _SCRIPTS),
    }
    return filled(template("attention_map.html"), parts)


def percentages(weights: Float32Array) -> list[list[int]]:
    """Return weights in whole hundredths, as pages draw them."""
    rounded: list[list[int]] = np.rint(weights * 100).astype(np.int64).tolist()
    return rounded


def _joined(labels: Sequence[str], words: Int32Array) -> tuple[Float32Array, list[str]]:
    """Return which position belongs to which word, shape (N, W), and the words' labels."""
    places = np.unique(words, return_inverse=True)[1]
    belongs = np.zeros((len(labels), int(places.max(initial=-1)) + 1), dtype=np.float32)
    belongs[np.arange(len(labels)), places] = 1.0
    parts: list[list[str]] = [[] for _ in range(belongs.shape[1])]
    for label, place in zip(labels, places.tolist(), strict=True):
        parts[place].append(label)
    # sentencepiece marks where a word begins.
    return belongs, ["".join(part).replace("\u2581", " ").strip() for part in parts]
