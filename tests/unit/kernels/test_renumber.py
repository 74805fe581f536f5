"""Renumbering and the checksum of ids."""

import numpy as np
import pytest

from seqtools.kernels.renumber import add_to_checksum, select_ids

pytestmark = pytest.mark.small


def select(ids: list[int], new_ids: list[int], cuts: list[int]) -> tuple[list[int], list[int], int]:
    """Renumber ids piece by piece; return the result, the statistics and the checksum."""
    state, checksum = np.zeros(3, dtype=np.int64), np.zeros(1, dtype=np.uint64)
    mapping, result = np.array(new_ids, dtype=np.int32), []
    with np.errstate(over="ignore"):
        for piece in np.split(np.array(ids, dtype=np.int32), cuts):
            number = select_ids(piece, mapping, state, checksum, piece)
            result += piece[:number].tolist()
    return result, state.tolist(), int(checksum[0])


def checksum_of(ids: list[int]) -> int:
    checksum = np.zeros(1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        add_to_checksum(np.array(ids, dtype=np.int32), checksum)
    return int(checksum[0])


def test_dropped_words_and_sentences_of_nothing_else_leave_no_trace() -> None:
    ids = [0, 1, 2, -1, 2, -1, 2, 2, -1, 1, -1, 0]
    result, statistics, _ = select(ids, [5, 7, -2], [])
    assert result == [5, 7, -1, 7, -1, 5]
    assert statistics == [1, 4, 2]


@pytest.mark.parametrize("cut", range(13))
def test_result_does_not_depend_on_where_the_ids_are_cut(cut: int) -> None:
    ids = [0, 1, 2, -1, 2, -1, 2, 2, -1, 1, -1, 0]
    assert select(ids, [5, 7, -2], [cut]) == select(ids, [5, 7, -2], [])


def test_checksum_is_that_of_the_ids_written() -> None:
    result, _, checksum = select([0, 1, -1, 2, -1, 1, 0, -1], [3, 4, -2], [3])
    assert checksum == checksum_of(result)


def test_checksum_tells_any_changed_moved_or_missing_id() -> None:
    ids = [3, 1, -1, 4, 1, 5, -1, 9, 2, 6, -1]
    variants = [ids[:-1], [*ids, 0], ids[::-1], [1, 3, *ids[2:]]]
    variants += [
        [*ids[:place], ids[place] ^ (1 << bit), *ids[place + 1 :]]
        for place in range(len(ids))
        for bit in range(31)
    ]
    sums = [checksum_of(variant) for variant in [ids, *variants]]
    assert len(set(sums)) == len(sums)
