"""What the translation commands print."""

import json
import math
import sys
from typing import Any

import click

from seqtools_cli.console import Console


class TranslationWriter:
    """Writes translations as they come, and draws attention at the end.

    Parameters
    ----------
    console : Console
    model : TranslationModel
    settings : TranslationSettings
    options : dict
        Of `seqtools translate`.
    """

    def __init__(
        self, console: Console, model: Any, settings: Any, options: dict[str, Any]
    ) -> None:
        self._console, self._model, self._settings = console, model, settings
        self._plot, self._by_words = options["attention_plot"], options["by_words"]
        self._is_list = options["n_best"] > 1
        self._is_jsonl = options["n_best_format"] == "jsonl"
        self._rows: list[dict[str, Any]] = []
        self._drawn: list[tuple[str, Any]] = []

    def write(self, first: int, lines: list[str], results: list[list[Any]]) -> None:
        """Write the results of a block whose first line has a number."""
        for place, (line, outputs) in enumerate(zip(lines, results, strict=True)):
            number = first + place
            if self._console.json:
                translations = [describe(output) for output in outputs]
                self._rows.append({"line": number + 1, "translations": translations})
            elif self._is_list and self._is_jsonl:
                translations = [describe(output) for output in outputs]
                row = {"line": number + 1, "source": line, "translations": translations}
                click.echo(json.dumps(row, ensure_ascii=False))
            elif self._is_list:
                for output in outputs:
                    click.echo(_moses(number, output))
            else:
                click.echo(outputs[0].text)
            if self._plot is not None and outputs[0].attention is not None:
                self._drawn.append((f"line {number + 1}", outputs[0]))
        sys.stdout.flush()

    def finish(self, path: str) -> None:
        """Write the JSON object, and the picture or page of attention."""
        objective = self._settings.beam.objective
        payload = {
            "model": path,
            "objective": objective.formula,
            "beam_size": self._settings.beam.beam_size,
            "translations": self._rows,
        }
        self._console.result(payload)
        if self._plot is not None:
            self._draw()

    def _draw(self) -> None:
        """Draw the attention of all lines."""
        from seqtools.errors import SettingsError
        from seqtools.reports.attention_map import AttentionMap, write_attention_maps

        if not self._drawn:
            raise SettingsError(
                f"{self._plot}: there is no attention to draw: the model has none, or no line "
                "holds text"
            )
        maps = []
        for title, output in self._drawn:
            drawn = AttentionMap(
                output.source_pieces, output.target_pieces, output.attention, title
            )
            if self._by_words:
                drawn = drawn.by_words(output.source_words, output.target_words)
            maps.append(drawn)
        write_attention_maps(self._plot, maps)


def describe(output: Any) -> dict[str, Any]:
    """Return a translation for JSON."""
    return {
        "text": output.text,
        "score": _number(output.score),
        "log_prob": _number(output.log_prob),
        "length": len(output.target_pieces),
        "pieces": output.target_pieces,
    }


def _moses(number: int, output: Any) -> str:
    """Return a line of an n-best list in the form of Moses."""
    log_prob, score = _number(output.log_prob) or 0.0, _number(output.score) or 0.0
    return f"{number} ||| {output.text} ||| LogProb= {log_prob:.6f} ||| {score:.6f}"


def _number(value: float) -> float | None:
    """Return a number, or None where there is none."""
    return value if math.isfinite(value) else None
