"""Text becomes word ids at the speed of memory: tokenising, hashing and counting in one pass.

A word is a run of bytes that are not ASCII white space; a line feed ends a sentence. A batch of
text passes through short loops over arrays that stay in the first-level cache, each free of
branches that depend on the text, because a wrongly guessed branch costs as much as a whole word:

1. `_find_words`: borders of words and ends of lines, from masks of 64 bytes;
2. `_make_keys`: a 64-bit key a word, its home slot, and a request to fetch that slot;
3. `_find_ids`: the slot gives the id, a new word gets the next one;
4. `_confirm_long_words`: a look at the bytes of words that are longer than a key;
5. `_write_ids`: counts grow, ids and marks for the ends of sentences are written.

The table itself is described in ``seqtools.kernels.word_slots``.

Measured on 9.1 million words of Wikipedia: 16 ns a word; 24 ns if steps 3 to 5 are one loop with
branches (re-measure with benchmarks/vocabulary.py).
"""

from typing import TypeAlias

import numpy as np
from numba import njit

from seqtools.kernels.byte_blocks import (
    count_bits,
    load_word,
    lowest_bit,
    newline_mask,
    prefetch,
    separator_mask,
)
from seqtools.kernels.word_slots import (
    ARENA_USED,
    ID_MASK,
    IN_SENTENCE,
    LENGTH_SHIFT,
    MULTIPLIER_2,
    NUM_IDS,
    NUM_LINES,
    NUM_TOKENS,
    NUM_WORDS,
    OPEN_WORD,
    PLACE_SHIFT,
    POSITION,
    add_word,
    home_of,
    is_same_word,
    long_key,
    mix_bytes,
)
from seqtools.types import Int32Array, Int64Array, Uint8Array, Uint64Array

SENTENCE_END = -1
LONGEST_WORD = 65_535
BATCH_BYTES = 4096
# Bytes that must be readable before and after the text, and after the words of the arena.
PADDING_BYTES = 64
# A batch has at most as many borders as bytes, one more of a word that began before it, and a
# sentinel; each of its words but one takes two bytes.
BORDERS_SIZE = BATCH_BYTES + 2
WORDS_SIZE = BATCH_BYTES // 2 + 2

DONE, TABLE_FULL, ARENA_FULL, WORD_TOO_LONG = 0, 1, 2, 3

# Rows of the scratch array of words.
_KEYS, _HOMES, _LONG_WORDS, _PLACES, _IDS = range(5)
SCRATCH_ROWS = 5

_ZERO, _ONE, _BYTES = np.uint64(0), np.uint64(1), np.uint64(8)
_TWO_LOADS, _BLOCK = np.uint64(16), np.uint64(64)
_LAST_BIT, _BITS_OF_BYTES = np.uint64(63), np.uint64(3)
_ALL_BITS = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_NEVER = np.int64(2**62)
_Index: TypeAlias = int | np.int64 | np.uint64


@njit(cache=True, nogil=True)
def _find_words(
    text: Uint8Array,
    start: _Index,
    stop: _Index,
    open_word: _Index,
    borders: Int64Array,
    lines: Int64Array,
) -> tuple[np.uint64, np.uint64]:
    """Write the borders of words and the ends of lines; return how many of each.

    Borders alternate: start, end, start, ... An odd number of them leaves the last word open.
    The end of a line is written as the number of words before it, and _NEVER follows the last.
    """
    num_borders, num_lines, inside = _ZERO, _ZERO, _ZERO
    if open_word >= 0:
        borders[0] = open_word
        num_borders, inside = _ONE, _ONE
    block, end = np.uint64(start), np.uint64(stop)
    while block < end:
        words = ~separator_mask(text, block)
        feeds = newline_mask(text, block)
        valid = _ALL_BITS
        if end - block < _BLOCK:
            valid = (_ONE << (end - block)) - _ONE
            feeds &= valid
        changes = (words ^ ((words << _ONE) | inside)) & valid
        inside = words >> _LAST_BIT
        while feeds != _ZERO:
            up_to_feed = feeds ^ (feeds - _ONE)
            lines[num_lines] = (num_borders + count_bits(changes & up_to_feed)) >> _ONE
            num_lines += _ONE
            feeds &= feeds - _ONE
        while changes != _ZERO:
            borders[num_borders] = block + lowest_bit(changes)
            num_borders += _ONE
            changes &= changes - _ONE
        block += _BLOCK
    lines[num_lines] = _NEVER
    return num_borders, num_lines


