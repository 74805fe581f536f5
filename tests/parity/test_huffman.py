"""Huffman codes equal to those of gensim 4.4, which follows word2vec.c."""

import numpy as np

from seqtools.embeddings.distributions import make_codes


def test_code_lengths_and_cost_equal_gensims():
    from gensim.models import Word2Vec

    generator = np.random.default_rng(5)
    counts = np.sort(generator.zipf(1.5, 300).clip(max=10_000) + 4)[::-1].astype(np.int64)
    model = Word2Vec(vector_size=1, min_count=1, hs=1, negative=0)
    model.build_vocab_from_freq({f"w{index:03}": int(count) for index, count in enumerate(counts)})
    codes = make_codes(counts)
    ours = sorted(np.diff(codes.starts).tolist())
    theirs = sorted(len(model.wv.get_vecattr(word, "code")) for word in model.wv.index_to_key)
    # Ties between equal counts may be broken in another order; the cost is the same.
    cost = int((np.diff(codes.starts) * counts).sum())
    assert cost == sum(
        model.wv.get_vecattr(word, "count") * len(model.wv.get_vecattr(word, "code"))
        for word in model.wv.index_to_key
    )
    assert abs(sum(ours) - sum(theirs)) <= 0.01 * sum(theirs)
