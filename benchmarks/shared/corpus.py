"""The corpus that training is measured on."""

import gzip
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def data_folder() -> Path:
    """Return the folder of real data sets, or end with what to do."""
    folder = Path(os.environ.get("SEQTOOLS_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        sys.exit(f"{folder} is missing: set SEQTOOLS_DATA to the folder of data sets")
    return folder


def unpack_corpus(folder: Path) -> Path:
    """Unpack the 9-million-token corpus into a folder, unless it lies there."""
    corpus = folder / "wiki.txt"
    if not corpus.exists():
        partial = folder / "wiki.part"
        packed = data_folder() / "corpora" / "wiki.txt.gz"
        with gzip.open(packed) as source, partial.open("wb") as target:
            shutil.copyfileobj(source, target)
        partial.rename(corpus)
    return corpus


def cut_corpus(corpus: Path, folder: Path, num_lines: int) -> Path:
    """Write the first lines of a corpus to a file of its own."""
    part = folder / f"{corpus.stem}-{num_lines}.txt"
    with corpus.open("rb") as source, part.open("wb") as target:
        for _, line in zip(range(num_lines), source, strict=False):
            target.write(line)
    return part