@njit(cache=True, nogil=True)
def _make_keys(
    text: Uint8Array,
    borders: Int64Array,
    num_words: np.uint64,
    slots: Uint64Array,
    shift: np.uint64,
    scratch: Uint64Array,
) -> np.uint64:
    """Write key and home slot of every word; return the number of words before a too long one."""
    keys, homes, very_long = scratch[_KEYS], scratch[_HOMES], scratch[_LONG_WORDS]
    num_very_long, word = _ZERO, _ZERO
    while word < num_words:
        start = np.uint64(borders[word << _ONE])
        end = np.uint64(borders[(word << _ONE) + _ONE])
        length = end - start
        first, last = load_word(text, start), load_word(text, end - _BYTES)
        whole = first & ((_ONE << (length << _BITS_OF_BYTES)) - _ONE)
        whole |= length << LENGTH_SHIFT
        hashed = long_key(mix_bytes(mix_bytes(length * MULTIPLIER_2, first), last), length)
        key = whole if length < _BYTES else hashed
        keys[word] = key
        homes[word] = home_of(key, shift)
        prefetch(slots, homes[word] << _ONE)
        very_long[num_very_long] = word
        num_very_long += _ONE if length > _TWO_LOADS else _ZERO
        word += _ONE
    for index in range(num_very_long):
        word = np.uint64(very_long[index])
        start = np.uint64(borders[word << _ONE])
        end = np.uint64(borders[(word << _ONE) + _ONE])
        if end - start > np.uint64(LONGEST_WORD):
            return word
        mixed, place = (end - start) * MULTIPLIER_2, start
        while place < end - _BYTES:
            mixed = mix_bytes(mixed, load_word(text, place))
            place += _BYTES
        keys[word] = long_key(mix_bytes(mixed, load_word(text, end - _BYTES)), end - start)
        homes[word] = home_of(keys[word], shift)
        prefetch(slots, homes[word] << _ONE)
    return num_words


@njit(cache=True, nogil=True)
def _find_ids(
    text: Uint8Array,
    borders: Int64Array,
    num_words: np.uint64,
    state: Int64Array,
    slots: Uint64Array,
    arena: Uint8Array,
    scratch: Uint64Array,
) -> np.uint64:
    """Write the id of every word, taking equal keys for equal words; return how many are long."""
    keys, homes, ids = scratch[_KEYS], scratch[_HOMES], scratch[_IDS]
    long_words, places = scratch[_LONG_WORDS], scratch[_PLACES]
    last_slot = np.uint64((slots.size >> 1) - 1)
    num_long, word = _ZERO, _ZERO
    while word < num_words:
        key, slot = keys[word], homes[word]
        found = slots[slot << _ONE]
        while found != key and found != _ZERO:
            slot = (slot + _ONE) & last_slot
            found = slots[slot << _ONE]
        value = slots[(slot << _ONE) + _ONE]
        if found == _ZERO:
            start = np.uint64(borders[word << _ONE])
            length = np.uint64(borders[(word << _ONE) + _ONE]) - start
            value = add_word(text, start, length, key, slot, state, slots, arena)
        ids[word] = value & ID_MASK
        long_words[num_long], places[num_long] = word, value >> PLACE_SHIFT
        num_long += key >> _LAST_BIT
        word += _ONE
    return num_long


@njit(cache=True, nogil=True)
def _confirm_long_words(
    text: Uint8Array,
    borders: Int64Array,
    num_long: np.uint64,
    state: Int64Array,
    slots: Uint64Array,
    arena: Uint8Array,
    scratch: Uint64Array,
) -> None:
    """Compare long words with the words whose ids they got; look further where two only collide."""
    keys, homes, ids = scratch[_KEYS], scratch[_HOMES], scratch[_IDS]
    last_slot = np.uint64((slots.size >> 1) - 1)
    index = _ZERO
    while index < num_long:
        word, place = scratch[_LONG_WORDS, index], scratch[_PLACES, index]
        start = np.uint64(borders[word << _ONE])
        length = np.uint64(borders[(word << _ONE) + _ONE]) - start
        index += _ONE
        if is_same_word(text, start, arena, place, length):
            continue
        key, slot = keys[word], homes[word]
        value = _ZERO
        while True:
            found = slots[slot << _ONE]
            value = slots[(slot << _ONE) + _ONE]
            if found == _ZERO:
                value = add_word(text, start, length, key, slot, state, slots, arena)
                break
            if found == key and is_same_word(text, start, arena, value >> PLACE_SHIFT, length):
                break
            slot = (slot + _ONE) & last_slot
        ids[word] = value & ID_MASK


