"""The CTC kernels against the float64 twin, brute force, and central differences."""

import itertools

import numpy as np
import pytest

from seqtools.kernels.ctc import ctc_gradient, linear_utterance
from seqtools.kernels.ctc_logarithmic import logarithmic_utterance
from seqtools.kernels.ctc_scratch import make_ctc_scratch
from seqtools.kernels.ctc_softmax import exponentials
from tests.reference import ctc as twin

# Frames, symbols, labels: none, one, tight, with repeats, tight with repeats, not possible.
UTTERANCES = [
    (4, 3, []),
    (1, 2, [1]),
    (3, 4, [2, 1, 3]),
    (9, 4, [1, 1, 2, 2, 3]),
    (5, 4, [1, 1, 2, 2][:3]),
    (4, 3, [1, 1]),
    (3, 3, [2, 2]),
    (2, 3, [2, 2]),
    (2, 4, [1, 2, 3]),
    (0, 3, []),
    (0, 3, [1]),
    (12, 9, [8, 3, 3, 1]),
]


def run(logits, lengths, targets, blank=0, scale=1.0, in_place=False):
    """Return losses and gradient of a batch."""
    offsets = np.concatenate([[0], np.cumsum([len(labels) for labels in targets])])
    labels = np.array([label for target in targets for label in target], np.int32)
    most = max(len(target) for target in targets)
    scratch = make_ctc_scratch(logits.shape[0], most, logits.shape[2], logits.dtype)
    losses, logits = np.zeros(len(targets)), logits.copy()
    gradient = logits if in_place else np.full_like(logits, 7)
    ctc_gradient(
        logits, np.array(lengths), labels, offsets, 0, len(targets), blank, scale, scratch,
        losses, gradient,
    )  # fmt: skip
    return losses, gradient


def run_one(logits, labels, **options):
    """Return loss and gradient of one utterance."""
    losses, gradient = run(logits[:, None], [len(logits)], [labels], **options)
    return losses[0], gradient[:, 0]


def random_logits(*shape, dtype=np.float64, seed=3):
    return np.random.default_rng(seed).normal(0, 2, shape).astype(dtype)


@pytest.mark.small
@pytest.mark.parametrize(("frames", "symbols", "labels"), UTTERANCES)
def test_loss_and_gradient_agree_with_the_twin(frames, symbols, labels):
    logits = random_logits(frames, symbols)
    loss, gradient = run_one(logits, labels)
    expected_loss, expected_gradient = twin.loss_and_gradient(logits, labels)
    assert loss == pytest.approx(expected_loss, abs=1e-12)
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-12)
    loss, gradient = run_one(logits.astype(np.float32), labels)
    assert loss == pytest.approx(expected_loss, rel=1e-5, abs=1e-6)
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-6)


@pytest.mark.small
@pytest.mark.parametrize(("frames", "symbols", "labels"), UTTERANCES)
def test_log_space_agrees_with_the_twin(frames, symbols, labels):
    logits = random_logits(frames, 1, symbols)
    scratch = make_ctc_scratch(frames, len(labels), symbols, np.float64)
    gradient = np.zeros_like(logits)
    target = np.array(labels, np.int32)
    loss = logarithmic_utterance(logits, 0, frames, target, 0, 1.0, scratch, gradient)
    expected_loss, expected_gradient = twin.loss_and_gradient(logits[:, 0], labels)
    assert loss == pytest.approx(expected_loss, abs=1e-12)
    np.testing.assert_allclose(gradient[:, 0], expected_gradient, atol=1e-12)


@pytest.mark.small
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("in_place", [False, True])
def test_a_padded_batch_equals_its_utterances(dtype, in_place):
    shapes = [(frames, labels) for frames, symbols, labels in UTTERANCES if symbols < 5]
    lengths, targets = zip(*shapes, strict=True)
    logits = random_logits(12, len(shapes), 4, dtype=dtype)
    losses, gradient = run(logits, lengths, targets, scale=0.25, in_place=in_place)
    for b, (frames, labels) in enumerate(shapes):
        loss, alone = run_one(np.ascontiguousarray(logits[:frames, b]), labels, scale=0.25)
        assert losses[b] == loss
        np.testing.assert_array_equal(gradient[:frames, b], alone)
        assert not gradient[frames:, b].any()


@pytest.mark.small
@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("frames", [1, 2, 4])
def test_probabilities_are_those_of_all_paths_and_sum_to_one(frames, blank):
    logits = random_logits(frames, 3)
    expected = twin.labelling_probabilities(np.exp(twin.log_softmax(logits)), blank)
    others = [symbol for symbol in range(3) if symbol != blank]
    total = 0.0
    for length in range(frames + 1):
        for labels in itertools.product(others, repeat=length):
            probability = np.exp(-run_one(logits, labels, blank=blank)[0])
            assert probability == pytest.approx(expected.get(labels, 0.0), abs=1e-14)
            total += probability
    assert total == pytest.approx(1, abs=1e-12)


@pytest.mark.small
def test_the_gradient_is_that_of_central_differences():
    logits, labels, step = random_logits(7, 4), [1, 1, 3], 1e-4
    gradient = run_one(logits, labels)[1]
    for place in np.ndindex(logits.shape):
        shift = np.zeros_like(logits)
        shift[place] = step
        slope = (run_one(logits + shift, labels)[0] - run_one(logits - shift, labels)[0]) / 2 / step
        assert gradient[place] == pytest.approx(slope, abs=1e-6)


