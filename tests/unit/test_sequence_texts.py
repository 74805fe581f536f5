"""The example that prepares texts: nothing lost, nothing twice."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def texts(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    script = ROOT / "examples" / "sequence_texts.sh"
    subprocess.run(["bash", script, data, folder], check=True, capture_output=True)
    return folder


def parts_of(folder: Path) -> list[list[str]]:
    return [
        (folder / f"{part}.txt").read_text().removesuffix("\n").split("\n")
        for part in ("train", "valid", "test")
    ]


def test_parts_add_up_to_the_text(texts: Path, data: Path) -> None:
    for name, path in [("shakespeare", "charlm/tinyshakespeare.txt"), ("dna", "dna/splice.tsv")]:
        lines = (data / path).read_text().removesuffix("\n").split("\n")
        joined = [line for part in parts_of(texts / name) for line in part]
        assert joined == [line.split("\t")[-1] if name == "dna" else line for line in lines]
    abc = [path.read_text() for path in (data / "music" / "nottingham-abc").iterdir()]
    lines = [line for content in abc for line in content.removesuffix("\n").split("\n")]
    assert Counter(lines) == Counter(line for part in parts_of(texts / "tunes") for line in part)


def test_no_name_is_in_two_parts(texts: Path, data: Path) -> None:
    names = [name for part in parts_of(texts / "names") for name in part]
    assert len(names) == len(set(names))
    assert set(names) == set((data / "charlm" / "dinos.txt").read_text().split())
    assert [len(part) for part in parts_of(texts / "names")[1:]] == [100, 100]


def test_the_penn_treebank_has_its_published_lines(texts: Path) -> None:
    assert [len(part) for part in parts_of(texts / "ptb")] == [42_068, 3_370, 3_761]
