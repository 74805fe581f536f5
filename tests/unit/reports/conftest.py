"""Small vectors with words that try to break a picture or a page."""

import numpy as np
import pytest

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.reports.embedding_map import MapSettings, make_embedding_map

HOSTILE = (
    "</script><script>document.title='broken'</script>",
    "<!--",
    "<b>&amp;</b>",
    "{{data}}",
    "$x_1$ $",
    'quote"\\',
    "line\u2028separator",
    "half\ud800",
)


@pytest.fixture(scope="session")
def vectors():
    """Return three clusters of words in ten dimensions, hostile words among them."""
    generator = np.random.default_rng(0)
    middles = generator.normal(size=(3, 10)) * 3
    words = [*HOSTILE, *(f"word{i}" for i in range(52))]
    table = middles[np.arange(60) % 3] + generator.normal(size=(60, 10))
    return WordVectors(words, table)


@pytest.fixture(scope="session")
def small_map(vectors):
    """Return a PCA map of all of them."""
    return make_embedding_map(vectors, range(60), MapSettings(groups=3), "small & odd.vec")
