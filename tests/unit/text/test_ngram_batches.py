"""Words and their contexts: each word once, nothing from another sentence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.errors import CorpusError, SettingsError
from seqtools.text import ngram_batches
from seqtools.text.id_cache import SENTENCE_END
from seqtools.text.ngram_batches import NgramBatches, NgramSettings

NUM_WORDS = 10
SENTENCES = st.lists(
    st.lists(st.integers(0, NUM_WORDS - 1), min_size=1, max_size=8), min_size=1, max_size=8
)


def ids_of(sentences: list[list[int]]) -> np.ndarray:
    return np.array([i for line in sentences for i in [*line, SENTENCE_END]], dtype=np.int32)


def expected(sentences: list[list[int]], order: int) -> list[tuple[int, ...]]:
    """List all n-grams by padding each sentence."""
    grams = []
    for line in sentences:
        padded = [NUM_WORDS] * (order - 1) + line + [NUM_WORDS]
        grams += [tuple(padded[i : i + order]) for i in range(len(padded) - order + 1)]
    return sorted(grams)


@given(
    sentences=SENTENCES,
    order=st.integers(2, 5),
    batch_size=st.integers(1, 9),
    block=st.sampled_from([1, 8, 1 << 20]),
)
def test_every_word_is_predicted_once_from_its_own_sentence(
    sentences: list[list[int]], order: int, batch_size: int, block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngram_batches, "_BLOCK_POSITIONS", block)
        batches = NgramBatches(ids_of(sentences), NUM_WORDS, NgramSettings(order, batch_size))
        for epoch in range(2):
            grams = []
            for index in range(batches.num_batches()):
                batch = batches.batch(epoch, index)
                assert batch.contexts.dtype == batch.targets.dtype == np.int32
                assert batch.contexts.shape == (batch.num_tokens, order - 1)
                assert batch.num_tokens == batch_size or index == batches.num_batches() - 1
                rows = np.column_stack([batch.contexts, batch.targets])
                grams += [tuple(row) for row in rows.tolist()]
            assert sorted(grams) == expected(sentences, order)
    assert batches.num_tokens == len(grams)
    assert batches.num_symbols == batches.boundary + 1 == NUM_WORDS + 1


def test_an_epoch_can_be_entered_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngram_batches, "_BLOCK_POSITIONS", 16)
    ids = np.arange(100, dtype=np.int32)
    first, again = (NgramBatches(ids, 100, NgramSettings(3, 4)) for _ in range(2))
    forward = [first.batch(1, index).targets.tolist() for index in range(25)]
    backward = [again.batch(1, index).targets.tolist() for index in reversed(range(25))]
    assert forward == backward[::-1]
    assert forward != [first.batch(0, index).targets.tolist() for index in range(25)]


def test_faulty_requests_are_refused() -> None:
    with pytest.raises(CorpusError, match="no words to predict"):
        NgramBatches(np.empty(0, dtype=np.int32), 3, NgramSettings())
    with pytest.raises(IndexError, match="batch 1 of 1"):
        NgramBatches(np.zeros(3, dtype=np.int32), 3, NgramSettings()).batch(0, 1)
    for values in ({"order": 1}, {"batch_size": 0}, {"seed": -1}):
        with pytest.raises(SettingsError, match=next(iter(values))):
            NgramSettings(**values)
