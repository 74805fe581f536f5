"""Walks over a corpus that lies in a file."""

from pathlib import Path

import numpy as np
import pytest

from seqtools.embeddings import walks, word2vec
from seqtools.embeddings.settings import Word2VecSettings
from seqtools.embeddings.walks import let_go
from seqtools.embeddings.word2vec import make_model
from seqtools.kernels.windows import CONSUMED


def resident_kilobytes(path):
    """Return how much of a mapped file is in this process's memory."""
    total, is_inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            is_inside = line.endswith(path.name)
        elif is_inside and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total


@pytest.fixture
def ids_on_disk(tmp_path):
    ids = np.random.default_rng(1).integers(-1, 50, 1_000_000).astype(np.int32)
    path = tmp_path / "mapped.int32"
    ids.tofile(path)
    return ids, path


@pytest.mark.parametrize("start", [0, 1, 5_000])
def test_ids_that_were_let_go_are_read_again(ids_on_disk, start):
    ids, path = ids_on_disk
    for offset in (0, 12, 8192):
        mapped = np.memmap(path, np.int32, "r", offset=offset)
        assert (mapped >= -1).all()
        let_go(mapped, start, len(mapped))
        np.testing.assert_array_equal(mapped, ids[offset // 4 :])


def test_a_corpus_takes_no_memory_while_it_is_trained_on(ids_on_disk):
    ids, path = ids_on_disk
    if not Path("/proc/self/smaps").exists():
        pytest.skip("no /proc/self/smaps on this system")
    counts = np.sort(np.bincount(ids[ids >= 0]))[::-1].copy()
    mapped = np.memmap(path, np.int32, "r")
    settings = Word2VecSettings(dim=4, window=1, negative=1, epochs=1, subsample=1e-4)
    model, plain = make_model(mapped, counts, settings), make_model(ids, counts, settings)
    assert resident_kilobytes(path) < 2_000
    for run in (model, plain):
        while run.advance(run.walks[0]):
            pass
    assert resident_kilobytes(path) < 2_000  # of 4,000; the system maps some around
    np.testing.assert_array_equal(model.x, plain.x)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_take_slices_in_turn_and_each_word_once_an_epoch(monkeypatch, threads):
    monkeypatch.setattr(walks, "_IDS_A_SLICE", 1_000)
    ids = np.random.default_rng(2).integers(-1, 20, 14_500).astype(np.int32)
    settings = Word2VecSettings(dim=4, negative=1, epochs=2, subsample=0, threads=threads)
    counts = np.sort(np.bincount(ids[ids >= 0]))[::-1].copy()
    model = make_model(ids, counts, settings)
    slices = [walk.slices for walk in model.walks]
    assert [len(part) for part in slices] == [[1], [7, 7], [4, 4, 4]][threads - 1]
    in_turn = [tuple(part[turn]) for turn in range(len(slices[0])) for part in slices]
    assert [start for start, _ in in_turn] == [0, *(stop for _, stop in in_turn[:-1])]
    assert in_turn[-1][1] == len(ids)
    assert all(ids[start - 1] < 0 for start, _ in in_turn[1:])
    for epoch in range(settings.epochs):
        for walk in model.walks:
            while model.advance(walk):
                pass
            assert walk.state[CONSUMED] == (epoch + 1) * walk.num_words
            walk.epoch += epoch == 0
    assert sum(walk.num_words for walk in model.walks) == np.count_nonzero(ids >= 0)


def test_a_walk_restored_within_its_slices_goes_on_as_before(monkeypatch):
    monkeypatch.setattr(walks, "_IDS_A_SLICE", 1_000)
    monkeypatch.setattr(word2vec, "_PRODUCTS_A_CALL", 1)  # 1,000 words a call
    ids = np.random.default_rng(2).integers(-1, 20, 14_500).astype(np.int32)
    counts = np.sort(np.bincount(ids[ids >= 0]))[::-1].copy()
    settings = Word2VecSettings(dim=4, negative=1, epochs=1, threads=2)
    first, second = (make_model(ids, counts, settings) for _ in range(2))
    for _ in range(4):
        assert first.advance(first.walks[1])
    second.x[:], second.u[:] = first.x, first.u
    second.walks[1].restore(first.walks[1].arrays())
    for model in (first, second):
        while model.advance(model.walks[1]):
            pass
    np.testing.assert_array_equal(first.x, second.x)
    assert first.walks[1].pairs == second.walks[1].pairs
