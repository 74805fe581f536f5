"""A tile in explicit vector operations, written below plain loops.

A tile is a few rows of one matrix (the contexts of a window) against a few rows of another (the
target words): all dot products, then the errors of a logistic loss, then both updates. LLVM does
not block plain loops across rows; here the products of two contexts with up to 7 targets stay in
registers, which makes training 1.8 times as fast as plain loops like those of its twin
``tile.plain_tiles``.

Rows must be aligned to 64 bytes and padded with zeros to a multiple of 16 floats.
``seqtools.kernels.tile`` is the caller; the vector instructions are those of ``vector_code``.
"""

import math

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
    call,
    constant,
    fma,
    load,
    offset,
    returning_none,
    row_address,
    splat,
    store,
    sum_lanes,
)

LARGEST_TILE = 7
_LARGEST_LOGIT = 30.0
_ERRORS_ARGUMENTS = (*[types.int64] * 3, *[types.float32] * 2, *[types.int64] * 2)
_LOG2_E = 1.4426950408889634
# 2**f on [-0.5, 0.5]: Taylor terms ln(2)**n / n!; the first one left out is below 2e-8 relative.
_EXP2_TERMS = [math.log(2.0) ** n / math.factorial(n) for n in range(8)]


def _for_blocks(builder, count, emit):
    """Emit code for rows two at a time and for the odd one: emit(first_index, block_size)."""
    pairs = builder.lshr(count, INT64(1))
    with cgutils.for_range(builder, pairs, intp=INT64) as loop:
        emit(builder.shl(loop.index, INT64(1)), 2)
    odd = builder.trunc(count, ir.IntType(1))
    with builder.if_then(odd):
        emit(builder.sub(count, INT64(1)), 1)


def make_dots(num_targets):
    """Return an intrinsic: out_dots[i * num_targets + t] = x[i] . u[t].

    The arguments of the intrinsic are int64: address of the row addresses of x, their number,
    address of the row addresses of u, vectors a row, address of out_dots.
    """

    @intrinsic
    def dots(_, x_rows, num_x, u_rows, row_vectors, out_dots):
        def codegen(_, builder, __, arguments):
            x_rows, num_x, u_rows, row_vectors, out = arguments
            u = [row_address(builder, u_rows, INT64(t)) for t in range(num_targets)]

            def block(first, size):
                x = [
                    row_address(builder, x_rows, builder.add(first, INT64(i))) for i in range(size)
                ]
                cells = [cgutils.alloca_once(builder, VECTOR) for _ in range(size * num_targets)]
                for cell in cells:
                    builder.store(constant(0.0), cell)
                with cgutils.for_range(builder, row_vectors, intp=INT64) as loop:
                    place = builder.mul(loop.index, INT64(VECTOR_BYTES))
                    u_now = [load(builder, builder.add(row, place)) for row in u]
                    for i in range(size):
                        x_now = load(builder, builder.add(x[i], place))
                        for t in range(num_targets):
                            cell = cells[i * num_targets + t]
                            builder.store(fma(builder, x_now, u_now[t], builder.load(cell)), cell)
                sums = [builder.load(cell) for cell in cells]
                for start in range(0, len(sums), LANES):
                    index = builder.add(builder.mul(first, INT64(num_targets)), INT64(start))
                    merged = sum_lanes(builder, sums[start : start + LANES])
                    store(builder, merged, offset(builder, out, index, 4), align=4)

            _for_blocks(builder, num_x, block)

        return types.void(*[types.int64] * 5), returning_none(codegen)

    return dots


