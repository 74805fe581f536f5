"""CTC decoding as users call it: what the output holds, hypotheses, times."""

import numpy as np
import pytest

from seqtools.decoding.ctc_output import KINDS, log_probabilities_of, probabilities_of
from seqtools.decoding.ctc_search import CTCBeamSettings, CTCDecoder, find_best_path, spell
from seqtools.decoding.ctc_times import TimedText, align, time_labels, time_words
from seqtools.errors import SettingsError

SYMBOLS = ("<blank>", " ", "a", "b")


@pytest.fixture
def logits():
    return np.random.default_rng(4).normal(0, 3, (30, 4)).astype(np.float32)


def spoken(*labels, confidence=0.97):
    """Return probabilities of a path, a label a frame."""
    y = np.full((len(labels), 4), (1 - confidence) / 3)
    y[np.arange(len(labels)), labels] = confidence
    return y


def test_all_kinds_of_output_decode_alike(logits):
    y = probabilities_of(logits, "logits")
    np.testing.assert_allclose(y.sum(-1), 1, rtol=1e-6)
    outputs = {"logits": logits, "probabilities": y, "log-probabilities": np.log(y)}
    assert set(outputs) == set(KINDS)
    found = [CTCDecoder().search(output, kind)[0] for kind, output in outputs.items()]
    assert found[0].labels.tolist() == found[1].labels.tolist() == found[2].labels.tolist()
    assert find_best_path(logits, kind="logits").labels.size
    for kind, output in outputs.items():
        np.testing.assert_allclose(np.exp(log_probabilities_of(output, kind)), y, rtol=1e-5)


def test_normalised_output_is_recognised_and_logits_are_refused(logits):
    y = probabilities_of(logits, "logits")
    np.testing.assert_array_equal(probabilities_of(y), y)
    np.testing.assert_allclose(probabilities_of(np.log(y)), y, rtol=1e-6)
    half = probabilities_of(np.log(y).astype(np.float16))
    np.testing.assert_allclose(half, y, atol=2e-3)
    with pytest.raises(SettingsError, match=r'neither probabilities.*say kind="logits"'):
        probabilities_of(logits)


@pytest.mark.parametrize("kind", ["probabilities", "log-probabilities"])
def test_what_was_declared_is_checked(logits, kind):
    with pytest.raises(SettingsError, match=f"the model's output is not {kind}: "):
        probabilities_of(logits, kind)


@pytest.mark.parametrize(
    ("output", "kind", "message"),
    [
        (np.full((3, 4), 0.25), "logits", "every frame sums to 1, so it holds probabilities"),
        (np.full((3, 4), 0.25), "log-probabilities", "frame 0 sum to 5.136, not 1"),
        (np.array([[0.5, 0.5], [0.4, 0.5]]), "probabilities", "frame 1 sums to 0.9, not 1"),
        (np.array([[0.5, 0.5], [-0.5, 1.5]]), "probabilities", "frame 1 holds -0.5, below 0"),
        (np.array([[0.0, 1.0], [np.nan, 1.0]]), None, "frame 1 .* NaN or infinity"),
        (np.full((2, 3), -np.inf), "logits", "frame 0 holds nothing but -inf"),
        (np.zeros(4), None, r"shape \(frames, symbols\), got \(4,\)"),
        (np.zeros((4, 0)), None, r"got \(4, 0\)"),
        (np.zeros((2, 2)), "percent", "kind must be one of probabilities, log-probabilities"),
    ],
)
def test_output_that_cannot_be_used_is_named(output, kind, message):
    with pytest.raises(SettingsError, match=message):
        probabilities_of(output, kind)


