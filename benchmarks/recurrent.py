"""Training steps of recurrent models against PyTorch: one and two threads, memory, start-up.

Run it with ``python -m benchmarks.recurrent [--cases NAME,NAME]``; needs PyTorch. A step is
forward, backward, clipping and Adam on one batch; ``benchmarks/shared/recurrent_cases.py`` has the
models. First both compute the loss of the same weights, which have to agree. On one thread the
processor time counts, which a busy neighbour disturbs least. Two threads are measured by the wall
time of a round's fastest step, and left out unless both cores are free. Peak memory and processor
time up to the first step are those of processes of their own, kernels compiled before.
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
from threading import Thread
from typing import TYPE_CHECKING

# PyTorch's threads spin at barriers by default, which takes the processor from whoever is measured.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np

from benchmarks.shared.recurrent_cases import CASES, Case, OurModel
from benchmarks.shared.report import Row, compare, write
from seqtools.kernels.product import new_packed, product

if TYPE_CHECKING:
    from benchmarks.shared.torch_recurrent import TorchModel

ROOT = Path(__file__).resolve().parent.parent
# Losses of the first step on the same weights agree to this.
_TOLERANCE = 1e-5
_PROCESSES = ("lm-lstm", "char-lstm")
# Of the processor time of two cores, what two threads have to get for them to count as free.
_FREE_SHARE = 0.95


def check_losses(case: Case) -> None:
    """Hold the first loss of both models, on the same weights, beside each other."""
    ours, peer = OurModel(case, 1), _peer(case, 1)
    peer.load(ours.weights())
    mine, theirs = ours.step(), peer.step()
    if abs(mine - theirs) > _TOLERANCE * theirs:
        sys.exit(f"{case.title}: the first loss is {mine} here and {theirs} in PyTorch")


def step_timer(
    step: Callable[[], float],
    steps: int,
    clock: Callable[[], float],
    choose: Callable[[list[float]], float],
) -> Callable[[], float]:
    """Return a function that makes some steps and returns the milliseconds of one of them."""

    def run() -> float:
        taken = []
        for _ in range(steps):
            start = clock()
            step()
            taken.append(1e3 * (clock() - start))
        return choose(taken)

    run()
    return run


def compare_steps(case: Case, threads: int, rounds: int) -> Row:
    """Compare steps on some threads."""
    single = threads == 1
    clock, choose = (time.process_time, statistics.median) if single else (time.perf_counter, min)
    steps = 4 if case.num_classes > 1000 else 20
    ours, peer = (
        step_timer(model(case, threads).step, steps, clock, choose) for model in (OurModel, _peer)
    )
    title = f"{case.title}, {threads} thread{'s' * (threads > 1)}"
    unit = "ms cpu" if single else "ms"
    return compare(title, unit, ours, peer, rounds, case.reach, case.aim, is_higher_better=False)


def compare_threads(case: Case, rounds: int) -> Row:
    """Compare our two threads with one, by wall time."""
    two, one = (
        step_timer(OurModel(case, threads).step, 4, time.perf_counter, min) for threads in (2, 1)
    )
    title = f"{case.title}, 2 threads over 1"
    return compare(title, "ms", two, one, rounds, 1.6, 1.85, is_higher_better=False)


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
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    seconds = child.stdout.read() if child.stdout else ""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}")
    return float(seconds), usage.ru_maxrss / 1024


def run_process(side: str, case: Case) -> None:
    """Make three steps and print the processor time up to the end of the first."""
    model = OurModel(case, 1) if side == "ours" else _peer(case, 1)
    model.step()
    print(time.process_time(), flush=True)
    for _ in range(2):
        model.step()


def _peer(case: Case, threads: int) -> "TorchModel":
    """Return PyTorch's model, which takes seconds to import."""
    from benchmarks.shared.torch_recurrent import TorchModel

    return TorchModel(case, threads)


def are_cores_free() -> bool:
    """Say whether two threads get all of the processor time of two cores."""
    rows, packed = np.ones((64, 256), np.float32), new_packed(256, 256)
    out = np.zeros((64, 256), np.float32)
    product(rows, packed, 0, out)

    def work() -> None:
        for _ in range(5000):
            product(rows, packed, 0, out)

    threads = [Thread(target=work) for _ in range(2)]
    start, start_wall = time.process_time(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    used = time.process_time() - start
    return used > _FREE_SHARE * 2 * (time.perf_counter() - start_wall)


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
        rows.append(compare_steps(CASES[name], 1, options.rounds))
        save()
    if are_cores_free():
        rows += [compare_steps(CASES[name], 2, options.rounds) for name in names]
        both = [name for name in names if name in _PROCESSES]
        rows += [compare_threads(CASES[name], options.rounds) for name in both]
        save()
    else:
        print("two threads were not measured: other programs keep the cores busy")
    for name in names:
        if name in _PROCESSES:
            rows += compare_processes(name, min(options.rounds, 5))
            save()


if __name__ == "__main__":
    main()
