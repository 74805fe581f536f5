"""The vocabulary: words with their counts and ids.

On disk it is a text file, one ``word<TAB>count`` a line, the most frequent word first. A single
space in place of the tab, as word2vec and GloVe write it, is read too.
"""

import difflib
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import BinaryIO

import numpy as np

from seqtools.errors import SettingsError, UnknownWordError, VocabularyError
from seqtools.io.compressed import open_input, open_output
from seqtools.types import Float32Array, Int32Array, Int64Array

_NOT_IN_WORDS = re.compile("[\0\t\n\v\f\r ]")
_SHOWN_CHARACTERS = 40
_COUNT = re.compile("[1-9][0-9]{0,18}")
_LARGEST_COUNT = 2**63 - 1
_LONGEST_LINE = 1 << 17
_CANDIDATES = 20_000


class Vocabulary:
    """Words, the most frequent first, with their counts; a word's place is its id.

    Parameters
    ----------
    words : sequence of str
        Different words, none empty, none with ASCII white space or a NUL in it.
    counts : int64 array, shape (V,)
        How often each word occurs: at least 1, never rising.

    Raises
    ------
    VocabularyError
        If words and counts break these rules. ``from_counts`` sorts first.

    Notes
    -----
    Among words of equal count the one that comes first in the order of its UTF-8 bytes (which is
    the order of code points) has the smaller id. So ids depend on the counts alone: not on where
    in the corpus a word stood, nor on how the corpus was cut, and counts that were taken in shards
    give the same vocabulary as those taken at once.
    """

    def __init__(self, words: Sequence[str], counts: Int64Array | Sequence[int]) -> None:
        self._words = list(words)
        self._counts = np.array(counts, dtype=np.int64)
        self._counts.flags.writeable = False
        _check(self._words, self._counts)

    @classmethod
    def trusted(cls, words: list[str], counts: Int64Array) -> "Vocabulary":
        """Take words and counts that are known to keep the rules, without checking them again."""
        vocabulary = cls.__new__(cls)
        vocabulary._words, vocabulary._counts = words, counts  # noqa: SLF001 - its own class
        counts.flags.writeable = False
        return vocabulary

    @classmethod
    def from_counts(cls, words: Sequence[str], counts: Int64Array | Sequence[int]) -> "Vocabulary":
        """Sort words by falling count, words of equal count by their bytes.

        Raises
        ------
        VocabularyError
            As the class.
        """
        pairs = zip([-int(count) for count in counts], words, strict=True)
        ordered = sorted(pairs)
        return cls([word for _, word in ordered], [-count for count, _ in ordered])

    @property
    def words(self) -> list[str]:
        """The words; the index of a word is its id. Do not change the list."""
        return self._words

    @property
    def counts(self) -> Int64Array:
        """How often each word occurs, shape (V,), read-only."""
        return self._counts

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of words and counts, in hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each word. Do not change it."""
        return dict(zip(self._words, range(len(self._words)), strict=True))

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, word: object) -> bool:
        return word in self.ids

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self._words == other.words and np.array_equal(self._counts, other.counts)

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} words, {int(self._counts.sum())} tokens)"

    def index(self, word: str) -> int:
        """Return the id of a word.

        Raises
        ------
        UnknownWordError
            If the vocabulary lacks the word; the message names close words.
        """
        index = self.ids.get(word)
        if index is None:
            close = self.closest(word)
            hint = f"; did you mean {', '.join(close)}?" if close else ""
            raise UnknownWordError(f"{_shown(word)} is not in the vocabulary{hint}")
        return index

    def closest(self, word: str, num_words: int = 3) -> list[str]:
        """Return words that are spelt like `word`: other upper and lower case first.

        Only the 20,000 most frequent words are compared letter by letter, so that the answer
        comes at once for any vocabulary.
        """
        cases = dict.fromkeys((word.lower(), word.capitalize(), word.upper(), word.strip()))
        found = [case for case in cases if case in self.ids]
        similar = difflib.get_close_matches(word, self._words[:_CANDIDATES], n=num_words)
        return list(dict.fromkeys([*found, *similar]))[:num_words]

    def encode(
        self,
        tokens: Iterable[str],
        unknown: str | None = None,
        end_of_sentence: str | None = None,
    ) -> Int32Array:
        """Turn tokens into ids.

        Parameters
        ----------
        tokens : iterable of str
            The words of a sentence; a plain string is refused.
        unknown : str, optional
            The word of the vocabulary that stands for every word outside it, such as "<unk>".
            Without it such a word is an error.
        end_of_sentence : str, optional
            A word of the vocabulary to put after the last token, such as "</s>".

        Returns
        -------
        int32 array, shape (N,)

        Raises
        ------
        UnknownWordError
            If a token is unknown and `unknown` is not given, or if a special word is unknown.
        SettingsError
            If `tokens` is one string.

        Examples
        --------
        >>> vocabulary = Vocabulary(["the", "cat", "<unk>", "</s>"], [4, 2, 1, 1])
        >>> vocabulary.encode("the dog".split(), unknown="<unk>", end_of_sentence="</s>")
        array([0, 2, 3], dtype=int32)
        """
        if isinstance(tokens, str):
            raise SettingsError("tokens must be a list of words, got one string; split it first")
        if unknown is None:
            ids = [self.index(token) for token in tokens]
        else:
            unknown_id, known = self.index(unknown), self.ids
            ids = [known.get(token, unknown_id) for token in tokens]
        if end_of_sentence is not None:
            ids.append(self.index(end_of_sentence))
        return np.array(ids, dtype=np.int32)

    def decode(self, ids: Iterable[int] | Int32Array) -> list[str]:
        """Turn ids into words.

        Raises
        ------
        UnknownWordError
            If an id is outside 0..V-1.
        """
        return [self._words[index] for index in self._checked(ids).tolist()]

    def one_hot(self, ids: Iterable[int] | Int32Array) -> Float32Array:
        """Turn ids into rows that are 1 at the id and 0 elsewhere.

        Returns
        -------
        float32 array, shape (N, V)

        Raises
        ------
        UnknownWordError
            If an id is outside 0..V-1.
        """
        columns = self._checked(ids)
        rows = np.zeros((len(columns), len(self)), dtype=np.float32)
        rows[np.arange(len(columns)), columns] = 1.0
        return rows

    def _checked(self, ids: Iterable[int] | Int32Array) -> Int64Array:
        """Return ids as an array, all of them valid."""
        checked = np.array(ids if isinstance(ids, np.ndarray) else list(ids), dtype=np.int64)
        wrong = checked[(checked < 0) | (checked >= len(self))]
        if wrong.size:
            raise UnknownWordError(
                f"id {int(wrong.flat[0])} is outside the vocabulary of {len(self)} words"
            )
        return checked.reshape(-1)

    def with_words(self, words: dict[str, int]) -> "Vocabulary":
        """Return a vocabulary that also holds `words`, such as {"<unk>": 9, "</s>": 7}.

        Raises
        ------
        VocabularyError
            If one of them is there already, or breaks the rules for words and counts.
        """
        return Vocabulary.from_counts(
            [*self._words, *words], [*self._counts.tolist(), *words.values()]
        )

    @cached_property
    def content(self) -> bytes:
        """The bytes of the file that ``save`` writes."""
        counts = self._counts.tolist()
        lines = [f"{word}\t{count}\n" for word, count in zip(self._words, counts, strict=True)]
        return "".join(lines).encode()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write ``word<TAB>count`` lines, atomically; compressed if the name ends in .gz or so.

        Raises
        ------
        FileAccessError
            If the file cannot be written; an older file then still stands.
        """
        with open_output(path) as file:
            file.write(self.content)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Vocabulary":
        """Read a file of ``word<TAB>count`` lines, plain or compressed, or "-".

        Words are sorted by falling count; words of equal count stay in the file's order.

        Raises
        ------
        FileAccessError
            If the file cannot be read.
        VocabularyError
            If a line is malformed or a word comes twice, with the line's number.
        """
        name = "stdin" if os.fspath(path) == "-" else path
        with open_input(path) as file:
            return cls.read(file, name)

    @classmethod
    def read(cls, file: BinaryIO, path: str | os.PathLike[str]) -> "Vocabulary":
        """Read from an open binary file; errors name `path`.

        Raises
        ------
        VocabularyError
            As ``load``.
        """
        numbers: dict[str, int] = {}
        counts = []
        for number, line in enumerate(_lines(file, path), start=1):
            word, count = _parse(line, number, path)
            first = numbers.setdefault(word, number)
            if first != number:
                raise VocabularyError(
                    f"the word {_shown(word)} stands on line {first} already",
                    path=path,
                    line=number,
                    remedy="remove one of the two lines",
                )
            counts.append(count)
        if not counts:
            raise VocabularyError(
                "holds no words", path=path, remedy="write one word<TAB>count a line"
            )
        words, values = list(numbers), np.array(counts, dtype=np.int64)
        order = np.argsort(-values, kind="stable")
        return cls([words[index] for index in order.tolist()], values[order])


