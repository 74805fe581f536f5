"""Back-off n-gram models: the probability of the next word, and the context after it.

An n-gram is a node below its first n - 1 words (Katz 1987; ARPA files hold the same numbers)::

    ln P(w | context) = log_prob(context w)                      if that n-gram is there
                      = backoff(context) + ln P(w | context less its first word)   if not

Children are found in a table of keys parent * V + word with open addressing. Node 0 is the empty
context; every word of the vocabulary is a child of it.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from seqtools.types import Float64Array, Int32Array, Int64Array

EMPTY_KEY = -1
_MULTIPLIER = 0x9E3779B1
_SHIFT = 7


class KeyTable(NamedTuple):
    """Children of nodes of a tree, by the symbol that leads to them.

    Attributes
    ----------
    keys : int64 array, a power of two long
        parent * num_symbols + symbol, or EMPTY_KEY; never full.
    nodes : int32 array
        The child of each key.
    num_symbols : int
    """

    keys: Int64Array
    nodes: Int32Array
    num_symbols: int


class NGramTables(NamedTuple):
    """A back-off model as arrays over its nodes.

    Attributes
    ----------
    children : KeyTable
    log_probs, backoffs : float64 arrays
        Natural logarithms.
    contexts : int32 array
        The node to go on from after each n-gram: itself, or the longest of its endings that says
        anything about a next word.
    suffixes : int32 array
        Each context less its first word, as a context.
    """

    children: KeyTable
    log_probs: Float64Array
    backoffs: Float64Array
    contexts: Int32Array
    suffixes: Int32Array


def make_key_table(num_keys: int, num_symbols: int) -> KeyTable:
    """Return an empty table for up to `num_keys` children."""
    size = 4
    while size < 2 * num_keys:
        size *= 2
    return KeyTable(np.full(size, EMPTY_KEY, np.int64), np.zeros(size, np.int32), num_symbols)


@njit(cache=True, nogil=True)
def find_node(table, parent, symbol):
    """Return the child of a node, -1 if there is none."""
    mask = table.keys.shape[0] - 1
    key = np.int64(parent) * table.num_symbols + symbol
    place = _place_of(key, mask)
    while table.keys[place] != EMPTY_KEY:
        if table.keys[place] == key:
            return np.int64(table.nodes[place])
        place = (place + 1) & mask
    return np.int64(-1)


@njit(cache=True, nogil=True)
def insert_nodes(parents, symbols, nodes, table):
    """Add children that are not in the table yet."""
    mask = table.keys.shape[0] - 1
    for index in range(parents.shape[0]):
        key = np.int64(parents[index]) * table.num_symbols + symbols[index]
        place = _place_of(key, mask)
        while table.keys[place] != EMPTY_KEY:
            place = (place + 1) & mask
        table.keys[place], table.nodes[place] = key, nodes[index]


@njit(cache=True, nogil=True)
def _place_of(key, mask):
    """Return where to look for a key first."""
    return ((key * _MULTIPLIER) >> _SHIFT) & mask


@njit(cache=True, nogil=True)
def advance(tables, context, word):
    """Return ln P(word | context) and the context after it.

    Parameters
    ----------
    tables : NGramTables
    context : int64
        A node as `advance` returns them, 0 for none.
    word : int64
        A word of the vocabulary.

    Returns
    -------
    (float64, int64)
    """
    log_probability = 0.0
    while True:
        node = find_node(tables.children, context, word)
        if node >= 0:
            return log_probability + tables.log_probs[node], np.int64(tables.contexts[node])
        if context == 0:
            return -np.inf, np.int64(0)
        log_probability += tables.backoffs[context]
        context = np.int64(tables.suffixes[context])


@njit(cache=True, nogil=True)
def score_words(tables, context, words, out_log_probs):
    """Write ln P of each word after those before it; return the context at the end."""
    for index in range(words.shape[0]):
        out_log_probs[index], context = advance(tables, context, words[index])
    return context
