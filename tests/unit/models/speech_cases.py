"""Tiny recordings of tones, one for each letter, and manifests of them."""

import numpy as np

from seqtools.audio.manifest import Utterance, write_manifest
from seqtools.audio.wav_file import write_wav

RATE = 8000
TONES = {"a": 500, "b": 1100, "c": 2300, " ": 0}


def speak(text, seed=0):
    """Return 0.12 s of a tone for each letter, silence around it, and a little noise."""
    generator = np.random.default_rng([seed, len(text)])
    parts = [np.zeros(400)]
    for letter in text:
        times = np.arange(int(0.12 * RATE)) / RATE
        parts += [0.3 * np.sin(2 * np.pi * TONES[letter] * times), np.zeros(300)]
    sound = np.concatenate(parts)
    return (sound + 0.003 * generator.standard_normal(len(sound))).astype(np.float32)


def write_set(folder, name, texts, seed=0):
    """Write recordings and a manifest, and return its path."""
    (folder / name).mkdir()
    utterances = []
    for number, text in enumerate(texts):
        path = folder / name / f"{number}.wav"
        write_wav(path, speak(text, seed + number), RATE)
        utterances.append(Utterance(path, text))
    write_manifest(folder / f"{name}.tsv", utterances)
    return folder / f"{name}.tsv"


def draw_texts(number, seed=1):
    """Return words of a, b and c, without a letter twice in a row."""
    generator = np.random.default_rng(seed)
    texts = []
    for _ in range(number):
        words = [
            "".join(generator.permutation(list("abc"))[: generator.integers(1, 4)])
            for _ in range(generator.integers(1, 3))
        ]
        texts.append(" ".join(words))
    return texts
