"""Connectionist temporal classification: loss and gradient of a batch, from logits.

Graves, Fernandez, Gomez and Schmidhuber 2006, section 4.1: the labels of an utterance with blanks
between and around them are the states; alpha_t(s) is the probability of all beginnings of paths
that are in state s at frame t. Here the blank before label i and label i itself are kept in two
rows, which makes every step of the recursion a plain loop over neighbours::

    blank_t(i) = (blank(i) + label(i-1)) y_t(blank)
    label_t(i) = (label(i) + blank(i) + [label i differs from label i-1] label(i-1)) y_t(label i)

The paper's rescaling of every frame (its C_t) is used in float64, without logarithms. Rows alpha
and beta have to overlap for that, and over many frames they drift apart: alpha does not know how
many labels are to come, nor beta how many there were. So entering a label may be multiplied by a
tilt: every path enters L labels, so P becomes tilt^L P and posteriors stay, while a tilt below 1
holds alpha back and one above 1 drives it on. It is 1 at first, and sought where rows do not
overlap, which keeps long utterances as fast as short ones. What still cannot be held goes to
``seqtools.kernels.ctc_logarithmic``. ``benchmarks/ctc.py`` measures time and error.

The softmax is part of the kernel, so that the gradient is that of logits, eq. 16:
y_k - (sum of alpha beta over states of label k) / P.
"""

import numpy as np
from numba import njit

from seqtools.kernels.ctc_logarithmic import logarithmic_utterance
from seqtools.kernels.ctc_softmax import FRAMES_AHEAD, LINE_FLOATS, exponentials
from seqtools.kernels.tile import base_of, prefetch

# Numbers too small for float64 to hold well cost hundreds of cycles each, so rows drop what is
# negligible beside their sum, which is near 1, and products are taken times a large number. Where
# the rows alpha and beta overlap by less than _SMALLEST_OVERLAP, what was dropped may count.
_NEGLIGIBLE = 1e-225
_LARGE = 1e150
_SMALLEST_OVERLAP = _LARGE * 1e-200
# A label this improbable, relative to the likeliest one of its frame, is at the end of float32.
_SMALLEST_RATIO = 1e-37
_ONE, _TWO = np.uint64(1), np.uint64(2)
_SMALLEST_PRODUCT, _LARGEST_PRODUCT = 1e-200, 1e200
_MOST_TILTS, _LARGEST_LOG_TILT = 8, 100.0


@njit(cache=True, nogil=True)
def ctc_gradient(
    logits, lengths, targets, offsets, first, stop, blank, scale, scratch, out_losses, out_gradient
):
    """Write the losses of some utterances, and their gradient.

    Parameters
    ----------
    logits : float32 or float64 array, shape (T, B, V)
        Unnormalised; frames from an utterance's length on are padding.
    lengths : int64 array, shape (B,)
        Frames of each utterance.
    targets : int32 array
        The labels of all utterances, one after the other.
    offsets : int64 array, shape (B + 1,)
        Where the labels of each utterance start in `targets`.
    first, stop : int64
        The utterances to work on.
    blank : int64
        Index of the blank.
    scale : float64
        Factor of the gradient, not of the losses.
    scratch : CTCScratch
    out_losses : float64 array, shape (B,)
        Receives -ln P; inf where the labels do not fit into the frames.
    out_gradient : array like `logits`
        Receives d_logits; may be `logits` itself. Zero in padding and where the loss is inf.
    """
    for b in range(first, stop):
        length, labels = lengths[b], targets[offsets[b] : offsets[b + 1]]
        loss = linear_utterance(logits, b, length, labels, blank, scale, scratch, out_gradient)
        if loss < 0:
            loss = logarithmic_utterance(
                logits, b, length, labels, blank, scale, scratch, out_gradient
            )
        out_losses[b] = loss
        for t in range(length, logits.shape[0]):
            out_gradient[t, b, :] = 0


