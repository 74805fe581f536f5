"""Whole runs from start to saved file, 5 epochs of skip-gram, against a gensim script.

Run it with ``python -m benchmarks.whole_process [CORPUS]``. Both programs use two threads, read
the text, train and save word2vec binary; seqtools runs as its command line, with kernels compiled
before. Wall time, processor time and peak memory are those of the whole process; of the first two,
processor time says something on a busy machine too.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.shared.corpus import cut_corpus, unpack_corpus
from benchmarks.shared.report import Row, compare, write

ROOT = Path(__file__).resolve().parent.parent
GENSIM = """
import sys
from gensim.models import Word2Vec
corpus, output, threads = sys.argv[1:]
model = Word2Vec(corpus_file=corpus, sg=1, epochs=5, workers=int(threads))
model.wv.save_word2vec_format(output, binary=True)
"""


class Process:
    """Runs a command and remembers its processor seconds and peak memory."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self.megabytes: list[float] = []
        self.processor: list[float] = []

    def seconds(self) -> float:
        """Run the command and return its wall seconds."""
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
        environment["OPENBLAS_NUM_THREADS"] = "1"
        start = time.perf_counter()
        child = subprocess.Popen(
            self.command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"{' '.join(self.command[:5])} ended with {child.returncode}")
        self.megabytes.append(usage.ru_maxrss / 1024)
        self.processor.append(usage.ru_utime + usage.ru_stime)
        return time.perf_counter() - start


def replay(values: Sequence[float]) -> Callable[[], float]:
    """Return a function that gives a value of each run, in turn."""
    remaining = iter(values)
    return lambda: next(remaining)


def main() -> None:
    """Measure whole processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, nargs="?", help="plain text, a sentence a line")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, default 5")
    parser.add_argument("--threads", type=int, default=2, help="threads of both, default 2")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file too")
    options = parser.parse_args()
    threads = str(options.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = options.corpus or unpack_corpus(folder)
        seqtools = [sys.executable, "-m", "seqtools_cli", "embed", "train"]
        flags = ["-q", "--threads", threads, "-o"]
        tiny = cut_corpus(corpus, folder, 2_000)
        subprocess.run([*seqtools, str(tiny), *flags, f"{name}/tiny.bin"], check=True)
        ours = Process([*seqtools, str(corpus), *flags, f"{name}/ours.bin"])
        theirs = Process([sys.executable, "-c", GENSIM, str(corpus), f"{name}/peer.bin", threads])
        rows: list[Row] = [
            compare(
                f"whole process, 5 epochs, {threads} threads",
                "s",
                ours.seconds,
                theirs.seconds,
                options.rounds,
                6,
                10,
                is_higher_better=False,
            ),
            compare(
                f"whole process, 5 epochs, {threads} threads, processor time",
                "s",
                replay(ours.processor),
                replay(theirs.processor),
                options.rounds,
                is_higher_better=False,
            ),
            # Here a ratio says how much of the peer's memory ours takes: it has to be small.
            compare(
                "peak memory, share of the peer's",
                "MB",
                replay(ours.megabytes),
                replay(theirs.megabytes),
                options.rounds,
                1.0,
                0.5,
            ),
        ]
        write(options.output, "Whole process", corpus.name, "gensim 4.4 corpus_file", rows)


if __name__ == "__main__":
    main()
