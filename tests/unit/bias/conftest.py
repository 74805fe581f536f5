"""Real and made-up vectors for the tests of bias."""

import numpy as np
import pytest

from seqtools.embeddings.word_vectors import WordVectors


@pytest.fixture(scope="session")
def glove(data):
    """Return the 50-dimensional GloVe vectors of the data folder."""
    folder = data / "glove-6b-50d"
    words = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    return WordVectors(words, np.load(folder / "vectors.npy"))


@pytest.fixture
def rng():
    """Return a generator with a fixed seed."""
    return np.random.default_rng(20260719)


@pytest.fixture
def units(rng):
    """Return a function that makes random float32 unit vectors."""

    def make(*shape):
        rows = rng.normal(size=shape)
        return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)

    return make


@pytest.fixture
def biased_vectors(rng):
    """Return made-up vectors with gendered words, professions and 400 words that lean."""
    dim = 20
    axis = np.zeros(dim)
    axis[0] = 1.0
    words, rows = [], []
    for first, second in (
        ("woman", "man"), ("girl", "boy"), ("she", "he"), ("mother", "father"),
        ("daughter", "son"), ("aunt", "uncle"), ("queen", "king"),
    ):  # fmt: skip
        shared = rng.normal(size=dim)
        shared[0] = 0
        for word, sign in ((first, 1), (second, -1)):
            words.append(word)
            rows.append(shared + sign * 2 * axis + 0.1 * rng.normal(size=dim))
    for i in range(400):
        words.append("word" + "".join(chr(97 + int(digit)) for digit in f"{i:03d}"))
        rows.append(rng.normal(size=dim) + (1.5 if i % 2 else -1.5) * axis)
    for i, word in enumerate(("nurse", "teacher", "engineer", "pilot", "librarian", "boss")):
        words.append(word)
        rows.append(rng.normal(size=dim) + (1.0 if i % 2 else -1.0) * axis)
    return WordVectors(words, np.array(rows, dtype=np.float32))
