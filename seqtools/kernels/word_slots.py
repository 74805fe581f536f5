"""The hash table of words: slots, keys and the arena that holds the words' bytes.

The table is an open-addressing array of slots of two uint64: the key, then the id in the low and
the word's place in the arena in the high 32 bits. A word of at most 7 bytes is its key: bytes and
length, so that equal keys are equal words. The key of a longer word has the top bit set, then 47
bits of hash and 16 of length, and a match is confirmed byte by byte in the arena, where each word
lies once, followed by a line feed: two words are never taken for one. A key is never 0, which marks
a free slot. Key and id share a cache line, because what costs is the number of lines touched.
"""

import numpy as np
from numba import njit

from seqtools.kernels.byte_blocks import load_word
from seqtools.types import Int64Array, Uint8Array, Uint64Array

# Places in the state array.
POSITION, OPEN_WORD, IN_SENTENCE, NUM_WORDS, ARENA_USED, NUM_IDS, NUM_TOKENS, NUM_LINES = range(8)
STATE_SIZE = 8

LENGTH_SHIFT, PLACE_SHIFT = np.uint64(56), np.uint64(32)
ID_MASK = np.uint64(0xFFFF_FFFF)
# Odd multipliers of well mixed bits (the finaliser of SplitMix64, Steele et al. 2014).
MULTIPLIER_1, MULTIPLIER_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)

_ZERO, _ONE, _BYTES, _HALF = np.uint64(0), np.uint64(1), np.uint64(8), np.uint64(32)
_LONG_MARK, _HASH_MASK = np.uint64(1 << 63), np.uint64(0x7FFF_FFFF_FFFF_0000)
_LENGTH_MASK = np.uint64(0xFFFF)
_NEWLINE = np.uint8(10)


@njit(cache=True, nogil=True)
def home_of(key: np.uint64, shift: np.uint64) -> np.uint64:
    """Return the slot where the search for a key begins."""
    mixed = key * MULTIPLIER_1
    mixed = (mixed ^ (mixed >> _HALF)) * MULTIPLIER_2
    return mixed >> shift


@njit(cache=True, nogil=True)
def mix_bytes(mixed: np.uint64, loaded: np.uint64) -> np.uint64:
    """Mix eight more bytes into a hash."""
    mixed = (mixed ^ loaded) * MULTIPLIER_1
    return mixed ^ (mixed >> _HALF)


@njit(cache=True, nogil=True)
def long_key(mixed: np.uint64, length: np.uint64) -> np.uint64:
    """Return the key of a word of 8 bytes or more from its hash."""
    mixed *= MULTIPLIER_2
    return _LONG_MARK | ((mixed >> _ONE) & _HASH_MASK) | (length & _LENGTH_MASK)


@njit(cache=True, nogil=True)
def is_same_word(
    text: Uint8Array, start: np.uint64, arena: Uint8Array, place: np.uint64, length: np.uint64
) -> bool:
    """Compare a word of 8 bytes or more with one in the arena."""
    last = length - _BYTES
    offset = _ZERO
    while offset < last:
        if load_word(text, start + offset) != load_word(arena, place + offset):
            return False
        offset += _BYTES
    return bool(load_word(text, start + last) == load_word(arena, place + last))


@njit(cache=True, nogil=True)
def add_word(
    text: Uint8Array,
    start: np.uint64,
    length: np.uint64,
    key: np.uint64,
    slot: np.uint64,
    state: Int64Array,
    slots: Uint64Array,
    arena: Uint8Array,
) -> np.uint64:
    """Put a new word into a free slot and into the arena; return the slot's second half."""
    place = np.uint64(state[ARENA_USED])
    value = np.uint64(state[NUM_WORDS]) | (place << PLACE_SHIFT)
    slots[slot << _ONE] = key
    slots[(slot << _ONE) + _ONE] = value
    for offset in range(length):
        arena[place + offset] = text[start + offset]
    arena[place + length] = _NEWLINE
    state[NUM_WORDS] += 1
    state[ARENA_USED] += np.int64(length) + 1
    return value


@njit(cache=True, nogil=True)
def move_slots(slots: Uint64Array, shift: np.uint64, out_slots: Uint64Array) -> None:
    """Put the words of a table into a larger, empty one.

    Parameters
    ----------
    slots : uint64 array
        The full table.
    shift : uint64
        64 less the binary logarithm of the new number of slots.
    out_slots : uint64 array
        The new table, all 0.
    """
    last_slot = np.uint64((out_slots.size >> 1) - 1)
    for old in range(0, slots.size, 2):
        key = slots[old]
        if key != _ZERO:
            slot = home_of(key, shift)
            while out_slots[slot << _ONE] != _ZERO:
                slot = (slot + _ONE) & last_slot
            out_slots[slot << _ONE] = key
            out_slots[(slot << _ONE) + _ONE] = slots[old + 1]
