"""Running text as ids: line ends, counts, long lines, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from seqtools.errors import CorpusError, SettingsError
from seqtools.text.codecs import build_codec
from seqtools.text.encoding import encode_lines, encode_text
from seqtools.text.lines import read_lines
from seqtools.text.symbols import END, CodecSettings

TEXT = "the cat sat\n\non  the mat é"


@pytest.mark.parametrize("level", ["char", "word", "subword"])
def test_lines_follow_one_another_with_their_ends(level: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(TEXT)
    codec = build_codec(read_lines(path), CodecSettings(level))
    encoded = encode_text([path, path], codec)
    lines = [codec.encode(line) for line in TEXT.split("\n")]
    expected = [symbol for ids in lines for symbol in [*ids.tolist(), codec.line_end]]
    assert encoded.ids.tolist() == expected * 2
    assert encoded.ids.dtype == np.int32
    assert encoded.num_lines == 6
    assert encoded.num_words == 2 * len(TEXT.split())
    assert encoded.num_characters == 2 * (len(TEXT) + 1)
    assert encoded.num_unknown == 0
    if level == "char":
        assert codec.decode(encoded.ids) == (TEXT + "\n") * 2
    else:
        assert codec.line_end == END


def test_unknown_symbols_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a b <unk> c\n")
    codec = build_codec(["a"], CodecSettings("word"))
    assert encode_text([path], codec).num_unknown == 3


@pytest.mark.parametrize("level", ["char", "word"])
def test_a_text_of_one_line_is_read_in_pieces(level: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("one two three é " * 200_000)
    codec = build_codec(["one two three é"], CodecSettings(level))
    encoded = encode_text([path], codec)
    assert encoded.num_lines == 1
    assert encoded.num_words == 800_000
    assert encoded.num_unknown == 0
    assert encoded.ids.size == 1 + (800_000 if level == "word" else 3_200_000)


def test_a_text_without_text_is_refused(tmp_path: Path) -> None:
    codec = build_codec(["a"], CodecSettings("word"))
    for content, cause in (("", "no text"), ("\n \n", "no words in its 2 lines")):
        path = tmp_path / "text.txt"
        path.write_text(content)
        with pytest.raises(CorpusError, match=rf"text\.txt: {cause}"):
            encode_text([path], codec)
    with pytest.raises(CorpusError, match=r"text\.txt and 1 more: no words in its 4 lines"):
        encode_text([path, path], codec)
    with pytest.raises(SettingsError, match="no corpus file given"):
        encode_text([], codec)


def test_lines_are_encoded_one_by_one() -> None:
    lines = [f"word{i} x" * (i % 3) for i in range(3000)]
    codec = build_codec(lines, CodecSettings("char"))
    encoded = encode_lines(lines, codec)
    assert [codec.decode(ids) for ids in encoded] == lines
    assert len(encode_lines([], codec)) == 0


def test_the_penn_treebank_has_the_published_counts(data: Path) -> None:
    path = data / "ptb" / "ptb.train.txt"
    codec = build_codec(read_lines(path), CodecSettings("word"))
    # 10,000 types with the end of sentence and <unk>; our PAD and BEGIN are two more.
    assert len(codec) == 10_002
    encoded = encode_text([path], codec)
    assert encoded.ids.size == 929_589
    assert encoded.num_lines == 42_068
