"""A corpus and its co-occurrences, counted once for all tests of a module."""

import numpy as np
import pytest

from seqtools.embeddings.cooccurrence import count_cooccurrences
from seqtools.embeddings.cooccurrence_settings import CooccurrenceSettings
from seqtools.text.id_cache import TextSettings, build_id_cache


@pytest.fixture(scope="module")
def lines():
    generator = np.random.default_rng(11)
    words = generator.zipf(1.4, 60_000).clip(max=300)
    borders = np.sort(generator.choice(60_000, 4_000, replace=False))
    return [" ".join(f"w{word}" for word in line) for line in np.split(words, borders)]


@pytest.fixture(scope="module")
def cache(lines, tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    text = folder / "text.txt"
    text.write_text("\n".join(lines) + "\n")
    return build_id_cache([text], folder / "cache", TextSettings(min_count=2))


@pytest.fixture(scope="module")
def whole(cache, tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "whole.cooc"
    count_cooccurrences(cache, path, CooccurrenceSettings(window=4))
    return path
