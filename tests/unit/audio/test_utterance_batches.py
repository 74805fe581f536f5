import numpy as np
import pytest

from seqtools.audio.feature_set import FeatureSet
from seqtools.audio.utterance_batches import UtteranceBatches
from seqtools.errors import CorpusError
from seqtools.text.batch_settings import BatchSettings
from seqtools.text.batches import shards

LENGTHS = np.random.default_rng(0).integers(1, 30, 53)
SETTINGS = BatchSettings(batch_size=8, pool_batches=3, seed=5)


@pytest.fixture
def features():
    offsets = np.concatenate([[0], np.cumsum(LENGTHS)])
    frames = np.random.default_rng(1).normal(size=(offsets[-1], 3)).astype(np.float32)
    return FeatureSet(frames, offsets)


@pytest.fixture
def targets():
    return [np.full(i % 4, i, dtype=np.int32) for i in range(len(LENGTHS))]


def check(batch, features, targets):
    """Hold what every batch must be."""
    assert batch.x.dtype == np.float32
    assert batch.x.flags.c_contiguous
    assert batch.x.shape == (batch.lengths.max(), len(batch.rows), 3)
    assert (np.diff(batch.lengths) <= 0).all()
    for b, row in enumerate(batch.rows.tolist()):
        length = batch.lengths[b]
        np.testing.assert_array_equal(batch.x[:length, b], features.utterance(row))
        assert (batch.x[length:, b] == 0).all()
        np.testing.assert_array_equal(batch.targets[b], targets[row])
    assert batch.num_tokens == sum(len(targets[row]) for row in batch.rows)


def test_every_epoch_holds_every_utterance_once_in_a_new_order(features, targets):
    batches = UtteranceBatches(features, targets, SETTINGS)
    orders = []
    for epoch in (0, 1):
        made = [batches.batch(epoch, i) for i in range(batches.num_batches(epoch))]
        for batch in made:
            check(batch, features, targets)
        orders.append(np.concatenate([batch.rows for batch in made]).tolist())
        assert sorted(orders[-1]) == list(range(len(LENGTHS)))
    assert orders[0] != orders[1]


def test_a_batch_is_the_same_whatever_was_asked_for_before(features, targets):
    batches = UtteranceBatches(features, targets, SETTINGS)
    wanted = batches.batch(3, 4)
    batches.batch(0, 0)
    again = UtteranceBatches(features, targets, SETTINGS).batch(3, 4)
    for batch in (batches.batch(3, 4), again):
        np.testing.assert_array_equal(batch.x, wanted.x)
        np.testing.assert_array_equal(batch.rows, wanted.rows)


@pytest.mark.parametrize("num_shards", [1, 2, 3, 20])
def test_shards_hold_the_columns_of_the_batch(features, targets, num_shards):
    batch = UtteranceBatches(features, targets, SETTINGS).batch(0, 1)
    parts = shards(batch, num_shards)
    assert len(parts) == min(num_shards, len(batch.rows))
    for part in parts:
        check(part, features, targets)
    assert sorted(np.concatenate([part.rows for part in parts])) == sorted(batch.rows)


def test_frames_can_be_counted_instead_of_utterances(features, targets):
    batches = UtteranceBatches(features, targets, BatchSettings(100, "token"))
    for i in range(batches.num_batches(0)):
        batch = batches.batch(0, i)
        assert batch.x.shape[0] * batch.x.shape[1] <= 100


def test_without_targets_all_utterances_come_in_order_of_length(features):
    made = list(UtteranceBatches(features, None, SETTINGS).in_order())
    assert (np.diff(np.concatenate([batch.lengths for batch in made])) <= 0).all()
    assert sum(batch.num_tokens for batch in made) == LENGTHS.sum()
    assert all(batch.targets == () for batch in made)
    assert shards(made[0], 2)[0].targets == ()


def test_a_batch_may_be_written_to(features):
    batch = UtteranceBatches(features, None, SETTINGS).batch(0, 0)
    before = features.frames.copy()
    batch.x[:] = 7
    np.testing.assert_array_equal(features.frames, before)


def test_as_many_texts_as_utterances_are_needed(features, targets):
    with pytest.raises(CorpusError, match="got 53 utterances but 52 texts"):
        UtteranceBatches(features, targets[1:], SETTINGS)
