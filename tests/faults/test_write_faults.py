"""A failing disk at any moment of a save: a clean error, the old file whole, no litter."""

import errno
import io
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from seqtools.embeddings.vector_files import save_vectors
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import FileAccessError
from seqtools.io import atomic

SUFFIXES = [
    ".vec",
    ".glove.txt",
    ".bin",
    ".safetensors",
    ".kv",
    ".vec.gz",
    ".bin.bz2",
    ".bin.zst",
]


class FailingFile(io.FileIO):
    """A file whose Nth write fails as a full disk does, after half of the bytes."""

    def __init__(self, descriptor, fails_at):
        super().__init__(descriptor, "wb")
        self.writes, self.fails_at = 0, fails_at

    def write(self, data):
        self.writes += 1
        data = memoryview(data)[:4096]
        if self.writes >= self.fails_at:
            super().write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


@pytest.fixture
def table():
    rng = np.random.default_rng(3)
    return WordVectors([f"w{i}" for i in range(900)], rng.standard_normal((900, 20)))


def _check_untouched(path, before):
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_any_write_may_fail(tmp_path, monkeypatch, table, suffix):
    path = tmp_path / f"v{suffix}"
    path.write_bytes(b"old")
    opened = []

    def small_buffers(descriptor, mode, buffering):
        del mode, buffering
        opened.append(FailingFile(descriptor, fails_at))
        return io.BufferedWriter(opened[-1], 4096)

    monkeypatch.setattr(atomic, "open", small_buffers, raising=False)
    for fails_at in range(1, 1000):  # noqa: B007 - small_buffers reads it
        try:
            save_vectors(path, table)
        except FileAccessError as error:
            assert str(error) == f"{path}: cannot write: No space left on device"  # noqa: PT017
            _check_untouched(path, b"old")
        else:
            break
    assert fails_at == opened[-1].writes + 1
    assert fails_at > 3
    assert path.read_bytes() != b"old"


@pytest.mark.parametrize("suffix", [".vec", ".safetensors", ".bin.gz"])
@pytest.mark.parametrize("call", ["fsync", "replace", "chmod", "mkstemp"])
def test_any_other_step_may_fail(tmp_path, monkeypatch, table, suffix, call):
    path = tmp_path / f"v{suffix}"
    path.write_bytes(b"old")

    def fail(*_, **__):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    owner = {
        "fsync": atomic.os,
        "replace": atomic.os,
        "chmod": atomic.Path,
        "mkstemp": atomic.tempfile,
    }[call]
    with monkeypatch.context() as patch:
        patch.setattr(owner, call, fail)
        with pytest.raises(FileAccessError, match=f"v{suffix}: cannot write: Input/output error"):
            save_vectors(path, table)
    _check_untouched(path, b"old")


def test_after_the_rename_the_new_file_stands_even_if_the_directory_cannot_be_flushed(
    tmp_path, monkeypatch, table
):
    path = tmp_path / "v.vec"
    flush, calls = os.fsync, []

    def fail_second(descriptor):
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        flush(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, "fsync", fail_second)
        with pytest.raises(FileAccessError, match="Input/output error"):
            save_vectors(path, table)
    assert path.read_bytes().startswith(b"900 20\n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["v.vec"]


def test_a_file_system_that_flushes_no_directories_is_no_error(tmp_path, monkeypatch, table):
    flush = os.fsync

    def refuse_directories(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        flush(descriptor)

    monkeypatch.setattr(atomic.os, "fsync", refuse_directories)
    save_vectors(tmp_path / "v.vec", table)
    assert (tmp_path / "v.vec").exists()


def test_running_out_of_memory_or_an_interrupt_leaves_the_old_file(tmp_path, monkeypatch, table):
    path = tmp_path / "v.vec"
    path.write_bytes(b"old")
    for error in (MemoryError, KeyboardInterrupt):

        def stop(_, error=error):
            raise error

        with monkeypatch.context() as patch:
            patch.setattr("seqtools.io.float_text.format_rows", stop)
            with pytest.raises(error):
                save_vectors(path, table)
        _check_untouched(path, b"old")


def test_a_full_device_is_one_line(seqtools, tmp_path):
    (tmp_path / "v.vec").write_text("a 1 2\n" * 1)
    outcome = seqtools("embed", "convert", tmp_path / "v.vec", "/dev/full", "--format", "word2vec")
    assert outcome.exit_code == 1
    assert outcome.stderr == "seqtools: error: /dev/full: cannot write: No space left on device\n"
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize("kind", ["missing directory", "directory", "read-only directory"])
def test_an_output_that_cannot_be_written_is_refused_before_the_input_is_read(
    seqtools, tmp_path, kind
):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    if kind == "read-only directory" and os.access(closed, os.W_OK):
        pytest.skip("this user may write anywhere")
    output, cause = {
        "missing directory": (tmp_path / "no" / "v.vec", "does not exist"),
        "directory": (tmp_path, "it is a directory"),
        "read-only directory": (closed / "v.vec", "Permission denied"),
    }[kind]
    missing = tmp_path / "missing.vec"
    outcome = seqtools("embed", "convert", missing, output, "--format", "word2vec")
    assert outcome.exit_code == 1
    assert outcome.stderr.count("\n") == 1
    assert f"{output}: cannot write: " in outcome.stderr
    assert cause in outcome.stderr


def test_a_link_is_followed_and_permissions_stay(tmp_path, table):
    real, link = tmp_path / "real.vec", tmp_path / "link.vec"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    save_vectors(link, table)
    assert link.is_symlink()
    assert real.read_bytes().startswith(b"900 20\n")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_new_file_has_the_usual_permissions(tmp_path, table):
    save_vectors(tmp_path / "v.vec", table)
    (tmp_path / "usual").touch()
    usual = (tmp_path / "usual").stat().st_mode
    assert (tmp_path / "v.vec").stat().st_mode == usual


def test_what_a_killed_writer_left_goes_with_the_next_write_and_nothing_else(tmp_path, table):
    path = tmp_path / "v.vec"
    abandoned = tmp_path / ".v.vec.ab_3defg.part"
    others = [
        tmp_path / name
        for name in (".v.vec.short.part", ".v.vec.new.abcdefgh.part", ".v.bin.abcdefgh.part")
    ]
    for rest in (abandoned, *others):
        rest.write_text("half")
    with atomic.atomic_writer(path) as living:
        living.write(b"slow")
        save_vectors(path, table)
        assert path.stat().st_size > 1_000
    assert path.read_bytes() == b"slow"
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])
