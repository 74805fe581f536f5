"""Query commands as processes: closed pipes, closed and full standard streams, start-up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "cli")]),
    "OPENBLAS_NUM_THREADS": "1",
}


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "v.vec"
    path.write_text("2000 2\n" + "".join(f"w{i} {i + 0.5} 1.5\n" for i in range(2000)))
    return path


def _shell(command, vectors):
    """Run a shell line in which $S is the command and $V the vectors."""
    environment = {**ENVIRONMENT, "S": f"{sys.executable} -m seqtools_cli embed", "V": str(vectors)}
    environment["PYTHONUNBUFFERED"] = ""  # what is not buffered cannot fail at the end
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [
        "$S neighbors $V w1 w2 w3 -k 2000 | head -1",
        "$S convert $V - | head -1",
        "$S convert $V - --format word2vec-binary | head -c 3",
        "printf 'w1 w2%.0s\\n' {1..500} | $S neighbors $V --json | head -c 3",
        "$S info $V | true",
    ],
)
def test_a_reader_that_leaves_early_ends_the_command_quietly(vectors, command):
    outcome = _shell(command, vectors)
    assert "rror" not in outcome.stderr
    assert outcome.returncode == 0


@pytest.mark.parametrize(
    "command",
    ["neighbors $V w1 -k 2000", "similarity $V w1 w2", "info $V --json", "convert $V -"],
)
@pytest.mark.parametrize(
    ("stream", "cause"),
    [("> /dev/full", "No space left on device"), (">&-", "it is closed")],
)
def test_a_full_or_closed_standard_output_is_one_line(vectors, command, stream, cause):
    outcome = _shell(f"$S {command} {stream}", vectors)
    assert outcome.returncode == 1
    assert outcome.stderr == f"seqtools: error: stdout: cannot write: {cause}\n"


@pytest.mark.parametrize("command", ["neighbors $V", "analogy $V -", "info -", "convert - $V.bin"])
def test_a_closed_standard_input_is_one_line(vectors, command):
    outcome = _shell(f"$S {command} <&-", vectors)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("seqtools: error: stdin: cannot read: it is closed")
    assert outcome.stderr.count("\n") == 1


def test_vectors_and_questions_come_through_pipes(vectors):
    outcome = _shell("gzip -c $V | $S similarity - w1 w2; echo 'w1 w2' | $S similarity $V", vectors)
    assert outcome.returncode == 0, outcome.stderr
    header, first, _, second = outcome.stdout.splitlines()
    assert header == "first\tsecond\tcosine\tdistance"
    assert first == second


def test_queries_load_neither_numba_nor_gensim(vectors):
    code = (
        "import sys; from seqtools_cli.main import run; "
        f"run(['embed', 'neighbors', {str(vectors)!r}, 'w1']); "
        f"run(['embed', 'info', {str(vectors)!r}]); "
        f"run(['embed', 'convert', {str(vectors)!r}, {str(vectors)!r} + '.safetensors']); "
        "sys.exit(sorted({'numba', 'gensim', 'scipy', 'rich'} & set(sys.modules)).__repr__()[1:-1])"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert outcome.stderr.strip().splitlines()[-1:] == [
        f"{vectors}.safetensors: 2000 words, 2 dimensions, safetensors"
    ]
