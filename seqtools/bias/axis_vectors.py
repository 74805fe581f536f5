"""An axis among given vectors: its direction, its groups, its specific words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from seqtools.bias.debiasing import to_unit_length
from seqtools.bias.found_words import WordFinder
from seqtools.bias.subspace import Subspace, bias_subspace, same_vector
from seqtools.bias.word_sets import BiasAxis
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SettingsError
from seqtools.types import BoolArray, Float32Array, Float64Array, Int64Array

_SHOWN_LOST = 6


@dataclass(frozen=True)
class Direction:
    """A bias subspace found from words.

    Attributes
    ----------
    subspace : Subspace
        The directions.
    sets : tuple of tuple of str
        The definitional sets that were found, without their lost words.
    rows : tuple of int64 arrays
        Their rows.
    groups : tuple of int64 arrays
        The rows at each place of the sets: all first words, all second words, and so on.
    group_names : tuple of str
        A word for each group: the first one found.
    lost : tuple of str
        Words of definitional sets without a vector.
    """

    subspace: Subspace
    sets: tuple[tuple[str, ...], ...]
    rows: tuple[Int64Array, ...]
    groups: tuple[Int64Array, ...]
    group_names: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def basis(self) -> Float64Array:
        """The orthonormal rows of the subspace, shape (K, D)."""
        return self.subspace.basis


def find_direction(
    vectors: WordVectors,
    definitional: Sequence[Sequence[str]],
    components: int = 1,
    *,
    as_stored: bool = False,
    finder: WordFinder | None = None,
) -> Direction:
    """Find the bias subspace of definitional sets.

    Parameters
    ----------
    vectors : WordVectors
        Where the words are looked up, as written, else in lower case.
    definitional : sequence of sequences of str
        Pairs or larger sets. A set with less than two words found is left out.
    components : int
        Directions wanted.
    as_stored : bool
        Take the vectors as they are stored, as the course does, instead of scaling them to length 1
        first, as the paper does.
    finder : WordFinder, optional
        One that is there already.

    Raises
    ------
    SettingsError
        If two words of a set have the same vector, or no set is left.
    """
    finder = finder or WordFinder(vectors)
    sets, rows, lost = [], [], []
    members: dict[int, list[tuple[str, int]]] = {}
    for group in definitional:
        places = [(place, word, finder.row(word)) for place, word in enumerate(group)]
        lost += [word for _, word, row in places if row < 0]
        found = [item for item in places if item[2] >= 0]
        if len(found) < 2:
            continue
        sets.append(tuple(word for _, word, _ in found))
        rows.append(np.array([row for _, _, row in found], dtype=np.int64))
        for place, word, row in found:
            members.setdefault(place, []).append((word, row))
    if not sets:
        different = list(dict.fromkeys(lost))
        shown = ", ".join(different[:_SHOWN_LOST]) + (", ..." * (len(different) > _SHOWN_LOST))
        raise SettingsError(
            f"no definitional set has two words with a vector; lost: {shown}; name pairs in the "
            "language and case of the vectors"
        )
    subspace = bias_subspace(
        [
            _set_vectors(vectors, *item, as_stored=as_stored)
            for item in zip(sets, rows, strict=True)
        ],
        components,
    )
    groups = [members[place] for place in sorted(members)]
    return Direction(
        subspace,
        tuple(sets),
        tuple(rows),
        tuple(np.array(_distinct(row for _, row in group), dtype=np.int64) for group in groups),
        tuple(group[0][0] for group in groups),
        tuple(dict.fromkeys(lost)),
    )


def unit_vectors_of(vectors: WordVectors, rows: Int64Array) -> Float32Array:
    """Return some rows at length 1, shape (N, D); zeros stay zeros."""
    units: Float32Array = np.array(vectors.vectors[rows], dtype=np.float32)
    to_unit_length(units)
    return units


def specific_rows(axis: BiasAxis, finder: WordFinder) -> Int64Array:
    """Return the rows of words that are never neutralized.

    They are the specific words of the axis, and its definitional and equalized words in all their
    cases, which have no part in a group left if they are neutralized.
    """
    rows = set(finder.find(axis.specific).rows.tolist())
    for group in (*axis.definitional, *axis.equalize):
        for word in group:
            rows.update(finder.exact_row(spelling) for spelling in case_variants(word))
            rows.add(finder.row(word))
    rows.discard(-1)
    return np.array(sorted(rows), dtype=np.int64)


def case_variants(word: str) -> tuple[str, ...]:
    """Return the spellings of a word: as written, lower, Title and UPPER case."""
    return tuple(dict.fromkeys((word, word.lower(), word.title(), word.upper())))


def row_mask(num_rows: int, rows: Int64Array) -> BoolArray:
    """Return a mask of rows, bool array, shape (num_rows,)."""
    mask: BoolArray = np.zeros(num_rows, dtype=np.bool_)
    mask[rows] = True
    return mask


def _set_vectors(
    vectors: WordVectors, words: tuple[str, ...], rows: Int64Array, *, as_stored: bool
) -> Float64Array:
    """Return the vectors of a definitional set, all different."""
    chosen = vectors.vectors[rows] if as_stored else unit_vectors_of(vectors, rows)
    same = same_vector(chosen)
    if same is not None:
        first, second = (words[place] for place in same)
        raise SettingsError(
            f"the definitional words {first!r} and {second!r} have the same vector and no "
            "direction between them; leave the set out"
        )
    return chosen.astype(np.float64)


def _distinct(rows: Iterable[int]) -> list[int]:
    """Return rows without repetition, in their order."""
    return list(dict.fromkeys(rows))


def word_cosines(
    vectors: WordVectors,
    definitional: Sequence[Sequence[str]],
    words: Sequence[str],
    components: int = 1,
    *,
    as_stored: bool = False,
) -> dict[str, object]:
    """Return the cosines of words with the bias directions, as they are written to JSON.

    Parameters
    ----------
    vectors, definitional, components, as_stored
        As for ``find_direction``.
    words : sequence of str
        Looked up as they are written, else in lower case.

    Raises
    ------
    UnknownWordError
        If none of the words has a vector; some that have none are listed under "lost_words".
    """
    finder = WordFinder(vectors)
    direction = find_direction(
        vectors, definitional, components, as_stored=as_stored, finder=finder
    )
    found = finder.find(words)
    if not len(found):
        vectors.index(words[0])
    cosines = unit_vectors_of(vectors, found.rows).astype(np.float64) @ direction.basis.T
    return {
        "direction": {"sets": direction.sets, "components": direction.subspace.num_components},
        "words": dict(zip(found.words, cosines.tolist(), strict=True)),
        "lost_words": [*direction.lost, *found.lost],
    }
