"""Text becomes word ids at the speed of memory: tokenising, hashing and counting in one pass.

A word is a run of bytes that are not ASCII white space; a line feed ends a sentence. A batch of
text is handled in three steps, each a short loop over arrays that stay in the first-level cache:

1. `_find_words`: borders of words and places of line feeds, from masks of 64 bytes;
2. `_make_keys`: a 64-bit key a word, and a request to fetch its slot of the hash table;
3. `_look_up`: the slot gives the id, a new word gets the next one; the count grows by one.

The table is an open-addressing array of slots of two uint64: the key, then the id in the low and
the word's place in the arena in the high 32 bits. A word of at most 7 bytes is its key: bytes and
length, so that equal keys are equal words. The key of a longer word has the top bit set, then 47
bits of hash and 16 of length, and a match is confirmed byte by byte in the arena, where each word
lies once, followed by a line feed: two words are never taken for one. A key is never 0, which marks
a free slot. Key and id share a cache line, because what costs is the number of lines touched.
"""

from typing import TypeAlias

import numpy as np
from numba import njit

from seqtools.kernels.byte_blocks import (
    load_word,
    lowest_bit,
    newline_mask,
    prefetch,
    separator_mask,
)
from seqtools.types import Int32Array, Int64Array, Uint8Array, Uint64Array

SENTENCE_END = -1
LONGEST_WORD = 65_535
BATCH_BYTES = 4096
# A batch may close a word that began before it and has as many borders as bytes; one more sentinel.
BORDERS_SIZE = BATCH_BYTES + 2
KEYS_SIZE = BATCH_BYTES // 2 + 1
# Bytes that must be readable after the end of the text.
PADDING_BYTES = 64
# A long word's last bytes are compared 8 at a time.
ARENA_PADDING_BYTES = 8

DONE, TABLE_FULL, ARENA_FULL, WORD_TOO_LONG = 0, 1, 2, 3

# Places in the state array.
POSITION, OPEN_WORD, IN_SENTENCE, NUM_WORDS, ARENA_USED, NUM_IDS, NUM_TOKENS, NUM_LINES = range(8)
STATE_SIZE = 8

_ONE, _BLOCK = np.uint64(1), 64
_LENGTH_SHIFT, _LONG_MARK = np.uint64(56), np.uint64(1 << 63)
_LENGTH_MASK, _HASH_MASK = np.uint64(0xFFFF), np.uint64(0x7FFF_FFFF_FFFF_0000)
_ID_MASK, _PLACE_SHIFT = np.uint64(0xFFFF_FFFF), np.uint64(32)
_ALL_BITS, _BITS_A_BYTE = np.uint64(0xFFFF_FFFF_FFFF_FFFF), np.uint64(8)
# Odd multipliers of well mixed bits (the finaliser of SplitMix64, Steele et al. 2014).
_MULTIPLIER_1, _MULTIPLIER_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_HALF, _ZERO = np.uint64(32), np.uint64(0)
_FAR = np.int64(2**62)
_NEWLINE = np.uint8(10)
_Index: TypeAlias = int | np.int64


@njit(cache=True, nogil=True)
def _find_words(
    text: Uint8Array,
    start: _Index,
    stop: int,
    open_word: int,
    borders: Int64Array,
    lines: Int64Array,
) -> tuple[int, int]:
    """Write the borders of words and the places of line feeds; return how many of each.

    Borders alternate: start, end, start, ... An odd number of them leaves the last word open.
    """
    num_borders, num_lines = 0, 0
    inside = _ZERO
    if open_word >= 0:
        borders[0] = open_word
        num_borders = 1
        inside = _ONE
    for block in range(start, stop, _BLOCK):
        words = ~separator_mask(text, block)
        feeds = newline_mask(text, block)
        left = stop - block
        if left < _BLOCK:
            valid = (_ONE << np.uint64(left)) - _ONE
            feeds &= valid
        else:
            valid = _ALL_BITS
        changes = (words ^ ((words << _ONE) | inside)) & valid
        inside = words >> np.uint64(63)
        while changes != _ZERO:
            borders[num_borders] = block + lowest_bit(changes)
            num_borders += 1
            changes &= changes - _ONE
        while feeds != _ZERO:
            lines[num_lines] = block + lowest_bit(feeds)
            num_lines += 1
            feeds &= feeds - _ONE
    lines[num_lines] = _FAR
    return num_borders, num_lines


@njit(cache=True, nogil=True)
def _slot_of(key: np.uint64, shift: np.uint64) -> np.uint64:
    """Return the slot where the search for a key begins."""
    mixed = key * _MULTIPLIER_1
    mixed = (mixed ^ (mixed >> _HALF)) * _MULTIPLIER_2
    return mixed >> shift


