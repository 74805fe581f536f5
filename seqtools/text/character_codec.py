r"""Characters as symbols: Unicode code points, each with an id.

The vocabulary's file is the project's ``word<TAB>count`` with characters for words. What could not
stand in such a file, or could not be seen there, is written as an escape: ``\s`` a space, ``\n``
a line feed, ``\t`` a tab, ``\r`` a carriage return, ``\\`` a backslash, and ``\uXXXX`` or
``\UXXXXXXXX`` anything else that does not print.
"""

import os
import re
from collections.abc import Iterable

import numpy as np

from seqtools.errors import CorpusError, VocabularyError
from seqtools.text.symbols import (
    END,
    NUM_SPECIAL_SYMBOLS,
    SPECIAL_SPELLINGS,
    UNKNOWN,
    Codec,
    CodecSettings,
)
from seqtools.text.vocabulary import Vocabulary
from seqtools.types import Int32Array, Int64Array, Uint32Array

_NUM_CODE_POINTS = 0x110000
_NEWLINE = "\n"
_WHITE_SPACE = " \t\n\r\v\f"
_UNKNOWN_TEXT = "\ufffd"
_ESCAPES = {" ": r"\s", "\n": r"\n", "\t": r"\t", "\r": r"\r", "\\": r"\\"}
_UNESCAPES = {escape: character for character, escape in _ESCAPES.items()}
_HEX_ESCAPE = re.compile(r"\\u([0-9a-f]{4})|\\U([0-9a-f]{8})")
_LAST_SHORT = 0xFFFF


class CharacterCodec(Codec):
    """Turns each character into an id.

    Parameters
    ----------
    vocabulary : Vocabulary
        Characters, as ``escape_character`` writes them.
    settings : CodecSettings

    Raises
    ------
    VocabularyError
        If a word of the vocabulary is not one character.
    """

    def __init__(self, vocabulary: Vocabulary, settings: CodecSettings) -> None:
        super().__init__(settings)
        self.vocabulary = vocabulary
        self._characters = [_unescape(word) for word in vocabulary.words]
        self._table = np.full(_NUM_CODE_POINTS, UNKNOWN, dtype=np.int32)
        codes = _code_points("".join(self._characters))
        self._table[codes] = np.arange(codes.size, dtype=np.int32) + NUM_SPECIAL_SYMBOLS
        self._blanks = self._table[_code_points(_WHITE_SPACE)]
        newline = int(self._table[ord(_NEWLINE)])
        self._line_end = newline if settings.newline_symbol and newline != UNKNOWN else END

    @classmethod
    def build(
        cls, lines: Iterable[str], settings: CodecSettings, path: str | os.PathLike[str]
    ) -> "CharacterCodec":
        """Count the characters of lines and number them, the most frequent first.

        Raises
        ------
        CorpusError
            If there are no characters, or none occurs often enough; names `path`.
        """
        counts = np.zeros(_NUM_CODE_POINTS, dtype=np.int64)
        num_lines = 0
        for line in lines:
            _count(_code_points(settings.normalized(line)), counts)
            num_lines += 1
        if settings.newline_symbol:
            counts[ord(_NEWLINE)] += num_lines
        found = np.flatnonzero(counts)
        frequent = found[counts[found] >= settings.min_count]
        if not np.any(frequent != ord(_NEWLINE)):
            cause = "no characters in the text"
            if np.any(found != ord(_NEWLINE)):
                cause = f"no character occurs {settings.min_count} times or more"
            raise CorpusError(cause, path=path, remedy="name a file with more text")
        limit = settings.vocabulary_size
        words = [escape_character(chr(code)) for code in frequent.tolist()]
        vocabulary = Vocabulary.from_counts(words, counts[frequent])
        if limit is not None and len(words) > limit - NUM_SPECIAL_SYMBOLS:
            vocabulary = _shortened(vocabulary, limit - NUM_SPECIAL_SYMBOLS, settings)
        return cls(vocabulary, settings)

    def __len__(self) -> int:
        return len(self._characters) + NUM_SPECIAL_SYMBOLS

    @property
    def content(self) -> bytes:
        """The bytes of the vocabulary's file."""
        return self.vocabulary.content

    @property
    def line_end(self) -> int:
        """The id that ends each line in a running text: that of the line feed, if it has one."""
        return self._line_end

    def encode(self, line: str) -> Int32Array:
        """Turn a line into ids, without BEGIN and END.

        Returns
        -------
        int32 array, shape (number of code points,)
            UNKNOWN for what the vocabulary lacks.
        """
        ids: Int32Array = self._table[_code_points(self.settings.normalized(line))]
        return ids

    def spell(self, index: int) -> str:
        """Return how a symbol is written, with escapes for what cannot be seen."""
        self._check(np.array([index]))
        if index < NUM_SPECIAL_SYMBOLS:
            return SPECIAL_SPELLINGS[index]
        return self.vocabulary.words[index - NUM_SPECIAL_SYMBOLS]

    def words_of(self, ids: Int32Array) -> Int32Array:
        """Say to which word of its line each character belongs; blanks go with the word before."""
        is_blank = np.isin(ids, self._blanks)
        begins = ~is_blank & np.concatenate(([False], is_blank[:-1]))
        words: Int32Array = np.cumsum(begins).astype(np.int32)
        # Blanks before the first word would make it the second.
        return words - words[np.argmin(is_blank)] if ids.size and not is_blank.all() else words * 0

    def unknown(self, line: str) -> list[str]:
        """List the characters of a line that the vocabulary lacks, each once, in order."""
        text = self.settings.normalized(line)
        is_unknown = (self.encode(line) == UNKNOWN).tolist()
        return list(dict.fromkeys(c for c, wrong in zip(text, is_unknown, strict=True) if wrong))

    def _join(self, ids: list[int]) -> str:
        characters = self._characters
        return "".join(
            [_UNKNOWN_TEXT if i == UNKNOWN else characters[i - NUM_SPECIAL_SYMBOLS] for i in ids]
        )


def escape_character(character: str) -> str:
    """Write a character so that it can be seen, and can stand in a vocabulary's file."""
    escape = _ESCAPES.get(character)
    if escape is not None:
        return escape
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= _LAST_SHORT else f"\\U{code:08x}"


def _unescape(word: str) -> str:
    """Return the character that a word of the vocabulary stands for."""
    if len(word) == 1 and word != "\\":
        return word
    character = _UNESCAPES.get(word, "")
    match = _HEX_ESCAPE.fullmatch(word)
    if match:
        code = int(match[1] or match[2], 16)
        character = chr(code) if code < _NUM_CODE_POINTS else ""
    # One spelling a character, so that saving again gives the same bytes.
    if not character or escape_character(character) != word:
        raise VocabularyError(
            f"{word[:40]!r} is not a character", remedy=r"write one character, or \s, \n, \uXXXX"
        )
    return character


def _shortened(vocabulary: Vocabulary, limit: int, settings: CodecSettings) -> Vocabulary:
    """Keep the most frequent characters, and among them the line feed, which ends every line."""
    words, counts = vocabulary.words[:limit], vocabulary.counts[:limit].copy()
    newline = _ESCAPES[_NEWLINE]
    if settings.newline_symbol and newline not in words:
        words = [*words[:-1], newline]
        counts[-1] = vocabulary.counts[vocabulary.ids[newline]]
    return Vocabulary(words, counts)


def _code_points(text: str) -> Uint32Array:
    """Return the code points of a text."""
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def _count(codes: Uint32Array, counts: Int64Array) -> None:
    """Add the code points of a line to the counts."""
    if codes.size:
        found = np.bincount(codes)
        counts[: found.size] += found
