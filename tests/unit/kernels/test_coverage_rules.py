"""What the coverage of kernels leaves out is only what no interpreter can run."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
KERNELS = ROOT / "seqtools" / "kernels"


def test_files_left_out_emit_instructions_and_hold_no_kernel():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["coverage"]
    left_out = [path for pattern in settings["run"]["omit"] for path in ROOT.glob(pattern)]
    assert left_out
    assert [path.name for path in left_out if "njit" in path.read_text("utf-8")] == []


def test_every_vector_function_left_out_has_a_plain_twin():
    for path in KERNELS.glob("*.py"):
        text = path.read_text("utf-8")
        for private, name in re.findall(r"^def (_?)vector_(\w+)\(", text, re.MULTILINE):
            assert f"def {private}plain_{name}(" in text, f"{path.name}: {private}vector_{name}"
