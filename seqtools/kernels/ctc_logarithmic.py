"""CTC loss and gradient of one utterance in log space: slow, for what rescaling cannot hold.

That is a labelling that does not fit into the frames, an empty utterance, and probabilities so
small that rows of float64 do not hold all that matters. Same recursion as ``seqtools.kernels.ctc``.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def logarithmic_utterance(logits, b, length, labels, blank, scale, scratch, out_gradient):
    """Return -ln P and write the gradient; inf and zeros where no path gives the labels.

    Parameters
    ----------
    logits : float array, shape (T, B, V)
    b, length : int64
        The utterance and its frames.
    labels : int32 array, shape (L,)
    blank : int64
    scale : float64
        Factor of the gradient.
    scratch : CTCScratch
    out_gradient : array like `logits`
        May be `logits` itself.

    Returns
    -------
    float64
    """
    num_labels = labels.shape[0]
    if length == 0:
        return 0.0 if num_labels == 0 else np.inf
    log_likelihood = _forward(logits, b, length, labels, blank, scratch)
    if log_likelihood == -np.inf:
        out_gradient[:length, b, :] = 0
        return np.inf
    _backward(logits, b, length, labels, blank, scale, log_likelihood, scratch, out_gradient)
    return max(-log_likelihood, 0.0)


@njit(cache=True, nogil=True)
def _log_normalizer(x):
    """Return ln of the sum of e^x."""
    largest = np.float64(x[0])
    for k in range(1, x.shape[0]):
        largest = max(largest, np.float64(x[k]))
    total = 0.0
    for k in range(x.shape[0]):
        total += np.exp(np.float64(x[k]) - largest)
    return largest + np.log(total)


@njit(cache=True, nogil=True)
def _add(a, b):
    """Return ln(e^a + e^b)."""
    if b > a:
        a, b = b, a
    if b == -np.inf:
        return a
    return a + np.log1p(np.exp(b - a))


@njit(cache=True, nogil=True)
def _forward(logits, b, length, labels, blank, scratch):
    """Fill the rows alpha with logarithms; return ln P."""
    num_labels = labels.shape[0]
    for t in range(length):
        x = logits[t, b]
        log_z = _log_normalizer(x)
        scratch.normalizers[t] = log_z
        log_blank = np.float64(x[blank]) - log_z
        blanks, alphas = scratch.alpha_blank[t], scratch.alpha_label[t]
        alphas[0] = -np.inf
        for i in range(num_labels + 1):
            blanks[i] = -np.inf
            if t > 0:
                before = scratch.alpha_label[t - 1]
                blanks[i] = _add(scratch.alpha_blank[t - 1, i], before[i]) + log_blank
            elif i == 0:
                blanks[i] = log_blank
        for i in range(num_labels):
            log_label = np.float64(x[labels[i]]) - log_z
            alphas[i + 1] = -np.inf
            if t > 0:
                before = scratch.alpha_label[t - 1]
                value = _add(before[i + 1], scratch.alpha_blank[t - 1, i])
                if i > 0 and labels[i] != labels[i - 1]:
                    value = _add(value, before[i])
                alphas[i + 1] = value + log_label
            elif i == 0:
                alphas[i + 1] = log_label
    last = length - 1
    return _add(scratch.alpha_blank[last, num_labels], scratch.alpha_label[last, num_labels])


@njit(cache=True, nogil=True)
def _backward(logits, b, length, labels, blank, scale, log_likelihood, scratch, out_gradient):
    """Write the gradient of a labelling that is possible."""
    num_labels = labels.shape[0]
    scratch.beta_blank[:, : num_labels + 2] = -np.inf
    scratch.beta_label[:, : num_labels + 2] = -np.inf
    scratch.beta_blank[0, num_labels] = 0.0
    for step in range(length):
        t = length - 1 - step
        x, log_z = logits[t, b], scratch.normalizers[t]
        old_blanks, old_betas = scratch.beta_blank[step % 2], scratch.beta_label[step % 2]
        new_blanks = scratch.beta_blank[(step + 1) % 2]
        new_betas = scratch.beta_label[(step + 1) % 2]
        sums = scratch.posterior_sums
        sums[:] = 0.0
        for i in range(num_labels + 1):
            beta = _add(old_blanks[i], old_betas[i + 1])
            sums[blank] += np.exp(scratch.alpha_blank[t, i] + beta - log_likelihood)
            new_blanks[i] = beta + (np.float64(x[blank]) - log_z)
        for i in range(num_labels):
            beta = _add(old_betas[i + 1], old_blanks[i + 1])
            if i + 1 < num_labels and labels[i] != labels[i + 1]:
                beta = _add(beta, old_betas[i + 2])
            sums[labels[i]] += np.exp(scratch.alpha_label[t, i + 1] + beta - log_likelihood)
            new_betas[i + 1] = beta + (np.float64(x[labels[i]]) - log_z)
        for k in range(x.shape[0]):
            y = np.exp(np.float64(x[k]) - log_z)
            out_gradient[t, b, k] = scale * (y - sums[k])
