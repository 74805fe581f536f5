"""Training of n-gram models by interpolated modified Kneser-Ney smoothing.

Chen and Goodman 1998 ("An empirical study of smoothing techniques for language modeling", Harvard
TR-10-98, section 4.1.6). With a(.) the count of an n-gram in the highest order, and below it, and
not after a sentence start, the number of different words before it::

    P(w | context) = (a(context w) - D(a)) / sum a(context .) + b(context) P(w | shorter context)

D takes one of three values, for a of 1, 2, and 3 or more, estimated from the counts of counts
(eq. 26); unigrams are interpolated with the uniform distribution over the vocabulary, the end of a
sentence and <unk> included.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log10

from seqtools.errors import CorpusError, SettingsError
from seqtools.io.arpa import ArpaFile, Entries, NGram
from seqtools.text.ngram_model import END, SPACE, START, UNKNOWN, NGramModel

_NEVER_LOG10 = -99.0
# Where there is too little text to estimate them, as KenLM's lmplz falls back to.
_FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)
LARGEST_ORDER = 16


def train_ngram_model(sentences: Iterable[Sequence[str]], order: int = 3) -> NGramModel:
    """Train an n-gram model.

    Parameters
    ----------
    sentences : iterable of sequences of str
        Words, or characters as `characters_of` gives them. Where text holds <unk>, it is a word
        like others; otherwise it has what smoothing leaves for words never seen.
    order : int
        Words of the longest n-grams, from 1 to 16.

    Raises
    ------
    SettingsError
        If `order` is outside its range.
    CorpusError
        If there is no word, or a word with white space in it, or one that models keep for
        themselves.
    """
    if not 1 <= order <= LARGEST_ORDER:
        raise SettingsError(f"order must be between 1 and {LARGEST_ORDER}, got {order}")
    counts = _adjust(_count(sentences, order))
    vocabulary = {ngram[0] for ngram in counts[0]} - {START} | {UNKNOWN}
    content = ArpaFile()
    shorter: dict[NGram, float] = {}
    backoffs: dict[NGram, float] = {}
    for number, ngrams in enumerate(counts, start=1):
        discounts = _discounts(ngrams)
        totals, left_over = _totals(ngrams, discounts)
        probabilities: dict[NGram, float] = {}
        for ngram, count in ngrams.items():
            context = ngram[:-1]
            base = 1 / len(vocabulary) if number == 1 else shorter[ngram[1:]]
            kept = count - discounts[min(count, 3) - 1]
            probabilities[ngram] = (kept + left_over[context] * base) / totals[context]
        if number == 1:
            unseen = left_over[()] / totals[()] / len(vocabulary)
            probabilities.setdefault((UNKNOWN,), unseen)
        backoffs = {context: left_over[context] / totals[context] for context in totals}
        if number > 1:
            _set_backoffs(content.orders[-1], backoffs)
        content.orders.append({ngram: (log10(p), 0.0) for ngram, p in probabilities.items()})
        if number == 1:
            content.orders[0][(START,)] = (_NEVER_LOG10, 0.0)
        shorter = probabilities
    return NGramModel(content)


def characters_of(text: str) -> list[str]:
    """Return the characters of a text as words of a model; white space is one <space>."""
    return [SPACE if character == " " else character for character in " ".join(text.split())]


def _count(sentences: Iterable[Sequence[str]], order: int) -> list[Counter[NGram]]:
    """Return how often each n-gram occurs, order by order."""
    counts: list[Counter[NGram]] = [Counter() for _ in range(order)]
    for number, sentence in enumerate(sentences, start=1):
        for word in sentence:
            if word in (START, END) or not word or word.split() != [word]:
                raise CorpusError(
                    f"sentence {number} holds {word!r}; a word has no white space and is none of "
                    f"{START}, {END}"
                )
        words = (START, *sentence, END)
        for size, found in enumerate(counts, start=1):
            found.update(words[i : i + size] for i in range(len(words) - size + 1))
    if len(counts[0]) <= 2:
        raise CorpusError("no word to train a language model on")
    del counts[0][(START,)]
    return counts


def _adjust(counts: list[Counter[NGram]]) -> list[dict[NGram, int]]:
    """Put the number of different words before each n-gram in the place of its count."""
    adjusted: list[dict[NGram, int]] = []
    for shorter, longer in pairwise(counts):
        before = Counter(ngram[1:] for ngram in longer)
        adjusted.append({g: count if g[0] == START else before[g] for g, count in shorter.items()})
    return [*adjusted, dict(counts[-1])]


def _discounts(ngrams: dict[NGram, int]) -> tuple[float, float, float]:
    """Return D for counts of 1, 2, and 3 or more."""
    number = Counter(count for count in ngrams.values() if count <= 4)
    if not all(number[count] for count in (1, 2, 3, 4)):
        return _FALLBACK_DISCOUNTS
    y = number[1] / (number[1] + 2 * number[2])
    one, two, three = (k - (k + 1) * y * number[k + 1] / number[k] for k in (1, 2, 3))
    if not (0 < one < 1 and 0 < two < 2 and 0 < three < 3):
        return _FALLBACK_DISCOUNTS
    return one, two, three


def _totals(
    ngrams: dict[NGram, int], discounts: tuple[float, float, float]
) -> tuple[dict[NGram, int], dict[NGram, float]]:
    """Return the sum of counts after each context, and what discounting leaves of it."""
    totals: dict[NGram, int] = defaultdict(int)
    left_over: dict[NGram, float] = defaultdict(float)
    for ngram, count in ngrams.items():
        totals[ngram[:-1]] += count
        left_over[ngram[:-1]] += discounts[min(count, 3) - 1]
    return totals, left_over


def _set_backoffs(entries: Entries, backoffs: dict[NGram, float]) -> None:
    """Give the n-grams of the order below their back-off weights."""
    for context, weight in backoffs.items():
        entries[context] = (entries[context][0], log10(weight))
