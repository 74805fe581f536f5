"""Huffman codes equal to those of gensim 4.4, bit for bit."""

import numpy as np
import pytest

from seqtools.embeddings.distributions import make_codes


@pytest.mark.parametrize("size", [2, 3, 300, 5_000])
def test_the_tree_is_gensims(size):
    from gensim.models import Word2Vec

    generator = np.random.default_rng(5)
    counts = np.sort(generator.zipf(1.5, size).clip(max=10_000) + 4)[::-1].astype(np.int64)
    model = Word2Vec(vector_size=1, min_count=1, hs=1, negative=0, sorted_vocab=0)
    model.build_vocab_from_freq({f"w{index}": int(count) for index, count in enumerate(counts)})
    # Words that come up from the last to the first keep their order among equals.
    codes = make_codes(counts, np.arange(size, dtype=np.int32)[::-1])
    for word in range(size):
        path = slice(codes.starts[word], codes.starts[word + 1])
        bits = model.wv.get_vecattr(f"w{word}", "code")
        np.testing.assert_array_equal((1 - codes.signs[path]) / 2, bits)
        points = np.asarray(model.wv.get_vecattr(f"w{word}", "point"), np.int64)
        np.testing.assert_array_equal(codes.nodes[path], points)


def test_of_equal_words_the_later_one_stands_first():
    counts, ids = np.array([2, 1, 1, 1]), np.array([0, 2, -1, 3, 1, 0], np.int32)
    found, turned = make_codes(counts, ids), make_codes(counts, np.array([0, 1, 3, 2, 0], np.int32))
    order, back = [0, 1, 3, 2], [0, 2, 3, 1]
    for a, b in zip(order, back, strict=True):
        path, other = (slice(c.starts[w], c.starts[w + 1]) for c, w in ((found, a), (turned, b)))
        np.testing.assert_array_equal(found.nodes[path], turned.nodes[other])
        np.testing.assert_array_equal(found.signs[path], turned.signs[other])
