"""Reading, writing and searching word vectors, beside gensim.

Run it with ``python -m benchmarks.vector_files``. Both tools handle the same real vectors, read and
write the same files and answer the same questions; what they read and answer is compared first.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import gensim
import numpy as np
from gensim.models import KeyedVectors

from benchmarks.shared.corpus import data_folder
from benchmarks.shared.report import Row, compare, write
from seqtools.embeddings.gensim_bridge import to_keyed_vectors
from seqtools.embeddings.vector_files import load_vectors, save_vectors
from seqtools.embeddings.word_vectors import WordVectors


def seconds(work: Callable[[], object]) -> Callable[[], float]:
    """Return a function that does the work and returns its seconds."""

    def run() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return run


def file_rows(vectors: WordVectors, keyed: KeyedVectors, folder: Path, rounds: int) -> list[Row]:
    """Measure writing and reading of word2vec's two formats."""
    rows = []
    for name, suffix in (("text", ".vec"), ("binary", ".bin")):
        ours, theirs = folder / f"ours{suffix}", str(folder / f"gensim{suffix}")
        binary = name == "binary"
        rows.append(
            compare(
                f"write word2vec {name}",
                "s",
                seconds(lambda path=ours: save_vectors(path, vectors)),
                seconds(
                    lambda path=theirs, binary=binary: keyed.save_word2vec_format(
                        path, binary=binary
                    )
                ),
                rounds,
                is_higher_better=False,
            )
        )
        loaded = load_vectors(theirs)
        again = KeyedVectors.load_word2vec_format(str(ours), binary=binary)
        assert (loaded.vectors == again.vectors).all()
        rows.append(
            compare(
                f"read word2vec {name}",
                "s",
                seconds(lambda path=theirs: load_vectors(path)),
                seconds(
                    lambda path=theirs, binary=binary: KeyedVectors.load_word2vec_format(
                        path, binary=binary
                    )
                ),
                rounds,
                is_higher_better=False,
            )
        )
    return rows


def search_rows(vectors: WordVectors, keyed: KeyedVectors, rounds: int) -> list[Row]:
    """Measure questions, one by one and a thousand at once."""
    words = vectors.words[100:20_100:20]
    one = vectors.neighbors("france")
    assert [word for word, _ in one] == [word for word, _ in keyed.most_similar("france")]
    return [
        compare(
            "neighbours of 100 words, one by one",
            "s",
            seconds(lambda: [vectors.neighbors(word) for word in words[:100]]),
            seconds(lambda: [keyed.most_similar(word) for word in words[:100]]),
            rounds,
            is_higher_better=False,
        ),
        compare(
            "neighbours of 1,000 words",
            "s",
            seconds(lambda: vectors.neighbors_of_many(words)),
            seconds(lambda: [keyed.most_similar(word) for word in words]),
            rounds,
            is_higher_better=False,
        ),
    ]


def main() -> None:
    """Measure files, then searches."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds, default 5")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file too")
    options = parser.parse_args()
    vectors = load_vectors(data_folder() / "glove-6b-50d")
    vectors = WordVectors(vectors.words, np.array(vectors.vectors))
    keyed = to_keyed_vectors(vectors)
    with tempfile.TemporaryDirectory() as folder:
        rows = file_rows(vectors, keyed, Path(folder), options.rounds)
    rows += search_rows(vectors, keyed, options.rounds)
    corpus = f"GloVe, {len(vectors):,} words of {vectors.dim} dimensions"
    write(options.output, "Vector files and search", corpus, f"gensim {gensim.__version__}", rows)


if __name__ == "__main__":
    main()
