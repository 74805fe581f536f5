"""Running text in batches: every symbol once, rows that go on from batch to batch, small texts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.errors import CorpusError, SettingsError
from seqtools.text.batches import shards
from seqtools.text.stream_batches import StreamBatches
from seqtools.text.stream_settings import StreamSettings
from seqtools.text.symbols import PAD

FIRST_INPUT = 3
SIZES = {"length": st.integers(1, 200), "batch_size": st.integers(1, 9), "steps": st.integers(1, 9)}


class Listener:
    """Keeps the messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


def make(length: int, batch_size: int, steps: int) -> tuple[np.ndarray, StreamBatches]:
    ids = np.arange(4, 4 + length, dtype=np.int32)
    return ids, StreamBatches(ids, StreamSettings(batch_size, steps), FIRST_INPUT)


@given(**SIZES)
def test_every_symbol_is_predicted_once_from_the_one_before(
    length: int, batch_size: int, steps: int
) -> None:
    ids, batches = make(length, batch_size, steps)
    seen = []
    for index in range(len(batches)):
        batch = batches.batch(0, index)
        assert batch.inputs.dtype == batch.targets.dtype == batch.lengths.dtype == np.int32
        is_target = np.arange(len(batch.targets))[:, np.newaxis] < batch.lengths
        assert np.all(batch.targets[~is_target] == PAD)
        assert np.all(batch.inputs[~is_target] == PAD)
        targets, inputs = batch.targets[is_target], batch.inputs[is_target]
        assert np.array_equal(inputs, np.where(targets == ids[0], FIRST_INPUT, targets - 1))
        assert batch.num_tokens == targets.size
        seen += targets.tolist()
    assert sorted(seen) == ids.tolist()
    assert batches.num_tokens == length


@given(**SIZES)
def test_rows_go_on_from_batch_to_batch(length: int, batch_size: int, steps: int) -> None:
    ids, batches = make(length, batch_size, steps)
    rows: list[list[int]] = [[] for _ in range(batches.batch_size)]
    for index in range(len(batches)):
        batch = batches.batch(0, index)
        assert np.all(np.diff(batch.lengths) <= 0)
        assert np.ptp(batch.lengths) <= 1
        if index < len(batches) - 1:
            assert np.all(batch.lengths == steps)
        for row, count in zip(batch.rows.tolist(), batch.lengths.tolist(), strict=True):
            rows[row] += batch.targets[:count, row].tolist()
    assert sum(rows, []) == ids.tolist()  # noqa: RUF017 - a few short rows
    assert np.ptp([len(row) for row in rows]) <= 1


@given(**SIZES, num_shards=st.integers(1, 12))
def test_shards_hold_the_same_rows_in_every_batch(
    length: int, batch_size: int, steps: int, num_shards: int
) -> None:
    _, batches = make(length, batch_size, steps)
    first = [part.rows.tolist() for part in shards(batches.batch(0, 0), num_shards)]
    for index in range(len(batches)):
        batch = batches.batch(0, index)
        parts = shards(batch, num_shards)
        assert [part.rows.tolist() for part in parts] == first
        assert sum(part.num_tokens for part in parts) == batch.num_tokens
        assert np.array_equal(np.concatenate([part.rows for part in parts]), batch.rows)
        for part in parts:
            assert part.inputs.shape == part.targets.shape
            assert len(part.inputs) == part.lengths.max()
            assert part.inputs.flags.c_contiguous
            assert part.targets.flags.c_contiguous


@pytest.mark.parametrize(
    ("length", "rows", "steps"), [(1, 1, 1), (34, 1, 34), (35, 1, 35), (100, 2, 35), (1119, 31, 35)]
)
def test_a_text_shorter_than_a_batch_makes_fewer_rows(length: int, rows: int, steps: int) -> None:
    listener = Listener()
    ids = np.full(length, 5, dtype=np.int32)
    batches = StreamBatches(ids, StreamSettings(32, 35), FIRST_INPUT, listener)
    assert batches.batch(0, 0).inputs.shape == (steps, rows)
    (message,) = listener.messages
    assert message.startswith(f"the text has {length:,} symbols, fewer than a batch of 32 rows")
    assert f"batches of {rows} row" in message


def test_a_text_of_one_batch_keeps_its_rows() -> None:
    listener = Listener()
    ids = np.full(32 * 35, 5, dtype=np.int32)
    batches = StreamBatches(ids, StreamSettings(32, 35), FIRST_INPUT, listener)
    assert batches.batch(0, 0).inputs.shape == (35, 32)
    assert not listener.messages


def test_faulty_requests_are_refused() -> None:
    with pytest.raises(CorpusError, match="no symbols"):
        StreamBatches(np.empty(0, dtype=np.int32), StreamSettings(), FIRST_INPUT)
    for name in ("batch_size", "num_steps"):
        with pytest.raises(SettingsError, match=f"{name} must lie in 1"):
            StreamSettings(**{name: 0})
    _, batches = make(10, 2, 2)
    with pytest.raises(IndexError, match="batch 3 of 3"):
        batches.batch(0, 3)
