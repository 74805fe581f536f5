import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.errors import AlphabetError, CorpusError, FileAccessError, VocabularyError
from seqtools.text.alphabet import BLANK, Alphabet, load_alphabet, prepare_text, save_alphabet

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(texts, min_size=1, max_size=5), st.booleans())
def test_text_comes_back_in_its_one_form(lines, lower):
    if not any(prepare_text(line, lower) for line in lines):
        with pytest.raises(CorpusError, match="hold no characters"):
            Alphabet.from_texts(lines, lower)
        return
    alphabet = Alphabet.from_texts(lines, lower)
    for line in lines:
        ids = alphabet.encode(line)
        assert ids.dtype == np.int32
        assert (ids > BLANK).all()
        assert (ids < len(alphabet)).all()
        assert alphabet.decode(ids) == prepare_text(line, lower)
        assert prepare_text(alphabet.decode(ids), lower) == alphabet.decode(ids)


def test_the_blank_is_zero_and_characters_follow_in_order():
    alphabet = Alphabet.from_texts(["two", "one two"])
    assert alphabet.symbols == ("<blank>", " ", "e", "n", "o", "t", "w")
    assert len(alphabet) == 7
    assert alphabet.space == 1
    assert alphabet.decode([5, 0, 6, 0, 0, 4]) == "two"
    assert Alphabet("ab").space is None


def test_composed_and_decomposed_characters_are_the_same():
    alphabet = Alphabet.from_texts(["caf\u00e9"])
    np.testing.assert_array_equal(alphabet.encode("cafe\u0301"), alphabet.encode("caf\u00e9"))


def test_case_is_kept_unless_it_is_folded():
    with pytest.raises(AlphabetError, match="'Y' not in the alphabet 'esy'; train with --lower"):
        Alphabet.from_texts(["yes"]).encode("Yes")
    assert Alphabet.from_texts(["YES"], lower=True).encode("Yes").tolist() == [3, 1, 2]


def test_characters_outside_are_shown():
    alphabet = Alphabet("ab")
    with pytest.raises(AlphabetError, match=r"'c', '\u00fc' \(U\+00FC\) not in the alphabet 'ab'"):
        alphabet.encode("ab\u00fcc")
    with pytest.raises(AlphabetError, match="and 2 more not in"):
        alphabet.encode("cdefghi")
    for wrong in (3, -1):
        with pytest.raises(AlphabetError, match=f"ids go from 0 to 2, got {wrong}"):
            alphabet.decode([1, wrong])


@pytest.mark.parametrize("characters", ["", "aa", ["ab"], [""]])
def test_what_is_no_alphabet_is_refused(characters):
    with pytest.raises(AlphabetError):
        Alphabet(characters)


def test_it_is_saved_and_loaded_with_the_same_bytes(tmp_path):
    alphabet = Alphabet(" ab\u00fc\u4e2d", lower=True)
    save_alphabet(alphabet, tmp_path / "a.json")
    loaded = load_alphabet(tmp_path / "a.json")
    assert loaded == alphabet
    assert hash(loaded) == hash(alphabet)
    assert loaded != Alphabet(" ab\u00fc\u4e2d")
    save_alphabet(loaded, tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_damaged_or_foreign_file_is_refused_in_one_line(tmp_path):
    path = tmp_path / "a.json"
    with pytest.raises(FileAccessError, match="No such file"):
        load_alphabet(path)
    save_alphabet(Alphabet("abc"), path)
    whole = path.read_bytes()
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(VocabularyError, match="cut short or not JSON"):
            load_alphabet(path)
    path.write_bytes(whole.replace(b'"b"', b'"d"'))
    with pytest.raises(VocabularyError, match="checksum"):
        load_alphabet(path)
    path.write_text(json.dumps({**json.loads(whole), "format_version": 9}))
    with pytest.raises(VocabularyError, match="version 9"):
        load_alphabet(path)
    path.write_text("[]")
    with pytest.raises(VocabularyError, match="not an alphabet"):
        load_alphabet(path)
