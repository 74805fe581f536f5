"""Provisional ids become final ones in one pass over the corpus."""

import numpy as np
from numba import njit

from seqtools.kernels.tokens import SENTENCE_END
from seqtools.types import Int32Array, Int64Array, Uint64Array

_LOW_HALF, _HALF = np.uint64(0xFFFF_FFFF), np.uint64(32)
# Odd, so that multiplying loses nothing (from the finaliser of SplitMix64, Steele et al. 2014).
_MULTIPLIER = np.uint64(0xBF58476D1CE4E5B9)

# Places in the state array.
SELECTED_IN_SENTENCE, SELECTED_TOKENS, SELECTED_SENTENCES = range(3)


@njit(cache=True, nogil=True)
def select_ids(
    ids: Int32Array,
    new_ids: Int32Array,
    state: Int64Array,
    checksum: Uint64Array,
    out_ids: Int32Array,
) -> int:
    """Give words their final ids and leave out the words that have none.

    Parameters
    ----------
    ids : int32 array
        Ids and SENTENCE_END marks of ``seqtools.kernels.tokens.count_words``.
    new_ids : int32 array, shape (number of words,)
        The final id of each word, below 0 for a word that is dropped.
    state : int64 array, shape (3,)
        Whether the sentence so far holds a word; tokens and sentences written so far.
    checksum : uint64 array, shape (1,)
        ``add_to_checksum`` of all that was written.
    out_ids : int32 array, shape (>= ids.size,)
        Final ids. It may be `ids` itself. A sentence of dropped words leaves no mark.

    Returns
    -------
    int
        How many ids and marks were written.
    """
    in_sentence, num_tokens = state[SELECTED_IN_SENTENCE], state[SELECTED_TOKENS]
    num_sentences, mixed = state[SELECTED_SENTENCES], checksum[0]
    num_out = 0
    for index in range(ids.size):
        old = ids[index]
        if old < 0:
            if in_sentence:
                out_ids[num_out] = SENTENCE_END
                mixed = _mix_id(mixed, _LOW_HALF)
                num_out += 1
                num_sentences += 1
                in_sentence = 0
        else:
            new = new_ids[old]
            is_kept = 1 if new >= 0 else 0
            out_ids[num_out] = new
            mixed = _mix_id(mixed, np.uint64(new)) if is_kept else mixed
            num_out += is_kept
            num_tokens += is_kept
            in_sentence |= is_kept
    state[SELECTED_IN_SENTENCE], state[SELECTED_TOKENS] = in_sentence, num_tokens
    state[SELECTED_SENTENCES], checksum[0] = num_sentences, mixed
    return num_out


@njit(cache=True, nogil=True)
def _mix_id(mixed: np.uint64, index: np.uint64) -> np.uint64:
    """Mix the 32 bits of an id into a checksum; one that differs gives another result."""
    mixed = (mixed ^ (index & _LOW_HALF)) * _MULTIPLIER
    return mixed ^ (mixed >> _HALF)


@njit(cache=True, nogil=True)
def add_to_checksum(ids: Int32Array, checksum: Uint64Array) -> None:
    """Add ids to a checksum that tells damage: any single id that changes, changes it.

    Parameters
    ----------
    ids : int32 array
        Ids and marks.
    checksum : uint64 array, shape (1,)
        0 at first; the checksum so far.
    """
    mixed = checksum[0]
    for index in range(ids.size):
        mixed = _mix_id(mixed, np.uint64(ids[index]))
    checksum[0] = mixed
