"""Gensim's Huffman tree for our trainer, which tells the tree's part in quality from the trainer's.

Words of equal count may stand in the tree in any order. Every order makes codes of the same total
length, and some of them happen to suit a test set better.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from seqtools.embeddings import word2vec
from seqtools.kernels.windows import Codes
from seqtools.text.id_cache import TextSettings
from seqtools.text.word_counts import count_words
from seqtools.types import Int64Array


@contextmanager
def tree_of_gensim(corpus: Path) -> Iterator[None]:
    """Let models that are made in the block use the tree that gensim builds for the corpus."""
    own = word2vec.make_codes
    word2vec.make_codes = lambda counts: _codes(corpus, counts)
    try:
        yield
    finally:
        word2vec.make_codes = own


def _codes(corpus: Path, counts: Int64Array) -> Codes:
    """Return gensim's codes of the words of our vocabulary, in its order."""
    from gensim.models import Word2Vec

    model = Word2Vec(vector_size=1, hs=1, negative=0)
    model.build_vocab(corpus_file=str(corpus))
    vocabulary = count_words([corpus], TextSettings()).vocabulary
    assert np.array_equal(vocabulary.counts, counts)
    points = [model.wv.get_vecattr(word, "point") for word in vocabulary.words]
    bits = [model.wv.get_vecattr(word, "code") for word in vocabulary.words]
    starts = np.concatenate(([0], np.cumsum([len(code) for code in bits])))
    nodes = np.concatenate(points).astype(np.int64)
    signs = 1.0 - 2.0 * np.concatenate(bits)
    return Codes(starts, (nodes - nodes.min()).astype(np.int32), signs.astype(np.float32))
