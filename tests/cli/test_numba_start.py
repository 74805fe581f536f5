"""The quicker start of Numba leaves SciPy usable."""

import subprocess
import sys


def test_kernels_run_without_scipys_linear_algebra_and_scipy_still_imports():
    script = (
        "import sys\n"
        "from seqtools_cli.numba_start import start_numba_without_blas\n"
        "start_numba_without_blas()\n"
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
