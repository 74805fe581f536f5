"""Prefix beam search over the output of a CTC model, with or without language models.

Graves 2012 (Supervised Sequence Labelling, section 7.5) and Hannun et al. 2014 (arXiv 1408.2873,
algorithm 1): a prefix has the probability of all paths that give it and end in a blank, and of
those that end in its last label; a repeat of the last label makes a longer prefix only after a
blank. Prefixes are nodes of a tree, so that one prefix has one place in the beam.

A frame makes one candidate of each prefix in the beam, which takes in what its parent gives it, and
one of each extension to a prefix that is not in the beam. A heap keeps the best; most extensions
lose to its weakest without being looked at closer. Numbers are probabilities in float64, divided
by that of the best prefix after every frame.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from seqtools.kernels.ctc_fusion import (
    Fusion,
    end_log_factor,
    grow_prefix,
    largest_log_factor,
    log_factor_of,
    start_prefix,
)
from seqtools.types import Float64Array, Int32Array, Int64Array

_NO_LABEL = -1
_ABSENT = -1
# A candidate's code: a place in the beam, or place + 1 and a label.
_CODE_BITS = 32
_LABEL_MASK = 2**32 - 1
_SMALLEST_PRODUCT = 1e-200


class PrefixTree(NamedTuple):
    """Scratch: all prefixes ever in the beam; node 0 is the empty one.

    Attributes
    ----------
    parents, labels, first_children, siblings : int32 arrays, shape (N,)
        Children of a node are a list: the first, then siblings.
    slots : int32 array, shape (N,)
        Place of a prefix in the beam, -1 if it is not there.
    log_factors : float64 array, shape (N,)
        ln of all factors of language models so far.
    word_contexts, character_contexts, spellings : int32 arrays, shape (N,)
        Where the models of words and characters and the unfinished word stand.
    """

    parents: Int32Array
    labels: Int32Array
    first_children: Int32Array
    siblings: Int32Array
    slots: Int32Array
    log_factors: Float64Array
    word_contexts: Int32Array
    character_contexts: Int32Array
    spellings: Int32Array


class Beam(NamedTuple):
    """Scratch: the prefixes of a frame and of the next.

    Attributes
    ----------
    nodes, labels : int32 arrays, shape (B,)
        Each prefix and its last label.
    p_blank, p_label : float64 arrays, shape (B,)
        Probability of the paths that end in a blank, and in the last label.
    next_blank, next_label : float64 arrays, shape (B,)
        The same after the frame, if the prefix stays.
    next_nodes : int32 array, shape (B,)
    heap_values, heap_codes : float64 and int64 arrays, shape (B,)
        Candidates: a place in the beam, or an extension of one.
    taken : int32 array, shape (B * V,)
        The last frame at which an extension of a place was found in the beam.
    kept : int32 array, shape (V,)
        Labels tried in this frame.
    kept_y, bounds : float64 arrays, shape (V,)
        Their probabilities, and the most these can be with the factors of language models.
    log_scores, log_factors : float64 arrays, shape (B,)
        ln of each prefix' probability with all factors, and of the factors.
    """

    nodes: Int32Array
    labels: Int32Array
    p_blank: Float64Array
    p_label: Float64Array
    next_blank: Float64Array
    next_label: Float64Array
    next_nodes: Int32Array
    heap_values: Float64Array
    heap_codes: Int64Array
    taken: Int32Array
    kept: Int32Array
    kept_y: Float64Array
    bounds: Float64Array
    log_scores: Float64Array
    log_factors: Float64Array


def make_beam_scratch(
    num_frames: int, num_symbols: int, beam_size: int, fusion: Fusion | None
) -> tuple[PrefixTree, Beam]:
    """Return scratch for an utterance of up to `num_frames`."""
    nodes = 1 + num_frames * beam_size
    # What no language model asks for has one place.
    fused = 1 if fusion is None else nodes
    tree = PrefixTree(
        parents=np.empty(nodes, np.int32),
        labels=np.empty(nodes, np.int32),
        first_children=np.empty(nodes, np.int32),
        siblings=np.empty(nodes, np.int32),
        slots=np.empty(nodes, np.int32),
        log_factors=np.zeros(fused),
        word_contexts=np.zeros(fused, np.int32),
        character_contexts=np.zeros(fused, np.int32),
        spellings=np.zeros(fused, np.int32),
    )
    beam = Beam(
        nodes=np.zeros(beam_size, np.int32),
        labels=np.zeros(beam_size, np.int32),
        p_blank=np.zeros(beam_size),
        p_label=np.zeros(beam_size),
        next_blank=np.zeros(beam_size),
        next_label=np.zeros(beam_size),
        next_nodes=np.zeros(beam_size, np.int32),
        heap_values=np.zeros(beam_size),
        heap_codes=np.zeros(beam_size, np.int64),
        taken=np.zeros(beam_size * num_symbols, np.int32),
        kept=np.zeros(num_symbols, np.int32),
        kept_y=np.zeros(num_symbols),
        bounds=np.zeros(num_symbols),
        log_scores=np.zeros(beam_size),
        log_factors=np.zeros(beam_size),
    )
    return tree, beam


@njit(cache=True, nogil=True)
def search_prefixes(y, blank, cut, fusion, tree, beam):
    """Search the labellings of one utterance; return how many prefixes are left.

    Parameters
    ----------
    y : float array, shape (T, V)
        Probabilities of the symbols at each frame.
    blank : int64
    cut : float64
        Labels less probable than this are not tried, nor a blank of at most this.
    fusion : Fusion or None
        Language models and their weights. Without, the compiler leaves out all that asks them.
    tree : PrefixTree
        Scratch for at least 1 + T B nodes.
    beam : Beam
        Scratch for B prefixes; afterwards `nodes`, `log_scores` and `log_factors` tell of each.

    Returns
    -------
    int64
    """
    _start(fusion, tree, beam)
    size, num_nodes, log_scale, product = 1, 1, 0.0, 1.0
    for t in range(y.shape[0]):
        num_kept, largest_y = _keep_labels(y, t, blank, cut, beam.kept, beam.kept_y)
        y_blank = y[t, blank] * np.float64(y[t, blank] > cut)
        top = _stay(y, t, y_blank, cut, size, fusion, tree, beam)
        found, top = _extend(num_kept, largest_y, top, y.shape[1], t, size, fusion, tree, beam)
        if top > 0.0:
            num_nodes = _settle(found, 1.0 / top, size, num_nodes, fusion, tree, beam)
            size = found
            product *= top
            if product < _SMALLEST_PRODUCT:
                log_scale += np.log(product)
                product = 1.0
    log_scale += np.log(product)
    for j in range(size):
        total = beam.p_blank[j] + beam.p_label[j]
        log_factor = 0.0
        if fusion is not None:
            log_factor = end_log_factor(fusion, tree, beam.nodes[j])
        beam.log_scores[j] = -np.inf
        if total > 0.0:
            beam.log_scores[j] = np.log(total) + log_scale + log_factor
        beam.log_factors[j] = log_factor
        if fusion is not None:
            beam.log_factors[j] += tree.log_factors[beam.nodes[j]]
    return size


@njit(cache=True, nogil=True)
def _start(fusion, tree, beam):
    """Put the empty prefix into the beam."""
    tree.parents[0], tree.labels[0] = _ABSENT, _NO_LABEL
    tree.first_children[0], tree.siblings[0], tree.slots[0] = _ABSENT, _ABSENT, 0
    beam.nodes[0], beam.labels[0] = 0, _NO_LABEL
    beam.p_blank[0], beam.p_label[0] = 1.0, 0.0
    beam.taken[:] = -1
    if fusion is not None:
        start_prefix(fusion, tree)


@njit(cache=True, nogil=True)
def _keep_labels(y, t, blank, cut, out_kept, out_kept_y):
    """Write the labels that are probable enough; return their number and the largest y."""
    number, largest = 0, 0.0
    for k in range(y.shape[1]):
        value = np.float64(y[t, k])
        out_kept[number], out_kept_y[number] = k, value
        is_kept = k != blank and value >= cut
        number += is_kept
        largest = max(largest, value * is_kept)
    return number, largest


@njit(cache=True, nogil=True)
def _stay(y, t, y_blank, cut, size, fusion, tree, beam):
    """Make a candidate of each prefix in the beam; return the largest probability."""
    num_symbols, top = y.shape[1], 0.0
    nodes, labels, p_blank, p_label = beam.nodes, beam.labels, beam.p_blank, beam.p_label
    for j in range(size):
        label, next_label = labels[j], 0.0
        if label >= 0 and y[t, label] >= cut:
            y_label = np.float64(y[t, label])
            next_label = p_label[j] * y_label
            parent = tree.parents[nodes[j]]
            i = tree.slots[parent]
            if i >= 0:
                beam.taken[i * num_symbols + label] = t
                mass = p_blank[i]
                if labels[i] != label:
                    mass += p_label[i]
                if fusion is not None:
                    mass *= np.exp(tree.log_factors[nodes[j]] - tree.log_factors[parent])
                next_label += mass * y_label
        next_blank = (p_blank[j] + p_label[j]) * y_blank
        beam.next_label[j], beam.next_blank[j] = next_label, next_blank
        beam.heap_values[j], beam.heap_codes[j] = next_label + next_blank, j
        top = max(top, next_label + next_blank)
    return top


@njit(cache=True, nogil=True)
def _extend(num_kept, largest_y, top, num_symbols, t, size, fusion, tree, beam):
    """Add extensions to the candidates; return the number of candidates and the largest."""
    values, codes, taken, beam_size = beam.heap_values, beam.heap_codes, beam.taken, beam.nodes.size
    kept, kept_y, p_blank, p_label = beam.kept, beam.kept_y, beam.p_blank, beam.p_label
    found, weakest = size, 0.0
    if found == beam_size:
        _make_heap(values, codes)
        weakest = values[0]
    bounds = kept_y
    if fusion is not None:
        bounds = beam.bounds
        largest_y = _bound_labels(num_kept, kept, kept_y, fusion, bounds)
    # Stronger prefixes lie towards the end of the heap they come from.
    for i in range(size - 1, -1, -1):
        total = p_blank[i] + p_label[i]
        if not total * largest_y > weakest:
            continue
        for n in range(num_kept):
            if not total * bounds[n] > weakest:
                continue
            label = kept[n]
            if taken[i * num_symbols + label] == t:
                continue
            value = total * kept_y[n]
            if label == beam.labels[i]:
                value = p_blank[i] * kept_y[n]
            if fusion is not None:
                value *= np.exp(log_factor_of(fusion, tree, beam.nodes[i], label))
            if not value > weakest:
                continue
            top = max(top, value)
            code = (np.int64(i + 1) << _CODE_BITS) | label
            if found == beam_size:
                _sift(values, codes, 0, value, code)
                weakest = values[0]
                continue
            values[found], codes[found] = value, code
            found += 1
            if found == beam_size:
                _make_heap(values, codes)
                weakest = values[0]
    return found, top


@njit(cache=True, nogil=True)
def _bound_labels(num_kept, kept, kept_y, fusion, out_bounds):
    """Write the most that each label can be worth with its factors; return the largest."""
    largest = 0.0
    for n in range(num_kept):
        out_bounds[n] = kept_y[n] * np.exp(largest_log_factor(fusion, kept[n]))
        largest = max(largest, out_bounds[n])
    return largest


@njit(cache=True, nogil=True)
def _make_heap(values, codes):
    """Order candidates as a heap, the weakest first."""
    for place in range(values.shape[0] // 2 - 1, -1, -1):
        _sift(values, codes, place, values[place], codes[place])


@njit(cache=True, nogil=True)
def _sift(values, codes, place, value, code):
    """Put a candidate where `place` is, or below."""
    size = values.shape[0]
    child = 2 * place + 1
    while child < size:
        if child + 1 < size and values[child + 1] < values[child]:
            child += 1
        if value <= values[child]:
            break
        values[place], codes[place] = values[child], codes[child]
        place = child
        child = 2 * place + 1
    values[place], codes[place] = value, code


@njit(cache=True, nogil=True)
def _settle(found, factor, size, num_nodes, fusion, tree, beam):
    """Put the candidates into the beam; return the number of nodes."""
    nodes, codes, next_nodes = beam.nodes, beam.heap_codes, beam.next_nodes
    for c in range(found):
        code = codes[c]
        if code <= _LABEL_MASK:
            next_nodes[c] = nodes[code]
            continue
        label, parent = np.int32(code & _LABEL_MASK), nodes[(code >> _CODE_BITS) - 1]
        node = tree.first_children[parent]
        while node >= 0 and tree.labels[node] != label:
            node = tree.siblings[node]
        if node < 0:
            node = np.int32(num_nodes)
            num_nodes += 1
            tree.parents[node], tree.labels[node] = parent, label
            tree.first_children[node] = _ABSENT
            tree.siblings[node] = tree.first_children[parent]
            tree.first_children[parent] = node
            if fusion is not None:
                grow_prefix(fusion, tree, parent, label, node)
        next_nodes[c] = node
    for j in range(size):
        tree.slots[nodes[j]] = _ABSENT
    for c in range(found):
        code, node = codes[c], next_nodes[c]
        if code <= _LABEL_MASK:
            beam.p_blank[c] = beam.next_blank[code] * factor
            beam.p_label[c] = beam.next_label[code] * factor
        else:
            beam.p_blank[c], beam.p_label[c] = 0.0, beam.heap_values[c] * factor
        nodes[c], beam.labels[c], tree.slots[node] = node, tree.labels[node], c
    return num_nodes


@njit(cache=True, nogil=True)
def read_prefix(tree, node, out_labels):
    """Write the labels of a prefix; return their number."""
    number = 0
    ancestor = node
    while ancestor > 0:
        number += 1
        ancestor = tree.parents[ancestor]
    place = number
    while node > 0:
        place -= 1
        out_labels[place] = tree.labels[node]
        node = tree.parents[node]
    return number
