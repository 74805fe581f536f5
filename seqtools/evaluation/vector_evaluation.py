"""Scoring word vectors on similarity and analogy sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seqtools.embeddings.finite_words import finite_words
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.evaluation.analogy import AnalogyScore, score_analogies
from seqtools.evaluation.analogy_sets import AnalogySet
from seqtools.evaluation.similarity import SimilarityScore, score_similarity
from seqtools.evaluation.similarity_sets import SimilaritySet
from seqtools.evaluation.vector_settings import EvaluationSettings
from seqtools.monitor import Monitor, NullMonitor, Progress


@dataclass(frozen=True)
class Evaluation:
    """Scores of word vectors.

    Attributes
    ----------
    similarity : dict of str to SimilarityScore
        By name of the set.
    analogies : dict of str to AnalogyScore
        By name of the set.
    settings : EvaluationSettings
        How they were obtained.
    """

    similarity: dict[str, SimilarityScore]
    analogies: dict[str, AnalogyScore]
    settings: EvaluationSettings

    def as_dict(self) -> dict[str, Any]:
        """Return all scores and settings as they are written to JSON."""
        key = self.settings.interval_name
        return {
            "similarity": {name: score.as_dict(key) for name, score in self.similarity.items()},
            "analogies": {name: score.as_dict(key) for name, score in self.analogies.items()},
            "settings": vars(self.settings),
            "policy": self.settings.policy,
        }


def evaluate_word_vectors(
    vectors: WordVectors,
    similarity_sets: Sequence[SimilaritySet],
    analogy_sets: Sequence[AnalogySet],
    settings: EvaluationSettings | None = None,
    monitor: Monitor | None = None,
) -> Evaluation:
    """Score vectors on every set.

    Parameters
    ----------
    vectors : WordVectors
        The vectors to judge, most frequent word first. Words whose vectors are not finite count as
        unknown, with a warning.
    similarity_sets : sequence of SimilaritySet
        Sets with different names.
    analogy_sets : sequence of AnalogySet
        Sets with different names.
    settings : EvaluationSettings, optional
        Policies, method and bootstrap.
    monitor : Monitor, optional
        Told after each set.
    """
    settings = settings or EvaluationSettings()
    monitor, vectors = monitor or NullMonitor(), finite_words(vectors)
    total = len(similarity_sets) + len(analogy_sets)
    similarity: dict[str, SimilarityScore] = {}
    analogies: dict[str, AnalogyScore] = {}
    monitor.start("evaluating", total, "sets")
    try:
        for pairs in similarity_sets:
            similarity[pairs.name] = score_similarity(vectors, pairs, settings)
            monitor.update(Progress(len(similarity), total, "sets", note=pairs.name))
        for questions in analogy_sets:
            analogies[questions.name] = score_analogies(vectors, questions, settings)
            done = len(similarity) + len(analogies)
            monitor.update(Progress(done, total, "sets", note=questions.name))
    finally:
        monitor.finish()
    return Evaluation(similarity, analogies, settings)
