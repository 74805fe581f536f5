"""A vocabulary that is missing, cut short, changed or foreign: one line, which names the file."""

import json
from pathlib import Path

import pytest

from seqtools.errors import SeqtoolsError, VocabularyError
from seqtools.text.codecs import build_codec, load_codec, save_codec
from seqtools.text.symbols import CodecSettings

TEXT = ["the cat sat on the mat"]


@pytest.fixture(params=["char", "word", "subword"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    save_codec(build_codec(TEXT, CodecSettings(request.param, min_count=1)), tmp_path)
    return tmp_path


def error_of(folder: Path) -> str:
    with pytest.raises(VocabularyError) as caught:
        load_codec(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def test_a_missing_file_is_named(model: Path) -> None:
    for path in sorted(model.iterdir()):
        content = path.read_bytes()
        path.unlink()
        assert f"{path}: missing; name a directory that holds a whole model" in error_of(model)
        path.write_bytes(content)
    load_codec(model)


def test_a_directory_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "missing" in error_of(tmp_path / "nowhere")
    assert "missing" in error_of(tmp_path / "file")


def test_a_file_cut_anywhere_is_refused(model: Path) -> None:
    for path in sorted(model.iterdir()):
        content = path.read_bytes()
        for size in range(0, len(content) - 1, max(1, len(content) // 50)):
            path.write_bytes(content[:size])
            error_of(model)
        path.write_bytes(content)


def test_a_changed_byte_is_noticed(model: Path) -> None:
    for path in sorted(model.iterdir()):
        content = path.read_bytes()
        for place in range(0, len(content) - 1, max(1, len(content) // 100)):
            changed = bytearray(content)
            changed[place] ^= 1
            if path.suffix == ".json" and json_equal(bytes(changed), content):
                continue
            path.write_bytes(changed)
            with pytest.raises(SeqtoolsError):
                load_codec(model)
        path.write_bytes(content)


def json_equal(first: bytes, second: bytes) -> bool:
    """Say whether two JSON files hold the same: then a changed byte changed nothing."""
    try:
        return bool(json.loads(first) == json.loads(second))
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "not a vocabulary of seqtools"),
        ({"format_version": 99}, "format version 99, but this seqtools reads version 1"),
        ({"settings": {"level": "char"}}, "settings are missing or unknown"),
        ({"settings": None}, "settings are missing or unknown"),
        ({"sha256": "0"}, "damaged"),
    ],
)
def test_a_foreign_description_is_told_apart(
    model: Path, change: dict[str, object], message: str
) -> None:
    path = model / "vocabulary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert message in error_of(model)


@pytest.mark.parametrize("content", ["[]", "{", "", "1", "[" * 100_000, '"é"'])
def test_a_description_that_is_none_is_refused(model: Path, content: str) -> None:
    (model / "vocabulary.json").write_text(content)
    error_of(model)


def test_settings_of_wrong_types_are_refused(model: Path) -> None:
    path = model / "vocabulary.json"
    description = json.loads(path.read_text())
    for name, value in [("level", 3), ("min_count", "x"), ("vocabulary_size", [])]:
        changed = description | {"settings": description["settings"] | {name: value}}
        path.write_text(json.dumps(changed))
        assert "faulty settings" in error_of(model)
