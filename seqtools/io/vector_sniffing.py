"""Which format a file of vectors is, by its content and never by its name."""

import re

from seqtools.io.byte_source import ByteSource

_HEADER = re.compile(rb"\s*[+-]?\d+\s+[+-]?\d+\s*")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f-\xff]")


def sniff_format(source: ByteSource) -> str:
    """Return the name of the format of a file."""
    head = source.head.removeprefix(b"\xef\xbb\xbf")
    first, _, rest = head.partition(b"\n")
    if not _HEADER.fullmatch(first):
        return "glove"
    row = rest.partition(b" ")[2]
    numbers = row.partition(b"\n")[0]
    return "word2vec-binary" if _CONTROL.search(numbers) else "word2vec"
