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
