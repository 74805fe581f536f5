"""Compressed input that is cut short is refused; a bomb is read in bounded memory."""

import bz2
import gzip
import lzma

import pytest
import zstandard

from seqtools.errors import FileContentError
from seqtools.io.compressed import open_input

COMPRESS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}
TEXT = b"".join(b"%d %d\n" % (n * n, n) for n in range(40_000))


def read(path):
    with open_input(path) as file:
        return file.read()


@pytest.mark.parametrize("kind", COMPRESS)
def test_data_cut_at_any_place_is_refused(tmp_path, kind):
    whole = COMPRESS[kind](TEXT)
    path = tmp_path / "text"
    path.write_bytes(whole)
    assert read(path) == TEXT
    for size in (8, 100, len(whole) // 2, len(whole) - 10, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(FileContentError, match="damaged or cut short"):
            read(path)


@pytest.mark.parametrize("kind", COMPRESS)
def test_what_follows_whole_data_is_more_of_it_or_refused(tmp_path, kind):
    whole = COMPRESS[kind](TEXT)
    path = tmp_path / "text"
    path.write_bytes(whole + COMPRESS[kind](b"") + COMPRESS[kind](b"end"))
    assert read(path) == TEXT + b"end"
    path.write_bytes(whole + whole[: len(whole) // 2])
    with pytest.raises(FileContentError, match="damaged or cut short"):
        read(path)


def test_a_zstandard_bomb_is_read_in_bounded_memory(tmp_path):
    import tracemalloc

    path = tmp_path / "bomb.zst"
    bomb = zstandard.ZstdCompressor(level=1).compressobj()
    path.write_bytes(b"".join(bomb.compress(bytes(1 << 24)) for _ in range(16)) + bomb.flush())
    tracemalloc.start()
    with open_input(path) as file:
        total = sum(len(block) for block in iter(lambda: file.read(1 << 16), b""))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 16 << 24
    assert peak < 100 << 20
