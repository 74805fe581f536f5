"""Segments as numbered tokens, by sacreBLEU's tokenizers.

A tokenizer that treats each word alike wherever it stands is asked once a word, not once a line:
the words of 9,000 lines are some thousands. 13a is one: it looks at characters beside punctuation
and digits, and white space beside them is neither. (intl is none: at the ends of a line it finds
nothing where a space would be.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from seqtools.types import Int64Array

WORD_BY_WORD = frozenset({"13a", "none", "char"})


@dataclass(frozen=True)
class TokenizedSegments:
    """The tokens of a file, one line after the other.

    Attributes
    ----------
    token_ids : int64 array, shape (num_tokens,)
        Numbers from the `TokenTable` that made them.
    lengths : int64 array, shape (N,)
        Tokens of each line.
    """

    token_ids: Int64Array
    lengths: Int64Array

    def part(self, first: int, last: int) -> "TokenizedSegments":
        """Return the segments from `first` up to but without `last`."""
        start = int(self.lengths[:first].sum())
        stop = start + int(self.lengths[first:last].sum())
        return TokenizedSegments(self.token_ids[start:stop], self.lengths[first:last])


class TokenTable:
    """Gives equal tokens equal numbers, across the files of a comparison.

    Parameters
    ----------
    tokenizer : callable
        Maps a line to its tokens joined by spaces.
    name : str
        The tokenizer's name among `seqtools.evaluation.bleu_settings.TOKENIZERS`.
    lowercase : bool
        Put a line in lower case first.
    """

    def __init__(
        self, tokenizer: Callable[[str], str], name: str, *, lowercase: bool = False
    ) -> None:
        self._tokenizer, self._lowercase = tokenizer, lowercase
        self._ids: dict[str, int] = {}
        self._is_word_by_word = name in WORD_BY_WORD
        self._words = _WordTable(tokenizer, self._ids, keeps_letters=name in {"13a", "none"})

    def encode(self, lines: Sequence[str]) -> TokenizedSegments:
        """Return the tokens of lines as numbers."""
        numbers: list[int] = []
        ends = [0]
        find_word = self._words.__getitem__
        for line in lines:
            text = line.lower() if self._lowercase else line
            if self._is_word_by_word:
                numbers.extend(chain.from_iterable(map(find_word, text.split())))
            else:
                numbers.extend(_number(self._tokenizer(text.rstrip()).split(), self._ids))
            ends.append(len(numbers))
        return TokenizedSegments(np.array(numbers, dtype=np.int64), np.diff(ends).astype(np.int64))

    def tokens(self, line: str) -> list[str]:
        """Return the tokens of one line as text."""
        text = line.lower() if self._lowercase else line
        return self._tokenizer(text.rstrip()).split()


class _WordTable(dict[str, tuple[int, ...]]):
    """Maps a word to the numbers of its tokens, which it finds at first sight."""

    def __init__(
        self, tokenizer: Callable[[str], str], ids: dict[str, int], *, keeps_letters: bool
    ) -> None:
        super().__init__()
        self._tokenizer, self._ids, self._keeps_letters = tokenizer, ids, keeps_letters

    def __missing__(self, word: str) -> tuple[int, ...]:
        """Tokenize a new word; letters and digits alone are one token without asking."""
        whole = self._keeps_letters and word.isalnum()
        numbers = _number([word] if whole else self._tokenizer(word).split(), self._ids)
        self[word] = numbers
        return numbers


def _number(tokens: list[str], ids: dict[str, int]) -> tuple[int, ...]:
    """Return the numbers of tokens, giving new ones to new tokens."""
    return tuple([ids.setdefault(token, len(ids)) for token in tokens])
