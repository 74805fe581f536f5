"""Characters, words and subwords: ids, order, special symbols, and files."""

import logging
from pathlib import Path

import numpy as np
import pytest

from seqtools.errors import CorpusError, SettingsError, UnknownWordError
from seqtools.text.codecs import build_codec, fingerprint_of, load_codec, save_codec
from seqtools.text.symbols import (
    BEGIN,
    END,
    NUM_SPECIAL_SYMBOLS,
    PAD,
    UNKNOWN,
    Codec,
    CodecSettings,
    count_unknown,
)

TEXT = ["the cat sat on the mat", "", "the dog  sat,\tÄ<unk> end ", "<unk> </s> \\n \u2581x\u23381"]
SETTINGS = [
    CodecSettings("char"),
    CodecSettings("word"),
    CodecSettings("subword", 300),
    CodecSettings("subword", 300, subword_model="bpe"),
]
every_codec = pytest.mark.parametrize("settings", SETTINGS, ids=["char", "word", "unigram", "bpe"])


class Listener:
    """Keeps the messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


@every_codec
def test_decoding_gives_the_line_back(settings: CodecSettings) -> None:
    codec = build_codec(TEXT, settings)
    for line in TEXT:
        decoded = codec.decode(codec.encode(line))
        assert decoded == (" ".join(line.split()) if settings.level == "word" else line)
        assert codec.encode(line).dtype == np.int32


@every_codec
def test_the_first_four_ids_are_special(settings: CodecSettings) -> None:
    codec = build_codec(TEXT, settings)
    assert [codec.spell(i) for i in range(NUM_SPECIAL_SYMBOLS)] == ["<pad>", "<unk>", "<s>", "</s>"]
    assert (PAD, UNKNOWN, BEGIN, END) == (0, 1, 2, 3)
    ids = codec.encode("the cat")
    assert codec.decode([BEGIN, *ids, END, PAD, PAD]) == "the cat"
    assert ids.min() >= NUM_SPECIAL_SYMBOLS
    assert ids.max() < len(codec)


@every_codec
def test_lines_together_are_as_one_by_one(settings: CodecSettings) -> None:
    codec = build_codec(TEXT, settings)
    for line, ids in zip(TEXT, codec.encode_lines(TEXT), strict=True):
        assert np.array_equal(ids, codec.encode(line))


@every_codec
def test_save_load_save_gives_the_same_bytes(settings: CodecSettings, tmp_path: Path) -> None:
    codec = build_codec(TEXT, settings)
    save_codec(codec, tmp_path, "source-")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    loaded = load_codec(tmp_path, "source-")
    save_codec(loaded, tmp_path, "source-")
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert fingerprint_of(loaded) == fingerprint_of(codec)
    assert loaded.settings == codec.settings
    assert len(loaded) == len(codec)
    assert loaded.line_end == codec.line_end
    for line in [*TEXT, "quite unseen ☃"]:
        assert np.array_equal(loaded.encode(line), codec.encode(line))


@every_codec
def test_the_same_text_gives_the_same_bytes(settings: CodecSettings) -> None:
    assert build_codec(TEXT, settings).content == build_codec(TEXT, settings).content


@every_codec
def test_ids_outside_the_vocabulary_are_refused(settings: CodecSettings) -> None:
    codec = build_codec(TEXT, settings)
    for index in (-1, len(codec)):
        with pytest.raises(UnknownWordError, match=f"id {index} is outside"):
            codec.decode([index])
        with pytest.raises(UnknownWordError, match=f"id {index} is outside"):
            codec.spell(index)


@every_codec
def test_a_text_without_text_is_refused(settings: CodecSettings) -> None:
    for lines in ([], [""], ["", ""]):
        with pytest.raises(CorpusError, match=r"empty\.txt: no (text|words|characters)"):
            build_codec(lines, settings, path="empty.txt")


@every_codec
def test_bytes_of_the_shell_that_are_no_text_are_refused(settings: CodecSettings) -> None:
    codec = build_codec(TEXT, settings)
    with pytest.raises(CorpusError, match="not UTF-8 at character 2"):
        codec.encode("a\udcff")


def test_characters_are_numbered_by_falling_count_then_by_code_point() -> None:
    codec = build_codec(["ccbba é\t"], CodecSettings("char"))
    spellings = [codec.spell(i) for i in range(NUM_SPECIAL_SYMBOLS, len(codec))]
    assert spellings == ["b", "c", r"\n", r"\s", r"\t", "a", "é"]
    assert codec.content.startswith(b"b\t2\nc\t2\n")


def test_the_line_feed_is_a_character_unless_told_otherwise() -> None:
    codec = build_codec(["ab", "b"], CodecSettings("char"))
    assert codec.decode([codec.line_end]) == "\n"
    assert codec.spell(codec.line_end) == r"\n"
    without = build_codec(["ab", "b"], CodecSettings("char", newline_symbol=False))
    assert without.line_end == END
    assert len(without) == len(codec) - 1


@pytest.mark.parametrize("level", ["char", "word"])
def test_what_the_vocabulary_lacks_is_unknown(level: str) -> None:
    codec = build_codec(["a a b"], CodecSettings(level, min_count=2))
    assert count_unknown(codec.encode("a b a ☃")) == 2
    shown = {"char": "a \ufffd a \ufffd", "word": "a <unk> a <unk>"}
    assert codec.decode(codec.encode("a b a ☃")) == shown[level]


def test_subwords_spell_in_bytes_what_they_lack() -> None:
    codec = build_codec(["a a b"], CodecSettings("subword", 300))
    ids = codec.encode("☃ \0")
    assert count_unknown(ids) == 0
    assert codec.decode(ids) == "☃ \0"


@every_codec
def test_symbols_know_their_words(settings: CodecSettings) -> None:
    codec = build_codec(TEXT, settings)
    for line in ("the cat sat on  the dog", "  the  cat ", "the", ""):
        ids = codec.encode(line)
        words = codec.words_of(ids)
        assert words.dtype == np.int32
        assert words.shape == ids.shape
        found = [codec.decode(ids[words == index]).strip() for index in range(len(line.split()))]
        assert found == line.split()
        assert max(words, default=0) == max(0, len(line.split()) - 1)


@every_codec
def test_unknown_symbols_are_listed(settings: CodecSettings) -> None:
    codec = build_codec(TEXT, settings)
    expected = {"char": ["q", "☃"], "word": ["q☃q", "q"], "subword": []}
    assert codec.unknown("the q☃q q cat") == expected[settings.level]
    assert codec.unknown("the cat") == []


def test_words_of_unicode_blanks_stay_whole() -> None:
    codec = build_codec(["a\u00a0b c\u2028d"], CodecSettings("word"))
    assert len(codec) == NUM_SPECIAL_SYMBOLS + 2
    assert codec.decode(codec.encode("a\u00a0b\x1cc")) == "<unk>"


def test_an_unknown_word_in_the_text_is_unknown() -> None:
    codec = build_codec(["<unk> a <unk> </s>"], CodecSettings("word"))
    assert codec.encode("<unk> a </s>").tolist() == [UNKNOWN, 5, 4]
    assert len(codec) == NUM_SPECIAL_SYMBOLS + 2


@pytest.mark.parametrize("level", ["char", "word"])
def test_the_vocabulary_keeps_to_its_size(level: str) -> None:
    codec = build_codec(["a a a", "b b", "c"], CodecSettings(level, NUM_SPECIAL_SYMBOLS + 2))
    assert len(codec) == NUM_SPECIAL_SYMBOLS + 2
    if level == "char":
        assert codec.spell(codec.line_end) == r"\n"


def test_case_and_composition_are_folded_when_asked() -> None:
    settings = CodecSettings("char", lower=True, normalization="nfc")
    codec = build_codec(["E\u0301É"], settings)
    assert codec.decode(codec.encode("É")) == "é"
    assert len(codec) == NUM_SPECIAL_SYMBOLS + 2
    assert len(build_codec(["e\u0301é"], CodecSettings("char"))) == NUM_SPECIAL_SYMBOLS + 4


def test_fewer_subwords_than_asked_for_are_told() -> None:
    listener = Listener()
    codec = build_codec(["a b c"], CodecSettings("subword", 8000), listener)
    assert len(codec) < 300
    told = f"vocabulary of {len(codec)} symbols instead of 8,000: the text holds no more subwords"
    assert listener.messages == [f"the text: {told}"]


def test_the_trainer_of_subwords_keeps_silent(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        build_codec(TEXT, CodecSettings("subword", 300))
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_too_few_subwords_are_refused() -> None:
    with pytest.raises(SettingsError, match="at least 261 for subwords"):
        build_codec(TEXT, CodecSettings("subword", 200))
    with pytest.raises(CorpusError, match="too many different characters for 265 subwords"):
        build_codec(["abcdefghijklmnopqrstuvwxyz"], CodecSettings("subword", 265))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"level": "letter"}, "level must be one of char, word, subword"),
        ({"vocabulary_size": 4}, r"vocabulary_size must lie in 5\.\.16777216"),
        ({"min_count": 0}, "min_count must be at least 1"),
        ({"normalization": "nfd"}, "normalization must be one of none, nfc"),
        ({"subword_model": "words"}, "subword_model must be one of unigram, bpe"),
        ({"character_coverage": 1.5}, r"character_coverage must lie in 0\.9\.\.1"),
    ],
)
def test_settings_check_themselves(values: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        CodecSettings(**values)


def test_no_word_can_be_too_long_for_its_file() -> None:
    with pytest.raises(CorpusError, match="a word is longer than 65535 bytes"):
        build_codec(["a " + "b" * 70_000], CodecSettings("word"))


def test_real_text_comes_through(data: Path) -> None:
    from seqtools.text.lines import read_lines

    lines = list(read_lines(data / "multi30k-ende" / "val.de"))
    for settings in (CodecSettings("char"), CodecSettings("subword", 2000, subword_model="bpe")):
        codec: Codec = build_codec(lines, settings)
        assert [codec.decode(ids) for ids in codec.encode_lines(lines)] == lines
