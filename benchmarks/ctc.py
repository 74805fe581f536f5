"""CTC: loss and gradient against PyTorch, decoders against fast-ctc-decode, on made-up inputs.

Run it with ``python -m benchmarks.ctc``. Everything runs on one thread, in turns in one process,
and processor time is measured, because a busy machine stretches the other. Loss: 16 utterances of
T frames, V symbols and L labels, from logits to the gradient of logits; PyTorch does log_softmax,
ctc_loss and backward. Both gradients are compared with PyTorch's in float64. Decoders:
probabilities of 32 symbols; both must find the same text.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import fast_ctc_decode
import numpy as np
import torch

from benchmarks.shared.report import Row, compare, show, write
from seqtools.decoding.ctc_search import CTCBeamSettings, CTCDecoder, find_best_path, spell
from seqtools.kernels.ctc import ctc_gradient
from seqtools.kernels.ctc_scratch import make_ctc_scratch

UTTERANCES = 16
CASES = ((200, 32, 20), (500, 32, 50), (1000, 32, 100), (500, 100, 50), (3000, 32, 300))
LONG = 500  # frames from which the ratios to reach hold
ALPHABET = "".join(chr(ord("@") + i) for i in range(32))
CUT = 0.001
BEAMS = ((10, 4, 9), (100, 7, 16))


def clock(work: Callable[[], Any], repeats: int) -> float:
    """Return the processor time of one run, in milliseconds."""
    started = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - started) / repeats * 1e3


class LossCase:
    """One batch, for both programs."""

    def __init__(self, frames: int, symbols: int, labels: int) -> None:
        generator = np.random.default_rng(frames + symbols)
        self.logits = generator.standard_normal((frames, UTTERANCES, symbols)).astype(np.float32)
        self.targets = generator.integers(1, symbols, (UTTERANCES, labels)).astype(np.int32)
        self.lengths = np.full(UTTERANCES, frames)
        self.offsets = np.arange(UTTERANCES + 1) * labels
        self.scratch = make_ctc_scratch(frames, labels, symbols, np.float32)
        self.losses, self.gradient = np.zeros(UTTERANCES), np.empty_like(self.logits)
        self.x = torch.tensor(self.logits, requires_grad=True)
        self.sizes = torch.tensor(self.lengths), torch.full((UTTERANCES,), labels)
        self.name = f"{frames} frames, {symbols} symbols, {labels} labels"

    def run_seqtools(self) -> None:
        """Write losses and gradient."""
        ctc_gradient(
            self.logits, self.lengths, self.targets.ravel(), self.offsets, 0, UTTERANCES, 0, 1.0,
            self.scratch, self.losses, self.gradient,
        )  # fmt: skip

    def run_torch(self, x: torch.Tensor | None = None) -> torch.Tensor:
        """Return the gradient of the sum of losses."""
        x = self.x if x is None else x
        x.grad = None
        targets = torch.tensor(self.targets, dtype=torch.long)
        log_y = torch.log_softmax(x, -1)
        loss = torch.nn.functional.ctc_loss(log_y, targets, *self.sizes, reduction="sum")
        loss.backward()
        return x.grad

    def errors(self) -> tuple[float, float]:
        """Return the largest error of both gradients, relative to the largest gradient."""
        exact = self.run_torch(torch.tensor(self.logits, dtype=torch.float64, requires_grad=True))
        self.run_seqtools()
        largest = exact.abs().max().item()
        theirs = (self.run_torch().double() - exact).abs().max().item()
        return float(np.abs(self.gradient - exact.numpy()).max()) / largest, theirs / largest


def measure_losses(rounds: int) -> list[Row]:
    rows, errors = [], []
    for frames, symbols, labels in CASES:
        case = LossCase(frames, symbols, labels)
        errors.append(case.errors())
        reach, aim = (8, 15) if frames >= LONG else (None, None)
        name = f"CTC loss and gradient, {case.name}"
        ours, theirs = (
            (lambda c=case: clock(c.run_seqtools, 3)),
            (lambda c=case: clock(c.run_torch, 1)),
        )
        rows.append(compare(name, "ms", ours, theirs, rounds, reach, aim, is_higher_better=False))
    ratios = [theirs / ours for ours, theirs in errors]
    ours, theirs = (max(side) for side in zip(*errors, strict=True))
    name = "CTC gradient, largest error, parts per billion"
    rows.append(
        Row(name, "ppb", ours * 1e9, theirs * 1e9, statistics.median(ratios), None, None, ratios)
    )
    print(show(rows[-1]))
    return rows


def probabilities(kind: str, frames: int) -> np.ndarray:
    """Return posteriors: nearly even, or mostly sure of one symbol, the blank more often."""
    generator = np.random.default_rng(frames)
    logits = generator.standard_normal((frames, len(ALPHABET)))
    if kind == "peaky":
        labels = generator.integers(1, len(ALPHABET), frames)
        logits[np.arange(frames), np.where(generator.random(frames) < 0.6, 0, labels)] += 7
    y = np.exp(logits)
    return (y / y.sum(-1, keepdims=True)).astype(np.float32)


def compare_decoders(
    name: str,
    outputs: list[np.ndarray],
    ours: Callable[[np.ndarray], str],
    theirs: Callable[[np.ndarray], str],
    rounds: int,
    reach: float | None = None,
    aim: float | None = None,
) -> Row:
    """Check that both find the same texts, and compare their time for an utterance."""
    for y in outputs:
        if ours(y) != theirs(y):
            raise SystemExit(f"{name}: the two decoders found different texts")

    def time_of(decode: Callable[[np.ndarray], str]) -> float:
        return clock(lambda: [decode(y) for y in outputs], 1) / len(outputs)

    return compare(
        name, "ms", lambda: time_of(ours), lambda: time_of(theirs), rounds, reach, aim,
        is_higher_better=False,
    )  # fmt: skip


def measure_decoders(rounds: int) -> list[Row]:
    rows = []
    for kind in ("peaky", "flat"):
        outputs = [probabilities(kind, frames) for frames in (200, 400, 600, 800, 1000)]
        for beam_size, reach, aim in BEAMS:
            decoder = CTCDecoder(CTCBeamSettings(beam_size, min_probability=CUT))

            def ours(y: np.ndarray, decoder: CTCDecoder = decoder) -> str:
                return spell(decoder.search(y, "probabilities")[0].labels, ALPHABET)

            def theirs(y: np.ndarray, beam_size: int = beam_size) -> str:
                return fast_ctc_decode.beam_search(y, ALPHABET, beam_size, CUT)[0]

            name = f"prefix beam search, beam {beam_size}, {kind} output"
            rows.append(compare_decoders(name, outputs, ours, theirs, rounds, reach, aim))

        def our_path(y: np.ndarray) -> str:
            return spell(find_best_path(y, kind="probabilities").labels, ALPHABET)

        def their_path(y: np.ndarray) -> str:
            return fast_ctc_decode.viterbi_search(y, ALPHABET)[0]

        name = f"best path, {kind} output"
        rows.append(compare_decoders(name, outputs * 20, our_path, their_path, rounds))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="rounds, default 9")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file too")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = measure_losses(options.rounds) + measure_decoders(options.rounds)
    peer = f"PyTorch {version('torch')}, fast-ctc-decode {version('fast-ctc-decode')}"
    corpus = f"{UTTERANCES} utterances a loss, 5 a decoder (200 to 1000 frames), made up, 1 thread"
    write(options.output, "Connectionist temporal classification", corpus, peer, rows)


if __name__ == "__main__":
    main()
