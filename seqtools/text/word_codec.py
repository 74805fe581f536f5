"""Words as symbols: what ASCII white space separates, each with an id.

A text that spells unknown words ``<unk>``, as the Penn Treebank does, means UNKNOWN by it; the
word is no part of the vocabulary. Its other special symbols are never spelt, so that no text can
hold them by accident.
"""

import os
from collections import Counter
from collections.abc import Iterable

import numpy as np

from seqtools.errors import CorpusError
from seqtools.text.corpus import LONGEST_WORD_BYTES
from seqtools.text.symbols import (
    NUM_SPECIAL_SYMBOLS,
    SPECIAL_SPELLINGS,
    UNKNOWN,
    Codec,
    CodecSettings,
)
from seqtools.text.vocabulary import Vocabulary
from seqtools.types import Int32Array

UNKNOWN_WORD = SPECIAL_SPELLINGS[UNKNOWN]


class WordCodec(Codec):
    """Turns each word into an id.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words; the word i has the id NUM_SPECIAL_SYMBOLS + i.
    settings : CodecSettings
    """

    def __init__(self, vocabulary: Vocabulary, settings: CodecSettings) -> None:
        super().__init__(settings)
        self.vocabulary = vocabulary
        first = NUM_SPECIAL_SYMBOLS
        # Bytes, because bytes.split knows ASCII white space alone.
        self._ids = {word.encode(): i for i, word in enumerate(vocabulary.words, start=first)}
        self._spellings = [*SPECIAL_SPELLINGS, *vocabulary.words]

    @classmethod
    def build(
        cls, lines: Iterable[str], settings: CodecSettings, path: str | os.PathLike[str]
    ) -> "WordCodec":
        """Count the words of lines and number them, the most frequent first.

        Raises
        ------
        CorpusError
            If there are no words, if none occurs often enough, or if one is too long; names
            `path`.
        """
        counts: Counter[bytes] = Counter()
        for line in lines:
            counts.update(settings.normalized(line).encode().split())
        counts.pop(UNKNOWN_WORD.encode(), None)
        if not counts:
            raise CorpusError("no words in the text", path=path, remedy="name a file with text")
        if max(map(len, counts)) > LONGEST_WORD_BYTES:
            raise CorpusError(
                f"a word is longer than {LONGEST_WORD_BYTES} bytes",
                path=path,
                remedy="put white space between the words, or use --level char",
            )
        pairs = [pair for pair in counts.items() if pair[1] >= settings.min_count]
        if not pairs:
            raise CorpusError(
                f"no word occurs {settings.min_count} times or more",
                path=path,
                remedy="lower --min-count, to 1 for a very small text",
            )
        pairs.sort(key=lambda pair: (-pair[1], pair[0]))
        limit = settings.vocabulary_size
        kept = pairs if limit is None else pairs[: limit - NUM_SPECIAL_SYMBOLS]
        words = [word.decode() for word, _ in kept]
        return cls(Vocabulary(words, [count for _, count in kept]), settings)

    def __len__(self) -> int:
        return len(self._spellings)

    @property
    def content(self) -> bytes:
        """The bytes of the vocabulary's file."""
        return self.vocabulary.content

    def encode(self, line: str) -> Int32Array:
        """Turn a line into ids, without BEGIN and END.

        Returns
        -------
        int32 array, shape (number of words,)
            UNKNOWN for what the vocabulary lacks.
        """
        known = self._ids
        words = self.settings.normalized(line).encode().split()
        return np.array([known.get(word, UNKNOWN) for word in words], dtype=np.int32)

    def spell(self, index: int) -> str:
        """Return a word, or a special symbol such as "</s>"."""
        self._check(np.array([index]))
        return self._spellings[index]

    def words_of(self, ids: Int32Array) -> Int32Array:
        """Say to which word of its line each symbol belongs: each is one."""
        return np.arange(ids.size, dtype=np.int32)

    def unknown(self, line: str) -> list[str]:
        """List the words of a line that the vocabulary lacks, each once, in order."""
        words = self.settings.normalized(line).encode().split()
        return list(dict.fromkeys(word.decode() for word in words if word not in self._ids))

    def _join(self, ids: list[int]) -> str:
        return " ".join([self._spellings[index] for index in ids])
