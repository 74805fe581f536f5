"""Writes that fail while a cache is built: a clean error, and the old cache still stands."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seqtools.errors import CorpusError, FileAccessError
from seqtools.text import cache_builder
from seqtools.text.id_cache import IdCache, TextSettings, build_id_cache

SETTINGS = TextSettings(min_count=1)


@pytest.fixture
def old_cache(tmp_path: Path) -> IdCache:
    (tmp_path / "corpus.txt").write_text("old words of an old text\n")
    return build_id_cache([tmp_path / "corpus.txt"], tmp_path / "cache", SETTINGS)


def fail_at(number: int, function: Callable[..., object]) -> Callable[..., object]:
    """Wrap a function so that its call of that number finds the disk full."""
    calls = 0

    def wrapped(*arguments: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        if calls == number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return function(*arguments, **named)

    return wrapped


@pytest.mark.parametrize(
    ("target", "number"),
    [
        *(("_write", number) for number in (1, 2)),
        *(("fsync", number) for number in (1, 2, 3, 4)),
        *(("replace", number) for number in (1, 2, 3)),
    ],
)
def test_a_failed_write_leaves_the_old_cache(
    tmp_path: Path, old_cache: IdCache, monkeypatch: pytest.MonkeyPatch, target: str, number: int
) -> None:
    before = {path.name: path.read_bytes() for path in (tmp_path / "cache").iterdir()}
    if target == "_write":
        monkeypatch.setattr(cache_builder, target, fail_at(number, cache_builder._write))
    else:
        monkeypatch.setattr(os, target, fail_at(number, getattr(os, target)))
    (tmp_path / "corpus.txt").write_text("new words of a new text\n")
    with pytest.raises(FileAccessError, match="cannot write: No space left on device"):
        build_id_cache([tmp_path / "corpus.txt"], tmp_path / "cache", SETTINGS)
    monkeypatch.undo()
    after = {path.name: path.read_bytes() for path in (tmp_path / "cache").iterdir()}
    assert after == before
    reopened = IdCache.open(tmp_path / "cache")
    reopened.verify()
    assert reopened.fingerprint == old_cache.fingerprint


def test_a_failure_after_the_switch_leaves_the_new_cache(
    tmp_path: Path, old_cache: IdCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", fail_at(5, os.fsync))
    (tmp_path / "corpus.txt").write_text("new words of a new text\n")
    with pytest.raises(FileAccessError):
        build_id_cache([tmp_path / "corpus.txt"], tmp_path / "cache", SETTINGS)
    reopened = IdCache.open(tmp_path / "cache")
    reopened.verify()
    assert reopened.fingerprint != old_cache.fingerprint


def test_a_failed_rebuild_of_the_same_text_leaves_the_cache(
    tmp_path: Path, old_cache: IdCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "replace", fail_at(3, os.replace))
    with pytest.raises(FileAccessError):
        build_id_cache([tmp_path / "corpus.txt"], tmp_path / "cache", SETTINGS)
    assert IdCache.open(tmp_path / "cache").fingerprint == old_cache.fingerprint


def test_a_failed_first_build_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "corpus.txt").write_text("new words of a new text\n")
    monkeypatch.setattr(os, "replace", fail_at(2, os.replace))
    with pytest.raises(FileAccessError):
        build_id_cache([tmp_path / "corpus.txt"], tmp_path / "cache", SETTINGS)
    assert not (tmp_path / "cache").exists()


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("a b\n")
    with pytest.raises(FileAccessError, match=r"corpus\.txt: cannot write"):
        build_id_cache([tmp_path / "corpus.txt"], tmp_path / "corpus.txt", SETTINGS)


def test_a_cache_that_another_run_is_writing_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("a b\n")
    (tmp_path / "cache").mkdir()
    with (
        cache_builder._unfinished_ids(tmp_path / "cache"),
        pytest.raises(FileAccessError, match="another run is writing this id cache"),
    ):
        build_id_cache([tmp_path / "corpus.txt"], tmp_path / "cache", SETTINGS)


def test_an_interrupt_leaves_the_old_cache(
    tmp_path: Path, old_cache: IdCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cache_builder, "_renumber", interrupt)
    with pytest.raises(KeyboardInterrupt):
        build_id_cache([tmp_path / "corpus.txt"], tmp_path / "cache", SETTINGS)
    assert len(list((tmp_path / "cache").iterdir())) == 3
    assert IdCache.open(tmp_path / "cache").fingerprint == old_cache.fingerprint


KILLED = """
import os, signal, sys
from pathlib import Path
from seqtools.text import cache_builder
from seqtools.text.id_cache import TextSettings, build_id_cache

def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(os if sys.argv[2] == "replace" else cache_builder, sys.argv[2], kill)
folder = Path(sys.argv[1])
build_id_cache([folder / "corpus.txt"], folder / "cache", TextSettings(min_count=1))
"""


@pytest.mark.parametrize("moment", ["_renumber", "replace", "write_description"])
def test_a_killed_build_is_never_taken_for_whole(tmp_path: Path, moment: str) -> None:
    (tmp_path / "corpus.txt").write_text("a b a\n")
    command = [sys.executable, "-c", KILLED, str(tmp_path), moment]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    outcome = subprocess.run(command, env=environment, check=False)
    assert outcome.returncode == -signal.SIGKILL
    with pytest.raises(CorpusError, match="no finished id cache"):
        IdCache.open(tmp_path / "cache")
    cache = build_id_cache([tmp_path / "corpus.txt"], tmp_path / "cache", SETTINGS)
    assert cache.vocabulary.words == ["a", "b"]
    left = [path.name for path in (tmp_path / "cache").iterdir() if path.suffix != ".part"]
    assert len(left) == 3
