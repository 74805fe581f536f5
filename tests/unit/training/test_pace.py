"""The speed of training: of updates alone, without compiling."""

import pytest

from seqtools.training.pace import Pace


@pytest.fixture
def clock(monkeypatch):
    """Stop the clock; the test moves it."""
    times = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: times[0])
    return times


def test_there_is_no_speed_before_the_first_update():
    assert Pace().targets_per_second is None


def test_the_first_update_counts_only_while_it_is_alone(clock):
    pace = Pace()
    clock[0] = 20.0  # it was compiled
    pace.add(100)
    assert pace.targets_per_second == pytest.approx(5.0)
    clock[0] = 21.0
    pace.add(100)
    clock[0] = 22.0
    pace.add(300)
    assert pace.targets_per_second == pytest.approx(200.0)


def test_what_lies_between_two_stretches_does_not_count(clock):
    pace = Pace()
    clock[0] = 1.0
    pace.add(10)
    clock[0] = 2.0
    pace.add(10)
    clock[0] = 500.0  # the model was evaluated
    pace.begin()
    clock[0] = 501.0
    pace.add(30)
    assert pace.targets_per_second == pytest.approx(20.0)
