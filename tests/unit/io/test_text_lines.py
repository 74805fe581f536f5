"""Lines of small files: numbers, ends, and bytes that no text holds."""

import pytest

from seqtools.errors import FileContentError
from seqtools.io import text_rows
from seqtools.io.text_lines import text_lines


@pytest.mark.parametrize("block_bytes", [4, 1 << 20])
@pytest.mark.parametrize(
    ("bad", "message"),
    [(b"\0", "a NUL byte, which text never holds"), (b"\xff", "not UTF-8; convert it to UTF-8")],
)
def test_a_byte_that_no_text_holds_is_named(tmp_path, monkeypatch, block_bytes, bad, message):
    monkeypatch.setattr(text_rows, "BLOCK_BYTES", block_bytes)
    monkeypatch.setattr("seqtools.io.byte_source._HEAD_BYTES", block_bytes)
    content = b"\xef\xbb\xbfone\r\ntwo \r\n\nthree" + bad + b"\nfour\n"
    (tmp_path / "words").write_bytes(content)
    with pytest.raises(FileContentError, match=f"line 4, byte {content.index(bad)}: {message}"):
        list(text_lines(tmp_path / "words"))


def test_lines_have_their_numbers(tmp_path):
    (tmp_path / "words").write_bytes(b"\xef\xbb\xbfone\r\n\ntwo")
    assert list(text_lines(tmp_path / "words")) == [(1, "one"), (2, ""), (3, "two")]
