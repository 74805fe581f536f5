"""Write manifests for the yes/no recordings: 31 to train on, 29 to test on.

    python examples/yes_no.py YESNO OUT

YESNO is the folder of the recordings (in any subfolders). A file's name is what a man says in
Hebrew, eight words: ``0_1_...`` is "lo ken ...", no and yes. Kaldi's recipe trains on the files
that begin with 0 and tests on those that begin with 1. OUT gets ``train.tsv`` and ``test.tsv``,
which name the recordings where they are.
"""

import argparse
import sys
from pathlib import Path

from seqtools.audio.manifest import Utterance, write_manifest


def main() -> None:
    """Write both manifests."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("yesno", type=Path, help="Folder of the recordings.")
    parser.add_argument("out", type=Path, help="Folder to write to.")
    parser.add_argument("--words", default="no,yes", help="How the two words are written.")
    options = parser.parse_args()
    words = options.words.split(",")
    paths = sorted(options.yesno.rglob("[01]_[01]_[01]_[01]_[01]_[01]_[01]_[01].wav"))
    if not paths:
        sys.exit(f"{options.yesno}: no recordings such as 0_1_0_1_1_0_0_1.wav")
    options.out.mkdir(parents=True, exist_ok=True)
    for part, first in (("train", "0"), ("test", "1")):
        utterances = [
            Utterance(path, " ".join(words[int(digit)] for digit in path.stem.split("_")))
            for path in paths
            if path.name.startswith(first)
        ]
        write_manifest(options.out / f"{part}.tsv", utterances)
        print(f"{part}: {len(utterances)} recordings")


if __name__ == "__main__":
    main()
