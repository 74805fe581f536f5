"""Cut recordings of spaced words at their pauses, so that a model hears words at any place.

    python examples/cut_at_pauses.py MANIFEST OUT

A recording is cut at the pauses between its words into pieces of one to four words. OUT, a
manifest, gets the recordings of MANIFEST and the pieces, as stretches of the same files. A model
that hears whole recordings alone learns what comes first in them and how many words there are: in
the yes and no set every recording to train on begins with "no".
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np

from seqtools.audio.manifest import Utterance, read_manifest, write_manifest
from seqtools.audio.reading import read_recording

FRAME_SECONDS = 0.01
SHORTEST_PAUSE, SHORTEST_WORD = 0.12, 0.1
NUM_LEVELS = 40


def find_cuts(samples: np.ndarray, rate: int, num_words: int) -> list[float] | None:
    """Return the seconds between the words, or None where the pauses are not clear.

    Frames above some level of energy make up words, if a quiet run between them is long enough and
    they are too. The level is the middle one of those that give the right number of words.
    """
    size = int(FRAME_SECONDS * rate)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    decibels = 10 * np.log10((frames**2).mean(1) + 1e-10)
    levels = np.linspace(*np.percentile(decibels, [5, 95]), NUM_LEVELS)
    found = [find_words(decibels > level) for level in levels]
    right = [words for words in found if len(words) == num_words]
    if not right:
        return None
    words = right[len(right) // 2]
    return [FRAME_SECONDS * (end + start) / 2 for (_, end), (start, _) in pairwise(words)]


def find_words(is_loud: np.ndarray) -> list[tuple[int, int]]:
    """Return first frame and end of each run of loud frames, short pauses and clicks left out."""
    words: list[tuple[int, int]] = []
    for frame in np.flatnonzero(is_loud).tolist():
        if words and (frame - words[-1][1]) * FRAME_SECONDS < SHORTEST_PAUSE:
            words[-1] = words[-1][0], frame + 1
        else:
            words.append((frame, frame + 1))
    return [word for word in words if (word[1] - word[0]) * FRAME_SECONDS >= SHORTEST_WORD]


def cut(utterance: Utterance, longest: int, generator: np.random.Generator) -> list[Utterance]:
    """Return the pieces of a recording; none if its pauses are not clear."""
    words = utterance.text.split()
    recording = read_recording(utterance.path)
    cuts = find_cuts(recording.samples, recording.sample_rate, len(words))
    if cuts is None:
        return []
    borders = [0.0, *cuts, len(recording.samples) / recording.sample_rate]
    pieces, first = [], 0
    while first < len(words):
        last = min(first + int(generator.integers(1, longest + 1)), len(words))
        text = " ".join(words[first:last])
        pieces.append(Utterance(utterance.path, text, borders[first], borders[last]))
        first = last
    return pieces


def main() -> None:
    """Write the manifest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path, help="Whole recordings and their words.")
    parser.add_argument("out", type=Path, help="The manifest to write.")
    parser.add_argument("--longest", type=int, default=4, help="Words of a piece, at most.")
    parser.add_argument("--seed", type=int, default=1, help="Seed of the lengths of the pieces.")
    options = parser.parse_args()
    whole = read_manifest(options.manifest).utterances
    generator = np.random.default_rng(options.seed)
    pieces = [cut(utterance, options.longest, generator) for utterance in whole]
    write_manifest(options.out, [*whole, *(piece for found in pieces for piece in found)])
    unclear = sum(not found for found in pieces)
    print(f"{len(whole)} recordings, {sum(map(len, pieces))} pieces, {unclear} left whole")


if __name__ == "__main__":
    main()
