"""What language models say about a prefix that grows by a symbol, as factors of its probability.

Hannun et al. 2014 (arXiv 1408.2873), eq. 3: P(prefix | speech) P(words)^alpha |words|^beta; here,
as in later decoders, each word counts e^beta. A model of words is asked when a space ends a word,
and at the end; one of characters at every symbol. A word outside the vocabulary costs where its
spelling leaves that of all words, and, so that words do not run into one, a sixth of it at each
symbol from there on. Everything is in logarithms.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from seqtools.kernels.ngram import KeyTable, NGramTables, advance, find_node
from seqtools.types import Float64Array, Int32Array

# Places in the weights.
ALPHA, WORD_BONUS, UNKNOWN_SCORE, CHARACTER_ALPHA, LABEL_BONUS = range(5)
NUM_WEIGHTS = 5
UNKNOWN_SPELLING = -1
USUAL_WORD_LENGTH = 6.0


class Fusion(NamedTuple):
    """Language models and their weights.

    Attributes
    ----------
    has_words, has_characters : bool
        Whether there is a model of words, and one of characters.
    words, characters : NGramTables
    spellings : KeyTable
        Tree of the spellings of all words; node 0 is the empty one.
    spelled_words : int32 array
        The word that each node of that tree spells, -1 if none.
    unknown_word, end_word, end_character : int
        Words of the models: what is not in the vocabulary, the end of a sentence (-1: not asked).
    symbol_characters : int32 array, shape (V,)
        The character model's word for each symbol.
    space : int
        The symbol between words, -1 if there is none.
    word_start, character_start : int
        Contexts at the start of a sentence.
    weights : float64 array, shape (NUM_WEIGHTS,)
    """

    has_words: bool
    has_characters: bool
    words: NGramTables
    characters: NGramTables
    spellings: KeyTable
    spelled_words: Int32Array
    unknown_word: int
    end_word: int
    end_character: int
    symbol_characters: Int32Array
    space: int
    word_start: int
    character_start: int
    weights: Float64Array


@njit(cache=True, nogil=True)
def start_prefix(fusion, tree):
    """Set the root of the tree."""
    tree.log_factors[0], tree.spellings[0] = 0.0, 0
    tree.word_contexts[0], tree.character_contexts[0] = fusion.word_start, fusion.character_start


@njit(cache=True, nogil=True)
def largest_log_factor(fusion, symbol):
    """Return an upper bound of `log_factor_of`: a probability of 1."""
    bound = fusion.weights[LABEL_BONUS]
    if fusion.has_words and symbol == fusion.space:
        bound += max(fusion.weights[WORD_BONUS], 0.0)
    return bound


@njit(cache=True, nogil=True)
def log_factor_of(fusion, tree, node, symbol):
    """Return what a prefix is multiplied by when it grows by a symbol."""
    log_factor = fusion.weights[LABEL_BONUS]
    if fusion.has_characters:
        context, character = tree.character_contexts[node], fusion.symbol_characters[symbol]
        log_factor += (
            fusion.weights[CHARACTER_ALPHA] * advance(fusion.characters, context, character)[0]
        )
    if fusion.has_words and symbol == fusion.space:
        log_factor += _end_word(fusion, tree, node)[0]
    elif fusion.has_words:
        log_factor += _spell_on(fusion, tree.spellings[node], symbol)
    return log_factor


@njit(cache=True, nogil=True)
def _spell_on(fusion, spelling, symbol):
    """Return what it costs to leave the vocabulary, and to go on outside."""
    if spelling == UNKNOWN_SPELLING:
        return fusion.weights[UNKNOWN_SCORE] / USUAL_WORD_LENGTH
    if find_node(fusion.spellings, spelling, symbol) < 0:
        return fusion.weights[UNKNOWN_SCORE]
    return 0.0


@njit(cache=True, nogil=True)
def grow_prefix(fusion, tree, parent, symbol, child):
    """Set what a new node of the tree knows of the language models."""
    tree.log_factors[child] = tree.log_factors[parent] + log_factor_of(fusion, tree, parent, symbol)
    if fusion.has_characters:
        context, character = tree.character_contexts[parent], fusion.symbol_characters[symbol]
        tree.character_contexts[child] = advance(fusion.characters, context, character)[1]
    if not fusion.has_words:
        return
    tree.word_contexts[child] = tree.word_contexts[parent]
    if symbol == fusion.space:
        tree.word_contexts[child] = _end_word(fusion, tree, parent)[1]
        tree.spellings[child] = 0
    elif tree.spellings[parent] == UNKNOWN_SPELLING:
        tree.spellings[child] = UNKNOWN_SPELLING
    else:
        tree.spellings[child] = find_node(fusion.spellings, tree.spellings[parent], symbol)


@njit(cache=True, nogil=True)
def end_log_factor(fusion, tree, node):
    """Return what a prefix is multiplied by when it is all there is."""
    log_factor = 0.0
    if fusion.has_words:
        log_factor, context = _end_word(fusion, tree, node)
        if fusion.end_word >= 0:
            log_factor += fusion.weights[ALPHA] * advance(fusion.words, context, fusion.end_word)[0]
    if fusion.has_characters and fusion.end_character >= 0:
        context = np.int64(tree.character_contexts[node])
        ending = advance(fusion.characters, context, fusion.end_character)[0]
        log_factor += fusion.weights[CHARACTER_ALPHA] * ending
    return log_factor


@njit(cache=True, nogil=True)
def _end_word(fusion, tree, node):
    """Return the log factor of the word that ends here, and the context after it."""
    spelling, context = tree.spellings[node], np.int64(tree.word_contexts[node])
    if spelling == 0:
        return 0.0, context
    word, log_factor = np.int64(fusion.unknown_word), fusion.weights[WORD_BONUS]
    if spelling != UNKNOWN_SPELLING:
        spelled = np.int64(fusion.spelled_words[spelling])
        if spelled >= 0:
            word = spelled
        else:  # the beginning of a word and no more
            log_factor += fusion.weights[UNKNOWN_SCORE]
    log_probability, context = advance(fusion.words, context, word)
    return log_factor + fusion.weights[ALPHA] * log_probability, context
