"""GloVe: counting co-occurrences and training, against our own skip-gram; time and memory by size.

Run it with ``python -m benchmarks.glove [CORPUS]``. Speed is taken in turns in one process, on one
thread, per second of processor time; text is read and kernels are compiled before, and counting
includes writing its file. Skip-gram trains the first lines of the same corpus with the vocabulary
of the whole. Two threads are compared with one by wall time, in rounds that had both cores to
themselves. Counting writes its file to a memory file system first, and to a disk then: a disk whose
work is done on the same cores, as that of a virtual machine may be, works beside one thread for
nothing and takes a share from two.

For 1, 2, 4 and all 9 million tokens each step runs in a process of its own: seconds of processor
time, and peak memory beyond that of imports, kernels and vocabulary (for training the mapped file
of pairs is a part of it, which the system drops when it is short of memory). Counting runs with the
default memory and with 24 MB; its file must be the same.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks.shared.apart import run_at_once, train_at_once
from benchmarks.shared.corpus import cut_corpus, unpack_corpus
from benchmarks.shared.file_systems import folders_to_write_to
from benchmarks.shared.idle_rounds import compare_on_free_cores
from benchmarks.shared.peak_memory import peak_megabytes
from benchmarks.shared.report import Row, compare, read, write
from seqtools.embeddings.cooccurrence import count_cooccurrences
from seqtools.embeddings.cooccurrence_settings import CooccurrenceSettings
from seqtools.embeddings.glove import make_model
from seqtools.embeddings.glove_pairs import TrainingPairs, prepare_pairs
from seqtools.embeddings.lock_free import train
from seqtools.embeddings.settings import GloVeSettings
from seqtools.io.cooccurrence_file import CooccurrenceFile
from seqtools.monitor import NullMonitor, StopRequest
from seqtools.text.id_cache import IdCache, TextSettings, build_id_cache

ROOT = Path(__file__).resolve().parent.parent
SKIPGRAM_LINES, COST_LINES = 60_000, 700
SIZES = {"1M": 52_000, "2M": 103_000, "4M": 207_000, "9M": 10**9}
SMALL_MEMORY = 24 << 20
EPOCH = GloVeSettings(epochs=1)
COST_SEEDS = range(1, 5)
PARTS = ("speed", "threads", "cost", "sizes")
THREAD_GOAL = 1.8, 1.95


def skipgram(corpus: Path, whole: IdCache, folder: Path) -> Callable[[], float]:
    """Return a function that trains skip-gram and returns million tokens per processor second."""
    from seqtools.embeddings import word2vec
    from seqtools.embeddings.settings import Word2VecSettings

    part = cut_corpus(corpus, folder, SKIPGRAM_LINES)
    ids = build_id_cache([part], folder / "part", TextSettings(), whole.vocabulary).ids
    settings = Word2VecSettings(epochs=1)

    def run(some_ids: Any = ids) -> float:
        model = word2vec.make_model(some_ids, whole.vocabulary.counts, settings)
        start = time.process_time()
        train(model, NullMonitor(), StopRequest())
        return model.words_done / (time.process_time() - start) / 1e6

    run(ids[:2_000])  # compile
    return run


def counter(
    cache: IdCache, folder: Path, threads: int = 1, clock: Callable[[], float] = time.process_time
) -> Callable[[], float]:
    """Return a function that counts into a new file; it returns million tokens per second."""
    settings, path = CooccurrenceSettings(threads=threads), folder / f"counts-{threads}.cooc"

    def run() -> float:
        path.unlink(missing_ok=True)
        start = clock()
        count_cooccurrences(cache, path, settings)
        return cache.statistics.tokens_kept / (clock() - start) / 1e6

    return run


def trainer(
    data: TrainingPairs,
    settings: GloVeSettings = EPOCH,
    clock: Callable[[], float] = time.process_time,
) -> Callable[[], float]:
    """Return a function that trains an epoch and returns million entries per second of a clock."""

    def run() -> float:
        model = make_model(data, settings)
        start = clock()
        train(model, NullMonitor(), StopRequest())
        return model.work_done / (clock() - start) / 1e6

    return run


def trained_apart(data: TrainingPairs) -> float:
    """Train two models for an epoch at once; return million entries per second of both.

    They share nothing, so that this is what the machine's second core can give.
    """
    models = [make_model(data, EPOCH) for _ in range(2)]
    seconds = train_at_once(models)
    return sum(model.work_done for model in models) / seconds / 1e6


def counted_apart(cache: IdCache, folder: Path) -> float:
    """Count into two files at once; return million tokens per second of both."""
    paths = [folder / f"apart-{number}.cooc" for number in range(2)]
    for path in paths:
        path.unlink(missing_ok=True)
    seconds = run_at_once(
        [partial(count_cooccurrences, cache, path, CooccurrenceSettings()) for path in paths]
    )
    return 2 * cache.statistics.tokens_kept / seconds / 1e6


def shuffled(data: TrainingPairs) -> TrainingPairs:
    """Return the pairs in an order that is random throughout, as one tile."""
    pairs = data.pairs[np.random.default_rng(1).permutation(len(data.pairs))]
    return replace(data, pairs=pairs, tile_starts=np.array([0, len(pairs)]))


def compare_speed(
    corpus: Path, cache: IdCache, data: TrainingPairs, folder: Path, rounds: int
) -> list[Row]:
    """Compare counting and training with skip-gram, tiles with one random order."""
    peer = skipgram(corpus, cache, folder)
    counting, training, random = counter(cache, folder), trainer(data), trainer(shuffled(data))
    print("million tokens or entries per processor second; peer: skip-gram, dim 100, tokens")
    return [
        compare("training entries, dim 100", "M/cpu s", training, peer, rounds, 1.8, 3),
        compare("counting words, window 15", "M/cpu s", counting, peer, rounds, 1.2, 2.5),
        compare("training in tiles over a random order", "M/cpu s", training, random, rounds),
    ]


def compare_threads(cache: IdCache, data: TrainingPairs, folder: Path, rounds: int) -> list[Row]:
    """Compare two threads with one by wall time, on free cores."""
    clock, both = time.perf_counter, replace(EPOCH, threads=2)
    print("\nmillion tokens or entries per second; peer: one thread")

    def row(name: str, ours: Callable[[], float], peer: Callable[[], float], *goal: float) -> Row:
        return compare_on_free_cores(name, "M/s", ours, peer, rounds, *goal)

    one = trainer(data, EPOCH, clock)
    rows = [
        row("training, 2 threads over 1", trainer(data, both, clock), one, *THREAD_GOAL),
        row("training, two models apart over one", lambda: trained_apart(data), one),
    ]
    with folders_to_write_to(folder) as places:
        for place, writable in places.items():
            two, one = (counter(cache, writable, number, clock) for number in (2, 1))
            apart = partial(counted_apart, cache, writable)
            rows += [
                row(f"counting into {place}, 2 threads over 1", two, one, *THREAD_GOAL),
                row(f"counting into {place}, two counts apart over one", apart, one),
            ]
    return rows


def compare_cost(corpus: Path, folder: Path) -> list[Row]:
    """Compare the cost after 1, 5 and 15 epochs with a float64 NumPy AdaGrad on a small corpus.

    Both take the pairs in random orders, which change the cost of an epoch by up to 1 %: figures
    are means over seeds, and the rounds of a row are its seeds.
    """
    part = cut_corpus(corpus, folder, COST_LINES)
    cache = build_id_cache([part], folder / "small", TextSettings(min_count=3))
    count_cooccurrences(cache, folder / "small.cooc", CooccurrenceSettings())
    file = CooccurrenceFile.open(folder / "small.cooc")
    costs = np.array([_costs(file, folder, seed) for seed in COST_SEEDS])
    print(f"\ncost an entry, mean of {len(costs)} seeds; peer: float64 NumPy, random order")
    rows = []
    for epoch in (1, 5, 15):
        ours, theirs = costs[:, :, epoch - 1].mean(axis=0)
        ratios = costs[:, 0, epoch - 1] / costs[:, 1, epoch - 1]
        title = f"cost an entry in epoch {epoch}"
        rows.append(
            Row(title, "cost", ours, theirs, ours / theirs, None, None, ratios.round(4).tolist())
        )
        print(f"{title:44} {ours:12.5f} {theirs:12.5f} {ours / theirs:21.4f}x  {ratios.round(4)}")
    return rows


def _costs(file: CooccurrenceFile, folder: Path, seed: int) -> list[list[float]]:
    """Return our cost of each epoch, and NumPy's from the same start."""
    from tests.reference.glove import GloVe

    settings = replace(EPOCH, epochs=15, dim=50, seed=seed)
    data = prepare_pairs(file, folder / "small-pairs", settings, NullMonitor())
    model = make_model(data, settings)
    dim, size = settings.dim, model.x.shape[1] // 4
    w, c = model.x[:, :size], model.x[:, size : 2 * size]
    twin = GloVe(w[:, :dim], c[:, :dim], w[:, dim], c[:, dim + 1], settings.learning_rate)
    pairs, generator = [tuple(pair) for pair in data.pairs.tolist()], np.random.default_rng(seed)
    train(model, NullMonitor(), StopRequest())
    ours = [model.mean_loss(epoch) or 0.0 for epoch in range(settings.epochs)]
    theirs = []
    for _ in range(settings.epochs):
        order = generator.permutation(len(pairs))
        theirs.append(sum(twin.pair(*pairs[index]) for index in order) / 2 / data.num_cells)
    return [ours, theirs]


