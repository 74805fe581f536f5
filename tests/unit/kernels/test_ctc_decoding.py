"""The CTC search kernels against plain twins and brute force."""

import numpy as np
import pytest

from seqtools.kernels.ctc_beam import make_beam_scratch, read_prefix, search_prefixes
from seqtools.kernels.ctc_path import align_labels, are_probabilities, best_path
from tests.reference import ctc_decoding as twin
from tests.reference.ctc import collapse, labelling_probabilities


def random_output(frames, symbols, seed=0, concentration=0.5):
    return np.random.default_rng(seed).dirichlet(np.full(symbols, concentration), frames)


def search(y, beam_size, cut=0.0, blank=0):
    """Return {labels: probability} of the last beam."""
    tree, beam = make_beam_scratch(len(y), y.shape[1], beam_size, None)
    found = search_prefixes(y, blank, cut, None, tree, beam)
    result, labels = {}, np.zeros(len(y), np.int32)
    for place in range(found):
        number = read_prefix(tree, beam.nodes[place], labels)
        result[tuple(labels[:number].tolist())] = np.exp(beam.log_scores[place])
    return result


@pytest.mark.small
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("beam_size", "cut"), [(1, 0.0), (2, 0.0), (5, 0.0), (5, 0.05), (40, 0.02)]
)
def test_the_beam_holds_what_the_textbook_says(seed, beam_size, cut):
    y = random_output(9, 4, seed)
    expected, found = twin.prefix_beam(y, beam_size, cut), search(y, beam_size, cut)
    assert found.keys() == expected.keys()
    for labels, probability in expected.items():
        assert found[labels] == pytest.approx(probability, rel=1e-12)


@pytest.mark.small
@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("frames", [0, 1, 4])
def test_a_wide_beam_holds_the_exact_probability_of_every_labelling(frames, blank):
    y = random_output(frames, 3, 7)
    expected = labelling_probabilities(y, blank)
    found = search(y, 200, blank=blank)
    assert found.keys() == expected.keys()
    for labels, probability in expected.items():
        assert found[labels] == pytest.approx(probability, rel=1e-12)
    assert sum(found.values()) == pytest.approx(1)


@pytest.mark.small
def test_a_prefix_that_left_the_beam_comes_back_as_itself():
    # Narrow beams over many frames: children outlive their parents and meet them again.
    for seed in range(8):
        y = random_output(40, 3, seed, concentration=2.0)
        expected, found = twin.prefix_beam(y, 3), search(y, 3)
        assert found.keys() == expected.keys()
        assert sum(found.values()) == pytest.approx(sum(expected.values()), rel=1e-12)


@pytest.mark.small
def test_long_inputs_keep_their_scale():
    y = np.full((400, 12), 1e-4)
    y[:, 0] = 1 - y[:, 1:].sum(-1)
    y[::40, 0], y[::40, 3] = y[::40, 3].copy(), y[::40, 0].copy()
    found = search(y, 4)
    assert max(found, key=found.get) == (3,) * 10


@pytest.mark.small
def test_labellings_without_any_probability_score_minus_infinity():
    y = np.zeros((2, 2))
    with np.errstate(divide="ignore"):
        assert search(y, 2) == {(): 1.0}  # nothing can be said, so the beam stays as it was


@pytest.mark.small
@pytest.mark.parametrize("blank", [0, 1])
def test_the_best_path_is_that_of_the_likeliest_symbols(blank):
    for seed in range(5):
        y = random_output(12, 3, seed)
        labels = np.zeros(12, np.int32)
        starts, stops = np.zeros(12, np.int64), np.zeros(12, np.int64)
        number = best_path(y, blank, labels, starts, stops)
        path = y.argmax(-1)
        assert tuple(labels[:number].tolist()) == collapse(path.tolist(), blank)
        frames = np.full(12, blank)
        for label, start, stop in zip(labels[:number], starts, stops, strict=False):
            frames[start:stop] = label
        np.testing.assert_array_equal(frames, path)


@pytest.mark.small
@pytest.mark.parametrize(
    ("change", "expected"),
    [(0.0, True), (1e-4, True), (0.1, False), (-1.0, False), (np.nan, False), (np.inf, False)],
)
def test_probabilities_are_recognised(change, expected):
    for dtype in (np.float32, np.float64):
        y = random_output(5, 4).astype(dtype)
        y[3, 2] += change
        assert are_probabilities(y, 1e-3) == expected
        y[3] = [-0.5, 0.5, 0.5, 0.5]
        assert not are_probabilities(y, 1e-3)


def align(y, labels, blank=0):
    labels = np.array(labels, np.int32)
    states = 2 * len(labels) + 1
    starts, stops = np.zeros(len(labels), np.int64), np.zeros(len(labels), np.int64)
    scratch = np.zeros((2, states)), np.zeros((len(y), states), np.uint8)
    with np.errstate(divide="ignore"):
        return align_labels(np.log(y), labels, blank, *scratch, starts, stops), starts, stops


@pytest.mark.small
@pytest.mark.parametrize("labels", [[], [1], [1, 2], [1, 1], [2, 1, 1], [1, 2, 1, 2, 1]])
@pytest.mark.parametrize("blank", [0, 3])
def test_alignment_finds_the_likeliest_path(labels, blank):
    y = random_output(5, 4, 5)
    labels = [label if label != blank else 0 for label in labels]
    log_probability, starts, stops = align(y, labels, blank)
    assert np.exp(log_probability) == pytest.approx(twin.likeliest_alignment(y, labels, blank))
    path = np.full(5, blank)
    for label, start, stop in zip(labels, starts, stops, strict=True):
        assert start < stop
        path[start:stop] = label
    assert collapse(path.tolist(), blank) == tuple(labels)
    assert np.log(y[np.arange(5), path]).sum() == pytest.approx(log_probability)


@pytest.mark.small
def test_labels_that_do_not_fit_have_no_alignment():
    assert align(random_output(2, 3), [1, 1])[0] == -np.inf
    assert align(random_output(0, 3), [1])[0] == -np.inf
    assert align(random_output(0, 3), [])[0] == 0