def _lines(file: BinaryIO, path: str | os.PathLike[str]) -> Iterator[str]:
    """Yield the lines of a vocabulary file, never holding more than one of bounded length."""
    number = 0
    while content := file.readline(_LONGEST_LINE):
        number += 1
        if len(content) == _LONGEST_LINE:
            raise VocabularyError(
                f"the line is longer than {_LONGEST_LINE} bytes",
                path=path,
                line=number,
                remedy="write one word<TAB>count a line",
            )
        try:
            line = content.decode()
        except UnicodeDecodeError as error:
            raise VocabularyError(
                f"not UTF-8 ({error.reason})",
                path=path,
                line=number,
                remedy="convert the file to UTF-8 with iconv",
            ) from error
        line = line.removesuffix("\n").removesuffix("\r")
        yield line.removeprefix("\ufeff") if number == 1 else line


def _parse(line: str, number: int, path: str | os.PathLike[str]) -> tuple[str, int]:
    """Split a line into word and count."""
    word, _, digits = line.rpartition("\t" if "\t" in line else " ")
    if not word or _NOT_IN_WORDS.search(word):
        raise VocabularyError(
            f"expected word<TAB>count, got {_shown(line)}",
            path=path,
            line=number,
            remedy="write one word without white space, a tab and its count",
        )
    if not _COUNT.fullmatch(digits) or int(digits) > _LARGEST_COUNT:
        raise VocabularyError(
            f"the count of {_shown(word)} must be an integer of at least 1, got {_shown(digits)}",
            path=path,
            line=number,
            remedy="write one word, a tab and its count",
        )
    return word, int(digits)


