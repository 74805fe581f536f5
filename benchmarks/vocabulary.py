"""Text to vocabulary and ids, against gensim's vocabulary scan of the same file.

Run it with ``python -m benchmarks.vocabulary [CORPUS]``. Each round starts one process for each
program, in turn. Processor time, wall time and peak memory are those of the reading alone: imports
are done and kernels are compiled before. seqtools counts, chooses the vocabulary and writes the
corpus as ids, which gensim does later, again in every epoch; gensim only counts.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.shared.corpus import unpack_corpus
from benchmarks.shared.peak_memory import peak_megabytes
from benchmarks.shared.report import Row, write

ROOT = Path(__file__).resolve().parent.parent
MIN_COUNT = 5


def prepare_seqtools(folder: Path) -> Callable[[Path], dict[str, int]]:
    from seqtools.text.id_cache import TextSettings, build_id_cache

    def read(corpus: Path) -> dict[str, int]:
        cache = build_id_cache([corpus], folder / "cache", TextSettings(min_count=MIN_COUNT))
        return {
            "tokens": cache.statistics.tokens_read,
            "tokens_kept": cache.statistics.tokens_kept,
            "vocabulary_size": len(cache.vocabulary),
        }

    tiny = folder / "tiny.txt"
    tiny.write_text("a b c a b c internationalisation internationalisation\n" * MIN_COUNT)
    read(tiny)
    return read


def prepare_gensim(folder: Path) -> Callable[[Path], dict[str, int]]:
    from gensim.models import Word2Vec

    del folder

    def read(corpus: Path) -> dict[str, int]:
        # One dimension, so that making room for vectors costs next to nothing.
        model = Word2Vec(vector_size=1, min_count=MIN_COUNT, workers=1)
        model.build_vocab(corpus_file=str(corpus))
        counts = [model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key]
        return {
            "tokens": model.corpus_total_words,
            "tokens_kept": int(sum(counts)),
            "vocabulary_size": len(model.wv),
        }

    return read


PROGRAMS = {"seqtools": prepare_seqtools, "gensim": prepare_gensim}


def measure(program: str, corpus: Path) -> dict[str, float]:
    """Read the corpus once in this process."""
    with tempfile.TemporaryDirectory() as name:
        read = PROGRAMS[program](Path(name))
        memory_before = peak_megabytes()
        wall, processor = time.perf_counter(), time.process_time()
        found = read(corpus)
        seconds = time.process_time() - processor
        return {
            **found,
            "cpu_seconds": seconds,
            "wall_seconds": time.perf_counter() - wall,
            "peak_megabytes": peak_megabytes(),
            "peak_megabytes_before": memory_before,
        }


def measure_apart(program: str, corpus: Path) -> dict[str, float]:
    """Read the corpus once in a process of its own."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks.vocabulary", str(corpus), "--measure", program]
    output = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    result: dict[str, float] = json.loads(output.stdout)
    return result


def compare(corpus: Path, rounds: int) -> dict[str, Any]:
    """Measure both programs in turn and compare their medians."""
    runs = {program: [] for program in PROGRAMS}
    for _ in range(rounds):
        for program in PROGRAMS:
            runs[program].append(measure_apart(program, corpus))
    report: dict[str, Any] = {"corpus_bytes": corpus.stat().st_size, "rounds": rounds}
    for program, results in runs.items():
        medians = {key: statistics.median(run[key] for run in results) for key in results[0]}
        medians["tokens_per_cpu_second"] = medians["tokens"] / medians["cpu_seconds"]
        report[program] = medians
    pairs = list(zip(runs["gensim"], runs["seqtools"], strict=True))
    for clock in ("cpu", "wall"):
        ratios = [theirs[f"{clock}_seconds"] / ours[f"{clock}_seconds"] for theirs, ours in pairs]
        report[f"{clock}_ratios"] = ratios
        report[f"{clock}_ratio"] = statistics.median(ratios)
    return report


def print_table(report: dict[str, Any]) -> None:
    """Print the medians and ratios."""
    columns = ("M words/s", "cpu s", "wall s", "peak MB", "added MB", "vocabulary")
    print(" " * 10 + "".join(f"{column:>11}" for column in columns))
    for program in PROGRAMS:
        run = report[program]
        cells = (
            f"{run['tokens_per_cpu_second'] / 1e6:.1f}",
            f"{run['cpu_seconds']:.2f}",
            f"{run['wall_seconds']:.2f}",
            f"{run['peak_megabytes']:.0f}",
            f"{run['peak_megabytes'] - run['peak_megabytes_before']:.0f}",
            f"{run['vocabulary_size']:.0f}",
        )
        print(f"{program:10}" + "".join(f"{cell:>11}" for cell in cells))
    print(f"ratio: {report['cpu_ratio']:.1f} by processor time, {report['wall_ratio']:.1f} by wall")


def rows_of(report: dict[str, Any]) -> list[Row]:
    """Return the rows that are recorded: processor time, wall time, memory."""
    ours, theirs = (report[program] for program in PROGRAMS)
    rows = []
    for clock, bounds in (("cpu", (3, 8)), ("wall", (None, None))):
        speeds = [run["tokens"] / run[f"{clock}_seconds"] / 1e6 for run in (ours, theirs)]
        ratios = report[f"{clock}_ratios"]
        ratio = statistics.median(ratios)
        name = f"text to vocabulary and ids, {clock} time"
        rows.append(Row(name, "M words/s", *speeds, ratio, *bounds, ratios))
    added = [run["peak_megabytes"] - run["peak_megabytes_before"] for run in (ours, theirs)]
    rows.append(Row("memory added by reading", "MB", *added, added[1] / added[0], None, None, []))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, nargs="?", help="plain text, a sentence a line")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, default 5")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file too")
    parser.add_argument("--measure", choices=PROGRAMS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.corpus)))
        return
    with tempfile.TemporaryDirectory() as name:
        corpus = options.corpus or unpack_corpus(Path(name))
        report = compare(corpus.resolve(), options.rounds)
    print_table(report)
    peer = f"gensim {version('gensim')}"
    write(options.output, "Reading text", corpus.name, peer, rows_of(report))


if __name__ == "__main__":
    main()
