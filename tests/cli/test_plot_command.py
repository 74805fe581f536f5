import inspect
import json

import numpy as np
import pytest

from seqtools.embeddings.vector_files import save_vectors
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.reports.embedding_map import MapSettings
from seqtools_cli.embed_plot import plot


@pytest.fixture
def vectors(tmp_path):
    words = [f"word{i}" for i in range(40)]
    table = np.random.default_rng(0).normal(size=(40, 6))
    save_vectors(tmp_path / "toy.vec", WordVectors(words, table))
    return tmp_path / "toy.vec"


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf", "html"])
def test_every_format_is_drawn(seqtools, vectors, suffix):
    path = vectors.with_name(f"map.{suffix}")
    outcome = seqtools("embed", "plot", vectors, "-o", path, "-q")
    assert outcome.exit_code == 0, outcome.stderr
    assert "40 of 40 words of toy.vec, 6 dimensions" in outcome.stdout
    assert "seed 1" in outcome.stdout
    assert path.stat().st_size > 1000


def test_json_says_what_was_drawn(seqtools, vectors):
    path = vectors.with_name("map.html")
    outcome = seqtools(
        "embed", "plot", vectors, "-o", path, "--method", "tsne", "--perplexity", 5,
        "--top", 20, "--seed", 3, "--json", "-q",
    )  # fmt: skip
    result = json.loads(outcome.stdout)
    assert (result["output"], result["format"], result["words"]) == (str(path), "html", 20)
    assert (result["method"], result["perplexity"], result["seed"]) == ("tsne", 5.0, 3)
    assert result["missing_words"] == []


def test_the_same_seed_draws_the_same_page(seqtools, vectors):
    pages = []
    for seed in (1, 1, 2):
        path = vectors.with_name("map.html")
        arguments = ("--method", "tsne", "--perplexity", 5, "--seed", seed, "-q")
        assert seqtools("embed", "plot", vectors, "-o", path, *arguments).exit_code == 0
        pages.append(path.read_bytes())
    assert pages[0] == pages[1]
    assert pages[0] != pages[2]


def test_words_of_a_file_are_drawn_and_unknown_ones_named(seqtools, vectors):
    wanted = vectors.with_name("wanted.txt")
    wanted.write_text("word7\nyeti\nword3\n")
    path = vectors.with_name("map.html")
    outcome = seqtools("embed", "plot", vectors, "-o", path, "--words", wanted, "--json")
    assert json.loads(outcome.stdout)["missing_words"] == ["yeti"]
    assert "1 of 3 words to draw have no vector: 'yeti'" in outcome.stderr
    assert '"words":["word7","word3"]' in path.read_text()


def test_only_unknown_words_are_an_error_and_write_nothing(seqtools, vectors):
    wanted = vectors.with_name("wanted.txt")
    wanted.write_text("yeti\n")
    path = vectors.with_name("map.html")
    outcome = seqtools("embed", "plot", vectors, "-o", path, "--words", wanted)
    assert outcome.exit_code == 1
    assert "none of the 1 words to draw has a vector" in outcome.stderr
    assert not path.exists()


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("map.jpg", "ending in .png, .svg, .pdf, .html, got .jpg"),
        ("map", "got no suffix"),
        ("absent/map.html", "does not exist"),
        ("toy.vec/map.html", "toy.vec is a file, not a directory"),
    ],
)
def test_outputs_that_cannot_be_written_are_refused_first(seqtools, vectors, output, message):
    outcome = seqtools("embed", "plot", vectors.with_name("absent.vec"), "-o",
                       vectors.parent / output)  # fmt: skip
    assert outcome.exit_code == 1
    assert message in outcome.stderr
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--top", "0"),
        ("--top", "5001"),
        ("--perplexity", "0"),
        ("--perplexity", "nan"),
        ("--groups", "9"),
        ("--neighbors", "-1"),
        ("--neighbors", "101"),
        ("--method", "umap"),
        ("--top", "3", "--words", "list.txt"),
    ],
)
def test_options_outside_their_range_are_usage_errors(seqtools, vectors, arguments):
    outcome = seqtools("embed", "plot", vectors, "-o", vectors.with_name("map.png"), *arguments)
    assert outcome.exit_code == 2
    assert arguments[0] in outcome.stderr


def test_too_few_words_for_tsne_say_what_to_do(seqtools, vectors):
    path = vectors.with_name("map.png")
    outcome = seqtools("embed", "plot", vectors, "-o", path, "--method", "tsne", "--top", 3, "-q")
    assert outcome.exit_code == 1
    assert "t-SNE needs at least 4 words, got 3; use method pca" in outcome.stderr


def test_the_defaults_shown_are_those_of_the_settings():
    options = {parameter.name: parameter.default for parameter in plot.params}
    for name in inspect.signature(MapSettings).parameters:
        assert options[name] == getattr(MapSettings(), name)
