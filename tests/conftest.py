"""Shared fixtures: the command line in-process, the real data, Hypothesis profiles."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("ci")


@dataclass
class Outcome:
    """What a command line left behind."""

    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def seqtools(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command line in this process and return its exit code and output."""

    def run_command(*arguments: object) -> Outcome:
        from seqtools_cli.main import run

        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run_command


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real data sets, or skip."""
    folder = Path(os.environ.get("SEQTOOLS_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}; set SEQTOOLS_DATA to its folder")
    return folder
