"""Measurements of gradients, from the logs of training or made now on a text."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqtools.errors import ModelError
from seqtools.io.model_directory import ModelDirectory
from seqtools.models.gradient_report import measure_gradients
from seqtools.models.language_model_files import KIND, load_language_model
from seqtools.text.encoding import encode_text


@dataclass(frozen=True)
class GradientRun:
    """The measurements of one model.

    Attributes
    ----------
    name : str
        Of its directory.
    cell : str
    num_layers : int
    observations : list of dict
        "epoch" (None for one made now) and the keys of ``measure_gradients``, in order.
    """

    name: str
    cell: str
    num_layers: int
    observations: list[dict[str, Any]]

    @property
    def last(self) -> dict[str, Any]:
        """The last measurement."""
        return self.observations[-1]

    def share_left(self, layer: str) -> float | None:
        """Return how much of the gradient at lag 1 is left at the longest lag."""
        norms = self.last["norms"].get(layer)
        return norms[-1] / norms[0] if norms and norms[0] else None


def read_gradient_runs(
    paths: Sequence[str | os.PathLike[str]], texts: Sequence[str | os.PathLike[str]] = ()
) -> list[GradientRun]:
    """Read the measurements of models, or make them.

    Parameters
    ----------
    paths : sequence of path-like
        Directories of language models.
    texts : sequence of path-like
        If given, gradients are measured on this text now; else those logged in training are read.

    Raises
    ------
    ModelError
        If a directory holds no language model, or its log no measurements.
    """
    return [_measure(path, texts) if texts else _read(path) for path in paths]


def _measure(path: str | os.PathLike[str], texts: Sequence[str | os.PathLike[str]]) -> GradientRun:
    """Measure gradients on a text."""
    stored = load_language_model(path)
    found = measure_gradients(stored.model, encode_text(texts, stored.codec).ids)
    settings = stored.model.settings
    return GradientRun(
        Path(path).name, settings.cell, settings.num_layers, [{"epoch": None, **found}]
    )


def _read(path: str | os.PathLike[str]) -> GradientRun:
    """Read the measurements in the log of a run."""
    directory = ModelDirectory(path)
    settings = directory.read_config(KIND)["settings"]["model"]
    observations = [
        {"epoch": event["epoch"], **event["gradients"]}
        for event in _events(directory.log_path)
        if event.get("event") == "observation" and "gradients" in event
    ]
    if not observations:
        raise ModelError(
            "its log holds no measurements of gradients",
            path=directory.path,
            remedy="train with --grad-stats, or name a text with --text",
        )
    return GradientRun(Path(path).name, settings["cell"], settings["num_layers"], observations)


def _events(path: Path) -> list[dict[str, Any]]:
    """Read a log, a JSON object a line.

    Raises
    ------
    ModelError
        If it is missing, or a line is none.
    """
    events = []
    try:
        for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
            if line:
                event = json.loads(line)
                if not isinstance(event, dict):
                    raise ModelError("is no JSON object", path=path, line=number)
                events.append(event)
    except FileNotFoundError as error:
        raise ModelError("is missing", path=path, remedy="train with --grad-stats") from error
    except ValueError as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            "is not JSON", path=path, line=number, remedy="delete the line, or train again"
        ) from error
    return events
