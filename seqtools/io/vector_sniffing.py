"""Which format a file of vectors is, by its content and never by its name."""

import re
from typing import NamedTuple

from seqtools.errors import VectorFormatError
from seqtools.io.byte_source import ByteSource

_TEXT_FORMATS = ("word2vec", "glove")
_LONG_NAMES = {
    "word2vec": "a word2vec text file",
    "word2vec-binary": "a word2vec binary file",
    "glove": "a text file without a header (GloVe)",
    "safetensors": "a safetensors file",
    "npy": "a NumPy array (.npy)",
    "gensim": "a pickle (gensim's .kv or .model)",
}

_HEADER = re.compile(rb"\s*[+-]?\d+\s+[+-]?\d+\s*")
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_CONTROL_OR_HIGH = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f-\xff]")
_BYTES_EXAMINED = 4096

# One byte in so many may be a control character before text counts as junk.
_CONTROLS_TOLERATED = 20


class _Foreign(NamedTuple):
    """A kind of file that is recognised only to say what it is."""

    magic: bytes
    name: str
    remedy: str


_FOREIGN = (
    _Foreign(
        b"\xba\x16\x4f\x2f",
        "a fastText model (.bin)",
        "use the .vec file that fastText wrote beside it",
    ),
    _Foreign(b"PK\x03\x04", "a zip archive", "unpack it and name the file inside"),
    _Foreign(b"PK\x05\x06", "an empty zip archive", "fetch it again"),
    _Foreign(b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it and name the file inside"),
    _Foreign(b"Rar!\x1a\x07", "a RAR archive", "unpack it and name the file inside"),
    _Foreign(b"\x89HDF\r\n", "an HDF5 file", "convert it to word2vec or GloVe text"),
    _Foreign(b"SQLite format 3\0", "an SQLite file (Magnitude?)", "convert it to word2vec text"),
    _Foreign(b"FiFu", "a finalfusion file", "convert it with finalfusion convert --to text"),
    _Foreign(b"PAR1", "a Parquet file", "convert it to word2vec or GloVe text"),
    _Foreign(b"%PDF", "a PDF file", "name a file of vectors"),
    _Foreign(b"\x7fELF", "a program", "name a file of vectors"),
    _Foreign(b"<!DOCTYPE", "a web page", "the download went wrong; fetch the file itself"),
    _Foreign(b"<html", "a web page", "the download went wrong; fetch the file itself"),
    _Foreign(
        b"version https://git-lfs",
        "a Git LFS pointer, not the file itself",
        "fetch it with git lfs pull",
    ),
)


def sniff_format(source: ByteSource, expected: str | None = None) -> str:
    """Return the name of the format of a file.

    Parameters
    ----------
    source : ByteSource
        The file; nothing is read from it but its head.
    expected : str, optional
        The format that the user says it is.

    Returns
    -------
    str
        "word2vec", "word2vec-binary", "glove", "safetensors", "npy" or "gensim".

    Raises
    ------
    VectorFormatError
        If the file is empty, of no known format, or not of the expected one.
    """
    found = _by_magic(source) or _text_or_binary(source)
    if expected is None or found == expected:
        if found == "glove" and expected is None:
            _refuse_bad_header(source)
        return found
    if found in _TEXT_FORMATS and expected in _TEXT_FORMATS:
        return expected
    raise VectorFormatError(
        f"this is {_LONG_NAMES[found]}, not {_LONG_NAMES[expected]}",
        path=source.path,
        remedy=f"leave the format out, or say {found}",
    )


def is_pickle(head: bytes) -> bool:
    """Say whether a file's first bytes are those of a pickle of protocol 2 to 5."""
    return head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")


def _by_magic(source: ByteSource) -> str | None:
    """Recognise formats by their first bytes, and refuse those that hold no vectors."""
    head = source.head
    if not head.strip():
        empty = "the file is empty" if not head else "the file holds only blanks"
        raise VectorFormatError(f"no words: {empty}", path=source.path)
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 32:
        return "safetensors"
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if is_pickle(head):
        return "gensim"
    for foreign in _FOREIGN:
        has_magic = head[: len(foreign.magic)].lower() == foreign.magic.lower()
        if has_magic and not _is_row(head.partition(b"\n")[0]):
            raise _error(source, f"this is {foreign.name}", foreign.remedy)
    if head[257:262] == b"ustar":
        raise _error(source, "this is a tar archive", "unpack it and name the file inside")
    _refuse_wide_encoding(source)
    return None


def _is_row(line: bytes) -> bool:
    """Say whether a line is text that ends in a number, as a word and its vector do."""
    fields = line.split()
    return len(fields) > 1 and bool(_NUMBER.fullmatch(fields[-1])) and not _CONTROL.search(line)


def _refuse_wide_encoding(source: ByteSource) -> None:
    """Refuse UTF-16 and UTF-32, with a byte order mark or without."""
    head = source.head[:_BYTES_EXAMINED]
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    even, odd = head[0:200:2], head[1:200:2]
    # ASCII text in UTF-16 has a NUL in every other byte; words in float32 data do not begin so.
    unmarked = len(head) > 3 and any(
        not zeros.strip(b"\0") and b"\0" not in others
        for zeros, others in ((even, odd), (odd, even))
    )
    if marked or unmarked:
        raise _error(
            source, "this looks like UTF-16", "convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)"
        )


def _text_or_binary(source: ByteSource) -> str:
    """Tell word2vec text, word2vec binary and text without a header apart."""
    head = source.head.removeprefix(b"\xef\xbb\xbf")
    first, _, rest = head.partition(b"\n")
    if not _HEADER.fullmatch(first):
        start = head[:_BYTES_EXAMINED]
        if b"\0" in start or _CONTROLS_TOLERATED * len(_CONTROL.findall(start)) > len(start):
            raise _error(
                source, "this is neither text nor a known format of vectors", "name another file"
            )
        return "glove"
    line = rest.partition(b"\n")[0]
    dim = abs(int(first.split()[1][:18]))
    numbers = line.split()[-dim:] if dim else []
    num_numeric = sum(map(bool, map(_NUMBER.fullmatch, numbers)))
    if 2 * num_numeric > len(numbers) and b"\0" not in line.partition(b" ")[2]:
        return "word2vec"
    is_binary = _CONTROL_OR_HIGH.search(line) or _CONTROL.search(rest[:_BYTES_EXAMINED])
    return "word2vec-binary" if is_binary else "word2vec"


def _refuse_bad_header(source: ByteSource) -> None:
    """Refuse a first line of whole numbers that does not look like the second line."""
    lines = source.head.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    first = lines[0].split()
    if not first or not all(field.lstrip(b"+-").isdigit() for field in first):
        return
    width = len(lines[1].split()) if len(lines) > 2 else len(first)
    # "2 2 2" above rows of two numbers: words, dimensions and something more, not the word "2".
    is_long_header = len(first) > 2 and int(first[0]) > 0 and int(first[1]) == width - 1
    if len(first) == 1 or width != len(first) or is_long_header:
        shown = lines[0].strip()[:60].decode("utf-8", "replace")
        raise VectorFormatError(
            f"the header is {shown!r}, but must be two numbers: words and dimensions",
            path=source.path,
            line=1,
            remedy="correct it, or remove the line and have the file read as format glove",
        )


def _error(source: ByteSource, cause: str, remedy: str) -> VectorFormatError:
    """Name the file."""
    return VectorFormatError(cause, path=source.path, remedy=remedy)
