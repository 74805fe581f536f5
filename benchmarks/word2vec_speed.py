"""Training speed of every word2vec trainer, against gensim's corpus_file path.

Run it with ``python -m benchmarks.word2vec_speed [CORPUS]``. Both train one epoch on the same lines
with the vocabulary of the whole corpus, in turn, in one process. Speed is tokens of the vocabulary
per second of processor time on one thread, training alone: text is read and kernels are compiled
before. Two threads are compared with one by wall time, in rounds that had both cores to themselves.
With --threads-only nothing else is measured, and the other rows of --output stay.
"""

import argparse
import logging
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from benchmarks.shared.corpus import cut_corpus, unpack_corpus
from benchmarks.shared.idle_rounds import compare_on_free_cores
from benchmarks.shared.report import Row, compare, read, write

LINES = 60_000
TRAINERS: list[tuple[str, dict[str, Any], dict[str, Any], float | None, float | None]] = [
    ("skip-gram, negative sampling, dim 100", {}, {"sg": 1}, 8, 15),
    ("skip-gram, negative sampling, dim 300", {"dim": 300}, {"sg": 1, "vector_size": 300}, 6, 11),
    ("skip-gram, hierarchical softmax, dim 100", {"loss": "hs"}, {"sg": 1, "hs": 1}, 4, 7),
    ("CBOW, negative sampling, dim 100", {"model": "cbow"}, {}, 2, 4),
    ("CBOW, hierarchical softmax, dim 100", {"model": "cbow", "loss": "hs"}, {"hs": 1}, None, None),
]


class Ours:
    """Trains with seqtools."""

    def __init__(self, corpus: Path, part: Path, folder: Path) -> None:
        from seqtools.text.id_cache import TextSettings, build_id_cache

        whole = build_id_cache([corpus], folder / "whole", TextSettings())
        self.counts, self.all_ids = whole.vocabulary.counts, whole.ids
        self.ids = build_id_cache([part], folder / "part", TextSettings(), whole.vocabulary).ids

    def trainer(
        self,
        options: dict[str, Any],
        threads: int = 1,
        clock: Callable[[], float] = time.process_time,
        is_whole: bool = False,
    ) -> Callable[[], float]:
        """Return a function that trains one epoch and returns k tokens per second of a clock."""
        from seqtools.embeddings.lock_free import train
        from seqtools.embeddings.settings import Word2VecSettings
        from seqtools.embeddings.word2vec import make_model
        from seqtools.monitor import NullMonitor, StopRequest

        settings = Word2VecSettings(epochs=1, threads=threads, **options)
        all_ids = self.all_ids if is_whole else self.ids

        def run(ids: Any = all_ids) -> float:
            model = make_model(ids, self.counts, settings)
            start = clock()
            train(model, NullMonitor(), StopRequest())
            return model.words_done / (clock() - start) / 1e3

        run(all_ids[:2_000])  # compile
        return run

    def apart(self) -> float:
        """Train two models on a half each at once; return k tokens per second of both.

        They share nothing, so that this is what the machine's second core can give.
        """
        from benchmarks.shared.apart import train_at_once
        from seqtools.embeddings.settings import Word2VecSettings
        from seqtools.embeddings.word2vec import make_model

        half = len(self.all_ids) // 2
        parts = self.all_ids[:half], self.all_ids[half:]
        models = [make_model(part, self.counts, Word2VecSettings(epochs=1)) for part in parts]
        seconds = train_at_once(models)
        return sum(model.words_done for model in models) / seconds / 1e3


class Gensims:
    """Trains with gensim."""

    def __init__(self, corpus: Path, part: Path, num_tokens: int) -> None:
        self.corpus, self.part, self.num_tokens = str(corpus), str(part), num_tokens

    def trainer(self, options: dict[str, Any]) -> Callable[[], float]:
        """Return a function that trains one epoch and returns k tokens per processor second."""
        from gensim.models import Word2Vec

        negative = 0 if options.get("hs") else 5
        settings = {"vector_size": 100, "window": 5, "min_count": 5, "workers": 1, **options}
        model = Word2Vec(negative=negative, **settings)
        model.build_vocab(corpus_file=self.corpus)

        def run() -> float:
            processor = time.process_time()
            model.train(corpus_file=self.part, total_words=self.num_tokens, epochs=1)
            return self.num_tokens / (time.process_time() - processor) / 1e3

        return run


def measure_threads(ours: Ours, rounds: int) -> list[Row]:
    """Compare two threads with one on the whole corpus, by wall time, on free cores."""
    rows = []
    for title, options in (
        ("skip-gram, negative sampling, dim 100", {}),
        ("skip-gram, hierarchical softmax, dim 100", {"loss": "hs"}),
        ("CBOW, negative sampling, dim 100", {"model": "cbow"}),
    ):
        one, two = (ours.trainer(options, threads, time.perf_counter, True) for threads in (1, 2))
        name = f"2 threads over 1, {title}"
        rows.append(compare_on_free_cores(name, "k tokens/s", two, one, rounds, 1.8, 1.95))
    one, name = ours.trainer({}, 1, time.perf_counter, True), "2 threads over 1, two models apart"
    rows.append(compare_on_free_cores(name, "k tokens/s", ours.apart, one, rounds))
    return rows


def main() -> None:
    """Measure every trainer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, nargs="?", help="plain text, a sentence a line")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, default 5")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file too")
    parser.add_argument("--threads-only", action="store_true", help="measure threads alone")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = options.corpus or unpack_corpus(folder)
        part = cut_corpus(corpus, folder, LINES)
        ours = Ours(corpus, part, folder)
        gensims = Gensims(corpus, part, int((ours.ids >= 0).sum()))
        rows: list[Row] = []
        if options.threads_only:
            rows = [row for row in read(options.output) if "threads over" not in row.name]
        for title, our_options, peer_options, reach, aim in (
            [] if options.threads_only else TRAINERS
        ):
            mine, theirs = ours.trainer(our_options), gensims.trainer(peer_options)
            rows.append(compare(title, "k tokens/cpu s", mine, theirs, options.rounds, reach, aim))
        rows += measure_threads(ours, 2 * options.rounds + 1)
        write(options.output, "Training speed", str(corpus.name), "gensim 4.4 corpus_file", rows)


if __name__ == "__main__":
    main()
