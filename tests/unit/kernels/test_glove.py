"""The GloVe kernels against the float64 twin, and laws of their step."""

import numpy as np
import pytest

from seqtools.embeddings.cooccurrence_entries import ENTRY
from seqtools.embeddings.glove import GloVeModel, make_model
from seqtools.embeddings.glove_pairs import PAIR, CorpusStatistics, TrainingPairs
from seqtools.embeddings.settings import GloVeSettings
from seqtools.kernels import glove as kernel
from seqtools.kernels.row_copies import NO_COPIES
from seqtools.kernels.vector_glove import CONTEXT, NUM_PARTS, WORD
from seqtools.text.vocabulary import Vocabulary
from tests.reference import glove as twin

SIZE, DIM = 12, 5
PAIR_64 = np.dtype([("row", "<i4"), ("column", "<i4"), ("log_x", "<f8"), ("weight", "<f8")])


def random_pairs(number, seed=1, dtype=PAIR, x_max=20.0):
    """Return distinct pairs in random order, a word beside itself among them."""
    generator = np.random.default_rng(seed)
    cells = [(row, column) for row in range(SIZE) for column in range(row + 1)]
    chosen = generator.permutation(len(cells))[:number]
    x = generator.gamma(0.5, 30.0, number) + 0.05
    pairs = np.zeros(number, dtype)
    pairs["row"], pairs["column"] = np.array(cells)[chosen].T
    pairs["log_x"], pairs["weight"] = np.log(x), twin.weight(x, x_max, 0.75)
    return pairs


def make_run(pairs, dim=DIM, tile_starts=None, **settings):
    """Return a model on pairs."""
    words = Vocabulary([f"w{i}" for i in range(SIZE)], np.full(SIZE, 9))
    starts = np.array([0, len(pairs)] if tile_starts is None else tile_starts, np.int64)
    data = TrainingPairs(pairs, starts, words, CorpusStatistics(100, 100, 10), "")
    settings = {"epochs": 1, **settings}
    return make_model(data, GloVeSettings(dim=dim, **settings))


def make_twin(model: GloVeModel):
    """Return the twin of a model that has not been trained yet."""
    settings, dim = model.settings, model.settings.dim
    parts = model.x.reshape(SIZE, NUM_PARTS, -1).astype(np.float64)
    words, contexts = parts[:, WORD], parts[:, CONTEXT]
    assert (words[:, dim + 1] == 1).all()
    assert (contexts[:, dim] == 1).all()
    return twin.GloVe(
        words[:, :dim], contexts[:, :dim], words[:, dim], contexts[:, dim + 1],
        settings.learning_rate, settings.gradient_clip,
    )  # fmt: skip


def values_of(x, dim):
    """Return vectors, context vectors and the biases of both."""
    parts = x.reshape(SIZE, NUM_PARTS, -1)
    words, contexts = parts[:, WORD], parts[:, CONTEXT]
    return words[:, :dim], contexts[:, :dim], words[:, dim], contexts[:, dim + 1]


def train(model, pairs, number=None, train_pairs=kernel.train_pairs):
    """Train on the first pairs with the kernel; return cost and number of cells."""
    cost, rate = np.zeros(1), np.float32(model.settings.learning_rate)
    clip = np.float32(rate * np.float32(model.settings.gradient_clip))
    stop = len(pairs) if number is None else number
    cells = train_pairs(pairs, 0, stop, rate, clip, NO_COPIES, model.x, cost)
    return cost[0], cells


@pytest.mark.small
@pytest.mark.parametrize("dim", [1, 5, 14, 15, 30])
@pytest.mark.parametrize("clip", [100.0, 0.1])
def test_one_step_agrees_with_the_formula(dim, clip):
    for pair in random_pairs(30):
        one = np.array([pair], PAIR)
        model = make_run(one, dim, gradient_clip=clip, learning_rate=0.3)
        expected = make_twin(model)
        before = [part.copy() for part in expected.values]
        cost, _ = train(model, one)
        wanted = expected.pair(*pair.tolist())
        assert cost == pytest.approx(wanted, rel=1e-5)
        for found, part, old in zip(values_of(model.x, dim), expected.values, before, strict=True):
            np.testing.assert_allclose(found - old, part - old, rtol=1e-5, atol=1e-7)


@pytest.mark.small
@pytest.mark.parametrize("dim", [5, 30])
def test_many_steps_agree_with_the_twin(dim):
    pairs = random_pairs(70)
    model = make_run(pairs, dim, learning_rate=0.2)
    expected = make_twin(model)
    for _ in range(4):
        cost, cells = train(model, pairs)
        wanted = sum(expected.pair(*pair.tolist()) for pair in pairs)
        assert cost == pytest.approx(wanted, rel=1e-5)
        assert cells == 2 * len(pairs) - np.count_nonzero(pairs["row"] == pairs["column"])
    for found, part in zip(values_of(model.x, dim), expected.values, strict=True):
        np.testing.assert_allclose(found, part, rtol=1e-4, atol=1e-5)


