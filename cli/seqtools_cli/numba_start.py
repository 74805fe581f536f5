"""A quicker start of Numba for commands whose kernels need no linear algebra."""

import sys


def start_numba_without_blas() -> None:
    """Import Numba's array functions while SciPy's BLAS is out of sight.

    Numba imports ``scipy.linalg`` only to learn whether kernels may call BLAS, which ours do not.
    Without it a command that trains starts 0.27 s sooner (of 0.9 s; benchmarks/startup.py). This
    is for the command line's own process, where nobody else's kernels run.
    """
    name = "scipy.linalg"
    if name in sys.modules or "numba.np.arraymath" in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules[name]
