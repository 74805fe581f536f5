"""Debiasing and bias measures against NumPy alone, and against WEFE's algorithms in plain Python.

Run it with ``python -m benchmarks.bias``. WEFE 1.0.1 itself needs NumPy below 1.26.5 and SciPy
below 1.13 and cannot be installed beside a current NumPy, so its algorithms are stated again here,
word by word, from their description: neutralize and equalize as in its hard debiasing, WEAT with a
p-value from drawn partitions. The process figures run the command line on 100,937 GloVe vectors of
50 dimensions with its default report, beside a script that only loads, projects and saves them.
"""

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.shared.corpus import data_folder
from benchmarks.shared.peak_memory import peak_megabytes
from benchmarks.shared.report import Row, compare, write
from benchmarks.whole_process import Process
from seqtools.bias.audit_plan import AuditPlan, plan_audit
from seqtools.bias.builtin_sets import builtin_axis, builtin_tests
from seqtools.bias.fitting import fit_debiasing
from seqtools.bias.settings import AuditSettings
from seqtools.bias.vector_state import VectorState, one_blas_thread
from seqtools.bias.weat import score_weat
from seqtools.embeddings.vector_files import load_vectors
from seqtools.embeddings.word_vectors import WordVectors

NUMPY_ALONE = """
import sys
import numpy as np
folder, output = sys.argv[1:]
vectors = np.load(folder + "/vectors.npy")
words = open(folder + "/vocab.txt", encoding="utf-8").read().split("\\n")
row = {word: i for i, word in enumerate(words)}
direction = vectors[row["woman"]] - vectors[row["man"]]
direction /= np.linalg.norm(direction)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
vectors -= np.outer(vectors @ direction, direction)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
np.save(output, vectors)
"""
NUMPY_TEXT = """
import sys
import numpy as np
source, output = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    next(file)
    rows = [line.rstrip("\\n").split(" ") for line in file]
words = [row[0] for row in rows]
vectors = np.array([row[1:] for row in rows], dtype=np.float32)
row = {word: i for i, word in enumerate(words)}
direction = vectors[row["woman"]] - vectors[row["man"]]
direction /= np.linalg.norm(direction)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
vectors -= np.outer(vectors @ direction, direction)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
np.savetxt(output, vectors, fmt="%.8g")
"""


def plain_cosine(a: np.ndarray, b: np.ndarray) -> float:
    return np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))


