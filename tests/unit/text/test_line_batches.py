"""Batches of lines and pairs: every line once, padding, order, seeds and shards."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.errors import CorpusError, SettingsError
from seqtools.text.batch_plans import plan_epoch, plan_in_order
from seqtools.text.batch_settings import BatchSettings
from seqtools.text.batches import LineBatch, PairBatch, pad_lines, shards
from seqtools.text.encoding import EncodedLines
from seqtools.text.line_batches import LineBatches, PairBatches
from seqtools.text.symbols import BEGIN, END, PAD

LINES = st.lists(st.lists(st.integers(4, 99), max_size=9), max_size=40)
SETTINGS = st.builds(
    BatchSettings,
    batch_size=st.integers(1, 30),
    batch_type=st.sampled_from(["sentence", "token"]),
    pool_batches=st.integers(1, 3),
    seed=st.integers(0, 5),
)


def encoded(lines: list[list[int]]) -> EncodedLines:
    return EncodedLines.from_lines(np.array(line, dtype=np.int32) for line in lines)


def column(symbols: np.ndarray, index: int, length: int) -> list[int]:
    """Return a column, after checking that the rest of it is padding."""
    assert np.all(symbols[length:, index] == PAD)
    return symbols[:length, index].tolist()


@given(lines=LINES, begin=st.booleans(), end=st.booleans(), reverse=st.booleans())
def test_padded_columns_are_the_lines(
    lines: list[list[int]], begin: bool, end: bool, reverse: bool
) -> None:
    rows = np.arange(len(lines))[::-1]
    symbols, lengths = pad_lines(encoded(lines), rows, begin, end, reverse)
    assert symbols.dtype == lengths.dtype == np.int32
    assert symbols.shape == (max(lengths, default=0), len(lines))
    for place, row in enumerate(rows.tolist()):
        line = lines[row][::-1] if reverse else lines[row]
        expected = [BEGIN] * begin + line + [END] * end
        assert column(symbols, place, lengths[place]) == expected


@given(lines=LINES, settings=SETTINGS, epoch=st.integers(0, 3))
def test_an_epoch_holds_every_line_once(
    lines: list[list[int]], settings: BatchSettings, epoch: int
) -> None:
    batches = LineBatches(encoded(lines), settings, begin=True, end=True)
    made = [batches.batch(epoch, index) for index in range(batches.num_batches(epoch))]
    for some in (made, list(batches.in_order())):
        rows = [row for batch in some for row in batch.rows.tolist()]
        assert sorted(rows) == list(range(len(lines)))
        for batch in some:
            assert np.all(np.diff(batch.lengths) <= 0)
            for place, row in enumerate(batch.rows.tolist()):
                found = column(batch.symbols, place, batch.lengths[place])
                assert found == [BEGIN, *lines[row], END]


@given(lines=LINES, settings=SETTINGS)
def test_no_batch_is_larger_than_asked_for(lines: list[list[int]], settings: BatchSettings) -> None:
    lengths = encoded(lines).lengths
    for rows in [*plan_epoch(lengths, settings, 0), *plan_in_order(lengths, settings)]:
        size = rows.size if settings.batch_type == "sentence" else rows.size * lengths[rows].max()
        assert size <= settings.batch_size or rows.size == 1


def test_sentence_batches_are_of_almost_equal_size() -> None:
    sizes = [rows.size for rows in plan_epoch(np.arange(65), BatchSettings(64), 0)]
    assert sorted(sizes) == [32, 33]


@given(lines=LINES, settings=SETTINGS)
def test_an_epoch_can_be_entered_anywhere(lines: list[list[int]], settings: BatchSettings) -> None:
    first = LineBatches(encoded(lines), settings)
    all_rows = [
        [first.batch(epoch, index).rows.tolist() for index in range(first.num_batches(epoch))]
        for epoch in range(3)
    ]
    again = LineBatches(encoded(lines), settings)
    for epoch in (2, 0, 1):
        for index in reversed(range(again.num_batches(epoch))):
            assert again.batch(epoch, index).rows.tolist() == all_rows[epoch][index]


def test_epochs_and_seeds_differ() -> None:
    lengths = np.full(200, 5)
    plans = [
        [rows.tolist() for rows in plan_epoch(lengths, BatchSettings(10, seed=seed), epoch)]
        for seed, epoch in [(1, 0), (1, 1), (2, 0), (2, 1)]
    ]
    assert all(plans[i] != plans[j] for i in range(4) for j in range(i))


def test_pools_keep_padding_low_and_batches_mixed() -> None:
    lengths = np.random.default_rng(0).poisson(12, 20_000) + 1
    settings = BatchSettings(64)
    plans = [plan_epoch(lengths, settings, epoch) for epoch in range(2)]
    padded = sum(rows.size * lengths[rows].max() for rows in plans[0])
    assert padded / lengths.sum() < 1.03
    neighbours = [{row: set(rows.tolist()) for rows in plan for row in rows} for plan in plans]
    shared = [len(neighbours[0][row] & neighbours[1][row]) - 1 for row in range(1000)]
    assert np.mean(shared) < 5


@given(lines=LINES, settings=SETTINGS, data=st.data())
def test_pairs_stay_together(
    lines: list[list[int]], settings: BatchSettings, data: st.DataObject
) -> None:
    others = [data.draw(st.lists(st.integers(4, 99), max_size=9)) for _ in lines]
    batches = PairBatches(encoded(lines), encoded(others), settings, reverse_source=True)
    made = [batches.batch(1, index) for index in range(batches.num_batches(1))]
    assert sorted(row for batch in made for row in batch.rows.tolist()) == list(range(len(lines)))
    for batch in made:
        assert np.all(np.diff(batch.source_lengths) <= 0)
        assert batch.num_tokens == sum(len(others[row]) + 1 for row in batch.rows.tolist())
        if settings.batch_type == "token" and batch.rows.size > 1:
            assert max(batch.source.size, batch.targets.size) <= settings.batch_size
        for place, row in enumerate(batch.rows.tolist()):
            source = column(batch.source, place, batch.source_lengths[place])
            assert source == [*lines[row][::-1], END]
            length = batch.target_lengths[place]
            assert column(batch.target_inputs, place, length) == [BEGIN, *others[row]]
            assert column(batch.targets, place, length) == [*others[row], END]


@given(lines=st.lists(st.lists(st.integers(4, 99), max_size=9), min_size=1, max_size=40))
def test_shards_divide_a_batch_evenly(lines: list[list[int]]) -> None:
    corpus = encoded(lines)
    (line_batch,) = LineBatches(corpus, BatchSettings(100), end=True).in_order()
    (pair_batch,) = PairBatches(corpus, corpus, BatchSettings(100)).in_order()
    for num_shards in (1, 2, 4, 50):
        check_line_shards(line_batch, num_shards)
        check_pair_shards(pair_batch, num_shards)


def check_line_shards(batch: LineBatch, num_shards: int) -> None:
    parts = shards(batch, num_shards)
    assert len(parts) == min(num_shards, batch.rows.size)
    assert sorted(row for part in parts for row in part.rows) == sorted(batch.rows)
    loads = [part.num_tokens for part in parts]
    assert sum(loads) == batch.num_tokens
    assert max(loads) - min(loads) <= batch.lengths.max()
    for part in parts:
        assert np.all(np.diff(part.lengths) <= 0)
        assert part.symbols.shape == (part.lengths.max(), part.rows.size)
        assert part.symbols.flags.c_contiguous
        for place, row in enumerate(part.rows.tolist()):
            origin = batch.rows.tolist().index(row)
            found = column(part.symbols, place, part.lengths[place])
            assert found == column(batch.symbols, origin, batch.lengths[origin])


def check_pair_shards(batch: PairBatch, num_shards: int) -> None:
    parts = shards(batch, num_shards)
    assert sum(part.num_tokens for part in parts) == batch.num_tokens
    for part in parts:
        assert np.all(np.diff(part.source_lengths) <= 0)
        assert part.source.shape == (part.source_lengths.max(), part.rows.size)
        assert part.targets.shape == part.target_inputs.shape
        for place, row in enumerate(part.rows.tolist()):
            origin = batch.rows.tolist().index(row)
            length = batch.target_lengths[origin]
            assert part.target_lengths[place] == length
            for name in ("target_inputs", "targets"):
                found = column(getattr(part, name), place, length)
                assert found == column(getattr(batch, name), origin, length)


def test_faulty_requests_are_refused() -> None:
    corpus = encoded([[4], [5]])
    with pytest.raises(CorpusError, match="got 2 sources but 1 targets"):
        PairBatches(corpus, encoded([[4]]), BatchSettings())
    with pytest.raises(SettingsError, match="num_shards must be at least 1"):
        shards(LineBatches(corpus, BatchSettings()).batch(0, 0), 0)
    for values, message in [
        ({"batch_size": 0}, "batch_size must lie in 1"),
        ({"pool_batches": 0}, "pool_batches must lie in 1"),
        ({"batch_type": "word"}, "batch_type must be 'sentence' or 'token'"),
        ({"seed": -1}, "seed must be at least 0"),
    ]:
        with pytest.raises(SettingsError, match=message):
            BatchSettings(**values)


def test_encoded_lines_are_a_sequence() -> None:
    lines = [[4, 5], [], [6]]
    corpus = encoded(lines)
    assert [line.tolist() for line in corpus] == lines
    assert corpus[-1].tolist() == [6]
    assert corpus.lengths.tolist() == [2, 0, 1]
    assert [line.tolist() for line in corpus.take(np.array([2, 0]))] == [[6], [4, 5]]
    assert [line.tolist() for line in corpus.cut(1)] == [[4], [], [6]]
    with pytest.raises(IndexError, match="line 3 of 3"):
        corpus[3]
