"""Training and searching translators, beside the same model in PyTorch.

Run it with ``python -m benchmarks.translation``. The model is that of
``benchmarks/shared/torch_translation.py``: a bidirectional GRU of 2 x 256, a GRU of 256 with
additive attention, 8,000 symbols. A step is forward, backward, clipping and Adam on 64 pairs of 8
to 18 symbols; target symbols count without padding. On one thread speed is taken by processor time,
on two by the wall time of rounds in which nothing else was at work.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

# PyTorch's threads spin at barriers by default, which takes the processor from whoever is measured.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch

from benchmarks.shared.idle_rounds import compare_on_free_cores
from benchmarks.shared.report import Row, compare, write
from benchmarks.shared.torch_translation import Style, TorchTranslator
from benchmarks.shared.translation_pairs import (
    SIZE,
    WIDTH,
    make_batches,
    make_steps,
    make_translator,
)
from seqtools.decoding.beam import BeamSettings, beam_search
from seqtools.decoding.limits import OutputLimits
from seqtools.models.translator import mask_targets
from seqtools.models.translator_scorer import TranslatorScorer
from seqtools.text.batches import PairBatch
from seqtools.text.symbols import END

ROOT = Path(__file__).resolve().parent.parent
BEAM, STEPS = 5, 15
# What a row is called, and the ratios to be reached and aimed at.
_STYLES: dict[Style, tuple[str, float | None, float | None]] = {
    "toolkit": ("the style of toolkits", 1.2, 1.6),
    "steps": ("an output layer a step", None, None),
    "tutorial": ("the style of tutorials", 4, 6),
}


def torch_steps(batches: list[PairBatch], style: Style) -> Callable[[int], int]:
    """Return a function that takes a number of steps and says how many targets they saw."""
    model = TorchTranslator(SIZE, WIDTH, style)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    tensors = [
        [
            torch.tensor(array.astype(np.int64))
            for array in (
                batch.source, batch.source_lengths, batch.target_inputs, mask_targets(batch)
            )
        ]
        for batch in batches
    ]  # fmt: skip

    def take(count: int) -> int:
        for step in range(count):
            batch = batches[step % len(batches)]
            optimizer.zero_grad(set_to_none=True)
            (model(*tensors[step % len(batches)]) / batch.num_tokens).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        return sum(batches[step % len(batches)].num_tokens for step in range(count))

    return take


def speed(take: Callable[[int], int], count: int, clock: Callable[[], float]) -> float:
    """Return targets a second."""
    started = clock()
    return take(count) / (clock() - started)


def latency(search: Callable[[], object]) -> float:
    """Return the milliseconds of processor time of one search."""
    started = time.process_time()
    for _ in range(3):
        search()
    return 1e3 * (time.process_time() - started) / 3


def searches() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return our beam search of one sentence and PyTorch's, over the same number of steps."""
    scorer = TranslatorScorer(make_translator())
    source = np.append(np.arange(10, 24), END).astype(np.int32)
    limits = OutputLimits(max_length=STEPS, min_length=STEPS)
    settings = BeamSettings(BEAM, limits=limits)
    model, given = TorchTranslator(SIZE, WIDTH), torch.tensor(source.astype(np.int64))[:, None]
    return (
        lambda: beam_search(scorer, [source], settings),
        lambda: model.beam_search(given, BEAM, STEPS),
    )


def compare_training(threads: int, rounds: int) -> list[Row]:
    """Compare training with each style of the peer."""
    batches, rows = make_batches(), []
    torch.set_num_threads(threads)
    clock = time.process_time if threads == 1 else time.perf_counter
    compare_speeds = compare if threads == 1 else compare_on_free_cores
    ours = make_steps(make_translator(), batches, threads)
    for style, (name, reach, aim) in _STYLES.items():
        theirs = torch_steps(batches, style)
        ours(2), theirs(1)
        rows.append(
            compare_speeds(
                f"training, {threads} thread{'s' * (threads > 1)}, over {name}", "tokens/s",
                partial(speed, ours, 4, clock), partial(speed, theirs, 4, clock),
                rounds, reach, aim,
            )
        )  # fmt: skip
    return rows


def compare_search(rounds: int) -> Row:
    """Compare the time of a search."""
    torch.set_num_threads(1)
    ours, theirs = searches()
    ours(), theirs()
    return compare(
        "beam of 5, one sentence, 1 thread", "ms cpu", partial(latency, ours),
        partial(latency, theirs), rounds, 2, 3, is_higher_better=False,
    )  # fmt: skip


def start_up(model: str, rounds: int) -> None:
    """Print the wall time from the start of a process to the first translated line."""
    command = [sys.executable, "-m", "seqtools_cli", "translate", model, "--threads", "1"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
    for _ in range(rounds):
        started = time.perf_counter()
        processor = os.times().children_user + os.times().children_system
        subprocess.run(
            command, input=b"a b c\n", env=environment, check=True, stdout=subprocess.DEVNULL
        )
        used = os.times().children_user + os.times().children_system - processor
        print(f"first line after {time.perf_counter() - started:.2f} s wall, {used:.2f} s cpu")


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", help="a model directory: time its first line too")
    arguments = parser.parse_args()
    rows = [compare_search(arguments.rounds)]
    rows += [row for threads in (1, 2) for row in compare_training(threads, arguments.rounds)]
    if arguments.model:
        start_up(arguments.model, arguments.rounds)
    corpus = "random pairs of 8 to 18 symbols, 64 a batch, vocabulary 8,000"
    write(arguments.output, "Translation", corpus, f"PyTorch {version('torch')}", rows)


if __name__ == "__main__":
    main()
