"""Symbols: what a sequence model reads and writes, and the numbers that stand for them.

A codec turns a line of text into symbol ids and back. There are three: characters
(``character_codec``), words (``word_codec``) and subwords (``subword_codec``). In all of them the
ids 0 to 3 are the special symbols below, which stand for no text of their own.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from seqtools.errors import CorpusError, SettingsError, UnknownWordError
from seqtools.types import Int32Array, Int64Array

PAD, UNKNOWN, BEGIN, END = 0, 1, 2, 3
NUM_SPECIAL_SYMBOLS = 4
SPECIAL_SPELLINGS = ("<pad>", "<unk>", "<s>", "</s>")

Level: TypeAlias = Literal["char", "word", "subword"]

LEVELS: tuple[Level, ...] = ("char", "word", "subword")
_DEFAULT_SUBWORDS = 8_000
_LARGEST_VOCABULARY = 1 << 24


@dataclass(frozen=True)
class CodecSettings:
    """How text becomes symbols.

    Attributes
    ----------
    level : "char", "word" or "subword"
        Unicode code points; words separated by ASCII white space; or subwords that are learnt from
        the text.
    vocabulary_size : int or None
        The most symbols, the four special ones included. None takes every character or word, or
        8,000 subwords.
    min_count : int
        Characters and words that occur less often become UNKNOWN; subwords have no use for it.
    normalization : "none" or "nfc"
        "nfc" composes characters first (é instead of e and an accent), so that what looks the same
        is the same.
    lower : bool
        Fold upper to lower case, by the full Unicode rules.
    newline_symbol : bool
        Characters only: a line of a running text ends in a line feed, a symbol like any other. If
        false it ends in END, as words and subwords do.
    subword_model : "unigram" or "bpe"
        Kudo's (2018) unigram language model, or byte-pair encoding (Sennrich et al. 2016).
    character_coverage : float
        Subwords only: the share of the text's characters that get symbols of their own. The rarest
        ones are spelt in bytes instead, so that they come through all the same.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    level: Level = "subword"
    vocabulary_size: int | None = None
    min_count: int = 1
    normalization: Literal["none", "nfc"] = "none"
    lower: bool = False
    newline_symbol: bool = True
    subword_model: Literal["unigram", "bpe"] = "unigram"
    character_coverage: float = 0.9995

    def __post_init__(self) -> None:
        _check_choice("level", self.level, LEVELS)
        _check_choice("normalization", self.normalization, ("none", "nfc"))
        _check_choice("subword_model", self.subword_model, ("unigram", "bpe"))
        size, smallest = self.vocabulary_size, NUM_SPECIAL_SYMBOLS + 1
        if size is not None and not smallest <= size <= _LARGEST_VOCABULARY:
            raise SettingsError(
                f"vocabulary_size must lie in {smallest}..{_LARGEST_VOCABULARY} (the special "
                f"symbols are {NUM_SPECIAL_SYMBOLS} of them), got {size}"
            )
        if self.min_count < 1:
            raise SettingsError(f"min_count must be at least 1, got {self.min_count}")
        if not 0.9 <= self.character_coverage <= 1.0:
            raise SettingsError(
                f"character_coverage must lie in 0.9..1, got {self.character_coverage}"
            )

    @property
    def num_subwords(self) -> int:
        """The number of subwords to learn, special symbols included."""
        return _DEFAULT_SUBWORDS if self.vocabulary_size is None else self.vocabulary_size

    def normalized(self, text: str) -> str:
        """Return text with `normalization` and `lower` applied.

        Raises
        ------
        CorpusError
            If the text holds a lone surrogate, as Python makes of arguments that are not UTF-8.
        """
        if not text.isascii():
            _check_characters(text)
        if self.normalization == "nfc":
            import unicodedata

            text = unicodedata.normalize("NFC", text)
        return text.lower() if self.lower else text


class Codec(ABC):
    """Turns lines of text into symbol ids and back.

    Parameters
    ----------
    settings : CodecSettings
        How it was made; part of what is saved.
    """

    def __init__(self, settings: CodecSettings) -> None:
        self.settings = settings

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of symbols V, the special ones included."""

    @property
    @abstractmethod
    def content(self) -> bytes:
        """The bytes of the vocabulary's file."""

    @property
    def line_end(self) -> int:
        """The id that ends each line in a running text."""
        return END

    @abstractmethod
    def encode(self, line: str) -> Int32Array:
        """Turn a line into ids, without BEGIN and END.

        Returns
        -------
        int32 array, shape (N,)
            UNKNOWN for what the vocabulary lacks.
        """

    @abstractmethod
    def spell(self, index: int) -> str:
        """Return how a symbol is written in tables and pictures: "the", "▁th", "</s>".

        Raises
        ------
        UnknownWordError
            If the id is outside 0..V-1.
        """

    @abstractmethod
    def words_of(self, ids: Int32Array) -> Int32Array:
        """Say to which word of its line each symbol belongs, counted from 0.

        For pictures of attention, and for copying source words in place of unknown ones. Blanks go
        with the word before or after them.

        Parameters
        ----------
        ids : int32 array, shape (N,)
            As ``encode`` returns them.

        Returns
        -------
        int32 array, shape (N,)
            Never falling.
        """

    @abstractmethod
    def unknown(self, line: str) -> list[str]:
        """List the characters or words of a line that the vocabulary lacks, each once, in order."""

    @abstractmethod
    def _join(self, ids: list[int]) -> str:
        """Turn ids, none of them PAD, BEGIN or END, into text."""

    def decode(self, ids: Iterable[int] | Int32Array) -> str:
        """Turn ids into text: the line that ``encode`` was given, if it knew all of its symbols.

        PAD, BEGIN and END leave nothing behind; UNKNOWN is written "<unk>" between words and
        U+FFFD between characters.

        Raises
        ------
        UnknownWordError
            If an id is outside 0..V-1.
        """
        checked = np.asarray(ids if isinstance(ids, np.ndarray) else list(ids), dtype=np.int64)
        checked = checked.reshape(-1)
        self._check(checked)
        is_text = (checked == UNKNOWN) | (checked >= NUM_SPECIAL_SYMBOLS)
        return self._join(checked[is_text].tolist())

    def encode_lines(self, lines: Sequence[str]) -> list[Int32Array]:
        """Turn lines into ids, one array a line; as ``encode``, but may be faster."""
        return [self.encode(line) for line in lines]

    def _check(self, ids: Int64Array) -> None:
        """Refuse ids outside the vocabulary."""
        wrong = ids[(ids < 0) | (ids >= len(self))]
        if wrong.size:
            raise UnknownWordError(
                f"id {int(wrong[0])} is outside the vocabulary of {len(self)} symbols"
            )


def count_unknown(ids: Int32Array) -> int:
    """Return how many ids are UNKNOWN."""
    return int(np.count_nonzero(ids == UNKNOWN))


def _check_characters(text: str) -> None:
    """Refuse lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CorpusError(
            f"the text is not UTF-8 at character {error.start + 1}", remedy="convert it with iconv"
        ) from error


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a value that is none of the choices."""
    if value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
