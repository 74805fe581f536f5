"""SIGKILL at any moment leaves the old file or the new one, and nothing for ever."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqtools.io.atomic import atomic_writer
from seqtools.io.temporary import temporary_directory

ROOT = Path(__file__).resolve().parents[2]

# Forks children that save two versions in turn for ever, kills each at a random moment and looks
# at the file; a fork costs milliseconds where a new interpreter costs a quarter of a second.
SUPERVISOR = """
import os, random, signal, sys, time
from pathlib import Path
import numpy as np
from seqtools.embeddings.vector_files import save_vectors
from seqtools.embeddings.word_vectors import WordVectors

path, num_kills = Path(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(1)
versions = [
    WordVectors([f"w{i}" for i in range(n)], rng.standard_normal((n, 30))) for n in (3000, 2000)
]
contents = []
start = time.perf_counter()
for version in versions:
    save_vectors(path, version)
    contents.append(path.read_bytes())
save_seconds = (time.perf_counter() - start) / 2
random.seed(7)
seen, midway = [0, 0], 0
for kill in range(num_kills):
    child = os.fork()
    if child == 0:
        for turn in range(10**9):
            save_vectors(path, versions[(kill + turn) % 2])
    time.sleep(save_seconds * random.uniform(0.1, 3))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    content = path.read_bytes()
    assert content in contents, f"a mix of {len(content)} bytes after kill {kill}"
    seen[contents.index(content)] += 1
    for rest in path.parent.iterdir():
        if rest != path:
            assert rest.name.startswith("." + path.name) and rest.suffix == ".part", rest
            midway += 1
            rest.unlink()
    if kill % 10 == 9 and 0 in seen:
        save_seconds *= 2  # the machine is busy: no save ends in time
print(*seen, midway)
"""


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".vec", ".bin", ".safetensors", ".vec.zst"])
def test_fifty_kills_at_random_moments_leave_a_whole_file(tmp_path, suffix):
    arguments = [sys.executable, "-c", SUPERVISOR, str(tmp_path / f"v{suffix}"), "50"]
    environment = {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    outcome = subprocess.run(
        arguments, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
    first, second, midway = map(int, outcome.stdout.split())
    # Both versions were met and kills fell into a write, or the test would prove nothing.
    assert first + second == 50
    assert min(first, second) > 0
    assert midway > 0


# Makes a directory with a file in it, says where, and waits to be killed.
HOLDER = """
import sys, time
from seqtools.io.temporary import temporary_directory

with temporary_directory(sys.argv[1], "counts") as path:
    (path / "spill").write_bytes(bytes(99))
    print(path, flush=True)
    time.sleep(600)
"""


def test_directories_of_killed_processes_go_with_the_next_work_and_no_others(tmp_path):
    holders = [
        subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp_path)],
            env={"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        killed, living = (Path(holder.stdout.readline().strip()) for holder in holders)
        other = tmp_path / ".seqtools-counts-0-of-another-machine"
        other.mkdir()
        holders[0].kill()
        holders[0].wait()
        assert (killed / "spill").is_file()
        pipe = Path(str(killed) + "-pipe")
        os.mkfifo(pipe)  # opening it would wait for ever
        with temporary_directory(tmp_path, "corpus") as mine:
            assert {*tmp_path.iterdir()} == {living, other, pipe, mine}
        assert {*tmp_path.iterdir()} == {living, other, pipe}
        assert (living / "spill").is_file()
    finally:
        for holder in holders:
            holder.kill()
            holder.communicate()


def test_a_pipe_named_like_a_temporary_file_is_neither_opened_nor_removed(tmp_path):
    pipe = tmp_path / ".out.abcdefgh.part"
    os.mkfifo(pipe)  # opening it would wait for ever
    with atomic_writer(tmp_path / "out") as file:
        file.write(b"new")
    assert {*tmp_path.iterdir()} == {pipe, tmp_path / "out"}
