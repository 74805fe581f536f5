"""Model directories that are missing, cut short, mixed up or changed: one line, no crash."""

import json

import numpy as np
import pytest

from seqtools.errors import (
    FileAccessError,
    FileContentError,
    ModelError,
    SeqtoolsError,
    SettingsError,
)
from seqtools.io.model_directory import ModelDirectory

TENSORS = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(3, np.float32)}


def make(path, text=b"a\nb\n"):
    """Write a small model."""
    directory = ModelDirectory(path)
    directory.check_free(may_overwrite=False, is_resumed=False)
    directory.write_file("vocabulary.txt", text)
    directory.write_config("tiny", {"width": 3}, {"loss": "nats"}, ("vocabulary.txt",))
    directory.write_weights(TENSORS)
    return directory


def test_what_was_written_is_read(tmp_path):
    directory = make(tmp_path / "model")
    assert directory.read_config("tiny")["settings"] == {"width": 3}
    assert directory.read_file("vocabulary.txt") == b"a\nb\n"
    for name, array in directory.read_weights().items():
        np.testing.assert_array_equal(array, TENSORS[name])


def test_writing_twice_gives_the_same_bytes(tmp_path):
    one, two = make(tmp_path / "one"), make(tmp_path / "two")
    for path in one.path.iterdir():
        assert path.read_bytes() == (two.path / path.name).read_bytes()


def read_all(directory):
    """Read whatever a model directory holds."""
    directory.read_config("tiny")
    directory.read_file("vocabulary.txt")
    directory.read_weights()


def check(directory, name, pattern):
    """Expect one line that names the file."""
    with pytest.raises(FileContentError, match=pattern) as caught:
        read_all(directory)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors", "vocabulary.txt"])
def test_a_missing_file_is_named(tmp_path, name):
    directory = make(tmp_path / "model")
    (directory.path / name).unlink()
    check(directory, name, "is missing")


def test_weights_that_a_run_has_not_saved_yet_are_told_from_lost_ones(tmp_path):
    directory = make(tmp_path / "model")
    (directory.path / "weights.safetensors").unlink()
    check(directory, "weights.safetensors", "is missing; train the model again, or copy it")
    directory.checkpoint_path.mkdir()
    check(directory, "model", "its training has saved no weights yet; go on with --resume")


@pytest.mark.parametrize("is_there", [True, False])
def test_a_directory_made_for_nothing_goes_again(tmp_path, is_there):
    path = tmp_path / "a" / "model"
    if is_there:
        path.mkdir(parents=True)

    def refuse():
        assert path.is_dir()
        raise SettingsError("refused")

    prepared = ModelDirectory(path).prepared(may_overwrite=False, is_resumed=False)
    with pytest.raises(SettingsError, match="refused"), prepared:
        refuse()
    assert path.exists() == is_there
    assert (tmp_path / "a").exists() == is_there


def test_files_that_a_killed_run_left_are_no_other_files(tmp_path):
    for name in ("set.features", ".set.features.abcdefgh.part"):
        (tmp_path / name).write_text("half")
    directory = ModelDirectory(tmp_path)
    directory.check_free(False, False, ("set.features",))
    with pytest.raises(FileAccessError, match="holds other files"):
        directory.check_free(False, False)


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors", "vocabulary.txt"])
def test_a_file_cut_anywhere_is_refused(tmp_path, name):
    directory = make(tmp_path / "model")
    path = directory.path / name
    content = path.read_bytes()
    for size in range(0, len(content) - 1, 7):
        path.write_bytes(content[:size])
        check(directory, name, ".")


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors", "vocabulary.txt"])
def test_a_flipped_bit_anywhere_is_refused(tmp_path, name):
    directory = make(tmp_path / "model")
    path = directory.path / name
    content = path.read_bytes()
    for place in range(0, len(content), 3):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with pytest.raises(SeqtoolsError) as caught:
            read_all(directory)
        assert "\n" not in str(caught.value)


def test_weights_of_another_model_are_refused(tmp_path):
    directory, other = make(tmp_path / "model"), make(tmp_path / "other", b"c\nd\n")
    (directory.path / "weights.safetensors").write_bytes(
        (other.path / "weights.safetensors").read_bytes()
    )
    check(directory, "weights.safetensors", "belongs to another model")


def test_a_model_of_another_kind_or_version_is_refused(tmp_path):
    directory = make(tmp_path / "model")
    with pytest.raises(ModelError, match="holds a tiny, not a language model"):
        directory.read_config("language-model")
    path = directory.path / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": 2}))
    check(directory, "config.json", "format version 2, but this seqtools reads 1")


def test_no_directory_and_one_without_a_model_are_told_apart(tmp_path):
    check(ModelDirectory(tmp_path / "nowhere"), "nowhere", "no such model directory")
    check(ModelDirectory(tmp_path), tmp_path.name, "holds no model")


def test_a_model_is_replaced_only_when_asked(tmp_path):
    directory = make(tmp_path / "model")
    with pytest.raises(FileAccessError, match="--overwrite"):
        directory.check_free(may_overwrite=False, is_resumed=False)
    directory.check_free(may_overwrite=True, is_resumed=False)
    (directory.path / "notes.txt").write_text("mine")
    directory.clear()
    assert {path.name for path in directory.path.iterdir()} == {"notes.txt", "previous"}
    with pytest.raises(FileAccessError, match="holds other files"):
        directory.check_free(may_overwrite=True, is_resumed=False)


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path):
    (tmp_path / "model").write_text("no directory")
    for path in (tmp_path / "model", tmp_path / "model" / "below"):
        with pytest.raises(FileAccessError, match="cannot write a model here: it is a file, or in"):
            ModelDirectory(path).check_free(may_overwrite=True, is_resumed=False)


def test_a_model_that_is_replaced_stays_until_the_new_one_has_weights(tmp_path):
    directory = make(tmp_path / "model")
    before = {path.name: path.read_bytes() for path in directory.path.iterdir()}
    directory.clear()
    previous = directory.path / "previous"
    assert {path.name: path.read_bytes() for path in previous.iterdir()} == before
    directory.write_config("tiny", {"size": 3}, {})
    with pytest.raises(ModelError, match=r"the model before it is in .*previous"):
        directory.read_weights()
    directory.clear()
    assert {path.name: path.read_bytes() for path in previous.iterdir()} == before
    directory.write_config("tiny", {"size": 3}, {})
    directory.write_weights({"w": np.zeros(3, np.float32)})
    assert not previous.exists()
