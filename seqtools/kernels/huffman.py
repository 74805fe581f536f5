"""Building a Huffman tree over words, with the tie-breaking of gensim.

Source: Mikolov et al. 2013 (arXiv 1310.4546), section 2.1. Nodes 0 to V - 1 are the words, nodes V
to 2 V - 2 the inner ones in the order of their making; the last is the root. The first of a pair
gets bit 0.

Words of equal count may be joined in any order: the codes are as long in all, but which words
share inner nodes differs, and with it what is learnt. The order here is that of a binary heap as
CPython's ``heapq`` keeps it, over words in a given order, which is how gensim joins them.
"""

from numba import njit


@njit(cache=True, nogil=True)
def build_tree(counts, heap, weights, out_parents, out_bits):
    """Join the two lightest nodes until one is left.

    Parameters
    ----------
    counts : int64 array, shape (V,)
        V is at least 2.
    heap : int64 array, shape (V,)
        The words in their first order; overwritten.
    weights : int64 array, shape (2 V - 1,)
        Scratch.
    out_parents : int64 array, shape (2 V - 1,)
        Parent of each node; the root's is -1.
    out_bits : uint8 array, shape (2 V - 1,)
        Bit on the branch from the parent.
    """
    size = counts.shape[0]
    weights[:size] = counts
    for place in range(size // 2 - 1, -1, -1):
        _settle(heap, place, size, weights)
    for made in range(size, 2 * size - 1):
        num_nodes = 2 * size - made
        first = _take_lightest(heap, num_nodes, weights)
        second = _take_lightest(heap, num_nodes - 1, weights)
        out_parents[first], out_bits[first] = made, 0
        out_parents[second], out_bits[second] = made, 1
        weights[made] = weights[first] + weights[second]
        heap[num_nodes - 2] = made
        _rise(heap, 0, num_nodes - 2, weights)
    out_parents[2 * size - 2] = -1


@njit(cache=True, nogil=True)
def _take_lightest(heap, num_nodes, weights):
    """Take the first of the nodes of a heap, and put the last in its place."""
    lightest = heap[0]
    heap[0] = heap[num_nodes - 1]
    if num_nodes > 1:
        _settle(heap, 0, num_nodes - 1, weights)
    return lightest


@njit(cache=True, nogil=True)
def _settle(heap, place, num_nodes, weights):
    """Let lighter children rise from a place to the bottom, then what stood there as far as due."""
    node, start = heap[place], place
    child = 2 * place + 1
    while child < num_nodes:
        right = child + 1
        if right < num_nodes and not weights[heap[child]] < weights[heap[right]]:
            child = right
        heap[place] = heap[child]
        place = child
        child = 2 * place + 1
    heap[place] = node
    _rise(heap, start, place, weights)


@njit(cache=True, nogil=True)
def _rise(heap, start, place, weights):
    """Let the node at a place rise above heavier ones, but not above `start`."""
    node = heap[place]
    while place > start:
        above = (place - 1) // 2
        if not weights[node] < weights[heap[above]]:
            break
        heap[place] = heap[above]
        place = above
    heap[place] = node


@njit(cache=True, nogil=True)
def find_first_places(ids, start, out_places):
    """Write where each word stands first.

    Parameters
    ----------
    ids : int32 array, shape (N,)
        Words from place `start` of the corpus on; negative ids are no words.
    start : int64
    out_places : int64 array, shape (V,)
        Places that are negative are written; the others are known already.
    """
    for place in range(ids.shape[0]):
        word = ids[place]
        if word >= 0 and out_places[word] < 0:
            out_places[word] = start + place


@njit(cache=True, nogil=True)
def measure_paths(parents, size, out_starts):
    """Write where each word's path starts when all paths lie one after another.

    Parameters
    ----------
    parents : int64 array, shape (2 V - 1,)
    size : int64
        V.
    out_starts : int64 array, shape (V + 1,)
    """
    out_starts[0] = 0
    for word in range(size):
        length, node = 0, parents[word]
        while node >= 0:
            length += 1
            node = parents[node]
        out_starts[word + 1] = out_starts[word] + length


@njit(cache=True, nogil=True)
def write_paths(parents, bits, starts, out_nodes, out_signs):
    """Write the path of each word from the root down.

    Parameters
    ----------
    parents, bits, starts
        As `build_tree` and `measure_paths` wrote them.
    out_nodes : int32 array, shape (starts[V],)
        Inner nodes, counted from 0.
    out_signs : float32 array, shape (starts[V],)
        +1 for bit 0, -1 for bit 1: word2vec.c's label is 1 - bit.
    """
    size = starts.shape[0] - 1
    for word in range(size):
        node = word
        for index in range(starts[word + 1] - 1, starts[word] - 1, -1):
            out_signs[index] = 1.0 - 2.0 * bits[node]
            node = parents[node]
            out_nodes[index] = node - size
