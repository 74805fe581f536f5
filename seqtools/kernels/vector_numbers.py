"""Vectors of floats as numbers in kernels: the same formula serves scalars and vectors.

A value of this type holds LANES float32 in a register. Plain loops over several arrays do not
become vector code, because LLVM cannot know that the arrays do not overlap; formulas written with
these values do, and give every element the same bits wherever it stands in a row. Operators
``+ - * /`` take two vectors or a vector and a float32; the functions below also take scalars.

`load` and `store` work on addresses, which nothing checks; the callers are functions ``vector_*``
of kernels, each beside a plain twin.
"""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import (
    intrinsic,
    lower_builtin,
    models,
    overload,
    register_model,
    type_callable,
)

from seqtools.kernels import vector_code
from seqtools.kernels.vector_code import (
    DOUBLE,
    FLOAT,
    INT32,
    INT64,
    LANES,
    VECTOR,
    call,
    constant,
    splat,
)

_ALIGNMENT = 4
_INTEGERS = ir.VectorType(INT32, LANES)
# Half of 1 as a float's bits: the exponent of 2**-1.
_HALF_EXPONENT = 126 << 23


class VectorType(types.Type):  # type: ignore[misc]
    """Numba's type of LANES float32 in a register."""

    def __init__(self):
        super().__init__(name="float32_vector")


vector = VectorType()


