"""The quicker start of Numba leaves SciPy usable."""

import subprocess
import sys

_START = (
    "import sys, click\n"
    "from seqtools_cli.console import Console\n"
    "from seqtools_cli.numba_start import start_numba_without_blas\n"
    "def command(**settings):\n"
    "    context = click.Context(click.Command('one'))\n"
    "    with context.scope(cleanup=False):\n"
    "        start_numba_without_blas(Console(**settings))\n"
    "    return context\n"
)
# Every new type of argument is compiled; none is on the disk.
_COMPILE = (
    "import numpy as np, numba\n"
    "first = numba.njit(lambda x: x)\n"
    "def use(*values):\n"
    "    for value in values: first(value)\n"
)


def test_kernels_run_without_scipys_linear_algebra_and_scipy_still_imports():
    script = (
        _START + "command()\n"
        "from seqtools.embeddings.distributions import make_noise\n"
        "import numpy as np\n"
        "make_noise(np.array([3, 2, 1]), 0.75)\n"
        "assert 'scipy.linalg' not in sys.modules\n"
        "import scipy.linalg\n"
        "assert scipy.linalg.det(np.eye(2)) == 1.0\n"
    )
    subprocess.run(
        [sys.executable, "-c", script], check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )


def test_only_a_run_that_compiles_says_so(tmp_path):
    script = (
        _START + "command()\n"
        "import numpy as np\n"
        "from seqtools.kernels.huffman import measure_paths, build_tree\n"
        "parents, bits = np.empty(3, np.int64), np.empty(3, np.uint8)\n"
        "build_tree(np.array([2, 1]), np.arange(2), np.empty(3, np.int64), parents, bits)\n"
        "measure_paths(parents, 2, np.empty(3, np.int64))\n"
    )
    environment = {"PYTHONPATH": ":".join(sys.path), "NUMBA_CACHE_DIR": str(tmp_path)}
    errors = [
        subprocess.run(
            [sys.executable, "-c", script], check=True, env=environment, capture_output=True
        ).stderr
        for _ in range(2)
    ]
    assert errors == [b"compiling kernels (first run only)\n", b""]


def test_each_command_of_a_process_tells_once_and_none_after_its_end():
    script = (
        _START
        + _COMPILE
        + "one = command()\n"
        + "use(1, 1.0)\n"
        + "one.close()\n"
        + "use(True)\n"
        + "quiet = command(quiet=True)\n"
        + "use(1j)\n"
        + "quiet.close()\n"
        + "print('two', file=sys.stderr)\n"
        + "command()\n"
        + "use(np.float32(1))\n"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, env=environment, capture_output=True
    )
    line = b"compiling kernels (first run only)\n"
    assert done.stderr == line + b"two\n" + line