def make_update(num_targets):
    """Return an intrinsic: e[i] += sum_t g[i, t] u[t], then u[t] += sum_i g[i, t] x[i].

    The arguments are int64: address of the row addresses of x, the same of e, their number, the
    same of u, vectors a row, address of g. Contexts go two at a time; a later pair sees the
    targets as the earlier pairs left them. Rows x may repeat, because each is read after the one
    before is written; rows u may not. For skip-gram e and x are the same rows.
    """

    @intrinsic
    def update(_, x_rows, e_rows, num_x, u_rows, row_vectors, g):
        def codegen(_, builder, __, arguments):
            x_rows, e_rows, num_x, u_rows, row_vectors, g = arguments
            u = [row_address(builder, u_rows, INT64(t)) for t in range(num_targets)]

            def block(first, size):
                x = [
                    row_address(builder, x_rows, builder.add(first, INT64(i))) for i in range(size)
                ]
                e = [
                    row_address(builder, e_rows, builder.add(first, INT64(i))) for i in range(size)
                ]
                start = offset(builder, g, builder.mul(first, INT64(num_targets)), 4)
                rates = [
                    splat(builder, load(builder, builder.add(start, INT64(4 * n)), FLOAT, 4))
                    for n in range(size * num_targets)
                ]
                with cgutils.for_range(builder, row_vectors, intp=INT64) as loop:
                    place = builder.mul(loop.index, INT64(VECTOR_BYTES))
                    u_now = [load(builder, builder.add(row, place)) for row in u]
                    changed = list(u_now)
                    for i in range(size):
                        x_now = load(builder, builder.add(x[i], place))
                        e_now = load(builder, builder.add(e[i], place))
                        for t in range(num_targets):
                            rate = rates[i * num_targets + t]
                            e_now = fma(builder, rate, u_now[t], e_now)
                            changed[t] = fma(builder, rate, x_now, changed[t])
                        store(builder, e_now, builder.add(e[i], place))
                    for t in range(num_targets):
                        store(builder, changed[t], builder.add(u[t], place))

            _for_blocks(builder, num_x, block)

        return types.void(*[types.int64] * 6), returning_none(codegen)

    return update


def make_errors(num_targets):
    """Return an intrinsic that turns dot products into errors and gathers the loss.

    With label y in {0, 1} and sign s = 2 y - 1: p = sigmoid(s * dot), g = rate * s * (1 - p) =
    rate * (y - sigmoid(dot)), loss = -log p. The dot products, in rows of num_targets, are
    replaced by g. The loss is kept as a product: mantissas in float64 and exponents in int64, so
    that no logarithm is taken here.

    The arguments: address of the dots (int64), number of rows (int64), address of num_targets
    signs (int64; LANES floats are read), rate (float32), limit (float32; where |dot| reaches it, g
    is 0), address of LANES mantissas (int64), address of LANES exponents (int64).
    """
    period = math.lcm(num_targets, LANES) // LANES

    @intrinsic
    def errors(_, dots, num_rows, signs, rate, limit, mantissas, exponents):
        def codegen(_, builder, __, arguments):
            dots, num_rows, signs, rate, limit, mantissas, exponents = arguments
            pattern = load(builder, signs, align=4)
            wrapped = [
                builder.shuffle_vector(pattern, pattern, _wrap_mask(num_targets, start))
                for start in range(0, period * LANES, LANES)
            ]
            count = builder.mul(num_rows, INT64(num_targets))
            num_vectors = builder.udiv(builder.add(count, INT64(LANES - 1)), INT64(LANES))
            phases = builder.udiv(builder.add(num_vectors, INT64(period - 1)), INT64(period))
            with cgutils.for_range(builder, phases, intp=INT64) as loop:
                base = builder.mul(loop.index, INT64(period * LANES))
                for phase in range(period):
                    start = builder.add(base, INT64(phase * LANES))
                    inside = builder.icmp_signed("<", start, count)
                    with builder.if_then(inside) if phase else _always():
                        left = builder.sub(count, start)
                        address = offset(builder, dots, start, 4)
                        p, g = _logistic(builder, address, wrapped[phase], rate, limit)
                        store(builder, g, address, align=4)
                        _gather_loss(builder, p, left, mantissas, exponents)

        return types.void(*_ERRORS_ARGUMENTS), returning_none(codegen)

    return errors


