"""Checkpoints: no other file is lost by them, and none that is damaged or unfit is trained on."""

import pytest

from seqtools.embeddings.checkpoint import Checkpoint


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("the cat sat on the mat and the dog sat on the rug\n" * 50)
    return path


@pytest.mark.parametrize("name", [".", "corpus"])
def test_a_directory_of_other_files_is_not_taken_for_checkpoints(
    seqtools, corpus, name, monkeypatch
):
    folder = corpus.parent / name
    (folder / "corpus").mkdir(parents=True)
    (folder / "corpus" / "mine.txt").write_text("mine")
    monkeypatch.chdir(corpus.parent)
    outcome = seqtools("embed", "train", corpus, "--checkpoint-dir", name, "-q", "--min-count", 1)
    assert outcome.exit_code == 1
    assert "holds other files" in outcome.stderr
    assert (folder / "corpus" / "mine.txt").read_text() == "mine"
    assert corpus.exists()


def test_files_put_into_a_checkpoint_outlive_it(tmp_path):
    checkpoint = Checkpoint(tmp_path / "kept", ["corpus.txt"])
    checkpoint.begin()
    checkpoint.corpus_directory.mkdir()
    (checkpoint.directory / "notes.txt").write_text("mine")
    checkpoint.remove()
    assert [path.name for path in checkpoint.directory.iterdir()] == ["notes.txt"]


def test_an_empty_directory_serves_and_is_gone_after_the_run(seqtools, corpus):
    folder, output = corpus.parent / "kept", corpus.parent / "x.vec"
    folder.mkdir()
    arguments = ["-o", output, "--checkpoint-dir", folder, "-q", "--min-count", 1, "--dim", 4]
    assert seqtools("embed", "train", corpus, *arguments).exit_code == 0
    assert not folder.exists()
