"""How long commands take to start, against the imports they cannot do without.

Run it with ``python -m benchmarks.startup``. `seqtools --help` is compared with importing Click, a
command that runs kernels (from Numba's cache) with importing Numba. Times are medians of whole
processes, in turn.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.shared.report import Row, compare, write

ROOT = Path(__file__).resolve().parent.parent


def timer(command: Sequence[str]) -> Callable[[], float]:
    """Return a function that runs a command and returns its milliseconds."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}

    def run() -> float:
        start = time.perf_counter()
        subprocess.run(command, env=environment, check=True, capture_output=True)
        return 1e3 * (time.perf_counter() - start)

    run()
    return run


def main() -> None:
    """Measure both starts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="rounds, default 15")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file too")
    options = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "tiny.txt"
        corpus.write_text("the cat sat on the mat and the dog sat on the rug\n" * 20)
        seqtools = [sys.executable, "-m", "seqtools_cli"]
        train = ["embed", "train", str(corpus), "-o", f"{folder}/tiny.bin", "--threads", "1", "-q"]
        for name, ours, peer, reach, aim in (
            ("seqtools --help over import click", ["--help"], "import click", 2.0, 1.3),
            ("embed train, tiny corpus, over import numba", train, "import numba", 2.5, 1.8),
        ):
            # Here a ratio says how many times longer ours takes: it has to be small.
            rows.append(
                compare(
                    name,
                    "ms",
                    timer([*seqtools, *ours]),
                    timer([sys.executable, "-c", peer]),
                    options.rounds,
                    reach,
                    aim,
                )
            )
    write(options.output, "Start-up (ratio: times longer)", "", "bare import", rows)


if __name__ == "__main__":
    main()
