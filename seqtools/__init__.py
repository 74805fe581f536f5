"""Word embeddings and sequence models, compiled with Numba.

Public names load on first use (PEP 562), so that ``import seqtools`` alone pulls in neither NumPy
nor Numba.

Examples
--------
>>> import seqtools
>>> seqtools.__version__.count(".")
2
"""

from importlib import import_module
from typing import Any

_PUBLIC_NAMES = {
    "SeqtoolsError": "seqtools.errors",
    "SeqtoolsWarning": "seqtools.errors",
}

__all__ = ["SeqtoolsError", "SeqtoolsWarning", "__version__"]


def __getattr__(name: str) -> Any:
    """Import a public name, or read the installed version, on first use."""
    if name == "__version__":
        from importlib.metadata import version

        return version("seqtools")
    module = _PUBLIC_NAMES.get(name)
    if module is None:
        raise AttributeError(f"module 'seqtools' has no attribute {name!r}")
    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