@njit(cache=True, nogil=True)
def _long_key(text: Uint8Array, start: _Index, length: _Index) -> np.uint64:
    """Return the key of a word of 8 bytes or more."""
    mixed = np.uint64(length) * _MULTIPLIER_2
    index = np.uint64(start)
    left = np.uint64(length)
    while left >= _BITS_A_BYTE:
        mixed = (mixed ^ load_word(text, index)) * _MULTIPLIER_1
        mixed ^= mixed >> _HALF
        index += _BITS_A_BYTE
        left -= _BITS_A_BYTE
    if left > _ZERO:
        tail = load_word(text, index) & ((_ONE << (left * _BITS_A_BYTE)) - _ONE)
        mixed = (mixed ^ tail) * _MULTIPLIER_1
        mixed ^= mixed >> _HALF
    mixed *= _MULTIPLIER_2
    return _LONG_MARK | ((mixed >> _ONE) & _HASH_MASK) | np.uint64(length)


@njit(cache=True, nogil=True)
def _make_keys(
    text: Uint8Array,
    borders: Int64Array,
    num_words: int,
    slots: Uint64Array,
    shift: np.uint64,
    keys: Uint64Array,
) -> int:
    """Write the key of every word; return the number of words before the first too long one."""
    for word in range(num_words):
        start = borders[2 * word]
        length = borders[2 * word + 1] - start
        if length < 8:
            bits = np.uint64(length) * _BITS_A_BYTE
            key = load_word(text, start) & ((_ONE << bits) - _ONE)
            key |= np.uint64(length) << _LENGTH_SHIFT
        elif length <= LONGEST_WORD:
            key = _long_key(text, start, length)
        else:
            return word
        keys[word] = key
        prefetch(slots, _slot_of(key, shift) << _ONE)
    return num_words


@njit(cache=True, nogil=True)
def _is_same(
    text: Uint8Array, start: _Index, arena: Uint8Array, place: _Index, length: _Index
) -> bool:
    """Compare a word of 8 bytes or more with one in the arena."""
    here, there, left = np.uint64(start), np.uint64(place), np.uint64(length)
    while left >= _BITS_A_BYTE:
        if load_word(text, here) != load_word(arena, there):
            return False
        here += _BITS_A_BYTE
        there += _BITS_A_BYTE
        left -= _BITS_A_BYTE
    difference = load_word(text, here) ^ load_word(arena, there)
    return bool(difference & ((_ONE << (left * _BITS_A_BYTE)) - _ONE) == _ZERO)


@njit(cache=True, nogil=True)
def _add_word(
    text: Uint8Array,
    start: _Index,
    length: _Index,
    key: np.uint64,
    slot: np.uint64,
    state: Int64Array,
    slots: Uint64Array,
    arena: Uint8Array,
) -> _Index:
    """Put a new word into a free slot and into the arena; return its id."""
    index: np.int64 = state[NUM_WORDS]
    place = state[ARENA_USED]
    slots[slot << _ONE] = key
    slots[(slot << _ONE) + _ONE] = np.uint64(index) | (np.uint64(place) << _PLACE_SHIFT)
    for offset in range(length):
        arena[place + offset] = text[start + offset]
    arena[place + length] = _NEWLINE
    state[NUM_WORDS] = index + 1
    state[ARENA_USED] = place + length + 1
    return index


@njit(cache=True, nogil=True)
def _look_up(
    text: Uint8Array,
    borders: Int64Array,
    num_words: int,
    lines: Int64Array,
    keys: Uint64Array,
    shift: np.uint64,
    state: Int64Array,
    slots: Uint64Array,
    arena: Uint8Array,
    counts: Int64Array,
    out_ids: Int32Array,
) -> None:
    """Write the ids of the words, and a mark for each sentence that ends among them."""
    num_ids, in_sentence = state[NUM_IDS], state[IN_SENTENCE]
    last_slot = np.uint64((slots.size >> 1) - 1)
    next_line = 0
    for word in range(num_words):
        start = borders[2 * word]
        while lines[next_line] < start:
            next_line += 1
            if in_sentence:
                out_ids[num_ids] = SENTENCE_END
                num_ids += 1
                in_sentence = 0
        length = borders[2 * word + 1] - start
        key = keys[word]
        slot = _slot_of(key, shift)
        index: _Index = -1
        while index < 0:
            found = slots[slot << _ONE]
            if found == key:
                value = slots[(slot << _ONE) + _ONE]
                if key < _LONG_MARK or _is_same(
                    text, start, arena, np.int64(value >> _PLACE_SHIFT), length
                ):
                    index = np.int64(value & _ID_MASK)
            elif found == _ZERO:
                index = _add_word(text, start, length, key, slot, state, slots, arena)
            slot = (slot + _ONE) & last_slot
        counts[index] += 1
        out_ids[num_ids] = index
        num_ids += 1
        in_sentence = 1
    if in_sentence and lines[next_line] != _FAR:
        out_ids[num_ids] = SENTENCE_END
        num_ids += 1
        in_sentence = 0
    state[NUM_IDS], state[IN_SENTENCE] = num_ids, in_sentence


