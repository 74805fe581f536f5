"""The test sets that are there without a download: those that ship with gensim."""

import importlib.util
from pathlib import Path

from seqtools.errors import FileAccessError, MissingDependencyError

_SIMILARITY_FILES = ("wordsim353.tsv", "simlex999.txt")
_ANALOGY_FILES = ("questions-words.txt",)


def default_similarity_files() -> list[Path]:
    """Return the paths of WordSim-353 and SimLex-999.

    Raises
    ------
    MissingDependencyError
        If gensim is not installed.
    FileAccessError
        If its installation lacks the files.
    """
    return [_find(name) for name in _SIMILARITY_FILES]


def default_analogy_files() -> list[Path]:
    """Return the path of Google's analogy questions.

    Raises
    ------
    MissingDependencyError
        If gensim is not installed.
    FileAccessError
        If its installation lacks the file.
    """
    return [_find(name) for name in _ANALOGY_FILES]


def _find(name: str) -> Path:
    """Return the path of a file among gensim's, without importing gensim."""
    found = importlib.util.find_spec("gensim")
    if found is None or found.origin is None:
        raise MissingDependencyError(
            "the default test sets ship with gensim, which is not installed; "
            'run "pip install gensim", or name files with --similarity and --analogies'
        )
    path = Path(found.origin).parent / "test" / "test_data" / name
    if not path.is_file():
        raise FileAccessError(
            f"{path}: this installation of gensim lacks the file; "
            "name files with --similarity and --analogies"
        )
    return path
