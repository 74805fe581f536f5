"""One AdaGrad step of GloVe on both cells of a pair of words, in explicit vector operations.

A word's row holds four parts of equal length: its vector w, its context vector c, and the squared
gradients of the two. A pair of words a, b stands for two cells of the symmetric matrix, and all
eight parts of the two rows take part: w_a with c_b and w_b with c_a. Both products are taken in one
loop and both updates in another, so that one hides the latencies of the other.

Reciprocal square roots are estimates refined by one Newton step (relative error below 1e-6).
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from seqtools.kernels.vector_code import (
    DOUBLE,
    FLOAT,
    INT32,
    INT64,
    LANES,
    VECTOR,
    VECTOR_BYTES,
    constant,
    fma,
    load,
    returning_none,
    splat,
    store,
    sum_lanes,
)

# Parts of a row.
WORD, CONTEXT, WORD_SQUARES, CONTEXT_SQUARES = range(4)
NUM_PARTS = 4


@intrinsic
def step_pair(_, row_a, row_b, part_vectors, log_x, weight, rate, clip, out_cost):
    """Update the rows of two words and add f(x) (w.c - ln x)^2 of their cells to the cost.

    The arguments: addresses of the rows (int64), vectors a part (int64), ln x and f(x) (float32),
    learning rate and largest gradient times the rate (float32), address of a float64 (int64).
    A word beside itself is one cell: row_a equals row_b and the second product counts for nothing.
    """

    def codegen(_, builder, __, arguments):
        row_a, row_b, part_vectors, log_x, weight, rate, clip, out_cost = arguments
        part_bytes = builder.mul(part_vectors, INT64(VECTOR_BYTES))
        a, b = ([_part(builder, row, part_bytes, n) for n in range(4)] for row in (row_a, row_b))
        cells = [
            (a[WORD], b[CONTEXT], a[WORD_SQUARES], b[CONTEXT_SQUARES]),
            (b[WORD], a[CONTEXT], b[WORD_SQUARES], a[CONTEXT_SQUARES]),
        ]
        products = _products(builder, cells, part_vectors)
        errors = [builder.fsub(product, log_x) for product in products]
        slopes = [builder.fmul(weight, error) for error in errors]
        is_one_cell = builder.icmp_signed("==", row_a, row_b)
        slopes[1] = builder.select(is_one_cell, ir.Constant(FLOAT, 0.0), slopes[1])
        _add_cost(builder, slopes, errors, out_cost)
        gradients = [splat(builder, builder.fmul(rate, slope)) for slope in slopes]
        limit = splat(builder, clip)
        with cgutils.for_range(builder, part_vectors, intp=INT64) as loop:
            place = builder.mul(loop.index, INT64(VECTOR_BYTES))
            # The second cell is read after the first is written: they may be one.
            for gradient, parts in zip(gradients, cells, strict=True):
                _update(builder, gradient, limit, [builder.add(part, place) for part in parts])

    signature = types.void(
        types.int64, types.int64, types.int64, types.float32, types.float32, types.float32,
        types.float32, types.int64,
    )  # fmt: skip
    return signature, returning_none(codegen)


def _part(builder, row, part_bytes, number):
    """Return the address of a part of a row."""
    return builder.add(row, builder.mul(part_bytes, INT64(number)))


def _products(builder, cells, part_vectors):
    """Return w.c of both cells."""
    sums = [cgutils.alloca_once(builder, VECTOR) for _ in cells]
    for total in sums:
        builder.store(constant(0.0), total)
    with cgutils.for_range(builder, part_vectors, intp=INT64) as loop:
        place = builder.mul(loop.index, INT64(VECTOR_BYTES))
        for total, (word, context, _, _) in zip(sums, cells, strict=True):
            factors = [load(builder, builder.add(part, place)) for part in (word, context)]
            builder.store(fma(builder, factors[0], factors[1], builder.load(total)), total)
    merged = sum_lanes(builder, [builder.load(total) for total in sums])
    return [builder.extract_element(merged, INT32(n)) for n in range(len(cells))]


def _add_cost(builder, slopes, errors, out_cost):
    """Add slope * error of both cells to a float64."""
    pointer = builder.inttoptr(out_cost, DOUBLE.as_pointer())
    cost = builder.load(pointer)
    for slope, error in zip(slopes, errors, strict=True):
        product = builder.fmul(builder.fpext(slope, DOUBLE), builder.fpext(error, DOUBLE))
        cost = builder.fadd(cost, product)
    builder.store(cost, pointer)


def _update(builder, gradient, limit, addresses):
    """Take the step on one vector of a word, of its context and of their squared gradients."""
    word, context, word_squares, context_squares = (load(builder, place) for place in addresses)
    word_step = _clip(builder, builder.fmul(gradient, context), limit)
    context_step = _clip(builder, builder.fmul(gradient, word), limit)
    updated = [
        builder.fsub(word, builder.fmul(word_step, _inverse_root(builder, word_squares))),
        builder.fsub(context, builder.fmul(context_step, _inverse_root(builder, context_squares))),
        fma(builder, word_step, word_step, word_squares),
        fma(builder, context_step, context_step, context_squares),
    ]
    for value, place in zip(updated, addresses, strict=True):
        store(builder, value, place)


def _clip(builder, step, limit):
    """Bound a vector by [-limit, limit]; NaN stays NaN."""
    step = builder.select(builder.fcmp_ordered(">", step, limit), limit, step)
    low = builder.fneg(limit)
    return builder.select(builder.fcmp_ordered("<", step, low), low, step)


def _inverse_root(builder, squares):
    """Return 1 / sqrt(squares); the flags let the CPU estimate it."""
    kind = ir.FunctionType(VECTOR, [VECTOR])
    root = cgutils.get_or_insert_function(builder.module, kind, f"llvm.sqrt.v{LANES}f32")
    flags = ("fast",)
    return builder.fdiv(constant(1.0), builder.call(root, [squares], fastmath=flags), flags=flags)