def _check(words: list[str], counts: Int64Array) -> None:
    """Refuse words and counts that break the rules of the class."""
    if counts.shape != (len(words),):
        raise VocabularyError(f"got {len(words)} words but counts of shape {counts.shape}")
    if not words:
        raise VocabularyError("a vocabulary needs at least one word, got none")
    if int(counts.min()) < 1:
        index = int(np.argmin(counts))
        raise VocabularyError(f"the count of {_shown(words[index])} must be at least 1")
    if np.any(np.diff(counts) > 0):
        raise VocabularyError("counts must not rise", remedy="build with Vocabulary.from_counts")
    if len(set(words)) != len(words):
        seen: set[str] = set()
        twice = next(word for word in words if word in seen or seen.add(word))  # type: ignore[func-returns-value]
        raise VocabularyError(f"the word {_shown(twice)} comes twice")
    joined = "".join(words)
    if _NOT_IN_WORDS.search(joined) or "" in words:
        wrong = next(word for word in words if not word or _NOT_IN_WORDS.search(word))
        raise VocabularyError(f"{_shown(wrong)} is not a word: it is empty or has white space")
    try:
        joined.encode()
    except UnicodeEncodeError as error:
        raise VocabularyError("a word holds a lone surrogate, which is no character") from error


def _shown(text: str) -> str:
    """Quote a text of unknown origin in a line of bounded length."""
    return repr(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…")
