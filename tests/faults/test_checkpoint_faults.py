"""Checkpoints: no other file is lost by them, and none that is damaged or unfit is trained on."""

import numpy as np
import pytest

from seqtools.embeddings.checkpoint import Checkpoint
from seqtools.embeddings.plans import TrainingPlan
from seqtools.embeddings.settings import Word2VecSettings
from seqtools.embeddings.training import train_on_text
from seqtools.errors import CheckpointError, CorpusError, TrainingInterrupted
from seqtools.monitor import NullMonitor, StopRequest
from seqtools.text.id_cache import TextSettings


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


@pytest.mark.parametrize("name", ["corpus.txt", "corpus.txt/kept"])
def test_checkpoints_are_not_kept_in_a_file(seqtools, corpus, name):
    before = corpus.read_bytes()
    arguments = ["-o", corpus.parent / "x.vec", "--checkpoint-dir", corpus.parent / name, "-q"]
    outcome = seqtools("embed", "train", corpus, *arguments)
    assert outcome.exit_code == 1
    assert "cannot keep checkpoints here: it is a file, or in one" in outcome.stderr
    assert corpus.read_bytes() == before


@pytest.mark.parametrize("model", ["skipgram", "glove", "nplm"])
def test_text_that_is_refused_leaves_no_directory(seqtools, tmp_path, model):
    (tmp_path / "bad.txt").write_bytes(b"the cat sat\nthe d\0g\n")
    folder = tmp_path / "kept"
    arguments = ["--checkpoint-dir", folder, "-q", "--min-count", 1, "--model", model]
    outcome = seqtools("embed", "train", tmp_path / "bad.txt", "-o", tmp_path / "x.vec", *arguments)
    assert outcome.exit_code == 1
    assert "bad.txt, line 2, byte 17: a NUL byte" in outcome.stderr
    assert not folder.exists()


def test_text_that_is_refused_leaves_the_state_of_an_earlier_run(seqtools, interrupted):
    folder = interrupted.parent / "kept"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    interrupted.write_bytes(b"the cat\0\n")
    arguments = ["--checkpoint-dir", folder, "-o", folder.parent / "x.vec", "-q"]
    assert seqtools("embed", "train", interrupted, *arguments).exit_code == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


class _StopsAtOnce(NullMonitor):
    """Asks for an end at the first report."""

    def __init__(self, stop):
        self.stop = stop

    def update(self, progress):
        del progress
        self.stop.signal_number = 15


def a_plan(folder, **changes):
    options = {
        "text": TextSettings(min_count=1),
        "word2vec": Word2VecSettings(dim=4, epochs=50, threads=1),
        "work_directory": folder,
        "checkpoint_directory": folder / "kept",
        "is_resumed": True,
    }
    return TrainingPlan(**{**options, **changes})


@pytest.fixture
def interrupted(corpus):
    stop = StopRequest()
    with pytest.raises(TrainingInterrupted):
        train_on_text([str(corpus)], a_plan(corpus.parent), _StopsAtOnce(stop), stop)
    return corpus


@pytest.mark.parametrize("value", [2**31 - 1, 7, -5])
def test_ids_that_changed_on_disk_are_not_trained_on(interrupted, value):
    [path] = (interrupted.parent / "kept" / "corpus").glob("ids-*")
    ids = np.fromfile(path, "<i4")
    ids[ids.size // 2] = value
    ids.tofile(path)
    with pytest.raises(CorpusError, match="damaged"):
        train_on_text([str(interrupted)], a_plan(interrupted.parent))


@pytest.mark.parametrize("settings", [{"min_count": 60}, {"lower": True}, {"max_vocabulary": 3}])
def test_text_settings_other_than_the_first_runs_are_refused(interrupted, settings):
    text = TextSettings(**{"min_count": 1, **settings})
    with pytest.raises(CheckpointError, match=next(iter(settings))):
        train_on_text([str(interrupted)], a_plan(interrupted.parent, text=text))


def test_another_vocabulary_than_the_first_runs_is_refused(interrupted):
    words = interrupted.parent / "words.tsv"
    words.write_text("the\t9\ncat\t3\n")
    with pytest.raises(CheckpointError, match=r"another vocabulary than .*words\.tsv"):
        train_on_text([str(interrupted)], a_plan(interrupted.parent, vocabulary=words))
