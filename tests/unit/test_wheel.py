"""The wheel: both packages with everything beside their code, and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"seqtools": ROOT / "seqtools", "seqtools_cli": ROOT / "cli" / "seqtools_cli"}
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


def setuptools_version():
    try:
        return int(version("setuptools").split(".")[0])
    except PackageNotFoundError:
        return 0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from a copy, without the network."""
    if setuptools_version() < 77:
        pytest.skip("building the wheel needs setuptools 77 or newer")
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for package in PACKAGES.values():
        leave = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(package, folder / package.relative_to(ROOT), ignore=leave)
    subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)], cwd=folder, check=True, capture_output=True
    )
    [path] = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_top_level_is_both_packages_and_nothing_else(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_every_file_of_the_packages_is_in_the_wheel(wheel):
    files = {
        f"{name}/{path.relative_to(folder).as_posix()}"
        for name, folder in PACKAGES.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"seqtools/py.typed", "seqtools_cli/py.typed"} <= files
    assert files <= set(wheel.namelist())


def test_wheel_installs_the_command_and_says_its_licence(wheel):
    [entry_points] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "seqtools = seqtools_cli.process:entry" in wheel.read(entry_points).decode()
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())