def measure_sizes(corpus: Path, folder: Path) -> None:
    """Print time and memory of both steps for growing parts of the corpus."""
    print("\nsize   words   counting: s, ns a token, MB; with 24 MB: s, spills, MB;"
          "  training an epoch: entries, s, ns an entry, s a M tokens, MB")  # fmt: skip
    for name, lines in SIZES.items():
        part = folder / f"{name}.txt"
        cut_corpus(corpus, folder, lines).rename(part)
        cache = build_id_cache([part], folder / f"cache-{name}", TextSettings())
        tokens = cache.statistics.tokens_kept
        whole = _measure("counting", cache.directory, folder, 2 << 30)
        little = _measure("counting", cache.directory, folder, SMALL_MEMORY)
        if whole["sha256"] != little["sha256"]:
            sys.exit("counts differ with less memory")
        epoch = _measure("training", cache.directory, folder, 2 << 30)
        print(
            f"{name:4} {len(cache.vocabulary):7,}   {whole['seconds']:6.2f} "
            f"{1e9 * whole['seconds'] / tokens:5.0f} {whole['peak_mb']:5.0f};"
            f"  {little['seconds']:6.2f} {little['spills']:2.0f} {little['peak_mb']:5.0f};"
            f"  {epoch['entries']:12,} {epoch['seconds']:6.2f} "
            f"{1e9 * epoch['seconds'] / epoch['entries']:5.0f} "
            f"{1e6 * epoch['seconds'] / tokens:6.3f} {epoch['peak_mb']:5.0f}",
            flush=True,
        )


