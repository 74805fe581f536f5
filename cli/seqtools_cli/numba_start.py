"""A quicker start of Numba for commands whose kernels need no linear algebra."""

import sys

import click

from seqtools_cli.console import Console


def start_numba_without_blas(console: Console) -> None:
    """Import Numba's array functions while SciPy's BLAS is out of sight.

    Numba imports ``scipy.linalg`` only to learn whether kernels may call BLAS, which ours do not.
    Without it a command that trains starts 0.27 s sooner (of 0.9 s; benchmarks/startup.py). This
    is for the command line's own process, where nobody else's kernels run. A line on stderr says
    why the first run of a command takes its time.
    """
    name = "scipy.linalg"
    if name not in sys.modules and "numba.np.arraymath" not in sys.modules:
        sys.modules[name] = None  # type: ignore[assignment]
        try:
            import numba.np.arraymath  # noqa: F401
        finally:
            del sys.modules[name]
    _announce_compiling(console)


def _announce_compiling(console: Console) -> None:
    """Say once, while the command runs, if a kernel is compiled, not read from the disk."""
    from numba.core import event

    class Announcer(event.Listener):  # type: ignore[misc]
        """Hears of the first compilation."""

        has_told = False

        def on_start(self, _: object) -> None:
            """Tell, the first time."""
            if not self.has_told:
                self.has_told = True
                console.note("compiling kernels (first run only)")

        def on_end(self, _: object) -> None:
            """Do nothing."""

    announcer, context = Announcer(), click.get_current_context()
    event.register("numba:compile", announcer)
    context.call_on_close(lambda: event.unregister("numba:compile", announcer))
