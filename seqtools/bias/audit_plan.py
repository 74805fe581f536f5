"""What an audit looks at: chosen once from the vectors as they are, and kept for those debiased."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from seqtools.bias.axis_vectors import (
    Direction,
    find_direction,
    row_mask,
    specific_rows,
    unit_vectors_of,
)
from seqtools.bias.found_words import FoundWords, WordFinder
from seqtools.bias.leaning import extremes, group_means, leanings, plain_words
from seqtools.bias.settings import AuditSettings
from seqtools.bias.word_sets import BiasAxis, NamedWords, WeatTest
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SettingsError
from seqtools.types import BoolArray, Float32Array, Int64Array


@dataclass(frozen=True)
class FoundTest:
    """A test whose words were looked up.

    Attributes
    ----------
    test : WeatTest
        As it is listed.
    targets, attributes : tuple of two FoundWords
        What was found of its sets.
    """

    test: WeatTest
    targets: tuple[FoundWords, FoundWords]
    attributes: tuple[FoundWords, FoundWords]

    @property
    def lost(self) -> tuple[str, ...]:
        """Words without a vector, each once."""
        return _lost_of((*self.targets, *self.attributes))

    @property
    def can_be_scored(self) -> bool:
        """Whether two words of each target set and one of each attribute set are left."""
        return min(map(len, self.targets)) > 1 and min(map(len, self.attributes)) > 0


@dataclass(frozen=True)
class AuditPlan:
    """The words of an audit, found among vectors before anything is changed.

    Attributes
    ----------
    axis : BiasAxis
        What kind of bias.
    direction : Direction
        Its subspace, of which direct bias is a part.
    targets : FoundWords
        Words that should be neutral, specific ones left out.
    stereotypes : tuple of (str, FoundWords)
        Words ascribed to each group.
    indirect : tuple of ((str, str), int64 array)
        Pairs looked into for indirect bias, and their rows.
    tests : tuple of FoundTest
        Association tests.
    specific : bool array, shape (V,)
        Words that belong to a group by definition.
    vocabulary : int64 array, shape (P,)
        Rows of ordinary frequent words.
    leaning : float32 array, shape (P, groups)
        How far each of them leans to each group.
    extremes : tuple of int64 arrays
        For each group the places in the vocabulary of the words that lean to it most.
    target_leaning : float32 array, shape (targets, groups)
        How far the targets lean to each group.
    """

    axis: BiasAxis
    direction: Direction
    targets: FoundWords
    stereotypes: tuple[tuple[str, FoundWords], ...]
    indirect: tuple[tuple[tuple[str, str], Int64Array], ...]
    tests: tuple[FoundTest, ...]
    specific: BoolArray
    vocabulary: Int64Array
    leaning: Float32Array
    extremes: tuple[Int64Array, ...]
    target_leaning: Float32Array

    @property
    def lost(self) -> tuple[str, ...]:
        """Words of any set without a vector, each once."""
        sets = [self.targets, *(found for _, found in self.stereotypes)]
        tests = [word for test in self.tests for word in test.lost]
        return tuple(dict.fromkeys([*self.direction.lost, *_lost_of(sets), *tests]))


def plan_audit(
    vectors: WordVectors,
    axis: BiasAxis,
    tests: Sequence[WeatTest],
    settings: AuditSettings,
    *,
    components: int = 1,
    as_stored: bool = False,
    finder: WordFinder | None = None,
) -> AuditPlan:
    """Find all words of an audit.

    Parameters
    ----------
    vectors : WordVectors
        The vectors before debiasing.
    axis : BiasAxis
        What kind of bias.
    tests : sequence of WeatTest
        Association tests.
    settings : AuditSettings
        How many words are looked at, and how many may be lost.
    components : int
        Dimensions of the bias subspace.
    as_stored : bool
        Take the direction from vectors as they are stored.
    finder : WordFinder, optional
        One that is there already.

    Raises
    ------
    SettingsError
        If a set loses more words than allowed, or there is no direction.
    """
    finder = finder or WordFinder(vectors)
    direction = find_direction(
        vectors, axis.definitional, components, as_stored=as_stored, finder=finder
    )
    specific = row_mask(len(vectors), specific_rows(axis, finder))
    targets = finder.find(axis.targets)
    free = ~specific[targets.rows]
    targets = FoundWords(
        tuple(word for word, is_free in zip(targets.words, free, strict=True) if is_free),
        targets.rows[free],
        targets.lost,
    )
    stereotypes = tuple((named.name, finder.find(named.words)) for named in axis.stereotypes)
    found_tests = tuple(_find_test(test, finder) for test in tests)
    _check_losses(axis, targets, stereotypes, found_tests, settings.max_lost)
    vocabulary = plain_words(vectors.words, settings.vocabulary, specific)
    means = group_means(vectors, direction)
    leaning = leanings(unit_vectors_of(vectors, vocabulary), direction, means)
    return AuditPlan(
        axis=axis,
        direction=direction,
        targets=targets,
        stereotypes=stereotypes,
        indirect=tuple(_find_pairs(axis.indirect, finder)),
        tests=found_tests,
        specific=specific,
        vocabulary=vocabulary,
        leaning=leaning,
        extremes=extremes(leaning, max(settings.cluster_words, settings.probe_words)),
        target_leaning=leanings(unit_vectors_of(vectors, targets.rows), direction, means),
    )


def _find_test(test: WeatTest, finder: WordFinder) -> FoundTest:
    """Look up the words of a test."""
    first, second, third, fourth = (
        finder.find(named.words) for named in (*test.targets, *test.attributes)
    )
    return FoundTest(test, (first, second), (third, fourth))


def _find_pairs(
    pairs: Iterable[tuple[str, str]], finder: WordFinder
) -> Iterable[tuple[tuple[str, str], Int64Array]]:
    """Yield pairs of which both words are found."""
    for pair in pairs:
        rows = np.array([finder.row(word) for word in pair], dtype=np.int64)
        if rows.min() >= 0:
            yield pair, rows


def _check_losses(
    axis: BiasAxis,
    targets: FoundWords,
    stereotypes: Iterable[tuple[str, FoundWords]],
    tests: Iterable[FoundTest],
    max_lost: float,
) -> None:
    """Refuse sets that lose more words than the user allows."""
    named = [("targets", targets, len(axis.targets))]
    named += [(f"stereotypes of {name}", found, 0) for name, found in stereotypes]
    for test in tests:
        listed: tuple[NamedWords, ...] = (*test.test.targets, *test.test.attributes)
        found = (*test.targets, *test.attributes)
        named += [
            (f"{test.test.name}: {words.name}", item, len(words.words))
            for words, item in zip(listed, found, strict=True)
        ]
    for name, item, size in named:
        total = size or len(item) + len(item.lost)
        if total and len(item.lost) / total > max_lost:
            shown = ", ".join(item.lost[:5]) + (", ..." if len(item.lost) > 5 else "")
            raise SettingsError(
                f"{name}: {len(item.lost)} of {total} words have no vector ({shown}), more than "
                f"the share of {max_lost:g} that max_lost allows"
            )


def _lost_of(sets: Iterable[FoundWords]) -> tuple[str, ...]:
    """Return the lost words of several sets, each once."""
    return tuple(dict.fromkeys(word for found in sets for word in found.lost))
