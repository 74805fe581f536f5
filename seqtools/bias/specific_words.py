"""Learning which words belong to a group by definition, from seed words.

Source: Bolukbasi et al. 2016, section 6 and appendix C: a linear support vector machine, C = 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqtools.bias.axis_vectors import row_mask, unit_vectors_of
from seqtools.bias.found_words import WordFinder
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SettingsError
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.types import BoolArray, Float32Array, Int64Array

_FOLDS = 10
_ROWS_AT_ONCE = 16384


@dataclass(frozen=True)
class LearnedWords:
    """Specific words found by a classifier.

    Attributes
    ----------
    rows : int64 array, shape (N,)
        Seeds and words that the classifier takes for specific, in the order of the vectors.
    num_seeds : int
        Seed words that have a vector.
    num_training : int
        Words trained on.
    f1, f1_deviation : float
        Mean and standard deviation of the F1 score over the folds of a cross-validation.
    precision, recall : float
        Their means.
    threshold : float
        Decision value above which a word counts as specific.
    """

    rows: Int64Array
    num_seeds: int
    num_training: int
    f1: float
    f1_deviation: float
    precision: float
    recall: float
    threshold: float

    def as_dict(self) -> dict[str, object]:
        """Return the figures as they are written to JSON."""
        return {
            "words": len(self.rows),
            "seeds": self.num_seeds,
            "training_words": self.num_training,
            "folds": _FOLDS,
            "f1": self.f1,
            "f1_deviation": self.f1_deviation,
            "precision": self.precision,
            "recall": self.recall,
            "threshold": self.threshold,
        }


def learn_specific_words(
    vectors: WordVectors,
    seeds: Sequence[str],
    finder: WordFinder,
    *,
    training_words: int,
    generator: np.random.Generator,
    monitor: Monitor | None = None,
) -> LearnedWords:
    """Train on seed words against all other frequent words, and apply to every word.

    Parameters
    ----------
    vectors : WordVectors
        All words, most frequent first.
    seeds : sequence of str
        Words that are specific for certain.
    finder : WordFinder
        Finds them.
    training_words : int
        Words from the top that are trained on, beside the seeds.
    generator : numpy.random.Generator
        Deals the words into folds.
    monitor : Monitor, optional
        Told of the folds.

    Raises
    ------
    SettingsError
        If too few seeds have a vector, or there is nothing to tell them from.

    Notes
    -----
    The paper trains on 26,377 words with 218 seeds, and reports F1 = 0.627 +- 0.102 over ten
    folds. The folds here hold equal shares of seeds. Other words are all taken as not specific,
    though some are, which F1 counts as errors.

    With few dimensions a machine trained on one seed in a hundred words finds none at its own
    threshold (F1 = 0 on 50-dimensional GloVe vectors), so a word counts as specific above the
    threshold that gives the best F1 on words held out: F1 0.43 there. The threshold of each fold
    comes from the other folds, so that its score is honest.
    """
    monitor = monitor or NullMonitor()
    seed_rows = finder.find(seeds).rows
    is_seed = row_mask(len(vectors), seed_rows)
    training = np.union1d(np.arange(min(training_words, len(vectors))), seed_rows)
    labels = is_seed[training]
    num_others = len(training) - int(labels.sum())
    if labels.sum() < _FOLDS or num_others < _FOLDS:
        raise SettingsError(
            f"learning specific words needs at least {_FOLDS} seed words with a vector and as many "
            f"others, got {int(labels.sum())} and {num_others}; name a list with --specific"
        )
    units = unit_vectors_of(vectors, training)
    folds = _folds(labels, generator)
    decisions = np.empty(len(training), dtype=np.float32)
    monitor.start("learning specific words", _FOLDS + 1, "fits")
    try:
        for fold, held_out in enumerate(folds):
            weights, bias = _fit(units[~held_out], labels[~held_out])
            decisions[held_out] = units[held_out] @ weights + bias
            monitor.update(Progress(fold + 1, _FOLDS + 1, "fits"))
        threshold = _best_threshold(decisions, labels)
        weights, bias = _fit(units, labels)
        specific = _predict(vectors, weights, bias - threshold) | is_seed
    finally:
        monitor.finish()
    scores = [_held_out_scores(decisions, labels, held_out) for held_out in folds]
    f1, precision, recall = np.array(scores).T
    return LearnedWords(
        np.flatnonzero(specific),
        len(seed_rows),
        len(training),
        float(f1.mean()),
        float(f1.std(ddof=1)),
        float(precision.mean()),
        float(recall.mean()),
        threshold,
    )


def _best_threshold(decisions: Float32Array, labels: BoolArray) -> float:
    """Return the decision value above which F1 is best."""
    order = np.argsort(-decisions, kind="stable")
    right = np.cumsum(labels[order])
    f1 = 2 * right / (np.arange(1, len(order) + 1) + labels.sum())
    last = int(f1.argmax())
    below = decisions[order[min(last + 1, len(order) - 1)]]
    return float((decisions[order[last]] + below) / 2)


def _held_out_scores(
    decisions: Float32Array, labels: BoolArray, held_out: BoolArray
) -> tuple[float, float, float]:
    """Return F1, precision and recall of a fold, under the threshold of the others."""
    threshold = _best_threshold(decisions[~held_out], labels[~held_out])
    return _scores(decisions[held_out] > threshold, labels[held_out])


def _fit(units: Float32Array, labels: BoolArray) -> tuple[Float32Array, float]:
    """Train the classifier and return its weights and bias."""
    from sklearn.svm import LinearSVC

    model = LinearSVC(C=1.0, dual=False)
    model.fit(units, labels)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


def _predict(vectors: WordVectors, weights: Float32Array, bias: float) -> BoolArray:
    """Return which of all words the classifier takes for specific."""
    found: BoolArray = np.zeros(len(vectors), dtype=np.bool_)
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        rows = np.arange(start, min(start + _ROWS_AT_ONCE, len(vectors)))
        found[rows] = unit_vectors_of(vectors, rows) @ weights + bias > 0
    return found


def _folds(labels: BoolArray, generator: np.random.Generator) -> list[BoolArray]:
    """Deal the words of each class into folds; return a mask of each fold."""
    fold_of = np.empty(len(labels), dtype=np.int64)
    for value in (False, True):
        members = generator.permutation(np.flatnonzero(labels == value))
        fold_of[members] = np.arange(len(members)) % _FOLDS
    return [fold_of == fold for fold in range(_FOLDS)]


def _scores(predicted: BoolArray, actual: BoolArray) -> tuple[float, float, float]:
    """Return F1, precision and recall; 0 where nothing is right."""
    right = int((predicted & actual).sum())
    precision = right / max(int(predicted.sum()), 1)
    recall = right / max(int(actual.sum()), 1)
    f1 = 2 * right / max(int(predicted.sum()) + int(actual.sum()), 1)
    return f1, precision, recall