def test_an_output_of_another_alphabet_is_refused():
    with pytest.raises(
        SettingsError, match=r"has 5 symbols a frame, the alphabet 4 with the blank$"
    ):
        CTCDecoder(symbols=SYMBOLS).search(np.full((2, 5), 0.2))
    with pytest.raises(SettingsError, match="it seems to be transposed"):
        CTCDecoder(symbols=SYMBOLS).search(np.full((4, 5), 0.2))
    with pytest.raises(SettingsError, match="blank must be below the 4 symbols"):
        CTCDecoder(CTCBeamSettings(blank=4)).search(np.full((4, 4), 0.25))
    with pytest.raises(SettingsError, match="blank must be below the 4 symbols"):
        find_best_path(np.full((4, 4), 0.25), blank=-1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beam_size": 0}, "beam_size must be at least 1, got 0"),
        ({"beam_size": 4, "n_best": 5}, "n_best must be between 1 and beam_size, 4, got 5"),
        ({"min_probability": 1.0}, "min_probability"),
        ({"min_probability": float("nan")}, "min_probability"),
        ({"blank": -1}, "blank must be at least 0"),
    ],
)
def test_settings_name_their_range(settings, message):
    with pytest.raises(SettingsError, match=message):
        CTCBeamSettings(**settings)


def test_hypotheses_come_best_first_and_distinct(logits):
    hypotheses = CTCDecoder(CTCBeamSettings(20, n_best=20)).search(logits, "logits")
    scores = [hypothesis.score for hypothesis in hypotheses]
    assert len({tuple(item.labels.tolist()) for item in hypotheses}) == len(hypotheses) == 20
    assert scores == sorted(scores, reverse=True)
    assert scores == [hypothesis.log_probability for hypothesis in hypotheses]


def test_labels_that_cannot_be_are_no_hypotheses():
    y = np.zeros((3, 3))
    y[[0, 1, 2], [1, 0, 2]] = 1
    hypotheses = CTCDecoder(CTCBeamSettings(n_best=10)).search(y)
    assert [item.labels.tolist() for item in hypotheses] == [[1, 2]]


def test_threads_change_nothing(logits):
    outputs = [np.roll(logits, shift, 0) for shift in range(7)]
    decoder, done = CTCDecoder(), []
    alone = decoder.search_all(outputs, "logits")
    shared = decoder.search_all(outputs, "logits", threads=3, on_done=lambda: done.append(1))
    assert len(done) == 7
    assert [h[0].labels.tolist() for h in shared] == [h[0].labels.tolist() for h in alone]
    with pytest.raises(SettingsError, match="threads must be at least 1"):
        decoder.search_all(outputs, threads=0)


def test_flat_frames_are_decoded_whatever_the_cut():
    assert CTCDecoder(CTCBeamSettings(min_probability=0.9)).search(np.full((3, 4), 0.25))


def test_no_frames_give_no_labels():
    hypothesis = CTCDecoder().search(np.zeros((0, 4)))[0]
    assert hypothesis.labels.size == 0
    assert hypothesis.score == 0
    assert find_best_path(np.zeros((0, 4))).labels.size == 0


def test_labels_and_words_have_their_times():
    y = spoken(0, 2, 2, 0, 2, 1, 1, 0, 3, 0)
    labels = CTCDecoder().search(y)[0].labels
    assert spell(labels, SYMBOLS) == "aa b"
    times = align(log_probabilities_of(y), labels)
    timed = time_labels(labels, times, SYMBOLS, 0.02)
    assert [item.text for item in timed] == ["a", "a", " ", "b"]
    np.testing.assert_allclose(
        [item[1:] for item in timed], [(0.02, 0.06), (0.08, 0.1), (0.1, 0.14), (0.16, 0.18)]
    )
    words = time_words(timed)
    assert words == [TimedText("aa", *words[0][1:]), TimedText("b", *words[1][1:])]
    np.testing.assert_allclose([word[1:] for word in words], [(0.02, 0.1), (0.16, 0.18)])
    assert time_words([]) == []


def test_labels_that_cannot_be_aligned_are_refused():
    y = log_probabilities_of(spoken(0, 2, 3))
    with pytest.raises(SettingsError, match="no path of 3 frames gives these 3 labels"):
        align(y, [2, 2, 2])
    for labels in ([4], [0], [-1]):
        with pytest.raises(SettingsError, match="labels must be below 4 and not the blank"):
            align(y, labels)


def test_text_has_single_spaces():
    assert spell([1, 2, 1, 1, 3, 1], SYMBOLS) == "a b"
