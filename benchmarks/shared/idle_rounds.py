"""Rounds in which no other process was at work: what threads gain shows only on free cores."""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.shared.report import Row, show

_MOST_OTHERS = 0.04
_STAT = Path("/proc/stat")


def compare_on_free_cores(
    name: str,
    unit: str,
    ours: Callable[[], float],
    peer: Callable[[], float],
    rounds: int,
    reach: float | None = None,
    aim: float | None = None,
    most_rounds: int = 200,
) -> Row:
    """Measure both in turn until so many rounds were free of others, and compare their medians.

    A round counts if all other processes together, and the host of a virtual machine, took less
    than 4% of the cores during it. The name says how many rounds of how many count. Where the
    system does not tell what others take, all count. If none is free, all count and the name says
    so.
    """
    free, all_pairs = [], []
    for _ in range(most_rounds):
        start, others = time.perf_counter(), _others_seconds()
        pair = ours(), peer()
        cores = (time.perf_counter() - start) * (os.cpu_count() or 1)
        all_pairs.append(pair)
        if _others_seconds() - others < _MOST_OTHERS * cores:
            free.append(pair)
        if len(free) == rounds:
            break
    pairs = free or all_pairs
    ratios = [mine / theirs for mine, theirs in pairs]
    row = Row(
        name=f"{name} (wall, {len(free)} of {len(all_pairs)} rounds on free cores)",
        unit=unit,
        ours=statistics.median(mine for mine, _ in pairs),
        peer=statistics.median(theirs for _, theirs in pairs),
        ratio=statistics.median(ratios),
        reach=reach,
        aim=aim,
        ratios=[round(ratio, 3) for ratio in ratios],
    )
    print(show(row), flush=True)
    return row


def _others_seconds() -> float:
    """Return the processor time that others have taken, stolen time included; 0 if unknown."""
    if not _STAT.is_file():
        return 0.0
    # user, nice, system, idle, iowait, irq, softirq, steal
    numbers = [int(number) for number in _STAT.read_text("ascii").split("\n", 1)[0].split()[1:9]]
    busy = (sum(numbers) - numbers[3] - numbers[4]) / os.sysconf("SC_CLK_TCK")
    return busy - time.process_time()
