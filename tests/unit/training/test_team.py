"""Threads on shards: results in order, memory of their own, errors as they were."""

import threading

import numpy as np
import pytest

from seqtools.monitor import StopRequest
from seqtools.training.team import StopWork, Team


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(threads):
    with Team(5, threads) as team:
        found = team.run(lambda index, item, _: (index, item), list("abcd"))
    assert found == [(0, "a"), (1, "b"), (2, "c"), (3, "d")]


@pytest.mark.parametrize("threads", [1, 3])
def test_every_item_has_memory_of_its_own_from_call_to_call(threads):
    def work(_, item, workspace):
        array = workspace.take("x", 4)
        if item is not None:
            array[:] = item
        return array.copy()

    with Team(3, threads, np.float64) as team:
        team.run(work, [1, 2, 3])
        found = team.run(work, [None, None, None])
    assert [array.tolist() for array in found] == [[1] * 4, [2] * 4, [3] * 4]


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_thread_is_raised(threads):
    def fail(index, *_):
        raise ZeroDivisionError(index)

    with Team(2, threads) as team, pytest.raises(ZeroDivisionError):
        team.run(fail, [1, 2])


def test_more_threads_than_shards_are_not_started():
    with Team(2, 64) as team:
        assert team.num_threads == 2


def test_a_stop_that_was_requested_ends_the_work():
    stop = StopRequest()
    with Team(1, stop=stop) as team:
        team.check_stop()
        stop.signal_number = 15
        with pytest.raises(StopWork):
            team.check_stop()


def test_an_error_does_not_wait_for_what_other_threads_still_do():
    has_begun, may_end, has_ended = (threading.Event() for _ in range(3))

    def work(index, *_):
        if index == 0:
            has_begun.wait(30)
            raise KeyError("first")
        has_begun.set()
        may_end.wait(30)
        has_ended.set()

    with pytest.raises(KeyError), Team(2, 2) as team:
        team.run(work, ["a", "b"])
    assert not has_ended.is_set()
    may_end.set()
    assert has_ended.wait(30)