@njit(cache=True, nogil=True)
def count_words(
    text: Uint8Array,
    stop: int,
    shift: np.uint64,
    borders: Int64Array,
    lines: Int64Array,
    keys: Uint64Array,
    state: Int64Array,
    slots: Uint64Array,
    arena: Uint8Array,
    counts: Int64Array,
    out_ids: Int32Array,
) -> int:
    """Turn text into ids, add new words to the table and count all.

    Parameters
    ----------
    text : uint8 array, shape (>= stop + PADDING_BYTES,)
        Bytes of text. The last one before `stop` is white space.
    stop : int
        End of the text.
    shift : uint64
        64 less the binary logarithm of the number of slots.
    borders, lines : int64 arrays, shape (BORDERS_SIZE,)
        Scratch.
    keys : uint64 array, shape (KEYS_SIZE,)
        Scratch.
    state : int64 array, shape (STATE_SIZE,)
        Where the work stands: POSITION in the text, OPEN_WORD (where a word began that has not
        ended, or -1), IN_SENTENCE, and the numbers of words and arena bytes in use, of ids in
        `out_ids`, and of tokens and lines so far. A caller sets POSITION and NUM_IDS for a new
        text and leaves the rest.
    slots : uint64 array, shape (2 * number of slots,)
        The hash table, at most half full.
    arena : uint8 array
        The words one after the other, each followed by a line feed.
    counts : int64 array, shape (>= number of slots / 2,)
        How often each word occurred.
    out_ids : int32 array, shape (>= stop + 1,)
        Ids in order of first occurrence; SENTENCE_END closes each sentence that holds a word.

    Returns
    -------
    int
        DONE, or TABLE_FULL or ARENA_FULL: enlarge it and call again; the state says where to go
        on. WORD_TOO_LONG: POSITION is where a word of more than LONGEST_WORD bytes begins.
    """
    most_words = min(slots.size >> 2, counts.size)
    while state[POSITION] < stop:
        start = state[POSITION]
        end = min(start + BATCH_BYTES, stop)
        num_borders, num_lines = _find_words(text, start, end, state[OPEN_WORD], borders, lines)
        num_words = num_borders >> 1
        if state[NUM_WORDS] + num_words > most_words:
            return TABLE_FULL
        if num_words > 0:
            room = borders[2 * num_words - 1] - borders[0] + num_words + ARENA_PADDING_BYTES
            if state[ARENA_USED] + room > arena.size:
                return ARENA_FULL
        num_good = _make_keys(text, borders, num_words, slots, shift, keys)
        _look_up(text, borders, num_good, lines, keys, shift, state, slots, arena, counts, out_ids)
        if num_good < num_words:
            state[POSITION] = borders[2 * num_good]
            return WORD_TOO_LONG
        state[OPEN_WORD] = borders[num_borders - 1] if num_borders & 1 else -1
        state[NUM_TOKENS] += num_words
        state[NUM_LINES] += num_lines
        state[POSITION] = end
    return DONE


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
            slot = _slot_of(key, shift)
            while out_slots[slot << _ONE] != _ZERO:
                slot = (slot + _ONE) & last_slot
            out_slots[slot << _ONE] = key
            out_slots[(slot << _ONE) + _ONE] = slots[old + 1]


# Places in the state array of `select_ids`.
SELECTED_IN_SENTENCE, SELECTED_TOKENS, SELECTED_SENTENCES = range(3)


@njit(cache=True, nogil=True)
def select_ids(ids: Int32Array, new_ids: Int32Array, state: Int64Array, out_ids: Int32Array) -> int:
    """Give words their final ids and leave out the words that have none.

    Parameters
    ----------
    ids : int32 array
        Ids and SENTENCE_END marks of ``count_words``.
    new_ids : int32 array, shape (number of words,)
        The final id of each word, below 0 for a word that is dropped.
    state : int64 array, shape (3,)
        Whether the sentence so far holds a word; tokens and sentences written so far.
    out_ids : int32 array, shape (>= ids.size,)
        Final ids. It may be `ids` itself. A sentence of dropped words leaves no mark.

    Returns
    -------
    int
        How many ids and marks were written.
    """
    in_sentence, num_tokens = state[SELECTED_IN_SENTENCE], state[SELECTED_TOKENS]
    num_sentences = state[SELECTED_SENTENCES]
    num_out = 0
    for index in range(ids.size):
        old = ids[index]
        if old < 0:
            out_ids[num_out] = SENTENCE_END
            num_out += in_sentence
            num_sentences += in_sentence
            in_sentence = 0
        else:
            new = new_ids[old]
            is_kept = 1 if new >= 0 else 0
            out_ids[num_out] = new
            num_out += is_kept
            num_tokens += is_kept
            in_sentence |= is_kept
    state[SELECTED_IN_SENTENCE], state[SELECTED_TOKENS] = in_sentence, num_tokens
    state[SELECTED_SENTENCES] = num_sentences
    return num_out
