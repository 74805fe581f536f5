"""A tile: some rows against some rows under a logistic loss, as one training step.

Every embedding kernel ends here: skip-gram passes the context rows and the rows of the centre word
and its negative samples (or the inner nodes of its path); CBOW passes one averaged row. For rows
x_i with errors gathered in e_i, rows u_t with signs s_t (+1 positive, -1 negative) and a rate r::

    g_it = r s_t (1 - sigmoid(s_t x_i.u_t))     Mikolov et al. 2013 (arXiv 1310.4546), eq. 3, 4
    e_i += sum_t g_it u_t      u_t += sum_i g_it x_i

``process_tiles`` cuts the targets into tiles of at most 7, as few and as equal as possible, the
larger ones first; all products of a tile are taken before its first update, and a tile sees the
rows as the tile before left them. Within a tile the rows x go two at a time, and a later pair sees
the targets as the earlier pairs left them. The targets of a tile must be distinct; rows x may
repeat.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import config, njit

from seqtools.kernels import vector, vector_code
from seqtools.types import Float32Array, Float64Array, Int64Array

JIT_ENABLED = not config.DISABLE_JIT
LARGEST_TILE = vector.LARGEST_TILE
_LARGEST_LOGIT = 30.0
NO_LIMIT = np.float32(np.inf)

_SIZES = range(1, LARGEST_TILE + 1)
dots_1, dots_2, dots_3, dots_4, dots_5, dots_6, dots_7 = map(vector.make_dots, _SIZES)
errors_1, errors_2, errors_3, errors_4, errors_5, errors_6, errors_7 = map(
    vector.make_errors, _SIZES
)
update_1, update_2, update_3, update_4, update_5, update_6, update_7 = map(
    vector.make_update, _SIZES
)


class TileScratch(NamedTuple):
    """Working memory of one thread.

    Attributes
    ----------
    dots : float32 array
        Room for LARGEST_TILE products a row, and a vector more.
    mantissas, exponents : float64 and int64 arrays, shape (LANES,)
        The loss as a product of probabilities; see `loss_of`.
    """

    dots: Float32Array
    mantissas: Float64Array
    exponents: Int64Array


def make_scratch(largest_num_rows: int) -> TileScratch:
    """Return working memory for tiles of up to `largest_num_rows` rows x."""
    return TileScratch(
        np.zeros(LARGEST_TILE * (largest_num_rows + 1) + 4 * vector_code.LANES, np.float32),
        np.ones(vector_code.LANES, np.float64),
        np.zeros(vector_code.LANES, np.int64),
    )


def loss_of(scratch: TileScratch) -> float:
    """Return the sum of -log p gathered since the last call, in nats, and start again at 0."""
    log_p = float(np.log(scratch.mantissas).sum()) + math.log(2.0) * int(scratch.exponents.sum())
    scratch.mantissas[:] = 1.0
    scratch.exponents[:] = 0
    return -log_p


@njit(cache=True, nogil=True)
def vector_tiles(
    x, x_rows, e, e_rows, num_x, u, u_rows, num_u, signs, rate, limit, row_floats, scratch
):
    """Process tiles with explicit vectors; rows are given by their addresses.

    Parameters
    ----------
    x, e, u : arrays
        Not read: the row addresses lead there. They are arguments so that `plain_tiles` agrees.
    x_rows, e_rows : int64 arrays
        Addresses of the rows x and of the rows that gather their errors (the same for skip-gram).
    num_x : int64
    u_rows : int64 array
        Addresses of the target rows.
    num_u : int64
    signs : float32 array
        +1 or -1 a target, and LANES floats of padding.
    rate : float32
    limit : float32
        Where |x_i.u_t| reaches it the error is taken as 0; NO_LIMIT for none.
    row_floats : int64
        Padded length of a row.
    scratch : TileScratch
    """
    vectors = row_floats // vector_code.LANES
    xs, es = np.int64(x_rows.ctypes.data), np.int64(e_rows.ctypes.data)
    us, labels = np.int64(u_rows.ctypes.data), np.int64(signs.ctypes.data)
    dots = np.int64(scratch.dots.ctypes.data)
    mantissas = np.int64(scratch.mantissas.ctypes.data)
    exponents = np.int64(scratch.exponents.ctypes.data)
    tiles = (num_u + LARGEST_TILE - 1) // LARGEST_TILE
    while tiles > 0:
        size = (num_u + tiles - 1) // tiles
        if size == 6:
            dots_6(xs, num_x, us, vectors, dots)
            errors_6(dots, num_x, labels, rate, limit, mantissas, exponents)
            update_6(xs, es, num_x, us, vectors, dots)
        elif size == 7:
            dots_7(xs, num_x, us, vectors, dots)
            errors_7(dots, num_x, labels, rate, limit, mantissas, exponents)
            update_7(xs, es, num_x, us, vectors, dots)
        elif size == 5:
            dots_5(xs, num_x, us, vectors, dots)
            errors_5(dots, num_x, labels, rate, limit, mantissas, exponents)
            update_5(xs, es, num_x, us, vectors, dots)
        elif size == 4:
            dots_4(xs, num_x, us, vectors, dots)
            errors_4(dots, num_x, labels, rate, limit, mantissas, exponents)
            update_4(xs, es, num_x, us, vectors, dots)
        elif size == 3:
            dots_3(xs, num_x, us, vectors, dots)
            errors_3(dots, num_x, labels, rate, limit, mantissas, exponents)
            update_3(xs, es, num_x, us, vectors, dots)
        elif size == 2:
            dots_2(xs, num_x, us, vectors, dots)
            errors_2(dots, num_x, labels, rate, limit, mantissas, exponents)
            update_2(xs, es, num_x, us, vectors, dots)
        else:
            dots_1(xs, num_x, us, vectors, dots)
            errors_1(dots, num_x, labels, rate, limit, mantissas, exponents)
            update_1(xs, es, num_x, us, vectors, dots)
        us, labels = us + 8 * size, labels + 4 * size
        num_u, tiles = num_u - size, tiles - 1


@njit(cache=True, nogil=True)
def plain_tiles(
    x, x_rows, e, e_rows, num_x, u, u_rows, num_u, signs, rate, limit, row_floats, scratch
):
    """Process tiles with plain loops; rows are given by their index.

    Parameters
    ----------
    x, e, u : float arrays, shape (N, row_floats)
        The matrices.
    x_rows, e_rows, u_rows : int64 arrays
        Row indices. The other parameters are those of `vector_tiles`.
    """
    done, tiles = 0, (num_u + LARGEST_TILE - 1) // LARGEST_TILE
    while tiles > 0:
        size = (num_u - done + tiles - 1) // tiles
        for i in range(num_x):
            for t in range(size):
                dot = x[x_rows[i], 0] * u[u_rows[done + t], 0]
                for d in range(1, row_floats):
                    dot += x[x_rows[i], d] * u[u_rows[done + t], d]
                scratch.dots[i * size + t] = _error(dot, signs[done + t], rate, limit, scratch)
        for first in range(0, num_x, 2):
            last = min(first + 1, num_x - 1)
            for d in range(row_floats):
                _update_pair(
                    x, x_rows, e, e_rows, u, u_rows[done:], first, last, size, d, scratch.dots
                )
        done, tiles = done + size, tiles - 1


@njit(cache=True, nogil=True)
def _error(dot, sign, rate, limit, scratch):
    """Return g for one product and multiply its probability into the loss."""
    logit = min(max(dot * sign, -_LARGEST_LOGIT), _LARGEST_LOGIT)
    exponential = math.exp(-logit)
    p = 1.0 / (1.0 + exponential)
    mantissa, exponent = math.frexp(scratch.mantissas[0] * p)
    scratch.mantissas[0] = mantissa
    scratch.exponents[0] += exponent
    return exponential * p * sign * rate if abs(dot) < limit else 0.0 * rate


@njit(cache=True, nogil=True)
def _update_pair(x, x_rows, e, e_rows, u, targets, first, last, size, d, g):
    """Update one column of one or two rows e and of the tile's targets.

    The old targets drive both rows e. The second row x is read after the first row e is written,
    so that a context that stands twice in a window receives both updates.
    """
    x_first = x[x_rows[first], d]
    e[e_rows[first], d] += _weighted_sum(u, targets, size, d, g[first * size :])
    x_second = x[x_rows[last], d]
    if last > first:
        e[e_rows[last], d] += _weighted_sum(u, targets, size, d, g[last * size :])
    for t in range(size):
        added = g[first * size + t] * x_first
        if last > first:
            added += g[last * size + t] * x_second
        u[targets[t], d] += added


@njit(cache=True, nogil=True)
def _weighted_sum(u, targets, size, d, weights):
    """Return the sum of one column of the targets, weighted."""
    total = weights[0] * u[targets[0], d]
    for t in range(1, size):
        total += weights[t] * u[targets[t], d]
    return total


@njit(cache=True, nogil=True)
def _vector_base(matrix):
    """Return the address of a matrix."""
    return np.int64(matrix.ctypes.data)


@njit(cache=True, nogil=True)
def _plain_base(matrix):
    """Return 0: rows are given by their index."""
    return np.int64(0)


@njit(cache=True, nogil=True)
def _vector_average(x, rows, num_rows, scale, row_floats, out):
    """Write scale times the sum of rows, given by their addresses, to out[0]."""
    vector.average_rows(
        np.int64(rows.ctypes.data),
        num_rows,
        scale,
        row_floats // vector_code.LANES,
        np.int64(out.ctypes.data),
    )


@njit(cache=True, nogil=True)
def _plain_average(x, rows, num_rows, scale, row_floats, out):
    """Write scale times the sum of rows, given by their indices, to out[0]."""
    for d in range(row_floats):
        total = x[rows[0], d]
        for i in range(1, num_rows):
            total += x[rows[i], d]
        out[0, d] = total * scale


@njit(cache=True, nogil=True)
def _vector_spread(change, x, rows, num_rows, scale, row_floats):
    """Add scale * change[0] to rows given by their addresses."""
    vector.add_to_rows(
        np.int64(change.ctypes.data),
        np.int64(rows.ctypes.data),
        num_rows,
        scale,
        row_floats // vector_code.LANES,
    )


@njit(cache=True, nogil=True)
def _plain_spread(change, x, rows, num_rows, scale, row_floats):
    """Add scale * change[0] to rows given by their indices."""
    for i in range(num_rows):
        for d in range(row_floats):
            x[rows[i], d] += scale * change[0, d]


@njit(cache=True, nogil=True)
def _vector_prefetch(address, row_floats):
    """Fetch a row into the cache."""
    vector_code.prefetch_row(address, row_floats // vector_code.ROW_MULTIPLE)


@njit(cache=True, nogil=True)
def _plain_prefetch(address, row_floats):
    """Do nothing: a row index cannot be prefetched."""


# Intrinsics exist only in compiled code; without the compiler the plain twins take their place.
if JIT_ENABLED:
    process_tiles, base_of, prefetch = vector_tiles, _vector_base, _vector_prefetch
    average, spread = _vector_average, _vector_spread
else:
    process_tiles, base_of, prefetch = plain_tiles, _plain_base, _plain_prefetch
    average, spread = _plain_average, _plain_spread


def row_step(row_floats: int) -> int:
    """Return what lies between two rows: bytes for addresses, 1 for indices."""
    return 4 * row_floats if JIT_ENABLED else 1


def aligned_zeros(num_rows: int, dim: int) -> Float32Array:
    """Return a float32 matrix of zeros whose rows are padded and start at multiples of 64 bytes.

    Returns
    -------
    float32 array, shape (num_rows, dim rounded up to a multiple of 16)
    """
    width = -(-dim // vector_code.ROW_MULTIPLE) * vector_code.ROW_MULTIPLE
    spare = 64 // 4
    flat = np.zeros(num_rows * width + spare, np.float32)
    start = (-flat.ctypes.data % 64) // 4
    return flat[start : start + num_rows * width].reshape(num_rows, width)
