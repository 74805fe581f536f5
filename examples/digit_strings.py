"""Join recordings of single digits into strings of two to five, with a manifest for each part.

    python examples/digit_strings.py FSDD OUT

FSDD is the folder of the Free Spoken Digit Dataset (files ``digit_speaker_index.wav``, in any
subfolders). As its README says, recordings 0 to 4 of each digit and speaker are for testing; 5 to 7
are set apart here to choose by, the others are for training. A string is one speaker's, and no
recording is in strings of two parts. OUT gets ``train.tsv``, ``valid.tsv`` and ``test.tsv`` and the
strings in folders beside them.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seqtools.audio.manifest import Utterance, write_manifest
from seqtools.audio.reading import RecordingOptions, read_recording
from seqtools.audio.wav_file import write_wav

RATE = 8000
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
PARTS = {"train": range(8, 50), "valid": range(5, 8), "test": range(5)}
LONGEST_GAP = 0.25  # seconds between two digits
HISS = 0.005  # noise in the gaps, as a share of the string's level: no room is ever quite silent


def main() -> None:
    """Write the three parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fsdd", type=Path, help="Folder of the recordings.")
    parser.add_argument("out", type=Path, help="Folder to write to.")
    parser.add_argument("--train", type=int, default=4000, help="Strings to train on.")
    parser.add_argument("--valid", type=int, default=200, help="Strings to choose by.")
    parser.add_argument("--test", type=int, default=500, help="Strings to test on.")
    parser.add_argument("--digits", action="store_true", help="Write 3, not three.")
    parser.add_argument("--seed", type=int, default=1, help="Seed of the strings.")
    options = parser.parse_args()
    for number, (part, indices) in enumerate(PARTS.items()):
        generator = np.random.default_rng([options.seed, number])
        recordings = find_recordings(options.fsdd, indices)
        strings = draw_strings(recordings, getattr(options, part), generator)
        utterances = []
        (options.out / part).mkdir(parents=True, exist_ok=True)
        for i, paths in enumerate(strings):
            path = options.out / part / f"{i:05}.wav"
            write_wav(path, join(paths, generator), RATE)
            utterances.append(Utterance(path, spell(paths, options.digits)))
        write_manifest(options.out / f"{part}.tsv", utterances)
        num_recordings = sum(map(len, recordings.values()))
        print(f"{part}: {len(utterances)} strings of {num_recordings} recordings")


def find_recordings(folder: Path, indices: range) -> dict[str, list[Path]]:
    """Return the recordings of each speaker whose index is among `indices`."""
    found = defaultdict(list)
    for path in sorted(folder.rglob("?_*_*.wav")):
        _, speaker, index = path.stem.split("_")
        if int(index) in indices:
            found[speaker].append(path)
    if not found:
        sys.exit(f"{folder}: no recordings digit_speaker_index.wav with index {indices}")
    return found


def draw_strings(
    recordings: dict[str, list[Path]], num_strings: int, generator: np.random.Generator
) -> list[list[Path]]:
    """Draw strings of two to five recordings of one speaker, each recording about as often."""
    decks = {speaker: shuffle_forever(paths, generator) for speaker, paths in recordings.items()}
    speakers = shuffle_forever(list(recordings), generator)
    return [
        [next(decks[speaker]) for _ in range(generator.integers(2, 6))]
        for _, speaker in zip(range(num_strings), speakers, strict=False)
    ]


def shuffle_forever(items: list, generator: np.random.Generator) -> Iterator:
    """Yield all items in a random order, then again in another."""
    while True:
        for index in generator.permutation(len(items)):
            yield items[index]


def join(paths: list[Path], generator: np.random.Generator) -> np.ndarray:
    """Return the samples of a string, with gaps of up to a quarter of a second."""
    parts = [read_recording(path, RecordingOptions(RATE)).samples for path in paths]
    level = float(np.sqrt(np.mean(np.concatenate(parts) ** 2)))
    joined = []
    for samples in parts:
        gap = int(generator.integers(LONGEST_GAP * RATE))
        joined += [generator.normal(0, HISS * level, gap).astype(np.float32), samples]
    return np.concatenate(joined)


def spell(paths: list[Path], digits: bool) -> str:
    """Return what is said, as words or as digits."""
    numbers = [int(path.name[0]) for path in paths]
    return "".join(map(str, numbers)) if digits else " ".join(WORDS[n] for n in numbers)


if __name__ == "__main__":
    main()
