"""What attention costs: time a target symbol against the length of the source.

Run it with ``python -m benchmarks.attention_cost [--picture FILE.svg]``. Every target symbol looks
at every source state, so a sentence costs T_x x T_y looks (the quadratic cost of the course notes):
time a symbol rises along a straight line, whose slope is the attention and whose foot is the rest.
The same decoder without attention is the peer.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.shared.report import Row, show, write
from seqtools.layers.workspace import Workspace
from seqtools.models.translator import Translator
from seqtools.models.translator_settings import TranslatorSettings
from seqtools.text.encoding import EncodedLines
from seqtools.text.line_batches import make_pair_batch

LENGTHS = (10, 20, 40, 80, 160, 320, 640)
TARGET, BATCH, SIZE, WIDTH = 20, 16, 2_000, 256


def make(attention: str) -> Translator:
    """Return a translator."""
    settings = TranslatorSettings(attention=attention, embedding_size=128, hidden_size=WIDTH)
    translator = Translator(settings, SIZE, SIZE)
    translator.parameters.allocate(np.random.default_rng(0))
    return translator


def decoding_time(translator: Translator, length: int) -> float:
    """Return microseconds of processor time a target symbol, without reading the source."""
    generator = np.random.default_rng(length)
    sides = [
        EncodedLines.from_lines(
            generator.integers(4, SIZE, count).astype(np.int32) for _ in range(BATCH)
        )
        for count in (length, TARGET)
    ]
    batch, workspace = make_pair_batch(*sides, np.arange(BATCH)), Workspace()
    lengths = batch.source_lengths.astype(np.int64)
    values, first, _ = translator.encode(batch.source, lengths, workspace)
    x, _ = translator.target_table.forward(batch.target_inputs, workspace)

    def decode() -> float:
        started = time.process_time()
        translator.decoder.forward(x, values, lengths, first, workspace, None)
        return 1e6 * (time.process_time() - started) / batch.num_tokens

    decode()
    return statistics.median(decode() for _ in range(5))


def draw(path: Path, times: dict[str, Sequence[float]]) -> None:
    """Draw time against length."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, values in times.items():
        axes.plot(LENGTHS, values, marker="o", markersize=3, label=name)
    axes.set_xlabel("source length in symbols")
    axes.set_ylabel("microseconds a target symbol")
    axes.set_ylim(bottom=0)
    axes.legend(title="attention", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main() -> None:
    """Measure, print, draw and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    kinds = ("additive", "general", "none")
    models = {kind: make(kind) for kind in kinds}
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    rows = []
    for length in LENGTHS:
        for kind in kinds:
            times[kind].append(decoding_time(models[kind], length))
        ours, without = times["additive"][-1], times["none"][-1]
        name = f"source of {length}, additive attention over none"
        rows.append(Row(name, "us/token", ours, without, ours / without, None, None, []))
        print(show(rows[-1]), f" general {times['general'][-1]:.1f}", flush=True)
    for kind in kinds:
        slope, foot = np.polyfit(LENGTHS, times[kind], 1)
        fit = np.corrcoef(LENGTHS, times[kind])[0, 1]
        print(f"{kind}: {foot:.1f} us + {1e3 * slope:.1f} ns a source symbol (r = {fit:.3f})")
    if arguments.picture:
        draw(arguments.picture, times)
    title = "Cost of attention (ratio: times longer)"
    write(arguments.output, title, "decoder of 256, 20 target symbols", "no attention", rows)


if __name__ == "__main__":
    main()
