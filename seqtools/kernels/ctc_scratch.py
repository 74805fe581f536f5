"""Working memory of the CTC kernels."""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from seqtools.types import Float32Array, Float64Array, FloatArray, Int32Array, Uint32Array

_PADDING = 2


class CTCScratch(NamedTuple):
    """Working memory of one thread, for one utterance at a time.

    Labels are kept one place up, label i at i + 1: place 0 stands for what is before the first.

    Attributes
    ----------
    alpha_blank, alpha_label : float64 arrays, shape (T, L + 2)
        Forward variables of blanks and labels.
    beta_blank, beta_label : float64 arrays, shape (2, L + 2)
        Backward variables of a frame and of the next.
    labels : uint32 array, shape (L,)
        The labels of the utterance; unsigned, because that makes a gather 3 times as fast.
    skips : float64 array, shape (L + 2,)
        1 where the blank before label i may be skipped, else 0.
    posteriors : float64 array, shape (L + 2,)
        alpha beta of the labels of a frame.
    posterior_sums : float64 array, shape (V,)
        Posterior probability of each symbol at a frame, in log space only.
    normalizers : float64 array, shape (T,)
        What the exponentials of a frame sum to.
    gathered : float array, shape (T, L + 2)
        The exponential of each label of the utterance, at each frame.
    flat, y : float arrays of the same memory, shapes (T V,) and (T, V)
        Exponentials of the logits of an utterance.
    rest_flat, symbol_posteriors : float arrays of the same memory, shapes (T V,) and (T, V)
        What rounding took from differences of logits; later the posterior probability of each
        symbol at each frame, times the scale of the gradient.
    factors : float array, shape (T,)
        What the exponentials of a frame are multiplied by in the gradient.
    bits, floats : int32 and float32 arrays, shape (1,)
        The same memory, seen as bits and as a number.
    """

    alpha_blank: Float64Array
    alpha_label: Float64Array
    beta_blank: Float64Array
    beta_label: Float64Array
    labels: Uint32Array
    skips: Float64Array
    posteriors: Float64Array
    posterior_sums: Float64Array
    normalizers: Float64Array
    gathered: FloatArray
    flat: FloatArray
    y: FloatArray
    rest_flat: FloatArray
    symbol_posteriors: FloatArray
    factors: FloatArray
    bits: Int32Array
    floats: Float32Array


def make_ctc_scratch(
    num_frames: int, num_labels: int, num_symbols: int, dtype: DTypeLike
) -> CTCScratch:
    """Return working memory for utterances of up to this size.

    Parameters
    ----------
    num_frames, num_labels : int
        Frames and labels of the longest utterance.
    num_symbols : int
        V, the blank counted.
    dtype : dtype
        float32 or float64, as the logits.
    """
    states = num_labels + _PADDING
    bits = np.zeros(1, np.int32)
    flat, rest = (np.zeros(num_frames * num_symbols, dtype) for _ in range(2))
    return CTCScratch(
        alpha_blank=np.zeros((num_frames, states)),
        alpha_label=np.zeros((num_frames, states)),
        beta_blank=np.zeros((2, states)),
        beta_label=np.zeros((2, states)),
        labels=np.zeros(num_labels, np.uint32),
        skips=np.zeros(states),
        posteriors=np.zeros(states),
        posterior_sums=np.zeros(num_symbols),
        normalizers=np.zeros(num_frames),
        gathered=np.zeros((num_frames, states), dtype),
        flat=flat,
        y=flat.reshape(num_frames, num_symbols),
        rest_flat=rest,
        symbol_posteriors=rest.reshape(num_frames, num_symbols),
        factors=np.zeros(num_frames, dtype),
        bits=bits,
        floats=bits.view(np.float32),
    )
