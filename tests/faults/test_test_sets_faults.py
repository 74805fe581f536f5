import gzip

import pytest

from seqtools.errors import FileAccessError, MissingDependencyError, TestSetError
from seqtools.evaluation import default_sets
from seqtools.evaluation.analogy_sets import read_analogy_set
from seqtools.evaluation.similarity_sets import read_similarity_set

READERS = [read_similarity_set, read_analogy_set]

BAD_PAIRS = [
    (b"tiger cat 7\nking 3\n", "line 2: 2 fields where 3 are expected"),
    (b"tiger cat 7\nice cream cone 3\n", "line 2: 4 fields where 3 are expected"),
    (b"tiger\tcat\t7\nking\tqueen\t7,5\n", "line 2: the rating '7,5' .* decimals take a point"),
    (b"tiger\tcat\t7\nking\tqueen\thigh\n", "line 2: the rating 'high' is not a finite number"),
    (b"tiger\tcat\tnan\n", "line 1: the rating 'nan' is not"),
    (b"tiger\tcat\t1e999\n", "line 1: the rating '1e999' is not"),
    (b"tiger\tcat\t1_0\n", "line 1: the rating '1_0' is not"),
    (b"tiger\tcat\t7\n\tqueen\t7\n", "line 2: "),
    (b"a\tb\t1\na\t\t1\n", "line 2: an empty word"),
    (b"word1 word2 score\n", "no word pairs"),
    (b"tiger cat\n", "line 1: 2 fields where 3"),
]
BAD_QUESTIONS = [
    (b": family\nboy girl king\n", "line 2: 3 words where 4 are expected"),
    (b"boy girl king queen prince\n", "line 1: 5 words where 4 are expected"),
    (b": \nboy girl king queen\n", "line 1: a section without a name"),
    (b": family\n", "no questions"),
]
BAD_FILES = [
    (b"", "no "),
    (b" \n\t\n", "no "),
    (b"\xff\xfea\x00", "looks like UTF-16"),
    (b"# x\ncaf\xe9 b 1 2\n", r"line 2: byte 4 of the line \(0xe9\) is not UTF-8"),
    (b"# x\na\0b c 1 2\n", "line 2: a NUL byte"),
    (b"x" * 100_000, "line 1: over 65536 bytes in one line"),
    (gzip.compress(b"# comment\n" * 99, mtime=0)[:-9], "damaged or cut short"),
]


def write(tmp_path, content):
    path = tmp_path / "set.txt"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("content", "message"), BAD_PAIRS)
def test_a_bad_pair_is_named_by_its_line(tmp_path, content, message):
    with pytest.raises(TestSetError, match=message) as caught:
        read_similarity_set(write(tmp_path, content))
    assert "\n" not in str(caught.value)
    assert "set.txt" in str(caught.value)


@pytest.mark.parametrize(("content", "message"), BAD_QUESTIONS)
def test_a_bad_question_is_named_by_its_line(tmp_path, content, message):
    with pytest.raises(TestSetError, match=message):
        read_analogy_set(write(tmp_path, content))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("content", "message"),
    BAD_FILES,
    ids=["empty", "blank", "UTF-16", "Latin-1", "NUL", "long line", "cut gzip"],
)
def test_what_is_not_text_is_refused(tmp_path, read, content, message):
    with pytest.raises(TestSetError, match=message):
        read(write(tmp_path, content))


@pytest.mark.parametrize("read", READERS)
def test_a_bomb_of_zeros_is_refused_at_its_start(tmp_path, read):
    with pytest.raises(TestSetError, match="NUL"):
        read(write(tmp_path, gzip.compress(bytes(1 << 24))))


@pytest.mark.parametrize("read", READERS)
def test_a_missing_file_and_a_directory_are_refused(tmp_path, read):
    with pytest.raises(FileAccessError, match="No such file"):
        read(tmp_path / "absent.txt")
    with pytest.raises(FileAccessError, match="it is a directory; name a file"):
        read(tmp_path)


def test_without_gensim_the_default_sets_say_what_to_do(monkeypatch):
    monkeypatch.setattr(default_sets.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r'run "pip install gensim", or name files'):
        default_sets.default_similarity_files()


def test_a_gensim_without_its_test_data_is_named(monkeypatch, tmp_path):
    class Found:
        origin = str(tmp_path / "gensim" / "__init__.py")

    monkeypatch.setattr(default_sets.importlib.util, "find_spec", lambda _: Found)
    with pytest.raises(FileAccessError, match=r"questions-words.txt: this installation"):
        default_sets.default_analogy_files()
