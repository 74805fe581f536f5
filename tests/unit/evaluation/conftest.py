"""Real vectors for the tests of scores."""

import numpy as np
import pytest

from seqtools.embeddings.word_vectors import WordVectors


@pytest.fixture(scope="session")
def glove(data):
    """Return the 50-dimensional GloVe vectors of the data folder."""
    folder = data / "glove-6b-50d"
    words = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    return WordVectors(words, np.load(folder / "vectors.npy"))
