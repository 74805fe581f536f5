"""Sorting keys and copies of words that lie one after the other in an array of bytes."""

import numpy as np
from numba import njit

from seqtools.types import Int64Array, Uint8Array, Uint64Array

PREFIX_BYTES = 8
_NEWLINE = np.uint8(10)
_BITS_A_BYTE = np.uint64(8)


@njit(cache=True, nogil=True)
def write_prefixes(
    content: Uint8Array, starts: Int64Array, ends: Int64Array, out_prefixes: Uint64Array
) -> None:
    """Write the first 8 bytes of each word, zeros after its end, as a big-endian number.

    Numbers in rising order put words in the order of their bytes, as far as those 8 tell.

    Parameters
    ----------
    content : uint8 array
        Bytes; none of a word is 0.
    starts, ends : int64 arrays, shape (V,)
        Where each word lies.
    out_prefixes : uint64 array, shape (V,)
        The numbers.
    """
    for word in range(starts.size):
        prefix = np.uint64(0)
        for place in range(starts[word], starts[word] + PREFIX_BYTES):
            prefix <<= _BITS_A_BYTE
            if place < ends[word]:
                prefix |= np.uint64(content[place])
        out_prefixes[word] = prefix


@njit(cache=True, nogil=True)
def copy_words(
    content: Uint8Array, starts: Int64Array, ends: Int64Array, out_content: Uint8Array
) -> None:
    """Copy words one after the other, each followed by a line feed.

    Parameters
    ----------
    content : uint8 array
        Bytes.
    starts, ends : int64 arrays, shape (V,)
        Where each word lies.
    out_content : uint8 array, shape (sum(ends - starts + 1),)
        The words.
    """
    place = 0
    for word in range(starts.size):
        for source in range(starts[word], ends[word]):
            out_content[place] = content[source]
            place += 1
        out_content[place] = _NEWLINE
        place += 1
