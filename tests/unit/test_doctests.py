"""Examples in docstrings, in README.md and in docs/shapes.md, run as they stand."""

import doctest
import importlib
import pkgutil
import re
import shutil
from pathlib import Path

import pytest

import seqtools
from seqtools.evaluation.default_sets import default_similarity_files

ROOT = Path(__file__).resolve().parents[2]
MODULES = [module.name for module in pkgutil.walk_packages(seqtools.__path__, "seqtools.")]


@pytest.mark.parametrize("name", ["seqtools", *MODULES])
def test_examples_of_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_examples_of_the_readme(tmp_path, monkeypatch):
    news = default_similarity_files()[0].with_name("lee_background.cor")
    shutil.copy(news, tmp_path / "text.txt")
    monkeypatch.chdir(tmp_path)
    result = doctest.testfile(
        str(ROOT / "README.md"),
        module_relative=False,
        optionflags=doctest.ELLIPSIS,
        encoding="utf-8",
    )
    assert result.attempted > 10
    assert result.failed == 0


def test_examples_of_the_shapes():
    page = ROOT / "docs" / "shapes.md"
    result = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert result.attempted > 50
    assert result.failed == 0


def test_links_of_the_shapes_lead_to_files():
    page = ROOT / "docs" / "shapes.md"
    links = re.findall(r"\]\((\.\./[^)]+)\)", page.read_text("utf-8"))
    assert len(links) > 5
    assert [link for link in links if not (page.parent / link).exists()] == []
