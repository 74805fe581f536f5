"""Walks over a corpus that lies in a file."""

from pathlib import Path

import numpy as np
import pytest

from seqtools.embeddings.settings import Word2VecSettings
from seqtools.embeddings.walks import let_go
from seqtools.embeddings.word2vec import make_model


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
