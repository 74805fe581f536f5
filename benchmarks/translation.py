"""Training and searching translators, beside the same model in PyTorch.

Run it with ``python -m benchmarks.translation``. The model is that of
``benchmarks/shared/torch_translation.py``: a bidirectional GRU of 2 x 256, a GRU of 256 with
additive attention, 8,000 symbols. A step is forward, backward, clipping and Adam on 64 pairs of 8
to 18 symbols; target symbols count without padding. On one thread speed is taken by processor time,
on two by wall time (``--two-threads``, which needs two idle cores).
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from benchmarks.shared.report import Row, compare, write
from benchmarks.shared.torch_translation import TorchTranslator
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

BEAM, STEPS = 5, 15


def torch_steps(batches: list[PairBatch], is_tutorial: bool) -> Callable[[int], int]:
    """Return a function that takes a number of steps and says how many targets they saw."""
    model = TorchTranslator(SIZE, WIDTH, is_tutorial)
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


def measure(rounds: int, has_two_threads: bool) -> list[Row]:
    """Measure all rows."""
    batches, rows = make_batches(), []
    threads = [1, 2] if has_two_threads else [1]
    for count in threads:
        torch.set_num_threads(count)
        clock = time.process_time if count == 1 else time.perf_counter
        ours = make_steps(make_translator(), batches, count)
        for is_tutorial, reach, aim in ((False, 1.2, 1.6), (True, 4, 6)):
            theirs = torch_steps(batches, is_tutorial)
            ours(2), theirs(1)
            style = "tutorials" if is_tutorial else "toolkits"
            rows.append(
                compare(
                    f"training, {count} thread{'s' * (count > 1)}, over the style of {style}",
                    "tokens/s",
                    lambda clock=clock, ours=ours: speed(ours, 4, clock),
                    lambda clock=clock, theirs=theirs: speed(theirs, 4, clock),
                    rounds, reach, aim,
                )
            )  # fmt: skip
    torch.set_num_threads(1)
    ours, theirs = searches()
    ours(), theirs()
    rows.append(
        compare(
            "beam of 5, one sentence, 1 thread", "ms", lambda: latency(ours),
            lambda: latency(theirs), rounds, 2, 3, is_higher_better=False,
        )
    )  # fmt: skip
    return rows


def start_up(model: str, rounds: int) -> None:
    """Print the wall time from the start of a process to the first translated line."""
    command = [sys.executable, "-m", "seqtools_cli", "translate", model, "--threads", "1"]
    for _ in range(rounds):
        started = time.perf_counter()
        processor = os.times().children_user + os.times().children_system
        subprocess.run(command, input=b"a b c\n", check=True, stdout=subprocess.DEVNULL)
        used = os.times().children_user + os.times().children_system - processor
        print(f"first line after {time.perf_counter() - started:.2f} s wall, {used:.2f} s cpu")


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--two-threads", action="store_true")
    parser.add_argument("--model", help="a model directory: time its first line too")
    arguments = parser.parse_args()
    rows = measure(arguments.rounds, arguments.two_threads)
    if arguments.model:
        start_up(arguments.model, arguments.rounds)
    corpus = "random pairs of 8 to 18 symbols, 64 a batch, vocabulary 8,000"
    write(arguments.output, "Translation", corpus, f"PyTorch {version('torch')}", rows)


if __name__ == "__main__":
    main()
