"""Dealing out tiles: each once an epoch, in an order that does not depend on who asks."""

import numpy as np
import pytest

from seqtools.embeddings.tile_schedule import TileSchedule
from seqtools.seeding import kernel_states

SIZES = np.array([5, 1, 40, 2, 2, 9, 30, 1, 1, 7])


def schedule(threads=1, seed=3):
    return TileSchedule(SIZES, kernel_states(seed, 1)[0], threads)


def epoch_of(dealer, epoch, budget):
    """Return what is dealt out in an epoch, call by call."""
    parts = []
    while len(tiles := dealer.take(epoch, budget)):
        parts.append(tiles)
    return parts


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("budget", [1, 10, 1_000])
def test_every_tile_comes_once_an_epoch_in_one_order(threads, budget):
    dealer, other = schedule(threads), schedule()
    orders = [np.concatenate(epoch_of(dealer, epoch, budget)).tolist() for epoch in range(3)]
    assert all(sorted(order) == list(range(len(SIZES))) for order in orders)
    assert orders[0] != orders[1] != orders[2]
    assert orders == [np.concatenate(epoch_of(other, epoch, 7)).tolist() for epoch in range(3)]


def test_a_thread_alone_gets_its_budget():
    assert len(epoch_of(schedule(), 0, 1_000)) == 1


@pytest.mark.parametrize("threads", [2, 4])
def test_parts_become_small_at_the_end(threads):
    parts = epoch_of(schedule(threads), 0, 1_000)
    pairs = [int(SIZES[part].sum()) for part in parts]
    left = [sum(pairs[index:]) for index in range(len(pairs))]
    for part, size, rest in zip(parts, pairs, left, strict=True):
        assert len(part) == 1 or size <= rest / (2 * threads)


def test_what_a_checkpoint_stored_goes_on_as_before():
    first, second = schedule(), schedule(seed=9)
    for _ in range(2):
        first.take(0, 20)
    for name, array in first.arrays().items():
        second.arrays()[name][:] = array
    assert [part.tolist() for part in epoch_of(first, 0, 9) + epoch_of(first, 1, 9)] == [
        part.tolist() for part in epoch_of(second, 0, 9) + epoch_of(second, 1, 9)
    ]