@pytest.mark.small
def test_the_plain_kernel_agrees_with_the_twin_in_float64():
    pairs = random_pairs(70, dtype=PAIR_64)
    model = make_run(pairs, learning_rate=0.2)
    expected = make_twin(model)
    x, cost = model.x.astype(np.float64), np.zeros(1)
    kernel.plain_train_pairs(pairs, 0, len(pairs), 0.2, 20.0, NO_COPIES, x, cost)
    expected.rate = 0.2
    assert cost[0] == pytest.approx(sum(expected.pair(*pair.tolist()) for pair in pairs), 1e-12)
    for found, part in zip(values_of(x, DIM), expected.values, strict=True):
        np.testing.assert_allclose(found, part, atol=1e-12)


@pytest.mark.small
def test_fixed_ones_and_padding_never_move():
    pairs = random_pairs(70)
    model = make_run(pairs, learning_rate=100.0, gradient_clip=1e9)
    train(model, pairs)
    parts = model.x.reshape(SIZE, NUM_PARTS, -1)
    assert (parts[:, WORD, DIM + 1] == 1).all()
    assert (parts[:, CONTEXT, DIM] == 1).all()
    assert not parts[:, [WORD, CONTEXT], DIM + 2 :].any()


def test_nan_stays_nan():
    pairs = random_pairs(5)
    model = make_run(pairs)
    model.x[pairs[0]["row"], 0] = np.nan
    assert np.isnan(train(model, pairs)[0])


@pytest.mark.small
def test_tiles_are_trained_in_their_order():
    pairs = random_pairs(60)
    starts, order = np.array([0, 10, 11, 40, 60]), np.array([2, 0, 3, 1])
    model, expected, cost = make_run(pairs, tile_starts=starts), make_run(pairs), np.zeros(1)
    settings = np.float32(0.05), np.float32(100), NO_COPIES
    cells = sum(
        kernel.train_tiles(pairs, starts, tiles, *settings, model.x, cost)
        for tiles in (order[:3], order[3:])
    )
    in_order = np.concatenate([pairs[starts[tile] : starts[tile + 1]] for tile in order])
    wanted_cost, wanted_cells = train(expected, in_order)
    np.testing.assert_array_equal(model.x, expected.x)
    assert (cost[0], cells) == (pytest.approx(wanted_cost), wanted_cells)


@pytest.mark.small
def test_copies_are_merged_whatever_the_tiles(monkeypatch):
    pairs = random_pairs(70)
    monkeypatch.setattr(kernel, "PAIRS_A_TURN", 7)
    starts = np.array([0, 5, 6, 30, 70])
    copying, alone = (make_run(pairs, tile_starts=starts, threads=n) for n in (2, 1))
    settings = np.float32(0.05), np.float32(100)
    for model in (copying, alone):
        copies = model.walks[0].copies
        whole = model.x_and_copies
        kernel.train_tiles(pairs, starts, np.arange(4), *settings, copies, whole, np.zeros(1))
    np.testing.assert_allclose(copying.x, alone.x, rtol=1e-4, atol=1e-6)


@pytest.mark.small
def test_shuffling_keeps_every_entry_and_depends_on_the_state_alone():
    entries = np.zeros(50, ENTRY)
    entries["row"], entries["column"] = np.arange(50), np.arange(50) // 2
    logs, weights = np.arange(50, dtype=np.float32), np.arange(50, dtype=np.float32) / 50
    orders = []
    with np.errstate(over="ignore"):
        for seed in (1, 1, 2):
            pairs = np.zeros(50, PAIR)
            kernel.shuffle_pairs(entries, logs, weights, np.array([seed], np.uint64), pairs)
            np.testing.assert_array_equal(pairs["log_x"], pairs["row"])
            np.testing.assert_array_equal(pairs["column"], pairs["row"] // 2)
            orders.append(pairs["row"].tolist())
    assert sorted(orders[0]) == list(range(50))
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != sorted(orders[0])


@pytest.mark.small
def test_every_order_of_three_is_drawn_equally_often():
    counts = {}
    state = np.array([5], np.uint64)
    with np.errstate(over="ignore"):
        for _ in range(1_200):
            order = np.arange(3)
            kernel.shuffle_order(state, order)
            counts[tuple(order.tolist())] = counts.get(tuple(order.tolist()), 0) + 1
    assert len(counts) == 6
    assert all(abs(count - 200) < 5 * np.sqrt(200) for count in counts.values())


@pytest.mark.parametrize("threads", [1, 2, 3, 7, 40])
def test_no_more_threads_than_tiles(threads):
    starts = np.array([0, 1, 2, 3, 60, 61, 62, 70])
    walks = make_run(random_pairs(70), tile_starts=starts, threads=threads).walks
    assert len(walks) == min(threads, 7)
