"""Sentences through a search a batch at a time."""

import threading

import pytest

from seqtools.decoding.batches import batches_by_length, run_in_batches
from seqtools.errors import SettingsError
from seqtools.monitor import NullMonitor


class Listener(NullMonitor):
    def __init__(self):
        self.heard = []

    def start(self, phase, total, unit):
        self.heard.append((phase, total, unit))

    def update(self, progress):
        self.heard.append(progress.done)


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_every_sentence_is_in_one_batch_of_like_lengths(batch_size):
    lengths = [5, 1, 9, 9, 2, 7, 0]
    batches = list(batches_by_length(lengths, batch_size))
    assert sorted(place for batch in batches for place in batch) == list(range(7))
    ordered = [lengths[place] for batch in batches for place in batch]
    assert ordered == sorted(lengths, reverse=True)
    assert all(len(batch) <= batch_size for batch in batches)


def test_very_long_sentences_make_small_batches():
    batches = list(batches_by_length([5000, 5000, 10_000, 4, 5, 6], 32))
    assert [len(batch) for batch in batches[:3]] == [1, 1, 1]
    assert sum(map(len, batches)) == 6


@pytest.mark.parametrize("num_workers", [1, 2, 5])
def test_results_stand_in_the_order_of_the_input_whoever_worked(num_workers):
    lengths, listener, workers = list(range(20)), Listener(), set()

    def work(worker, places):
        workers.add(worker)
        return [place * 10 for place in places]

    found = run_in_batches(work, lengths, 3, "counting", listener, num_workers)
    assert found == [place * 10 for place in range(20)]
    assert listener.heard[0] == ("counting", 20, "sentences")
    assert listener.heard[-1] == 20
    assert workers <= set(range(num_workers))


def test_workers_run_at_the_same_time():
    barrier = threading.Barrier(2, timeout=20)

    def work(_, places):
        barrier.wait()
        return places

    assert run_in_batches(work, [1, 1], 1, "waiting", None, 2) == [0, 1]


def test_no_sentence_is_no_result_and_no_batch_is_refused():
    assert run_in_batches(lambda _, places: places, [], 4, "nothing") == []
    with pytest.raises(SettingsError, match="batch_size must be at least 1, got 0"):
        list(batches_by_length([1], 0))