def _measure(step: str, cache: Path, folder: Path, memory: int) -> dict[str, Any]:
    """Run a step in a process of its own and return its figures."""
    command = [sys.executable, "-m", "benchmarks.glove", "--step", step, str(cache), str(folder)]
    output = subprocess.run(
        [*command, "--memory", str(memory)], cwd=ROOT, check=True, capture_output=True
    ).stdout
    figures: dict[str, Any] = json.loads(output)
    return figures


def run_step(step: str, cache_folder: Path, folder: Path, memory: int) -> None:
    """Run a step and print its figures as JSON."""
    cache, path = IdCache.open(cache_folder), folder / "step.cooc"
    tiny = folder / "tiny"
    tiny.write_text("a b c a b c\n" * 9)
    small = build_id_cache([tiny], folder / "tiny-cache", TextSettings())
    settings = CooccurrenceSettings(memory_bytes=memory)
    count_cooccurrences(small, folder / "tiny.cooc", settings)
    trainer(
        prepare_pairs(
            CooccurrenceFile.open(folder / "tiny.cooc"), folder / "tiny-pairs", EPOCH, NullMonitor()
        )
    )()
    figures: dict[str, Any] = {}
    start, start_mb = time.process_time(), peak_megabytes()
    if step == "counting":
        counting = count_cooccurrences(cache, path, settings)
        figures = {"spills": counting.num_spills, "entries": counting.num_entries}
    else:
        data = prepare_pairs(CooccurrenceFile.open(path), folder / "pairs", EPOCH, NullMonitor())
        start = time.process_time()
        trainer(data)()
        figures["entries"] = data.num_cells
    figures["seconds"] = time.process_time() - start
    figures["peak_mb"] = peak_megabytes() - start_mb
    figures["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    print(json.dumps(figures))


def _title(row: Row) -> str:
    """Return a row's name without what it says of its rounds."""
    return row.name.split(" (")[0]


def main() -> None:
    """Measure everything, or one step for the process that does."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, nargs="?", help="plain text, a sentence a line")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, default 5")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file too")
    parser.add_argument("--only", choices=PARTS, help="measure this part; keep the other figures")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        step, cache_folder, folder = options.step
        run_step(step, Path(cache_folder), Path(folder), options.memory)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = options.corpus or unpack_corpus(folder)
        cache = build_id_cache([corpus], folder / "whole", TextSettings())
        counter(cache, folder)()
        file = CooccurrenceFile.open(folder / "counts-1.cooc")
        data = prepare_pairs(file, folder / "whole-pairs", EPOCH, NullMonitor())
        trainer(data)()
        rows, new = read(options.output) if options.only else [], []
        for part in [options.only] if options.only else PARTS:
            if part == "speed":
                new += compare_speed(corpus, cache, data, folder, options.rounds)
            elif part == "threads":
                new += compare_threads(cache, data, folder, options.rounds)
            elif part == "cost":
                new += compare_cost(corpus, folder)
            else:
                measure_sizes(corpus, folder)
        named = {_title(row) for row in new}
        rows = [row for row in rows if _title(row) not in named] + new
        write(options.output, "GloVe", str(corpus.name), "our skip-gram, or as named", rows)


if __name__ == "__main__":
    main()
