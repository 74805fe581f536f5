"""Results in the order of their tasks, whatever order the threads end them in."""

import random
import time

import pytest

from seqtools.embeddings.ordered_work import results_in_order, tasks_under_way

THREADS = [1, 2, 5]


def doubled(number):
    """Take a while that depends on nothing."""
    time.sleep(random.Random(number).random() / 500)
    return 2 * number


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("size", [0, 1, 3, 60])
def test_results_come_in_the_order_of_the_tasks(threads, size):
    results = list(results_in_order(doubled, range(size), threads))
    assert results == [2 * number for number in range(size)]


@pytest.mark.parametrize("threads", THREADS)
def test_no_more_tasks_are_taken_than_are_under_way(threads):
    taken = []
    for handed_on, _ in enumerate(results_in_order(doubled, map(note(taken), range(60)), threads)):
        assert len(taken) - handed_on <= tasks_under_way(threads)
    assert len(taken) == 60


def note(taken):
    """Return a function that notes what it gives back."""

    def noted(number):
        taken.append(number)
        return number

    return noted


@pytest.mark.parametrize("threads", THREADS)
def test_a_failure_is_raised_in_its_turn_and_no_task_begun_after_it(threads):
    def fail_at_30(number):
        if number >= 30:
            raise OSError(f"failed at {number}")
        return doubled(number)

    taken, seen = [], []
    with pytest.raises(OSError, match="failed at 30"):
        seen.extend(results_in_order(fail_at_30, map(note(taken), range(10_000)), threads))
    assert len(taken) <= 30 + tasks_under_way(threads)