@njit(cache=True, nogil=True)
def linear_utterance(logits, b, length, labels, blank, scale, scratch, out_gradient):
    """Return the loss and write the gradient; -1 where the work must be done in log space.

    The logits, which may be `out_gradient`, are left alone in that case.
    """
    num_labels, skips = labels.shape[0], scratch.skips
    needed = num_labels
    for i in range(num_labels):
        scratch.labels[i] = labels[i]
        needed += i > 0 and labels[i] == labels[i - 1]
    if length < max(needed, 1):
        return -1.0
    labels, y, normalizers = scratch.labels[:num_labels], scratch.y, scratch.normalizers
    exponentials(
        logits, b, length, scratch.bits, scratch.floats, scratch.rest_flat,
        scratch.symbol_posteriors, scratch.flat, y, normalizers,
    )  # fmt: skip
    if _gather(y, length, labels, blank, scratch.gathered) > 0:
        return -1.0
    log_tilt, step, lowest, highest = 0.0, 4.0, -np.inf, np.inf
    for _ in range(_MOST_TILTS):
        tilt = np.exp(log_tilt)
        for i in range(1, num_labels):
            skips[i] = tilt * (labels[i] != labels[i - 1])
        skips[num_labels] = 0.0
        log_likelihood, reached = _forward(
            y, normalizers, scratch.gathered, skips, tilt, length, num_labels, blank,
            scratch.alpha_blank, scratch.alpha_label,
        )  # fmt: skip
        if reached == length and _backward(
            y, scratch.gathered, skips, tilt, scratch.alpha_blank, scratch.alpha_label, length,
            labels, blank, scale, scratch.beta_blank, scratch.beta_label, scratch.posteriors,
            scratch.symbol_posteriors,
        ):  # fmt: skip
            for t in range(length):
                scratch.factors[t] = scale / normalizers[t]
            _subtract(y, scratch.symbol_posteriors, scratch.factors, length, b, out_gradient)
            # Rounding may leave a certain labelling with ln P = 1e-16.
            return max(num_labels * log_tilt - log_likelihood, 0.0)
        lead = _lead(scratch.alpha_blank, scratch.alpha_label, reached, length, num_labels)
        if lead > 0.0:
            highest = log_tilt
        else:
            lowest = log_tilt
        if lowest == -np.inf or highest == np.inf:
            log_tilt += step if lead <= 0.0 else -step
            step *= 2.0
        else:
            log_tilt = (lowest + highest) / 2.0
        if abs(log_tilt) > _LARGEST_LOG_TILT:
            break
    return -1.0


