"""The vocabulary: ids, encoding, files."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from seqtools.errors import FileAccessError, SettingsError, UnknownWordError, VocabularyError
from seqtools.text.vocabulary import Vocabulary


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary(["the", "cat", "<unk>", "</s>", "naïve"], [9, 4, 4, 2, 1])


def test_a_word_stands_at_its_id(vocabulary: Vocabulary) -> None:
    assert len(vocabulary) == 5
    assert [vocabulary.index(word) for word in vocabulary.words] == [0, 1, 2, 3, 4]
    assert "cat" in vocabulary
    assert "dog" not in vocabulary
    assert vocabulary.counts.tolist() == [9, 4, 4, 2, 1]


def test_counts_cannot_be_changed(vocabulary: Vocabulary) -> None:
    with pytest.raises(ValueError, match="read-only"):
        vocabulary.counts[0] = 1


def test_sorting_is_by_count_then_by_bytes() -> None:
    vocabulary = Vocabulary.from_counts(["b", "é", "a", "z", "Z", "\U0001f600"], [2, 2, 2, 7, 2, 2])
    assert vocabulary.words == ["z", "Z", "a", "b", "é", "\U0001f600"]


def test_an_unknown_word_is_refused_with_close_words(vocabulary: Vocabulary) -> None:
    with pytest.raises(UnknownWordError, match=r"'naive' is not in the vocabulary; .*naïve"):
        vocabulary.index("naive")
    with pytest.raises(UnknownWordError, match=r"did you mean cat"):
        vocabulary.index("CAT")
    with pytest.raises(UnknownWordError, match=r"^'qqqqq' is not in the vocabulary$"):
        vocabulary.index("qqqqq")


def test_encoding_replaces_unknown_words_and_marks_the_end(vocabulary: Vocabulary) -> None:
    ids = vocabulary.encode(["the", "dog", "cat"], unknown="<unk>", end_of_sentence="</s>")
    assert ids.dtype == np.int32
    assert ids.tolist() == [0, 2, 1, 3]
    assert vocabulary.encode([]).tolist() == []


def test_encoding_refuses_unknown_words_without_a_substitute(vocabulary: Vocabulary) -> None:
    with pytest.raises(UnknownWordError, match="'dog'"):
        vocabulary.encode(["the", "dog"])
    with pytest.raises(UnknownWordError, match="'<eos>'"):
        vocabulary.encode(["the"], end_of_sentence="<eos>")
    with pytest.raises(UnknownWordError, match="'<none>'"):
        vocabulary.encode(["the"], unknown="<none>")
    with pytest.raises(SettingsError, match="split it first"):
        vocabulary.encode("the cat")


def test_decoding_undoes_encoding(vocabulary: Vocabulary) -> None:
    words = ["naïve", "cat", "the", "cat"]
    assert vocabulary.decode(vocabulary.encode(words)) == words
    assert vocabulary.decode([]) == []


def test_one_hot_rows_hold_a_single_one(vocabulary: Vocabulary) -> None:
    rows = vocabulary.one_hot([3, 0])
    assert rows.dtype == np.float32
    assert rows.tolist() == [[0, 0, 0, 1, 0], [1, 0, 0, 0, 0]]
    assert vocabulary.one_hot([]).shape == (0, 5)


@pytest.mark.parametrize("wrong", [-1, 5])
def test_ids_outside_the_vocabulary_are_refused(vocabulary: Vocabulary, wrong: int) -> None:
    with pytest.raises(UnknownWordError, match=f"id {wrong} is outside"):
        vocabulary.decode([0, wrong])
    with pytest.raises(UnknownWordError, match=f"id {wrong} is outside"):
        vocabulary.one_hot(np.array([0, wrong]))


def test_special_words_are_added_in_their_place(vocabulary: Vocabulary) -> None:
    longer = vocabulary.with_words({"<pad>": 5})
    assert longer.words == ["the", "<pad>", "<unk>", "cat", "</s>", "naïve"]
    with pytest.raises(VocabularyError, match="'cat' comes twice"):
        vocabulary.with_words({"cat": 1})


@pytest.mark.parametrize("name", ["words.tsv", "words.tsv.gz", "words.tsv.xz"])
def test_save_load_save_gives_equal_bytes(
    vocabulary: Vocabulary, tmp_path: Path, name: str
) -> None:
    first, second = tmp_path / name, tmp_path / f"again-{name}"
    vocabulary.save(first)
    loaded = Vocabulary.load(first)
    loaded.save(second)
    assert loaded == vocabulary
    assert second.read_bytes() == first.read_bytes()


def test_file_is_word_tab_count(vocabulary: Vocabulary, tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    vocabulary.save(path)
    content = "the\t9\ncat\t4\n<unk>\t4\n</s>\t2\nnaïve\t1\n".encode()
    assert path.read_bytes() == content
    assert vocabulary.fingerprint == hashlib.sha256(content).hexdigest()


def test_fingerprint_tells_words_and_counts() -> None:
    prints = {
        Vocabulary(words, counts).fingerprint
        for words, counts in [(["a", "b"], [2, 1]), (["a", "b"], [2, 2]), (["a", "c"], [2, 1])]
    }
    assert len(prints) == 3


def test_files_of_other_tools_are_read(tmp_path: Path) -> None:
    path = tmp_path / "vocab.txt"
    path.write_bytes(b"\xef\xbb\xbf</s> 3\r\nthe 10\r\nof 3")
    assert Vocabulary.load(path) == Vocabulary(["the", "</s>", "of"], [10, 3, 3])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no words"),
        (b"the\t3\n\ncat\t1\n", "line 2: expected word<TAB>count, got ''"),
        (b"the\t3\ncat\n", "line 2: expected word<TAB>count, got 'cat'"),
        (b"the\t3\n\t2\n", "line 2: expected word<TAB>count"),
        (b"the\t3\ntwo words\t2\n", "line 2: expected word<TAB>count, got 'two words"),
        (b"the\t3\ncat\t0\n", "line 2: the count of 'cat' must be an integer of at least 1"),
        (b"the\t3\ncat\t-1\n", "got '-1'"),
        (b"the\t3\ncat\t1_0\n", "got '1_0'"),
        (b"the\t3\ncat\t1.5\n", "got '1.5'"),
        (b"the\t3\ncat\t" + "\u0661".encode() + b"\n", "must be an integer"),
        (b"the\t3\ncat\t" + b"9" * 19 + b"9\n", "must be an integer"),
        (b"the\t3\ncat\t" + b"9" * 6000 + b"\n", "must be an integer"),
        (b"the\t3\ncat\t2\nthe\t1\n", "line 3: the word 'the' stands on line 1 already"),
        (b"the\t3\nca\xfft\t2\n", "line 2: not UTF-8"),
        (b"the\t3\n" + b"x" * 200_000, "line 2: the line is longer than"),
        (b"the\t3\nc\x00t\t2\n", "line 2: expected word<TAB>count"),
    ],
)
def test_malformed_files_are_refused_with_the_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "words.tsv"
    path.write_bytes(content)
    with pytest.raises(VocabularyError) as caught:
        Vocabulary.load(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"words\.tsv"):
        Vocabulary.load(tmp_path / "words.tsv")


def test_a_compressed_bomb_is_refused_after_one_line(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(50_000_000), compresslevel=1))
    with pytest.raises(VocabularyError, match="line 1: the line is longer"):
        Vocabulary.load(path)


@pytest.mark.parametrize(
    ("words", "counts", "message"),
    [
        ([], [], "at least one word"),
        (["a"], [1, 2], "1 words but counts of shape"),
        (["a", "b"], [1, 2], "must not rise"),
        (["a", "b"], [1, 0], "'b' must be at least 1"),
        (["a", "a"], [1, 1], "'a' comes twice"),
        (["a b"], [1], "'a b' is not a word"),
        (["a", ""], [1, 1], "'' is not a word"),
        (["a\n"], [1], "is not a word"),
        (["\ud800"], [1], "lone surrogate"),
    ],
)
def test_words_and_counts_that_do_not_fit_are_refused(
    words: list[str], counts: list[int], message: str
) -> None:
    with pytest.raises(VocabularyError, match=message):
        Vocabulary(words, counts)


def test_a_failed_save_leaves_the_old_file(
    vocabulary: Vocabulary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("old\t1\n")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(FileAccessError, match=r"words\.tsv: cannot write: No space left"):
        vocabulary.save(path)
    assert path.read_text() == "old\t1\n"
    assert list(tmp_path.iterdir()) == [path]
