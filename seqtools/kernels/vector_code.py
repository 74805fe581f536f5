"""Vector instructions for kernels, emitted as LLVM code: loads, stores, sums over lanes.

The lane count follows the CPU: 16 with AVX-512, 8 with AVX, 4 elsewhere.
``seqtools.kernels.vector`` and ``seqtools.kernels.vector_glove`` build their intrinsics from these
functions; no other kernel is written below plain loops.
"""

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

FLOAT, DOUBLE = ir.FloatType(), ir.DoubleType()
INT32, INT64 = ir.IntType(32), ir.IntType(64)
ROW_MULTIPLE = 16


def _count_lanes() -> int:
    """Return the float32 lanes of the widest vectors of this CPU."""
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 16
    return 8 if features.get("avx") else 4


LANES = _count_lanes()
VECTOR = ir.VectorType(FLOAT, LANES)
VECTOR_BYTES = LANES * 4


def call(builder, name, result, *arguments):
    """Call an LLVM intrinsic by name."""
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, signature, name)
    return builder.call(function, arguments)


def splat(builder, value, lanes=LANES):
    """Copy a scalar to all lanes."""
    vector = ir.VectorType(value.type, lanes)
    single = builder.insert_element(ir.Constant(vector, ir.Undefined), value, INT32(0))
    mask = ir.Constant(ir.VectorType(INT32, lanes), [0] * lanes)
    return builder.shuffle_vector(single, single, mask)


def constant(value):
    """Return a float vector with one value in all lanes."""
    return ir.Constant(VECTOR, [value] * LANES)


def fma(builder, a, b, c):
    """Return a * b + c, fused where the CPU can."""
    return call(builder, f"llvm.fmuladd.v{LANES}f32", VECTOR, a, b, c)


def load(builder, address, vector=VECTOR, align=VECTOR_BYTES):
    """Load a vector from an address."""
    instruction = builder.load(builder.inttoptr(address, vector.as_pointer()))
    instruction.align = align
    return instruction


def store(builder, value, address, align=VECTOR_BYTES):
    """Store a vector at an address."""
    instruction = builder.store(value, builder.inttoptr(address, value.type.as_pointer()))
    instruction.align = align


def offset(builder, address, index, size):
    """Return address + index * size."""
    return builder.add(address, builder.mul(index, INT64(size)))


def row_address(builder, rows, index):
    """Read the address of a row from an int64 array."""
    return builder.load(builder.inttoptr(offset(builder, rows, index, 8), INT64.as_pointer()))


def sum_lanes(builder, vectors):
    """Return one vector whose lane i is the sum of all lanes of vectors[i] (at most LANES)."""
    width, level = LANES, list(vectors)
    while width > 1:
        half = width // 2
        if len(level) % 2:
            level.append(level[-1])
        merged = []
        for first, second in zip(level[::2], level[1::2], strict=True):
            starts = range(0, 2 * LANES, width)
            low = [start + lane for start in starts for lane in range(half)]
            high = [start + half + lane for start in starts for lane in range(half)]
            masks = [ir.Constant(ir.VectorType(INT32, LANES), mask) for mask in (low, high)]
            merged.append(
                builder.fadd(*(builder.shuffle_vector(first, second, mask) for mask in masks))
            )
        level, width = merged, half
    return level[0]


def returning_none(codegen):
    """Wrap a code generator that returns nothing."""

    def wrapped(context, builder, signature, arguments):
        codegen(context, builder, signature, arguments)
        return context.get_dummy_value()

    return wrapped


@intrinsic
def prefetch_row(_, address, num_lines):
    """Fetch a row of 64-byte lines into the cache: address and number of lines, both int64."""

    def codegen(_, builder, __, arguments):
        address, num_lines = arguments
        with cgutils.for_range(builder, num_lines, intp=INT64) as loop:
            place = offset(builder, address, loop.index, 64)
            pointer = builder.inttoptr(place, ir.IntType(8).as_pointer())
            # read (0), keep in every level (3), data (1)
            flags = (INT32(0), INT32(3), INT32(1))
            call(builder, "llvm.prefetch.p0", ir.VoidType(), pointer, *flags)

    return types.void(types.int64, types.int64), returning_none(codegen)