def plain_association(w: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    return np.mean([plain_cosine(w, x) for x in a]) - np.mean([plain_cosine(w, x) for x in b])


def plain_weat(x: np.ndarray, y: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    first = [plain_association(w, a, b) for w in x]
    second = [plain_association(w, a, b) for w in y]
    size = (np.mean(first) - np.mean(second)) / np.std([*first, *second], ddof=1)
    return sum(first) - sum(second), size


def plain_p_value(scores: list[float], num_first: int) -> tuple[float, int]:
    """Count partitions one by one, the associations being known."""
    observed = sum(scores[:num_first]) - sum(scores[num_first:])
    larger = total = 0
    for chosen in itertools.combinations(range(len(scores)), num_first):
        inside = sum(scores[i] for i in chosen)
        larger += 2 * inside - sum(scores) > observed
        total += 1
    return larger / total, total


def plain_hard_debiasing(
    words: list[str],
    vectors: np.ndarray,
    direction: np.ndarray,
    specific: set[str],
    pairs: list[tuple[int, int]],
) -> np.ndarray:
    """Debias word by word."""
    changed = {word: vectors[i] / np.linalg.norm(vectors[i]) for i, word in enumerate(words)}
    for word in words:
        if word not in specific:
            u = changed[word]
            changed[word] = u - direction * u.dot(direction) / direction.dot(direction)
    for word in words:
        changed[word] = changed[word] / np.linalg.norm(changed[word])
    for i, j in pairs:
        a, b = changed[words[i]], changed[words[j]]
        y = (a + b) / 2 - direction * ((a + b) / 2).dot(direction)
        z = np.sqrt(1 - np.linalg.norm(y) ** 2)
        if (a - b).dot(direction) < 0:
            z = -z
        changed[words[i]], changed[words[j]] = z * direction + y, -z * direction + y
    return np.array([changed[word] for word in words])


def seconds(work: Callable[[], object], repeats: int = 1) -> Callable[[], float]:
    """Return a function that measures one run of some work."""

    def measure() -> float:
        start = time.perf_counter()
        for _ in range(repeats):
            work()
        return (time.perf_counter() - start) / repeats

    return measure


def process_rows(folder: Path, work: Path, rounds: int) -> list[Row]:
    """Compare whole processes; a ratio says how many times as long ours takes."""
    python = sys.executable
    debias = [python, "-m", "seqtools_cli", "debias", "-q"]
    text = work / "vectors.vec"
    convert = [python, "-m", "seqtools_cli", "embed", "convert", str(folder), str(text), "-q"]
    Process(convert).seconds()
    rows = []
    for name, ours, peer, asked in (
        (
            "debias with report, arrays in and out",
            [*debias, str(folder), "-o", f"{work}/ours.safetensors"],
            [python, "-c", NUMPY_ALONE, str(folder), f"{work}/peer.npy"],
            (10.0, 5.0),
        ),
        (
            "debias with report, text in and out",
            [*debias, str(text), "-o", f"{work}/ours.vec"],
            [python, "-c", NUMPY_TEXT, str(text), f"{work}/peer.txt"],
            (10.0, 1.0),
        ),
    ):
        mine, theirs = Process(ours), Process(peer)
        mine.seconds()
        rows.append(compare(name, "s", mine.seconds, theirs.seconds, rounds, *asked))
    return rows


def algorithm_rows(vectors: WordVectors, rounds: int) -> list[Row]:
    """Compare algorithms with the same ones word by word."""
    plan = plan_audit(vectors, builtin_axis("gender"), builtin_tests(), AuditSettings())
    debiasing = fit_debiasing(vectors, plan).debiasing
    table = np.array(vectors.vectors)
    direction = plan.direction.basis[0].astype(np.float32)
    kept = {vectors.words[row] for row in np.flatnonzero(debiasing.kept)}
    pairs = [(int(i), int(j)) for i, j in debiasing.replaced_rows.reshape(-1, 2)]
    plain = plain_hard_debiasing(vectors.words, table, direction, kept, pairs)
    gap = np.abs(plain - debiasing.apply(table)).max()
    if gap > 1e-5:
        sys.exit(f"hard debiasing differs from plain Python by {gap}")
    rows = [
        compare(
            "hard debiasing, words",
            "s",
            seconds(lambda: debiasing.apply(table), 5),
            seconds(lambda: plain_hard_debiasing(vectors.words, table, direction, kept, pairs)),
            rounds,
            is_higher_better=False,
        ),
        *weat_rows(plan, VectorState(vectors), rounds),
    ]
    return rows


def weat_rows(plan: AuditPlan, state: VectorState, rounds: int) -> list[Row]:
    """Compare effect sizes of ten tests, and the exact p-value of one."""
    sets = [
        [state.unit(found.rows) for found in (*test.targets, *test.attributes)]
        for test in plan.tests
    ]

    def ours() -> list[float | None]:
        return [score_weat((x, y), (a, b), samples=1, resamples=0).effect_size
                for x, y, a, b in sets]  # fmt: skip

    def theirs() -> list[float]:
        return [plain_weat(*four)[1] for four in sets]

    if not np.allclose(ours(), theirs(), atol=1e-5):
        sys.exit("effect sizes differ from plain Python")
    x, y, a, b = sets[5]
    scores = [plain_association(w, a, b) for w in (*x, *y)]
    exact = score_weat((x, y), (a, b), resamples=0)
    if (exact.p_value, exact.partitions) != plain_p_value(scores, len(x)):
        sys.exit("p-values differ from plain Python")
    return [
        compare("WEAT 1-10, effect sizes", "s", seconds(ours, 5), seconds(theirs), rounds,
                is_higher_better=False),
        compare(f"exact p-value, {exact.partitions:,} partitions", "s",
                seconds(lambda: score_weat((x, y), (a, b), resamples=0), 20),
                seconds(lambda: plain_p_value(scores, len(x))), rounds, is_higher_better=False),
    ]  # fmt: skip


def in_place_megabytes(num_words: int = 400_000, dim: int = 300) -> tuple[float, float]:
    """Return the size of a table, and by how much debiasing it in place raised the peak memory."""
    rng = np.random.default_rng(1)
    words = ["woman", "man", *(f"w{i}" for i in range(num_words - 2))]
    table = rng.standard_normal((num_words, dim), dtype=np.float32)
    vectors = WordVectors(words, table)
    axis = builtin_axis("gender")
    plan = plan_audit(vectors, axis, (), AuditSettings())
    # Linux forgets the peak so far when it is told to.
    Path("/proc/self/clear_refs").write_text("5")
    before = peak_megabytes()
    debiasing = fit_debiasing(vectors, plan).debiasing
    debiasing.apply(vectors.vectors, in_place=True)
    return table.nbytes / 2**20, peak_megabytes() - before


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds, default 5")
    parser.add_argument("--memory", action="store_true", help="measure memory and nothing else")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file too")
    options = parser.parse_args()
    if options.memory:
        size, growth = in_place_megabytes()
        print(f"{growth:.1f} {size:.1f}")
        return
    folder = data_folder() / "glove-6b-50d"
    with tempfile.TemporaryDirectory() as name:
        rows = process_rows(folder, Path(name), options.rounds)
    with one_blas_thread():
        rows += algorithm_rows(load_vectors(folder), options.rounds)
    apart = [sys.executable, "-m", "benchmarks.bias", "--memory"]
    growth, size = map(float, subprocess.check_output(apart, text=True).split())
    # Here a ratio is a share of the table: it has to be small.
    rows.append(
        compare("memory beside a table changed in place", "MB", lambda: growth, lambda: size, 1,
                0.5, 0.1)
    )  # fmt: skip
    write(
        options.output,
        "Bias",
        "100,937 GloVe vectors, 50 dimensions; memory: 400,000 x 300",
        "NumPy alone, or WEFE's algorithms word by word",
        rows,
    )


if __name__ == "__main__":
    main()
