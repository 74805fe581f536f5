"""Examples in docstrings and in README.md, run as they stand."""

import doctest
import importlib
import pkgutil
import shutil
from pathlib import Path

import pytest

import seqtools
from seqtools.evaluation.default_sets import default_similarity_files

README = Path(__file__).resolve().parents[2] / "README.md"
MODULES = [module.name for module in pkgutil.walk_packages(seqtools.__path__, "seqtools.")]


@pytest.mark.parametrize("name", ["seqtools", *MODULES])
def test_examples_of_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_examples_of_the_readme(tmp_path, monkeypatch):
    news = default_similarity_files()[0].with_name("lee_background.cor")
    shutil.copy(news, tmp_path / "text.txt")
    monkeypatch.chdir(tmp_path)
    result = doctest.testfile(
        str(README), module_relative=False, optionflags=doctest.ELLIPSIS, encoding="utf-8"
    )
    assert result.attempted > 10
    assert result.failed == 0
