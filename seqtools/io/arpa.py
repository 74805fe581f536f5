"""ARPA files: back-off n-gram models as text, as SRILM, KenLM and others write and read them.

A header counts the n-grams of each order; then each order lists its n-grams with the common
logarithm of the probability and, below the highest order, that of the back-off weight, 0 if absent.
"""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from seqtools.errors import FileContentError, LanguageModelError
from seqtools.io.compressed import open_output
from seqtools.io.text_lines import text_lines
from seqtools.io.text_numbers import whole_number
from seqtools.io.text_rows import is_numeric

NGram = tuple[str, ...]
Entries = dict[NGram, tuple[float, float]]

_HEADER, _END = "\\data\\", "\\end\\"
_REMEDY = "write the model again as an ARPA file"


@dataclass
class ArpaFile:
    """The content of an ARPA file.

    Attributes
    ----------
    orders : list of dict
        One for each order, unigrams first: n-gram to (log10 of the probability, log10 of the
        back-off weight).
    """

    orders: list[Entries] = field(default_factory=list)


def read_arpa(path: str | os.PathLike[str]) -> ArpaFile:
    """Read an ARPA file, plain or compressed.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    LanguageModelError
        If a line is not what an ARPA file has there, or no text; names the line.
    """
    try:
        return _Reader(path).read()
    except LanguageModelError:
        raise
    except FileContentError as error:
        raise LanguageModelError(
            error.cause,
            path=error.path,
            line=error.line,
            byte=error.byte,
            remedy=error.remedy if error.line is None else _REMEDY,
        ) from error


def write_arpa(content: ArpaFile, path: str | os.PathLike[str]) -> None:
    """Write an ARPA file; a suffix such as .gz compresses it.

    Raises
    ------
    FileAccessError
        If the file cannot be written.
    """
    with open_output(path) as file:
        for line in _lines_of(content):
            file.write(line.encode() + b"\n")


def _lines_of(content: ArpaFile) -> Iterator[str]:
    """Yield the lines of a file."""
    yield from ("", _HEADER)
    for order, entries in enumerate(content.orders, start=1):
        yield f"ngram {order}={len(entries)}"
    for order, entries in enumerate(content.orders, start=1):
        yield from ("", f"\\{order}-grams:")
        for ngram, (log_prob, backoff) in sorted(entries.items()):
            ending = f"\t{backoff:.7g}" if order < len(content.orders) and backoff else ""
            yield f"{log_prob:.7g}\t{' '.join(ngram)}{ending}"
    yield from ("", _END)


class _Reader:
    """Reads one file, line by line."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = "stdin" if os.fspath(path) == "-" else os.fspath(path)
        self.lines = text_lines(path)
        self.number = 0

    def read(self) -> ArpaFile:
        """Return the content."""
        line = self.next_line()
        while line != _HEADER:  # whatever stands before the header is comment
            line = self.next_line()
        counts, line = self.read_counts()
        content = ArpaFile()
        for order, count in enumerate(counts, start=1):
            if line != f"\\{order}-grams:":
                raise self.error(f"{_shown(line)} where \\{order}-grams: must stand")
            entries, line = self.read_entries(order, order == len(counts))
            if len(entries) != count:
                raise self.error(f"{len(entries)} {order}-grams; the header counts {count}")
            content.orders.append(entries)
        if line != _END:
            raise self.error(f"{_shown(line)} where {_END} must stand")
        return content

    def next_line(self) -> str:
        """Return the next line that is not blank."""
        for number, line in self.lines:
            self.number = number
            if line.strip():
                return line.strip()
        self.number += 1
        raise self.error(f"the file ends without {_END}, or is not an ARPA file")

    def read_counts(self) -> tuple[list[int], str]:
        """Return the number of n-grams of each order, and the line after them."""
        counts: list[int] = []
        while (line := self.next_line()).startswith("ngram "):
            order, _, count = line.removeprefix("ngram ").partition("=")
            number = whole_number(count.strip())
            if order.strip() != str(len(counts) + 1) or number is None:
                raise self.error(f"{_shown(line)} where ngram {len(counts) + 1}=COUNT must stand")
            counts.append(number)
        if not counts:
            raise self.error(f"{_shown(line)} where ngram 1=COUNT must stand")
        return counts, line

    def read_entries(self, order: int, is_last: bool) -> tuple[Entries, str]:
        """Return the n-grams of an order, and the line after them."""
        entries: Entries = {}
        while not (line := self.next_line()).startswith("\\"):
            fields = line.split()
            if not order + 1 <= len(fields) <= order + 1 + (not is_last):
                raise self.error(f"{len(fields)} fields; a {order}-gram has {order + 1} or more")
            ngram = tuple(fields[1 : order + 1])
            if ngram in entries:
                raise self.error(f"the {order}-gram {_shown(' '.join(ngram))} for the second time")
            log_prob = self.number_of(fields[0])
            if log_prob > 1e-6:
                raise self.error(f"log10 probability {fields[0]}; it must be at most 0")
            backoff = self.number_of(fields[-1]) if len(fields) > order + 1 else 0.0
            entries[ngram] = (min(log_prob, 0.0), backoff)
        return entries, line

    def number_of(self, text: str) -> float:
        """Return a number of the file; minus infinity becomes -99, as SRILM writes it."""
        if not is_numeric(text.encode()):
            raise self.error(f"{_shown(text)} is not a number")
        number = float(text)
        if math.isnan(number) or number == math.inf:
            raise self.error(f"{text} is not a finite number")
        return max(number, -99.0)

    def error(self, cause: str) -> LanguageModelError:
        """Return an error at the current line."""
        return LanguageModelError(cause, path=self.name, line=self.number, remedy=_REMEDY)


def _shown(text: str) -> str:
    """Return text for a message, not too long."""
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
