"""Skip-gram and CBOW kernels against the float64 twin, and laws of the walk."""

from dataclasses import replace

import numpy as np
import pytest

from seqtools.embeddings.distributions import keep_limits, keep_probabilities
from seqtools.embeddings.settings import Word2VecSettings
from seqtools.embeddings.word2vec import Word2VecModel, make_model
from seqtools.kernels.random import GOLDEN_GAMMA, mix
from seqtools.kernels.tile import loss_of
from seqtools.kernels.windows import PAIRS
from tests.reference import word2vec as twin
from tests.reference.splitmix import SplitMix

VOCABULARY = 30


def small_corpus(num_words=400, seed=3):
    """Return ids in sentences of 0 to 12 words and falling counts."""
    generator = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, VOCABULARY + 1)
    words = generator.choice(VOCABULARY, num_words, p=weights / weights.sum()).astype(np.int32)
    ids = []
    while len(words):
        length = int(generator.integers(0, 13))
        ids += [*words[:length], -1]
        words = words[length:]
    counts = np.bincount([word for word in ids if word >= 0], minlength=VOCABULARY) + 1
    return np.array(ids, np.int32), np.sort(counts.astype(np.int64))[::-1].copy()


def run_walk(model: Word2VecModel, budget: int) -> None:
    """Train one epoch on the first walk."""
    with np.errstate(over="ignore"):
        while model.step(model.walks[0], budget):
            pass


SETTINGS = Word2VecSettings(
    dim=20, window=3, negative=4, epochs=1, subsample=0.05, learning_rate=0.05,
    min_learning_rate=0.05,
)  # fmt: skip


@pytest.mark.small
@pytest.mark.parametrize("window_mode", ["shrink", "fixed"])
@pytest.mark.parametrize("loss", ["ns", "hs"])
@pytest.mark.parametrize(
    ("model", "combine"), [("skipgram", "mean"), ("cbow", "mean"), ("cbow", "sum")]
)
def test_an_epoch_agrees_with_the_float64_twin(model, combine, loss, window_mode):
    settings = replace(
        SETTINGS, model=model, cbow_combine=combine, loss=loss, window_mode=window_mode
    )
    ids, counts = small_corpus()
    run = make_model(ids, counts, settings)
    x, u = run.x.astype(np.float64), run.u.astype(np.float64)
    limits = [int(limit) for limit in keep_limits(keep_probabilities(counts, 0.05, "word2vec"))]
    targets = target_of(ids, counts, settings)
    expected_loss, expected_pairs = twin.train_epoch(
        ids, limits, x, u, settings, run.walks[0].rng_state[0], np.float32(0.05), **targets
    )
    run_walk(run, 10_000)
    assert int(run.walks[0].state[PAIRS]) == expected_pairs
    np.testing.assert_allclose(run.x, x, rtol=1e-4, atol=5e-6)
    np.testing.assert_allclose(run.u, u, rtol=1e-4, atol=5e-6)
    assert loss_of(run.walks[0].scratch) == pytest.approx(expected_loss, rel=1e-5)


def target_of(ids, counts, settings):
    from seqtools.embeddings.distributions import make_codes, make_noise

    if settings.loss == "ns":
        return {"slots": make_noise(counts, settings.noise_exponent).slots.tolist()}
    codes = make_codes(counts, ids)
    paths = [slice(*bounds) for bounds in zip(codes.starts[:-1], codes.starts[1:], strict=True)]
    return {"codes": [(codes.nodes[path], codes.signs[path]) for path in paths]}


@pytest.mark.small
@pytest.mark.parametrize("loss", ["ns", "hs"])
@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_stopping_after_any_number_of_words_changes_nothing(model, loss):
    ids, counts = small_corpus()
    # A buffer smaller than the corpus: words are carried over from one filling to the next.
    whole, pieces = (
        make_model(ids, counts, replace(SETTINGS, model=model, loss=loss)) for _ in range(2)
    )
    for run in (whole, pieces):
        walk = run.walks[0]
        walk.buffers = walk.buffers._replace(tokens=np.zeros(32, np.int32))
    run_walk(whole, 10_000)
    run_walk(pieces, 1)
    np.testing.assert_array_equal(whole.x, pieces.x)
    np.testing.assert_array_equal(whole.u, pieces.u)


@pytest.mark.small
def test_a_sentence_longer_than_the_buffer_loses_no_window():
    """With fixed windows and no subsampling the number of pairs is known."""
    length, window = 500, 3
    ids = np.tile(np.arange(10, dtype=np.int32), length // 10)
    counts = np.full(10, length // 10, np.int64)
    settings = replace(SETTINGS, window=window, window_mode="fixed", subsample=0.0)
    run = make_model(ids, counts, settings)
    walk = run.walks[0]
    walk.buffers = walk.buffers._replace(tokens=np.zeros(32, np.int32))
    run_walk(run, 10_000)
    missing_at_the_ends = window * (window + 1)
    assert int(walk.state[PAIRS]) == 2 * window * length - missing_at_the_ends


@pytest.mark.small
@pytest.mark.parametrize("ids", [[-1], [3, -1], [-1, -1, 2, -1, -1], [4]])
def test_sentences_without_context_train_nothing(ids):
    _, counts = small_corpus()
    run = make_model(np.array(ids, np.int32), counts, replace(SETTINGS, subsample=0.0))
    start = run.x.copy()
    run_walk(run, 10)
    np.testing.assert_array_equal(run.x, start)
    assert run.walks[0].state[PAIRS] == 0


@pytest.mark.small
def test_random_bits_are_those_of_splitmix64():
    plain, counter = SplitMix(123), np.uint64(123)
    with np.errstate(over="ignore"):
        for _ in range(5):
            counter += GOLDEN_GAMMA
            assert int(mix(counter)) == plain.bits()