@pytest.mark.small
def test_gradients_of_a_frame_sum_to_zero():
    gradient = run_one(random_logits(30, 5), [1, 2, 2, 4])[1]
    np.testing.assert_allclose(gradient.sum(-1), 0, atol=1e-12)


@pytest.mark.small
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("wrong_by", [30.0, 80.0, 300.0])
def test_confidently_wrong_logits_are_as_exact(dtype, wrong_by):
    logits = random_logits(40, 5, dtype=dtype)
    logits[:, 0] += dtype(wrong_by)
    labels = [1, 2, 3, 4, 4, 3, 2, 1]
    loss, gradient = run_one(logits, labels)
    expected_loss, expected_gradient = twin.loss_and_gradient(logits, labels)
    assert loss == pytest.approx(expected_loss, rel=1e-6)
    np.testing.assert_allclose(gradient, expected_gradient, atol=2e-5)


def behind():
    """Return logits whose paths want to stay at the start, and labels."""
    logits = random_logits(40, 4)
    logits[:, 0] += 40
    return logits, [1, 2, 3, 3, 2, 1, 1] * 2


def ahead():
    """Return logits whose paths want to be at the end before half of the frames, and labels."""
    logits = random_logits(80, 3)
    logits[np.arange(80), 1 + np.arange(80) % 2] += 40
    return logits, [1, 2] * 16


@pytest.mark.small
@pytest.mark.parametrize("make", [behind, ahead])
def test_rows_that_drift_apart_are_tilted_until_they_meet(make):
    logits, labels = make()
    scratch = make_ctc_scratch(len(logits), len(labels), logits.shape[1], np.float64)
    gradient, target = np.zeros_like(logits)[:, None], np.array(labels, np.int32)
    loss = linear_utterance(
        logits[:, None], 0, len(logits), target, 0, 1.0, scratch, gradient
    )  # fmt: skip
    assert scratch.skips.max() not in (0, 1)  # the tilt
    expected_loss, expected_gradient = twin.loss_and_gradient(logits, labels)
    assert loss == pytest.approx(expected_loss, rel=1e-12)
    np.testing.assert_allclose(gradient[:, 0], expected_gradient, atol=1e-11)


@pytest.mark.small
@pytest.mark.parametrize("first_half", [30.0, 80.0])
def test_confident_halves_that_contradict_the_labels_are_as_exact(first_half):
    logits = np.zeros((120, 4))
    # The labels fit only at the end, after the rows have forgotten the way there.
    logits[:60, 0], logits[60:, 0] = first_half, -30.0
    labels = [1, 2, 3] * 20
    loss, gradient = run_one(logits, labels)
    expected_loss, expected_gradient = twin.loss_and_gradient(logits, labels)
    assert loss == pytest.approx(expected_loss, rel=1e-12)
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-10)


@pytest.mark.small
def test_a_symbol_that_cannot_be_makes_only_its_labellings_impossible():
    logits = random_logits(6, 4)
    logits[:, 2] = -np.inf
    with np.errstate(invalid="ignore"):
        loss, gradient = run_one(logits, [1, 3])
        assert loss == pytest.approx(run_one(np.ascontiguousarray(logits[:, [0, 1, 3]]), [1, 2])[0])
        assert np.isfinite(gradient).all()
        loss, gradient = run_one(logits, [1, 2])
    assert loss == np.inf
    assert not gradient.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_nan_and_infinity_reach_the_loss(dtype, poison):
    logits = random_logits(6, 4, dtype=dtype)
    for place in ((0, 0), (3, 1), (5, 3)):
        bad = logits.copy()
        bad[place] = poison
        assert np.isnan(run_one(bad, [1, 3])[0])


@pytest.mark.small
def test_certain_labels_cost_nothing_and_never_less():
    logits = np.full((5, 3), -60.0)
    logits[np.arange(5), [0, 1, 1, 0, 2]] = 60
    for dtype in (np.float32, np.float64):
        loss, gradient = run_one(logits.astype(dtype), [1, 2])
        assert 0 <= loss < 1e-12
        np.testing.assert_allclose(gradient, 0, atol=1e-7)


@pytest.mark.small
@pytest.mark.parametrize("symbols", [1, 2, 7, 40])
def test_float32_exponentials_are_near_exact(symbols):
    x = np.random.default_rng(1).normal(0, 12, (30, 2, symbols)).astype(np.float32)
    x[0, 1, 0] = -np.inf if symbols > 1 else 0
    scratch = make_ctc_scratch(30, 1, symbols, np.float32)
    normalizers = np.zeros(30)
    with np.errstate(invalid="ignore"):
        exponentials(
            x, 1, 30, scratch.bits, scratch.floats, scratch.rest_flat, scratch.symbol_posteriors,
            scratch.flat, scratch.y, normalizers,
        )  # fmt: skip
    exact = x[:, 1].astype(np.float64)
    expected = np.exp(exact - exact.max(-1, keepdims=True))
    np.testing.assert_allclose(scratch.y, expected, rtol=2e-7, atol=2e-38)
    np.testing.assert_allclose(normalizers, expected.sum(-1), rtol=2e-7)
