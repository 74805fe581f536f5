"""Words that someone who typed an unknown word may have meant."""

import difflib
from collections.abc import Container, Sequence

# Frequent words stand first in most files; looking further costs seconds and finds rare typos.
_WORDS_SEARCHED = 50_000
_MAX_LENGTH_DIFFERENCE = 2


def close_words(
    word: str, words: Sequence[str], vocabulary: Container[str], limit: int = 3
) -> list[str]:
    """Return known words that resemble an unknown one.

    Parameters
    ----------
    word : str
        The unknown word.
    words : sequence of str
        Known words, most frequent first.
    vocabulary : container of str
        The same words, for a quick "in".
    limit : int
        Number of suggestions at most.

    Returns
    -------
    list of str
        Other capitalisations first, then words of similar spelling.
    """
    variants = dict.fromkeys((word.lower(), word.capitalize(), word.title(), word.upper()))
    found = [variant for variant in variants if variant != word and variant in vocabulary]
    if len(found) < limit and 0 < len(word) <= 50:
        pool = [
            known
            for known in words[:_WORDS_SEARCHED]
            if known[:1] == word[0] and abs(len(known) - len(word)) <= _MAX_LENGTH_DIFFERENCE
        ]
        close = difflib.get_close_matches(word, pool, n=limit, cutoff=0.75)
        found += [known for known in close if known not in found]
    return found[:limit]