@njit(cache=True, nogil=True)
def _lead(alpha_blank, alpha_label, reached, length, num_labels):
    """Return how many labels alpha is ahead of an even pace, in the middle or where it ended."""
    t = min(reached - 1, length // 2)
    if t < 0:
        return 0.0
    first_blank, last_blank = max(0, num_labels - length + 1 + t), min(num_labels, t)
    first_label, last_label = max(0, num_labels - length + t), min(num_labels - 1, t)
    total, weighted = 0.0, 0.0
    for i in range(first_blank, last_blank + 1):
        total += alpha_blank[t, i]
        weighted += alpha_blank[t, i] * i
    for i in range(first_label, last_label + 1):
        total += alpha_label[t, i + 1]
        weighted += alpha_label[t, i + 1] * (i + 0.5)
    return weighted / total - num_labels * (t + 0.5) / length


@njit(cache=True, nogil=True)
def _gather(y, length, labels, blank, out_gathered):
    """Write the exponential of each label at each frame; return how many are too small."""
    num_small = 0
    for t in range(length):
        for i in range(labels.shape[0]):
            out_gathered[t, i] = y[t, labels[i]]
        for i in range(labels.shape[0]):
            num_small += out_gathered[t, i] < _SMALLEST_RATIO
        num_small += y[t, blank] < _SMALLEST_RATIO
    return num_small


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _forward(
    y, normalizers, gathered, skips, tilt, length, num_labels, blank, out_blank, out_label
):  # fmt: skip
    """Fill the rows alpha; return ln P, tilted, and the frames until nothing was left."""
    log_likelihood, product, factor = 0.0, 1.0, 1.0
    for t in range(length):
        # Blanks and labels outside these ranges cannot be reached, or cannot reach the end.
        first_blank, last_blank = max(0, num_labels - length + 1 + t), min(num_labels, t)
        first_label, last_label = max(0, num_labels - length + t), min(num_labels - 1, t)
        y_blank, total = y[t, blank] * factor, 0.0
        out_label[t, 0] = 0.0
        if t == 0:
            out_blank[0, 0], out_label[0, 1] = 0.0, 0.0
            if first_blank == 0:
                out_blank[0, 0] = y_blank
            if first_label == 0 and num_labels > 0:
                out_label[0, 1] = gathered[0, 0] * tilt
            total = out_blank[0, 0] + out_label[0, 1]
        else:
            for i in range(np.uint64(first_blank), np.uint64(last_blank + 1)):
                value = (out_blank[t - 1, i] + out_label[t - 1, i]) * y_blank
                value = 0.0 if value < _NEGLIGIBLE else value
                out_blank[t, i] = value
                total += value
            for i in range(np.uint64(first_label), np.uint64(last_label + 1)):
                value = out_label[t - 1, i + _ONE] + tilt * out_blank[t - 1, i]
                value += skips[i] * out_label[t - 1, i]
                value *= gathered[t, i] * factor
                value = 0.0 if value < _NEGLIGIBLE else value
                out_label[t, i + _ONE] = value
                total += value
        if not total > 0.0:
            return -np.inf, t
        # The next frame reads one place further than this one reaches.
        out_blank[t, last_blank + 1], out_label[t, last_label + 2] = 0.0, 0.0
        factor = 1.0 / total
        product *= total / normalizers[t]
        if not _SMALLEST_PRODUCT < product < _LARGEST_PRODUCT:
            log_likelihood += np.log(product)
            product = 1.0
    # The ranges of the last frame hold the last label and the blank after it alone.
    return log_likelihood + np.log(product), length


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _backward(
    y, gathered, skips, tilt, alpha_blank, alpha_label, length, labels, blank, scale,
    beta_blank, beta_label, posteriors, out_posteriors,
):  # fmt: skip
    """Write the posteriors of all symbols; return False if alpha and beta hardly overlap."""
    num_labels = labels.shape[0]
    beta_blank[0, num_labels] = 1.0
    beta_label[0, num_labels], beta_label[0, num_labels + 1] = 0.0, 0.0
    factor = 1.0
    for t in range(length - 1, -1, -1):
        old, new = (length - 1 - t) % 2, (length - t) % 2
        first_blank, last_blank = max(0, num_labels - length + 1 + t), min(num_labels, t)
        first_label, last_label = max(0, num_labels - length + t), min(num_labels - 1, t)
        y_blank, total, blank_sum, label_sum = y[t, blank] * factor, 0.0, 0.0, 0.0
        for i in range(np.uint64(first_blank), np.uint64(last_blank + 1)):
            beta = beta_blank[old, i] + tilt * beta_label[old, i + _ONE]
            blank_sum += alpha_blank[t, i] * (beta * _LARGE)
            value = beta * y_blank
            value = 0.0 if value < _NEGLIGIBLE else value
            beta_blank[new, i] = value
            total += value
        for i in range(np.uint64(first_label), np.uint64(last_label + 1)):
            beta = beta_label[old, i + _ONE] + beta_blank[old, i + _ONE]
            beta += skips[i + _ONE] * beta_label[old, i + _TWO]
            posterior = alpha_label[t, i + _ONE] * (beta * _LARGE)
            posteriors[i] = posterior
            label_sum += posterior
            value = beta * (gathered[t, i] * factor)
            value = 0.0 if value < _NEGLIGIBLE else value
            beta_label[new, i + _ONE] = value
            total += value
        # The frame before reads one place further down than this one reaches.
        if first_blank > 0:
            beta_blank[new, first_blank - 1] = 0.0
        beta_label[new, first_label], beta_label[new, num_labels + 1] = 0.0, 0.0
        factor = 1.0 / total
        if not blank_sum + label_sum > _SMALLEST_OVERLAP:
            return False
        share = scale / (blank_sum + label_sum)
        for k in range(np.uint64(y.shape[1])):
            out_posteriors[t, k] = 0
        out_posteriors[t, blank] = blank_sum * share
        for i in range(np.uint64(first_label), np.uint64(last_label + 1)):
            out_posteriors[t, labels[i]] += posteriors[i] * share
    return True


@njit(cache=True, nogil=True)
def _subtract(y, posteriors, factors, length, b, out_gradient):
    """Write the gradient, softmax less posterior."""
    num_bytes = out_gradient.itemsize * out_gradient.shape[2]
    base, step = base_of(out_gradient) + b * num_bytes, out_gradient.shape[1] * num_bytes
    for t in range(length):
        prefetch(base + (t + FRAMES_AHEAD) * step, num_bytes // 4 + LINE_FLOATS - 1)
        factor = factors[t]
        for k in range(np.uint64(y.shape[1])):
            out_gradient[t, b, k] = y[t, k] * factor - posteriors[t, k]
