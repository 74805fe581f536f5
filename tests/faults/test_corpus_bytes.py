"""Text with something wrong in it: the file, the line and the byte are named, soon."""

import gzip
import time
import tracemalloc
from pathlib import Path

import pytest

from seqtools.errors import CorpusError, SeqtoolsError
from seqtools.text.id_cache import IdCache, TextSettings, build_id_cache


def build(path: Path, **settings: object) -> IdCache:
    values = {"min_count": 1, **settings}
    return build_id_cache([path], path.parent / "cache", TextSettings(**values))


def error_of(path: Path, **settings: object) -> str:
    with pytest.raises(SeqtoolsError) as caught:
        build(path, **settings)
    assert not (path.parent / "cache").exists()
    message = str(caught.value)
    assert "\n" not in message
    return message


FILLER = b"some plain words on a line\n" * 100_000  # crosses chunks


@pytest.mark.parametrize("before", [b"", b"a b\n\nc\n", b"\xef\xbb\xbfa b\n", FILLER])
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (b"\xff", "invalid UTF-8; convert it with iconv, or use --encoding-errors replace"),
        (b"x\xc3", "invalid UTF-8"),
        (b"\xed\xa0\x80", "invalid UTF-8"),
        (b"x\0y", "a NUL byte"),
    ],
)
def test_faulty_bytes_are_named_by_line_and_byte(
    tmp_path: Path, before: bytes, fault: bytes, message: str
) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(before + b"word " + fault + b" word\nmore\n")
    line = before.count(b"\n") + 1
    byte = len(before) + 5 + fault.startswith(b"x")
    assert error_of(path).startswith(f"{path}, line {line}, byte {byte}: {message}")


def test_the_first_fault_is_the_one_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"a\nb \xff c\0d\n" + b"x" * 70_000)
    assert "line 2, byte 4: invalid UTF-8" in error_of(path)
    assert "line 2, byte 7: a NUL" in error_of(path, encoding_errors="replace")
    path.write_bytes(b"a\nb c\0d \xff\n")
    assert "line 2, byte 5: a NUL" in error_of(path)


def test_lines_are_counted_for_each_file(tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_bytes(b"a\nb\nc")
    second.write_bytes(b"d\ne\xff\n")
    with pytest.raises(CorpusError, match=r"b\.txt, line 2, byte 3: invalid UTF-8"):
        build_id_cache([first, second], tmp_path / "cache", TextSettings())


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_word_without_end_fails_soon_and_in_little_memory(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "corpus.txt"
    content = b"a b\nc " + b"x" * 100_000_000
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    del content
    build_nothing(tmp_path)
    started = time.process_time()
    tracemalloc.start()
    message = error_of(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message.startswith(f"{path}, line 2, byte 6: a word is longer than 65535 bytes")
    assert time.process_time() - started < 2
    assert peak < 30_000_000


def build_nothing(folder: Path) -> None:
    """Compile the kernels, so that only reading is timed."""
    (folder / "tiny").mkdir()
    (folder / "tiny" / "a.txt").write_bytes(b"a b\n")
    build(folder / "tiny" / "a.txt")


def test_a_long_word_after_faultless_chunks_is_placed(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(FILLER + b"a " + b"\xc3\xa9" * 40_000 + b" b\n")
    assert f"line 100001, byte {len(FILLER) + 2}: a word is longer" in error_of(path)


def test_a_line_without_end_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"one two three " * 500_000)
    cache = build(path)
    assert cache.statistics.tokens_read == cache.statistics.tokens_kept == 1_500_000
    assert cache.statistics.sentences == cache.statistics.lines_read == 1


def test_memory_does_not_grow_with_the_text(tmp_path: Path) -> None:
    path = tmp_path / "corpus.gz"
    path.write_bytes(gzip.compress(b"one two three\n" * 3_000_000, 1))
    build_nothing(tmp_path)
    tracemalloc.start()
    cache = build(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert cache.statistics.tokens_read == 9_000_000
    assert peak < 30_000_000


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_damaged_file_among_good_ones_is_named(tmp_path: Path, place: int) -> None:
    paths = [tmp_path / f"{name}.gz" for name in "abc"]
    for path in paths:
        path.write_bytes(gzip.compress(b"one two\n" * 10_000))
    paths[place].write_bytes(paths[place].read_bytes()[:-30])
    with pytest.raises(SeqtoolsError, match=rf"{paths[place].name}: damaged or cut short"):
        build_id_cache(paths, tmp_path / "cache", TextSettings())


def test_a_fault_in_the_text_goes_before_damage_that_follows(tmp_path: Path) -> None:
    path = tmp_path / "corpus.gz"
    path.write_bytes(gzip.compress(b"word \xff\n" + FILLER)[:-30])
    assert "line 1, byte 5: invalid UTF-8" in error_of(path)
