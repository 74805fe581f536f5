"""Training steps of recurrent models against PyTorch: one and two threads, memory, start-up.

Run it with ``python -m benchmarks.recurrent [--cases NAME,NAME]``; needs PyTorch. A step is
forward, backward, clipping and Adam on one batch; ``benchmarks/shared/recurrent_cases.py`` has the
models. First both compute the loss of the same weights, which have to agree. On one thread the
processor time counts, which a busy neighbour disturbs least. Two threads are measured by the wall
time of rounds in which nothing else was at work. Peak memory and processor time up to the first
step are those of processes of their own, kernels compiled before.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

# PyTorch's threads spin at barriers by default, which takes the processor from whoever is measured.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from benchmarks.shared.idle_rounds import compare_on_free_cores
from benchmarks.shared.peak_memory import peak_megabytes
from benchmarks.shared.recurrent_cases import CASES, Case, OurModel
from benchmarks.shared.report import Row, compare, write

if TYPE_CHECKING:
    from benchmarks.shared.torch_recurrent import TorchModel

ROOT = Path(__file__).resolve().parent.parent
# Losses of the first step on the same weights agree to this.
_TOLERANCE = 1e-5
_PROCESSES = ("lm-lstm", "char-lstm")


def check_losses(case: Case) -> None:
    """Hold the first loss of both models, on the same weights, beside each other."""
    ours, peer = OurModel(case, 1), _peer(case, 1)
    peer.load(ours.weights())
    mine, theirs = ours.step(), peer.step()
    if abs(mine - theirs) > _TOLERANCE * theirs:
        sys.exit(f"{case.title}: the first loss is {mine} here and {theirs} in PyTorch")


def step_timer(step: Callable[[], float], steps: int) -> Callable[[], float]:
    """Return a function that makes some steps and returns the median milliseconds of processor."""

    def run() -> float:
        taken = []
        for _ in range(steps):
            start = time.process_time()
            step()
            taken.append(1e3 * (time.process_time() - start))
        return statistics.median(taken)

    run()
    return run


def step_counter(step: Callable[[], float], steps: int) -> Callable[[], float]:
    """Return a function that makes some steps and returns how many went into a second."""

    def run() -> float:
        start = time.perf_counter()
        for _ in range(steps):
            step()
        return steps / (time.perf_counter() - start)

    run()
    return run


def compare_single(case: Case, rounds: int) -> Row:
    """Compare steps on one thread."""
    steps = _num_steps(case)
    ours, peer = (step_timer(model(case, 1).step, steps) for model in (OurModel, _peer))
    title = f"{case.title}, 1 thread"
    reach, aim = case.reach, case.aim
    return compare(title, "ms cpu", ours, peer, rounds, reach, aim, is_higher_better=False)


def compare_pairs(case: Case, rounds: int) -> list[Row]:
    """Compare steps on two threads with PyTorch's on two, and with ours on one."""
    steps = _num_steps(case)
    one, two, peer = (
        step_counter(model(case, threads).step, steps)
        for model, threads in ((OurModel, 1), (OurModel, 2), (_peer, 2))
    )
    title = f"{case.title}, 2 threads"
    return [
        compare_on_free_cores(title, "steps/s", two, peer, rounds, case.reach, case.aim),
        compare_on_free_cores(f"{title} over 1", "steps/s", two, one, rounds, 1.6, 1.85),
    ]


def _num_steps(case: Case) -> int:
    """Return how many steps are a round."""
    return 4 if case.num_classes > 1000 else 20


def compare_processes(name: str, rounds: int) -> list[Row]:
    """Compare processor time up to the first step, and peak memory; ratios have to be small."""
    megabytes: dict[str, list[float]] = {"ours": [], "torch": []}

    def starter(side: str) -> Callable[[], float]:
        def run() -> float:
            seconds, peak = _run_process(side, name)
            megabytes[side].append(peak)
            return seconds

        run()
        megabytes[side].clear()
        return run

    title, starters = CASES[name].title, [starter(side) for side in megabytes]
    start = compare(f"{title}, start to first step", "cpu s", *starters, rounds, 0.6, 0.4)
    memory = [partial(next, iter(values)) for values in megabytes.values()]
    return [start, compare(f"{title}, peak memory", "MB", *memory, rounds, 0.6, 0.5)]


def _run_process(side: str, name: str) -> tuple[float, float]:
    """Run a process that makes steps; return its seconds to the first and its peak megabytes."""
    command = [sys.executable, "-m", "benchmarks.recurrent", "--process", side, "--cases", name]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


def run_process(side: str, case: Case) -> None:
    """Make three steps; print the processor time up to the end of the first, and peak memory."""
    model = OurModel(case, 1) if side == "ours" else _peer(case, 1)
    model.step()
    print(time.process_time(), flush=True)
    for _ in range(2):
        model.step()
    print(peak_megabytes())


def _peer(case: Case, threads: int) -> "TorchModel":
    """Return PyTorch's model, which takes seconds to import."""
    from benchmarks.shared.torch_recurrent import TorchModel

    return TorchModel(case, threads)


def main() -> None:
    """Measure all cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", default=",".join(CASES), help="names, joined by commas")
    parser.add_argument("--rounds", type=int, default=7, help="rounds, default 7")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file too")
    parser.add_argument("--process", choices=("ours", "torch"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = options.cases.split(",")
    if options.process:
        run_process(options.process, CASES[names[0]])
        return
    import torch

    rows: list[Row] = []

    def save() -> None:
        # After every phase, so that an interrupted run leaves what it measured.
        shape = "batches of 32 x 35 symbols, 32 x 30 for the tagger"
        peer = f"PyTorch {torch.__version__}"
        write(options.output, "Recurrent training steps", shape, peer, rows)

    for name in names:
        check_losses(CASES[name])
        rows.append(compare_single(CASES[name], options.rounds))
        save()
    for name in names:
        if name in _PROCESSES:
            rows += compare_pairs(CASES[name], options.rounds)
            save()
    for name in names:
        if name in _PROCESSES:
            rows += compare_processes(name, min(options.rounds, 5))
            save()


if __name__ == "__main__":
    main()
