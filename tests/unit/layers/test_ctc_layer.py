"""CTC over a batch: checks, threads, and data sets whose labels do not fit."""

import numpy as np
import pytest

from seqtools.errors import SettingsError, TrainingError
from seqtools.layers.ctc import check_fit, ctc_loss, find_misfits, frames_needed, join_targets
from tests.reference import ctc as twin

TARGETS = [[1, 2], [], [3, 3, 1], [2], [1, 1, 1, 1]]
LENGTHS = [6, 4, 5, 0, 6]


@pytest.fixture
def logits():
    return np.random.default_rng(0).normal(size=(6, 5, 4)).astype(np.float32)


@pytest.mark.parametrize("threads", [1, 2, 3, 9])
def test_the_result_does_not_depend_on_threads(logits, threads):
    alone, shared = (ctc_loss(logits, LENGTHS, TARGETS, threads=n) for n in (1, threads))
    np.testing.assert_array_equal(shared.losses, alone.losses)
    np.testing.assert_array_equal(shared.gradient, alone.gradient)
    for b, (length, labels) in enumerate(zip(LENGTHS, TARGETS, strict=True)):
        assert alone.losses[b] == pytest.approx(
            twin.loss_and_gradient(logits[:length, b], labels)[0], rel=1e-5
        )


def test_the_gradient_may_replace_the_logits(logits):
    expected = ctc_loss(logits, LENGTHS, TARGETS, scale=0.2)
    result = ctc_loss(logits, LENGTHS, TARGETS, scale=0.2, out_gradient=logits)
    assert result.gradient is logits
    np.testing.assert_array_equal(logits, expected.gradient)


def test_a_batch_of_none_has_no_losses():
    result = ctc_loss(np.zeros((3, 0, 2), np.float32), [], [])
    assert result.losses.shape == (0,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"logits": np.zeros((6, 4), np.float32)}, "logits must be float32 or float64 of shape"),
        ({"logits": np.zeros((6, 5, 4), np.int64)}, "int64"),
        ({"logits": np.zeros((5, 6, 4), np.float32).swapaxes(0, 1)}, "C-contiguous"),
        ({"lengths": [6, 6]}, "2 lengths for 5 utterances"),
        ({"lengths": [7, 1, 1, 1, 1]}, "between 0 and the 6 frames of logits, got 1 to 7"),
        ({"targets": [[1]]}, "1 targets for 5 utterances"),
        ({"targets": [[1], [2, 4], [], [], []]}, "target 1 holds label 4; labels are below 4"),
        ({"targets": [[1], [], [0], [], []]}, "target 2 holds label 0"),
        ({"targets": [[], [], [], [], [-1]]}, "target 4 holds label -1"),
        ({"blank": 4}, "blank must be below the 4 symbols of logits, got 4"),
        ({"threads": 0}, "threads must be at least 1, got 0"),
        ({"out_gradient": np.zeros((6, 5, 4))}, "out_gradient must be like logits, float32"),
    ],
)
def test_what_does_not_fit_together_is_named(logits, change, message):
    options = {"logits": logits, "lengths": LENGTHS, "targets": TARGETS, **change}
    with pytest.raises(SettingsError, match=message):
        ctc_loss(**options)


def test_repeats_need_a_frame_more():
    assert [frames_needed(labels) for labels in TARGETS] == [2, 0, 4, 1, 7]
    labels, offsets = join_targets(TARGETS)
    assert labels.tolist() == [1, 2, 3, 3, 1, 2, 1, 1, 1, 1]
    assert offsets.tolist() == [0, 2, 2, 5, 6, 10]


def test_what_has_no_path_is_what_does_not_fit(logits):
    losses = ctc_loss(logits, LENGTHS, TARGETS).losses
    assert [item.place for item in find_misfits(LENGTHS, TARGETS)] == [3, 4]
    assert np.flatnonzero(np.isinf(losses)).tolist() == [3, 4]


def test_a_data_set_that_does_not_fit_is_listed():
    check_fit([2, 4], [[1, 2], [3, 3, 1]])
    with pytest.raises(TrainingError) as caught:
        check_fit(LENGTHS, TARGETS, [f"train.tsv, line {i}" for i in range(1, 6)])
    assert str(caught.value).startswith(
        "2 of 5 utterances are too short for their text: train.tsv, line 4 (0 frames, 1 needed), "
        "train.tsv, line 5 (6 frames, 7 needed); "
    )
    with pytest.raises(TrainingError, match=r"utterance 5 \(0 frames, 1 needed\) and 15 more; "):
        check_fit([0] * 20, [[1]] * 20)