class _always:  # noqa: N801 - stands where builder.if_then stands
    """A block without a condition."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def _wrap_mask(num_targets, start):
    """Return the mask that repeats the first num_targets lanes from a starting place."""
    lanes = [(start + lane) % num_targets for lane in range(LANES)]
    return ir.Constant(ir.VectorType(INT32, LANES), lanes)


def _logistic(builder, address, sign, rate, limit):
    """Return the probabilities of the right labels and the errors times the rate."""
    logit = builder.fmul(load(builder, address, align=4), sign)
    absolute = call(builder, f"llvm.fabs.v{LANES}f32", VECTOR, logit)
    is_inside = builder.fcmp_ordered("<", absolute, splat(builder, limit))
    for bound, beyond in ((_LARGEST_LOGIT, ">"), (-_LARGEST_LOGIT, "<")):
        is_beyond = builder.fcmp_ordered(beyond, logit, constant(bound))
        logit = builder.select(is_beyond, constant(bound), logit)
    exponential = _exp2(builder, builder.fmul(logit, constant(-_LOG2_E)))
    p = builder.fdiv(constant(1.0), builder.fadd(constant(1.0), exponential))
    error = builder.select(is_inside, builder.fmul(exponential, p), constant(0.0))
    return p, builder.fmul(builder.fmul(error, sign), splat(builder, rate))


def _exp2(builder, x):
    """Return 2**x for |x| < 126: a power of two by its bits times a polynomial (Estrin's form)."""
    whole = call(builder, f"llvm.rint.v{LANES}f32", VECTOR, x)
    power = builder.fsub(x, whole)
    terms = [constant(term) for term in _EXP2_TERMS]
    while len(terms) > 1:
        terms = [
            fma(builder, odd, power, even)
            for even, odd in zip(terms[::2], terms[1::2], strict=True)
        ]
        power = builder.fmul(power, power)
    result = terms[0]
    integers = ir.VectorType(INT32, LANES)
    exponent = builder.add(builder.fptosi(whole, integers), ir.Constant(integers, [127] * LANES))
    bits = builder.shl(exponent, ir.Constant(integers, [23] * LANES))
    return builder.fmul(result, builder.bitcast(bits, VECTOR))


def _gather_loss(builder, p, left, mantissas, exponents):
    """Multiply p of the lanes below `left` into the running product."""
    integers, doubles = ir.VectorType(INT64, LANES), ir.VectorType(DOUBLE, LANES)
    lanes = ir.Constant(integers, list(range(LANES)))
    valid = builder.icmp_signed("<", lanes, splat(builder, left))
    factor = builder.fpext(builder.select(valid, p, constant(1.0)), doubles)
    product = builder.fmul(load(builder, mantissas, doubles, 8), factor)
    bits = builder.bitcast(product, integers)
    shifted = builder.lshr(bits, ir.Constant(integers, [52] * LANES))
    exponent = builder.sub(shifted, ir.Constant(integers, [1023] * LANES))
    total = builder.add(load(builder, exponents, integers, 8), exponent)
    mantissa = builder.or_(
        builder.and_(bits, ir.Constant(integers, [(1 << 52) - 1] * LANES)),
        ir.Constant(integers, [1023 << 52] * LANES),
    )
    store(builder, builder.bitcast(mantissa, doubles), mantissas, align=8)
    store(builder, total, exponents, align=8)


@intrinsic
def average_rows(_, rows, num_rows, scale, row_vectors, out):
    """Write scale * sum of rows: addresses int64, number int64, scale float32, address of out."""

    def codegen(_, builder, __, arguments):
        rows, num_rows, scale, row_vectors, out = arguments
        with cgutils.for_range(builder, row_vectors, intp=INT64) as chunk:
            place = builder.mul(chunk.index, INT64(VECTOR_BYTES))
            cell = cgutils.alloca_once(builder, VECTOR)
            builder.store(constant(0.0), cell)
            with cgutils.for_range(builder, num_rows, intp=INT64) as loop:
                row = load(builder, builder.add(row_address(builder, rows, loop.index), place))
                builder.store(builder.fadd(builder.load(cell), row), cell)
            mean = builder.fmul(builder.load(cell), splat(builder, scale))
            store(builder, mean, builder.add(out, place))

    signature = types.void(types.int64, types.int64, types.float32, types.int64, types.int64)
    return signature, returning_none(codegen)


@intrinsic
def add_to_rows(_, change, rows, num_rows, scale, row_vectors):
    """Add scale * change to each row; a row that stands twice receives it twice."""

    def codegen(_, builder, __, arguments):
        change, rows, num_rows, scale, row_vectors = arguments
        factor = splat(builder, scale)
        with cgutils.for_range(builder, num_rows, intp=INT64) as loop:
            row = row_address(builder, rows, loop.index)
            with cgutils.for_range(builder, row_vectors, intp=INT64) as chunk:
                place = builder.mul(chunk.index, INT64(VECTOR_BYTES))
                address = builder.add(row, place)
                added = load(builder, builder.add(change, place))
                store(builder, fma(builder, factor, added, load(builder, address)), address)

    signature = types.void(types.int64, types.int64, types.int64, types.float32, types.int64)
    return signature, returning_none(codegen)
