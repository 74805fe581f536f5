"""The best epochs: which are kept, what they average to, and when to stop waiting."""

import numpy as np
import pytest

from seqtools.training.selection import Selection


def add_all(selection, values):
    """Add epochs whose weights are their numbers; return which were the best so far."""
    return [
        selection.add(epoch, {"loss": value}, np.full(2, epoch, np.float32))
        for epoch, value in enumerate(values, start=1)
    ]


def test_the_best_epochs_are_kept_best_first():
    selection = Selection("loss", False, 3)
    assert add_all(selection, [5, 3, 4, 2, 9, 3]) == [True, True, False, True, False, False]
    assert [kept.epoch for kept in selection.kept] == [4, 2, 6]
    assert [kept.weights.tolist() for kept in selection.kept] == [[4, 4], [2, 2], [6, 6]]
    np.testing.assert_array_equal(selection.mean_weights(), [4, 4])


def test_higher_may_be_better():
    selection = Selection("loss", True, 1)
    assert add_all(selection, [5, 3, 6]) == [True, False, True]
    assert selection.kept[0].epoch == 3


def test_waiting_counts_epochs_that_improve_too_little():
    selection = Selection("loss", False, 1, min_delta=0.5)
    waited = []
    for epoch, value in enumerate([5, 4.8, 4.4, 4.3, 4.2], start=1):
        selection.add(epoch, {"loss": value}, np.zeros(1, np.float32))
        waited.append(selection.waited)
    assert waited == [0, 1, 0, 1, 2]
    assert selection.kept[0].epoch == 5


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_metric_that_is_not_finite_is_worse_than_any(bad):
    selection = Selection("loss", False, 1)
    add_all(selection, [bad, 7, bad])
    assert selection.kept[0].epoch == 2


def test_without_a_metric_the_last_epoch_counts():
    selection = Selection("loss", False, 3)
    for epoch in (1, 2):
        assert selection.add(epoch, {}, np.full(1, epoch, np.float32))
    assert [kept.epoch for kept in selection.kept] == [2]
    assert selection.waited == 0


def test_ties_are_decided_by_the_metrics_after_the_first():
    selection = Selection("bleu", True, 2, ties=("perplexity",), floor=1.0)
    epochs = [(0.2, 240), (0.0, 180), (0.9, 128), (5.0, 140), (5.0, 120), (5.0, 130), (2.0, 90)]
    seen = []
    for epoch, (bleu, perplexity) in enumerate(epochs, start=1):
        metrics = {"bleu": bleu, "perplexity": perplexity}
        best = selection.add(epoch, metrics, np.zeros(1, np.float32))
        seen.append((best, selection.waited))
    assert seen == [(True, 0)] * 5 + [(False, 1), (False, 2)]
    assert [kept.epoch for kept in selection.kept] == [5, 6]
    restored = Selection("bleu", True, 2, ties=("perplexity",), floor=1.0)
    restored.restore(selection.state(), [kept.weights for kept in selection.kept])
    assert not restored.add(8, {"bleu": 5.0, "perplexity": 120}, np.zeros(1, np.float32))
    assert restored.add(9, {"bleu": 5.0, "perplexity": 119}, np.zeros(1, np.float32))
