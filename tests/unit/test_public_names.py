"""The names that ``import seqtools`` offers."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import seqtools

SOURCE = Path(seqtools.__file__)


def names_for_type_checkers():
    """Return {name: module} of the imports that only a type checker follows."""
    return {
        alias.asname: statement.module
        for statement in ast.walk(ast.parse(SOURCE.read_text("utf-8")))
        if isinstance(statement, ast.ImportFrom) and statement.level == 0
        for alias in statement.names
        if alias.asname is not None
    }


def test_both_lists_of_names_agree():
    assert names_for_type_checkers() == seqtools._PUBLIC_NAMES


@pytest.mark.parametrize("name", seqtools.__all__)
def test_every_public_name_is_there_and_documented(name):
    assert getattr(seqtools, name).__doc__


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'seqtools' has no attribute 'word2vec'"):
        _ = seqtools.word2vec


def test_names_are_listed_before_they_are_loaded():
    assert set(seqtools.__all__) <= set(dir(seqtools))


def test_import_loads_neither_numpy_nor_numba():
    script = "import sys, json, seqtools; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=SOURCE.parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"numpy", "numba", "click"} & set(json.loads(done.stdout))