@njit(cache=True, nogil=True)
def _write_ids(
    num_words: np.uint64,
    lines: Int64Array,
    num_lines: np.uint64,
    ids: Uint64Array,
    state: Int64Array,
    counts: Int64Array,
    out_ids: Int32Array,
) -> None:
    """Count the words and write their ids, with a mark for each sentence that ends."""
    num_ids, in_sentence = np.uint64(state[NUM_IDS]), np.uint64(state[IN_SENTENCE])
    word = _ZERO
    for line in range(num_lines + _ONE):
        end = min(np.uint64(lines[line]), num_words)
        in_sentence |= np.uint64(end > word)
        while word < end:
            counts[ids[word]] += 1
            out_ids[num_ids] = np.int32(ids[word])
            num_ids += _ONE
            word += _ONE
        if line < num_lines:
            out_ids[num_ids] = SENTENCE_END
            num_ids += in_sentence
            in_sentence = _ZERO
    state[NUM_IDS], state[IN_SENTENCE] = num_ids, in_sentence


@njit(cache=True, nogil=True)
def count_words(
    text: Uint8Array,
    stop: int,
    shift: np.uint64,
    state: Int64Array,
    borders: Int64Array,
    lines: Int64Array,
    scratch: Uint64Array,
    slots: Uint64Array,
    arena: Uint8Array,
    counts: Int64Array,
    out_ids: Int32Array,
) -> int:
    """Turn text into ids, add new words to the table and count all.

    Parameters
    ----------
    text : uint8 array, shape (>= stop + PADDING_BYTES,)
        Bytes of text, from PADDING_BYTES at the earliest. The last one before `stop` is white
        space.
    stop : int
        End of the text.
    shift : uint64
        64 less the binary logarithm of the number of slots.
    state : int64 array, shape (STATE_SIZE,)
        Where the work stands: POSITION in the text, OPEN_WORD (where a word began that has not
        ended, or -1), IN_SENTENCE, and the numbers of words and arena bytes in use, of ids in
        `out_ids`, and of tokens and lines so far. A caller sets POSITION and NUM_IDS for a new
        text and leaves the rest.
    borders, lines : int64 arrays, shape (BORDERS_SIZE,)
        Scratch.
    scratch : uint64 array, shape (SCRATCH_ROWS, WORDS_SIZE)
        Scratch.
    slots : uint64 array, shape (2 * number of slots,)
        The hash table, at most half full.
    arena : uint8 array
        The words one after the other, each followed by a line feed.
    counts : int64 array, shape (>= number of slots / 2,)
        How often each word occurred.
    out_ids : int32 array, shape (>= stop + 2,)
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
        num_words = num_borders >> _ONE
        if state[NUM_WORDS] + np.int64(num_words) > most_words:
            return TABLE_FULL
        if num_words > 0:
            num_bytes = borders[2 * np.int64(num_words) - 1] - borders[0] + PADDING_BYTES
            if state[ARENA_USED] + num_bytes + np.int64(num_words) > arena.size:
                return ARENA_FULL
        num_good = _make_keys(text, borders, num_words, slots, shift, scratch)
        num_long = _find_ids(text, borders, num_good, state, slots, arena, scratch)
        _confirm_long_words(text, borders, num_long, state, slots, arena, scratch)
        _write_ids(num_good, lines, num_lines, scratch[_IDS], state, counts, out_ids)
        if num_good < num_words:
            state[POSITION] = borders[2 * np.int64(num_good)]
            return WORD_TOO_LONG
        state[OPEN_WORD] = borders[num_borders - _ONE] if num_borders & _ONE else -1
        state[NUM_TOKENS] += np.int64(num_words)
        state[NUM_LINES] += np.int64(num_lines)
        state[POSITION] = end
    return DONE