@register_model(VectorType)
class _VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    """A register."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, VECTOR)


def is_vector(kind):
    """Say whether a Numba type is a vector."""
    return isinstance(kind, VectorType)


def _as_vector(builder, value, kind):
    """Return a vector of a vector or of a float32."""
    return value if is_vector(kind) else splat(builder, value)


def _offer(operation, instruction):
    """Let an operator take vectors."""

    @type_callable(operation)
    def typing(_):
        def typer(a, b):
            pair = (a, b)
            if any(map(is_vector, pair)) and all(is_vector(k) or k == types.float32 for k in pair):
                return vector
            return None

        return typer

    def lowering(_, builder, signature, arguments):
        pair = zip(arguments, signature.args, strict=True)
        a, b = (_as_vector(builder, value, kind) for value, kind in pair)
        return getattr(builder, instruction)(a, b)

    for kinds in ((VectorType, VectorType), (VectorType, types.Float), (types.Float, VectorType)):
        lower_builtin(operation, *kinds)(lowering)


for _operation, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _offer(_operation, _instruction)


def _mask(builder, count):
    """Return which lanes come before `count`."""
    lanes = ir.Constant(_INTEGERS, list(range(LANES)))
    return builder.icmp_signed("<", lanes, splat(builder, builder.trunc(count, INT32)))


@intrinsic
def load(_, address, count):
    """Load `count` floats (all lanes if there are more) from an address; other lanes are 0."""

    def codegen(_, builder, __, arguments):
        address, count = arguments
        place = cgutils.alloca_once(builder, VECTOR)
        is_whole = builder.icmp_signed(">=", count, INT64(LANES))
        with builder.if_else(is_whole) as (whole, part):
            with whole:
                builder.store(vector_code.load(builder, address, align=_ALIGNMENT), place)
            with part:
                pointer = builder.inttoptr(address, VECTOR.as_pointer())
                mask = _mask(builder, count)
                arguments = (pointer, INT32(_ALIGNMENT), mask, constant(0.0))
                name = f"llvm.masked.load.v{LANES}f32.p0"
                builder.store(call(builder, name, VECTOR, *arguments), place)
        return builder.load(place)

    return vector(types.int64, types.int64), codegen


@intrinsic
def store(_, value, address, count):
    """Store the first `count` lanes (all if there are fewer) at an address."""

    def codegen(context, builder, _, arguments):
        value, address, count = arguments
        is_whole = builder.icmp_signed(">=", count, INT64(LANES))
        with builder.if_else(is_whole) as (whole, part):
            with whole:
                vector_code.store(builder, value, address, align=_ALIGNMENT)
            with part:
                pointer = builder.inttoptr(address, VECTOR.as_pointer())
                mask = _mask(builder, count)
                name = f"llvm.masked.store.v{LANES}f32.p0"
                arguments = (value, pointer, INT32(_ALIGNMENT), mask)
                call(builder, name, ir.VoidType(), *arguments)
        return context.get_dummy_value()

    return types.void(vector, types.int64, types.int64), codegen


@intrinsic
def broadcast(_, value):
    """Return a vector with a float32 in all lanes."""

    def codegen(_, builder, __, arguments):
        return splat(builder, arguments[0])

    return vector(types.float32), codegen


@intrinsic
def keep_lanes(_, value, count, otherwise):
    """Return a vector whose lanes from `count` on are replaced by a float32."""

    def codegen(_, builder, __, arguments):
        value, count, otherwise = arguments
        return builder.select(_mask(builder, count), value, splat(builder, otherwise))

    return vector(vector, types.int64, types.float32), codegen


@intrinsic
def largest_lane(_, value):
    """Return the largest lane as a float32; NaN lanes are passed over."""

    def codegen(_, builder, __, arguments):
        return call(builder, f"llvm.vector.reduce.fmax.v{LANES}f32", FLOAT, arguments[0])

    return types.float32(vector), codegen


@intrinsic
def add_lanes(_, value):
    """Return the sum of the lanes in order, taken in float64."""

    def codegen(_, builder, __, arguments):
        wide = builder.fpext(arguments[0], ir.VectorType(DOUBLE, LANES))
        name = f"llvm.vector.reduce.fadd.v{LANES}f64"
        return call(builder, name, DOUBLE, ir.Constant(DOUBLE, 0.0), wide)

    return types.float64(vector), codegen


@intrinsic
def sum_lanes(_, value):
    """Return the sum of the lanes as a float32, in whatever order is quickest on this CPU."""

    def codegen(_, builder, __, arguments):
        name = f"llvm.vector.reduce.fadd.v{LANES}f32"
        signature = ir.FunctionType(FLOAT, [FLOAT, VECTOR])
        function = cgutils.get_or_insert_function(builder.module, signature, name)
        zero = ir.Constant(FLOAT, -0.0)
        return builder.call(function, [zero, arguments[0]], fastmath=("reassoc",))

    return types.float32(vector), codegen


@intrinsic
def add_to_doubles(_, value, address):
    """Add a vector to LANES float64 at an address."""

    def codegen(context, builder, _, arguments):
        value, address = arguments
        kind = ir.VectorType(DOUBLE, LANES)
        total = vector_code.load(builder, address, kind, align=8)
        total = builder.fadd(total, builder.fpext(value, kind))
        vector_code.store(builder, total, address, align=8)
        return context.get_dummy_value()

    return types.void(vector, types.int64), codegen


def _broadcast_all(builder, arguments, kinds):
    """Return all arguments as vectors if one of them is, else as they are."""
    if not any(map(is_vector, kinds)):
        return arguments
    return [_as_vector(builder, *pair) for pair in zip(arguments, kinds, strict=True)]


def _joint_type(kinds):
    """Return the type of an operation on scalars and vectors."""
    return vector if any(map(is_vector, kinds)) else types.float32


@intrinsic
def _fuse(_, a, b, c):
    """Return a * b + c, fused where the CPU can."""

    def codegen(_, builder, signature, arguments):
        values = _broadcast_all(builder, arguments, signature.args)
        suffix = f"v{LANES}f32" if is_vector(signature.return_type) else "f32"
        return call(builder, f"llvm.fmuladd.{suffix}", values[0].type, *values)

    return _joint_type((a, b, c))(a, b, c), codegen


@intrinsic
def _select_less(_, x, limit, a, b):
    """Return a where x < limit, else b."""

    def codegen(_, builder, signature, arguments):
        x, limit, a, b = _broadcast_all(builder, arguments, signature.args)
        return builder.select(builder.fcmp_ordered("<", x, limit), a, b)

    return _joint_type((x, limit, a, b))(x, limit, a, b), codegen


@intrinsic
def half_power(_, shifted):
    """Return 2**(n - 1) of n + 1.5 * 2**23, the integer n of which stands in the last bits."""

    def codegen(_, builder, signature, arguments):
        shifted = arguments[0]
        is_wide = is_vector(signature.return_type)
        kind = _INTEGERS if is_wide else INT32

        def integer(value):
            return ir.Constant(kind, [value] * LANES if is_wide else value)

        bits = builder.shl(builder.bitcast(shifted, kind), integer(23))
        return builder.bitcast(builder.add(bits, integer(_HALF_EXPONENT)), shifted.type)

    return shifted(shifted), codegen


def fma(a, b, c):
    """Return a * b + c."""
    return a * b + c


def select_less(x, limit, a, b):
    """Return a where x < limit, else b (also where x is NaN)."""
    return a if x < limit else b


@overload(fma)
def _choose_fma(a, b, c):
    def fuse(a, b, c):
        return _fuse(a, b, c)

    return fma if types.float64 in (a, b, c) else fuse


@overload(select_less)
def _choose_select(x, limit, a, b):
    def select(x, limit, a, b):
        return _select_less(x, limit, a, b)

    return select if any(map(is_vector, (x, limit, a, b))) else select_less
