"""Quality of every word2vec trainer, against gensim's on the same corpus and settings.

Run it with ``python -m benchmarks.word2vec_quality [CORPUS]``. Each trainer runs 5 epochs with
several seeds, on one and on two threads; gensim runs on one. Scores are Spearman's correlation on
WordSim-353, SimLex-999 and MEN and the accuracy on the Google analogies among the 30,000 most
frequent words. A score of ours must not be below gensim's mean by more than the spread of gensim's
seeds. With --work the vectors are kept, and a file that lies there is not trained again.
"""

import argparse
import logging
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from benchmarks.shared.corpus import data_folder, unpack_corpus
from benchmarks.shared.report import Row, write

TRAINERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "sg-ns": ({}, {"sg": 1}),
    "sg-hs": ({"loss": "hs"}, {"sg": 1, "hs": 1, "negative": 0}),
    "cbow-ns": ({"model": "cbow"}, {}),
    "cbow-hs": ({"model": "cbow", "loss": "hs"}, {"hs": 1, "negative": 0}),
}
EPOCHS = 5


def train_ours(corpus: Path, output: Path, options: dict[str, Any]) -> None:
    """Train with seqtools."""
    from seqtools.embeddings.settings import Word2VecSettings
    from seqtools.embeddings.training import TrainingPlan, train_on_text
    from seqtools.embeddings.vector_files import save_vectors

    plan = TrainingPlan(
        word2vec=Word2VecSettings(epochs=EPOCHS, **options), work_directory=output.parent
    )
    save_vectors(output, train_on_text([str(corpus)], plan).vectors)


def train_gensims(corpus: Path, output: Path, options: dict[str, Any]) -> None:
    """Train with gensim."""
    from gensim.models import Word2Vec

    model = Word2Vec(corpus_file=str(corpus), epochs=EPOCHS, workers=1, **options)
    model.wv.save_word2vec_format(str(output), binary=True)


def score(path: Path) -> dict[str, float]:
    """Return the scores of a file of vectors."""
    from seqtools.embeddings.vector_files import load_vectors
    from seqtools.evaluation.analogy_sets import read_analogy_set
    from seqtools.evaluation.default_sets import default_analogy_files, default_similarity_files
    from seqtools.evaluation.similarity_sets import read_similarity_set
    from seqtools.evaluation.vector_evaluation import evaluate_word_vectors
    from seqtools.evaluation.vector_settings import EvaluationSettings

    men = data_folder() / "wordsim-analogy" / "wordsim" / "EN-MEN-TR-3k.txt"
    pairs = [read_similarity_set(file) for file in [*default_similarity_files(), men]]
    questions = [read_analogy_set(file) for file in default_analogy_files()]
    settings = EvaluationSettings(restrict=30_000)
    found = evaluate_word_vectors(load_vectors(path), pairs, questions, settings)
    scores = {name: result.spearman for name, result in found.similarity.items()}
    return {**scores, **{name: result.overall.accuracy for name, result in found.analogies.items()}}


def scores_of_seeds(
    kind: str, name: str, corpus: Path, work: Path, seeds: int, threads: int
) -> dict[str, list[float]]:
    """Train a trainer with several seeds and return its scores by set."""
    ours, gensims = TRAINERS[name]
    found: dict[str, list[float]] = {}
    for seed in range(1, seeds + 1):
        output = work / f"{kind}-{name}-{threads}-{seed}.bin"
        if not output.exists():
            if kind == "ours":
                train_ours(corpus, output, {**ours, "seed": seed, "threads": threads})
            else:
                train_gensims(corpus, output, {**gensims, "seed": seed})
        for test_set, value in score(output).items():
            found.setdefault(test_set, []).append(value)
    return found


def compare(title: str, ours: dict[str, list[float]], gensims: dict[str, list[float]]) -> list[Row]:
    """Print and return ours beside gensim's, set by set."""
    rows = []
    for test_set, values in ours.items():
        theirs = gensims[test_set]
        mean, peer = statistics.mean(values), statistics.mean(theirs)
        spread = max(theirs) - min(theirs)
        verdict = "above" if mean >= peer else "within" if mean >= peer - spread else "BELOW"
        row = Row(
            name=f"{title}, {test_set}: {verdict}",
            unit="score",
            ours=mean,
            peer=peer,
            ratio=mean / peer,
            reach=None,
            aim=None,
            ratios=[round(value, 4) for value in values],
        )
        rows.append(row)
        print(
            f"{title:24} {test_set:18} ours {mean:.4f} "
            f"({min(values):.4f}-{max(values):.4f})  gensim {peer:.4f} "
            f"({min(theirs):.4f}-{max(theirs):.4f})  {verdict}",
            flush=True,
        )
    return rows


def main() -> None:
    """Train and score everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, nargs="?", help="plain text, a sentence a line")
    parser.add_argument("--seeds", type=int, default=3, help="seeds a trainer, default 3")
    parser.add_argument("--trainers", nargs="+", choices=TRAINERS, help="those alone")
    parser.add_argument("--work", type=Path, help="keep the vectors in this folder")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file too")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        work.mkdir(exist_ok=True)
        corpus = options.corpus or unpack_corpus(work)
        rows = []
        for name in options.trainers or TRAINERS:
            gensims = scores_of_seeds("gensim", name, corpus, work, options.seeds, 1)
            for threads in (1, 2):
                ours = scores_of_seeds("ours", name, corpus, work, options.seeds, threads)
                rows += compare(f"{name}, {threads} thread{'s'[: threads > 1]}", ours, gensims)
        write(options.output, "Quality", corpus.name, "gensim 4.4, 1 worker", rows)


if __name__ == "__main__":
    main()
