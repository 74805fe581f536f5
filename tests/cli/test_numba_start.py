"""The quicker start of Numba leaves SciPy usable."""

import subprocess
import sys


def test_kernels_run_without_scipys_linear_algebra_and_scipy_still_imports():
    script = (
        "import sys\n"
        "from seqtools_cli.numba_start import start_numba_without_blas\n"
        "from seqtools_cli.console import Console\n"
        "start_numba_without_blas(Console())\n"
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
        "from seqtools_cli.console import Console\n"
        "from seqtools_cli.numba_start import start_numba_without_blas\n"
        "start_numba_without_blas(Console())\n"
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
