"""Back-off n-gram language models: from ARPA files or from training, to probabilities.

A model is asked word by word: a context goes in, the log probability of the next word and the
context after it come out. ``seqtools.kernels.ngram`` holds the numbers as arrays, which the CTC
beam search reads too. Characters may be the words of a model; a space is then written <space>.
"""

import os
from collections.abc import Iterable, Sequence
from math import log

import numpy as np

from seqtools.errors import LanguageModelError
from seqtools.io.arpa import ArpaFile, Entries, read_arpa, write_arpa
from seqtools.kernels.ngram import (
    NGramTables,
    advance,
    insert_nodes,
    make_key_table,
    score_words,
)
from seqtools.types import Float64Array, Int64Array

START, END, UNKNOWN, SPACE = "<s>", "</s>", "<unk>", "<space>"
_LN_10 = log(10)
# What a word outside the vocabulary gets from a file that says nothing about it, as in KenLM.
_UNKNOWN_LOG10 = -100.0


class NGramModel:
    """A back-off n-gram model.

    Parameters
    ----------
    content : ArpaFile
        Its n-grams. Words that it lacks are <unk>, which is added if it is not there.
    name : str
        What messages call the model.

    Raises
    ------
    LanguageModelError
        If there is no unigram, or an n-gram whose first words are no n-gram themselves, or whose
        words are no unigrams.

    Examples
    --------
    >>> from seqtools.text.kneser_ney import train_ngram_model
    >>> model = train_ngram_model([["a", "b"], ["a", "b"], ["b", "a"]], order=2)
    >>> model.log_probability(["a", "b"]) > model.log_probability(["b", "b"])
    True
    """

    def __init__(self, content: ArpaFile, name: str = "the language model") -> None:
        self.name = name
        orders = [dict(entries) for entries in content.orders]
        if not orders or not orders[0]:
            raise LanguageModelError("no unigrams", path=name)
        orders[0].setdefault((UNKNOWN,), (_UNKNOWN_LOG10, 0.0))
        self.content = ArpaFile(orders)
        self.words = tuple(ngram[0] for ngram in orders[0])
        self.ids = {word: index for index, word in enumerate(self.words)}
        self.tables = _make_tables(orders, self.ids, name)
        self.start = 0
        if START in self.ids:
            self.start = int(advance(self.tables, 0, self.ids[START])[1])

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "NGramModel":
        """Read an ARPA file, plain or compressed.

        Raises
        ------
        FileAccessError
            If it cannot be read.
        LanguageModelError
            If it is malformed; names the line.
        """
        return cls(read_arpa(path), "stdin" if os.fspath(path) == "-" else os.fspath(path))

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write an ARPA file; a suffix such as .gz compresses it."""
        write_arpa(self.content, path)

    @property
    def order(self) -> int:
        """The words of its longest n-grams."""
        return len(self.content.orders)

    def id_of(self, word: str) -> int:
        """Return the number of a word, that of <unk> if it is not in the vocabulary."""
        return self.ids.get(word, self.ids[UNKNOWN])

    def score(self, words: Sequence[str], has_start: bool = True) -> Float64Array:
        """Return ln P of each word after those before it.

        Parameters
        ----------
        words : sequence of str
            Name "</s>" to score the end of the sentence too.
        has_start : bool
            Whether a sentence starts before the first word.

        Returns
        -------
        float64 array, shape (number of words,)

        Raises
        ------
        LanguageModelError
            If an end is to be scored of which the model says nothing.
        """
        if END in words and END not in self.ids:
            raise LanguageModelError(
                f"no {END} among its unigrams, so the end of a sentence has no probability",
                path=self.name,
                remedy="train the model again on sentences with their ends",
            )
        numbers: Int64Array = np.array([self.id_of(word) for word in words], np.int64)
        log_probs = np.zeros(len(numbers))
        score_words(self.tables, self.start if has_start else 0, numbers, log_probs)
        return log_probs

    def log_probability(self, words: Sequence[str]) -> float:
        """Return ln P of a sentence with its end."""
        return float(self.score([*words, END]).sum())

    def perplexity(self, sentences: Iterable[Sequence[str]]) -> float:
        """Return e to the mean of -ln P over all words and ends of sentences."""
        total, number = 0.0, 0
        for words in sentences:
            total += self.log_probability(words)
            number += len(words) + 1
        return float(np.exp(-total / max(number, 1)))


def _make_tables(orders: list[Entries], ids: dict[str, int], name: str) -> NGramTables:
    """Return the arrays of a model, node 0 first, then order by order."""
    nodes: dict[tuple[str, ...], int] = {(): 0}
    parents, symbols, log_probs, backoffs = [0], [0], [0.0], [0.0]
    for entries in orders:
        for ngram, (log_prob, backoff) in entries.items():
            parent = nodes.get(ngram[:-1])
            if parent is None or ngram[-1] not in ids:
                missing = ngram[-1:] if parent is not None else ngram[:-1]
                raise LanguageModelError(
                    f"the {len(ngram)}-gram '{' '.join(ngram)}' without an entry for "
                    f"'{' '.join(missing)}'",
                    path=name,
                )
            nodes[ngram] = len(parents)
            parents.append(parent)
            symbols.append(ids[ngram[-1]])
            log_probs.append(log_prob * _LN_10)
            backoffs.append(backoff * _LN_10)
    children = make_key_table(len(nodes) - 1, len(ids))
    numbers = np.arange(1, len(nodes), dtype=np.int32)
    insert_nodes(
        np.array(parents[1:], np.int64), np.array(symbols[1:], np.int64), numbers, children
    )
    has_children = np.zeros(len(nodes), bool)
    has_children[parents[1:]] = True
    contexts, suffixes = np.zeros(len(nodes), np.int32), np.zeros(len(nodes), np.int32)
    # Shorter n-grams have lower numbers, so what they end in is known before they are asked for.
    for ngram, node in nodes.items():
        ending = ngram[1:]
        while ending not in nodes:
            ending = ending[1:]
        suffixes[node] = contexts[nodes[ending]]
        says_anything = has_children[node] or backoffs[node] != 0.0
        contexts[node] = node if says_anything else suffixes[node]
    return NGramTables(children, np.array(log_probs), np.array(backoffs), contexts, suffixes)
