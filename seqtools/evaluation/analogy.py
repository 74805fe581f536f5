"""How well differences of vectors answer "a is to b as c is to d"."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SeqtoolsWarning
from seqtools.evaluation.analogy_search import answer_analogies
from seqtools.evaluation.analogy_sets import UNNAMED_SECTION, AnalogySet, is_syntactic
from seqtools.evaluation.bootstrap import Interval, proportion_interval
from seqtools.evaluation.lookup import WordLookup
from seqtools.evaluation.vector_settings import EvaluationSettings
from seqtools.types import BoolArray


@dataclass(frozen=True)
class Accuracy:
    """Share of questions answered right.

    Attributes
    ----------
    accuracy : float or None
        `correct` over the questions that count: the covered ones, or all where questions out of
        vocabulary count as wrong. None if no question is covered.
    interval : (float, float) or None
        Bootstrap interval over those questions.
    correct, covered, total : int
        Questions answered right, with all four words in the vocabulary, and in the file.
    """

    accuracy: float | None
    interval: Interval | None
    correct: int
    covered: int
    total: int

    def as_dict(self, interval_name: str = "ci95") -> dict[str, Any]:
        """Return the figures as they are written to JSON."""
        return {
            "accuracy": self.accuracy,
            interval_name: self.interval,
            "correct": self.correct,
            "covered": self.covered,
            "total": self.total,
        }


@dataclass(frozen=True)
class AnalogyScore:
    """Accuracy over a whole set and over its parts.

    Attributes
    ----------
    overall : Accuracy
        Over all questions.
    semantic, syntactic : Accuracy or None
        Over sections whose names do not, or do, start with "gram"; None without such a section.
    sections : dict of str to Accuracy
        In the file's order.
    """

    overall: Accuracy
    semantic: Accuracy | None
    syntactic: Accuracy | None
    sections: dict[str, Accuracy]

    def as_dict(self, interval_name: str = "ci95") -> dict[str, Any]:
        """Return the score as it is written to JSON."""
        kinds = {"semantic": self.semantic, "syntactic": self.syntactic}
        return {
            **self.overall.as_dict(interval_name),
            **{kind: part and part.as_dict(interval_name) for kind, part in kinds.items()},
            "sections": {name: part.as_dict(interval_name) for name, part in self.sections.items()},
        }


def score_analogies(
    vectors: WordVectors, questions: AnalogySet, settings: EvaluationSettings | None = None
) -> AnalogyScore:
    """Answer every question and count the right answers.

    Parameters
    ----------
    vectors : WordVectors
        The vectors to judge, most frequent word first.
    questions : AnalogySet
        Questions in sections.
    settings : EvaluationSettings, optional
        Method, restriction, policies for unknown words and case, and the bootstrap.

    Notes
    -----
    Mikolov et al. (2013), "Efficient estimation of word representations in vector space", sec. 4.1,
    as gensim's ``evaluate_word_analogies`` counts: words are compared without regard to case, the
    first spelling of the vocabulary lends its vector, no spelling of a, b or c can be the answer,
    and any spelling of d is right. gensim looks at the five best candidates only, which differs
    where all five are other spellings of a, b and c.
    """
    settings = settings or EvaluationSettings()
    lookup = WordLookup(vectors.words[: settings.restrict], settings.analogy_case)
    same_as = lookup.first_spelling()
    rows = lookup.rows(questions.questions)
    covered: BoolArray = rows.min(axis=1) >= 0
    correct = np.zeros_like(covered)
    if covered.any():
        answers = answer_analogies(
            vectors.vectors[: settings.restrict], rows[covered, :3], same_as, settings.method
        )
        correct[covered] = (answers >= 0) & (same_as[answers] == same_as[rows[covered, 3]])
    else:
        warnings.warn(
            f"{questions.name}: no score: 0 of {len(rows)} questions covered",
            SeqtoolsWarning,
            stacklevel=2,
        )
    return _summary(questions, covered, correct, settings)


def _summary(
    questions: AnalogySet, covered: BoolArray, correct: BoolArray, settings: EvaluationSettings
) -> AnalogyScore:
    """Count over the whole set, over each kind and over each section."""

    def accuracy(mask: BoolArray) -> Accuracy:
        return _accuracy(covered[mask], correct[mask], settings)

    syntactic = np.array([is_syntactic(name) for name in questions.sections])
    named = np.array([name != UNNAMED_SECTION for name in questions.sections])
    masks = {
        kind: (is_kind & named)[questions.section_of]
        for kind, is_kind in (("semantic", ~syntactic), ("syntactic", syntactic))
    }
    return AnalogyScore(
        overall=accuracy(np.ones_like(covered)),
        semantic=accuracy(masks["semantic"]) if masks["semantic"].any() else None,
        syntactic=accuracy(masks["syntactic"]) if masks["syntactic"].any() else None,
        sections={
            name: accuracy(questions.section_of == i) for i, name in enumerate(questions.sections)
        },
    )


def _accuracy(covered: BoolArray, correct: BoolArray, settings: EvaluationSettings) -> Accuracy:
    """Return the share of right answers among the questions that count."""
    num_correct, num_covered, total = int(correct.sum()), int(covered.sum()), len(covered)
    if num_covered == 0:
        return Accuracy(None, None, 0, 0, total)
    num_counted = num_covered if settings.oov == "drop" else total
    interval = proportion_interval(
        num_correct,
        num_counted,
        resamples=settings.resamples,
        confidence=settings.confidence,
        seed=settings.seed,
    )
    return Accuracy(num_correct / num_counted, interval, num_correct, num_covered, total)
