"""Optimiser steps on flat vectors: all parameters of a model, or a stretch of them, in one pass.

Every kernel but `squared_sums` works element by element, so that a vector may be cut among threads
at any place without changing a bit. Gradients come with a factor, by which clipping costs no pass
of its own. Scalars must have the arrays' type, so that float32 stays float32.

Sources: Polyak 1964 (momentum); Nesterov 1983 in the form of Sutskever et al. 2013; Duchi et al.
2011 (AdaGrad); Tieleman and Hinton 2012 (RMSProp); Kingma and Ba 2015, algorithm 1 (Adam);
Loshchilov and Hutter 2019, algorithm 2 (AdamW). Constants stand where PyTorch has them.
"""

from math import sqrt

from numba import njit

# Squares are summed in blocks of this many elements, wherever a vector is cut.
BLOCK = 4096
# Only sums of squares may be put in another order, which a sum of one block needs to vectorise.
_ANY_ORDER = {"reassoc"}


@njit(cache=True, nogil=True)
def sgd(gradient, factor, rate, decay, values):
    """Step against the gradient: w -= rate (factor g + decay w).

    Parameters
    ----------
    gradient : array, shape (N,)
    factor : scalar
        Gradients are multiplied with it.
    rate : scalar
        Learning rate.
    decay : scalar
        Weight decay, as the gradient of (decay / 2) w^2.
    values : array, shape (N,)
        Parameters, changed in place.
    """
    for i in range(values.shape[0]):
        values[i] -= rate * (gradient[i] * factor + decay * values[i])


@njit(cache=True, nogil=True)
def momentum(gradient, factor, rate, decay, friction, values, velocity):
    """Step along a velocity: v = friction v + g, w -= rate v.

    Parameters
    ----------
    gradient, factor, rate, decay, values
        As in `sgd`.
    friction : scalar
        Share of the velocity that stays.
    velocity : array, shape (N,)
        Zeros at first.
    """
    for i in range(values.shape[0]):
        velocity[i] = friction * velocity[i] + (gradient[i] * factor + decay * values[i])
        values[i] -= rate * velocity[i]


@njit(cache=True, nogil=True)
def nesterov(gradient, factor, rate, decay, friction, values, velocity):
    """Step along a velocity seen one step ahead: v = friction v + g, w -= rate (g + friction v).

    Parameters
    ----------
    gradient, factor, rate, decay, friction, values, velocity
        As in `momentum`.
    """
    for i in range(values.shape[0]):
        slope = gradient[i] * factor + decay * values[i]
        velocity[i] = friction * velocity[i] + slope
        values[i] -= rate * (slope + friction * velocity[i])


@njit(cache=True, nogil=True, error_model="numpy")
def adagrad(gradient, factor, rate, decay, epsilon, values, squares):
    """Divide each step by the root of all squares so far: s += g^2, w -= rate g / (sqrt(s) + e).

    Parameters
    ----------
    gradient, factor, rate, decay, values
        As in `sgd`.
    epsilon : scalar
    squares : array, shape (N,)
        Zeros at first.
    """
    for i in range(values.shape[0]):
        slope = gradient[i] * factor + decay * values[i]
        squares[i] += slope * slope
        values[i] -= rate * slope / (sqrt(squares[i]) + epsilon)


@njit(cache=True, nogil=True, error_model="numpy")
def rmsprop(gradient, factor, rate, decay, keep, take, epsilon, values, squares):
    """Divide each step by the root of the recent squares: s = keep s + take g^2.

    Parameters
    ----------
    gradient, factor, rate, decay, values
        As in `sgd`.
    keep, take : scalar
        Share of the old mean, and 1 - keep.
    epsilon : scalar
    squares : array, shape (N,)
        Zeros at first.
    """
    for i in range(values.shape[0]):
        slope = gradient[i] * factor + decay * values[i]
        squares[i] = keep * squares[i] + take * slope * slope
        values[i] -= rate * slope / (sqrt(squares[i]) + epsilon)


@njit(cache=True, nogil=True, error_model="numpy")
def adam(
    gradient, factor, rate, root, decay, shrink, keep_1, take_1, keep_2, take_2, epsilon,
    values, means, squares,
):  # fmt: skip
    """Step by mean over root of mean square: w = shrink w - rate m / (sqrt(s) / root + e).

    Parameters
    ----------
    gradient, factor, decay, values
        As in `sgd`.
    rate : scalar
        Learning rate / (1 - beta1^t).
    root : scalar
        sqrt(1 - beta2^t).
    shrink : scalar
        1 for Adam; 1 - learning rate * weight decay for AdamW.
    keep_1, take_1, keep_2, take_2 : scalar
        beta1, 1 - beta1, beta2, 1 - beta2.
    epsilon : scalar
    means, squares : array, shape (N,)
        Zeros at first.
    """
    for i in range(values.shape[0]):
        slope = gradient[i] * factor + decay * values[i]
        means[i] = keep_1 * means[i] + take_1 * slope
        squares[i] = keep_2 * squares[i] + take_2 * slope * slope
        step = rate * means[i] / (sqrt(squares[i]) / root + epsilon)
        values[i] = values[i] * shrink - step


@njit(cache=True, nogil=True)
def move_average(values, keep, take, average):
    """Let an average follow: average = keep average + take w.

    Parameters
    ----------
    values : array, shape (N,)
    keep, take : scalar
        Share of the old average, and 1 - keep.
    average : array, shape (N,)
    """
    for i in range(values.shape[0]):
        average[i] = keep * average[i] + take * values[i]


@njit(cache=True, nogil=True)
def add_gradient(gradient, total):
    """Add the gradient of one more shard, and clear it for the next batch.

    Parameters
    ----------
    gradient : array, shape (N,)
        Zeros afterwards.
    total : array, shape (N,)
    """
    for i in range(total.shape[0]):
        total[i] += gradient[i]
    gradient[:] = 0


@njit(cache=True, nogil=True)
def squared_sums(values, out_sums):
    """Sum the squares of each block.

    Parameters
    ----------
    values : array, shape (N,)
    out_sums : float64 array, shape (ceil(N / BLOCK),)
        To be added in order, in float64.
    """
    for block in range(out_sums.shape[0]):
        out_sums[block] = _sum_squares(values[block * BLOCK : (block + 1) * BLOCK])


@njit(cache=True, nogil=True, fastmath=_ANY_ORDER)
def _sum_squares(values):
    """Return the sum of squares of one block, with several partial sums."""
    total = values.dtype.type(0)
    for i in range(values.shape[0]):
        total += values[i] * values[i]
    return total
