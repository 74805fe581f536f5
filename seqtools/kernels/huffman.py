"""Building a Huffman tree over words sorted by falling count, as word2vec.c does.

Source: Mikolov et al. 2013 (arXiv 1310.4546), section 2.1. Nodes 0 to V - 1 are the words, nodes V
to 2 V - 2 the inner ones in the order of their making; the last is the root. Of the two lightest
fronts a tie goes to the inner node, and the second of a pair gets bit 1: the same choices as in
word2vec.c, so that equal counts give an equal tree.
"""

from numba import njit


@njit(cache=True, nogil=True)
def build_tree(counts, weights, out_parents, out_bits):
    """Join the two lightest nodes until one is left.

    Parameters
    ----------
    counts : int64 array, shape (V,)
        Never rising; V is at least 2.
    weights : int64 array, shape (2 V - 1,)
        Scratch.
    out_parents : int64 array, shape (2 V - 1,)
        Parent of each node; the root's is -1.
    out_bits : uint8 array, shape (2 V - 1,)
        Bit on the branch from the parent.
    """
    size = counts.shape[0]
    for leaf in range(size):
        weights[leaf] = counts[leaf]
    leaf, inner = size - 1, size
    for made in range(size, 2 * size - 1):
        weights[made] = 0
        for bit in range(2):
            is_leaf = leaf >= 0 and (inner >= made or weights[leaf] < weights[inner])
            if is_leaf:
                node = leaf
                leaf -= 1
            else:
                node = inner
                inner += 1
            weights[made] += weights[node]
            out_parents[node], out_bits[node] = made, bit
    out_parents[2 * size - 2] = -1


@njit(cache=True, nogil=True)
def find_first_places(ids, out_places):
    """Write where each word occurs first; words that do not occur keep what stood there.

    Parameters
    ----------
    ids : int32 array, shape (N,)
        Word ids; negative values are passed over.
    out_places : int64 array, shape (V,)
    """
    for index in range(ids.shape[0] - 1, -1, -1):
        if ids[index] >= 0:
            out_places[ids[index]] = index


@njit(cache=True, nogil=True)
def measure_paths(parents, leaves, out_starts):
    """Write where each word's path starts when all paths lie one after another.

    Parameters
    ----------
    parents : int64 array, shape (2 V - 1,)
    leaves : int64 array, shape (V,)
        Leaf of each word.
    out_starts : int64 array, shape (V + 1,)
    """
    out_starts[0] = 0
    for word in range(leaves.shape[0]):
        length, node = 0, parents[leaves[word]]
        while node >= 0:
            length += 1
            node = parents[node]
        out_starts[word + 1] = out_starts[word] + length


@njit(cache=True, nogil=True)
def write_paths(parents, bits, leaves, starts, out_nodes, out_signs):
    """Write the path of each word from the root down.

    Parameters
    ----------
    parents, bits, leaves, starts
        As for `build_tree` and `measure_paths`.
    out_nodes : int32 array, shape (starts[V],)
        Inner nodes, counted from 0.
    out_signs : float32 array, shape (starts[V],)
        +1 for bit 0, -1 for bit 1: word2vec.c's label is 1 - bit.
    """
    size = starts.shape[0] - 1
    for word in range(size):
        node = leaves[word]
        for index in range(starts[word + 1] - 1, starts[word] - 1, -1):
            out_signs[index] = 1.0 - 2.0 * bits[node]
            node = parents[node]
            out_nodes[index] = node - size
