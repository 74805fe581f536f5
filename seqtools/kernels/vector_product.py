"""A block of a matrix product in explicit vector operations: a few rows by a few vectors.

The sums of a block stay in registers while the rows of one matrix and a packed panel of the other
stream by; LLVM does not block plain loops that way. ``seqtools.kernels.product`` is the caller, and
its ``plain_product`` the twin; the vector instructions are those of ``vector_code``.

With 32 registers of 16 floats (AVX-512) a block has 8 rows and 3 vectors: 24 sums, 3 vectors of the
panel, and 8 broadcasts against 24 multiplications a step. With 16 registers it has 4 rows.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from seqtools.kernels.vector_code import (
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
    returning_none,
    splat,
    store,
)

LARGEST_ROWS = 8 if LANES == 16 else 4
PANEL_VECTORS = 3
PANEL = PANEL_VECTORS * LANES
_FLOAT_BYTES = 4


def make_block(num_rows, num_vectors, is_last):
    """Return an intrinsic: out[i, j] (+)= sum_k a[i, k] b[k, j] for num_rows rows i.

    Columns j are those of num_vectors vectors of a panel of b. With `is_last` only the first
    `valid` floats of the last vector are read and written.

    The arguments of the intrinsic are int64: address of a, its row and step strides in bytes,
    address of the panel, its step stride in bytes, number of steps, address of out, its row stride
    in bytes, 1 to add to out or 0 to overwrite it, and `valid`.
    """

    @intrinsic
    def block(_, a, a_row, a_step, panel, b_step, num_steps, out, out_row, accumulate, valid):
        def codegen(_, builder, __, arguments):
            a, a_row, a_step, panel, b_step, num_steps, out, out_row, accumulate, valid = arguments
            out_rows = [
                builder.add(out, builder.mul(INT64(row), out_row)) for row in range(num_rows)
            ]
            cells = _Cells(builder, out_rows, num_vectors, valid if is_last else None)
            cells.start(accumulate)
            starts = [builder.add(a, builder.mul(INT64(row), a_row)) for row in range(num_rows)]
            places = [cgutils.alloca_once_value(builder, start) for start in starts]
            with cgutils.for_range(builder, num_steps, intp=INT64) as loop:
                base = builder.add(panel, builder.mul(loop.index, b_step))
                b = [
                    cells.load(builder.add(base, INT64(vector * VECTOR_BYTES)), vector)
                    for vector in range(num_vectors)
                ]
                for row, place in enumerate(places):
                    address = builder.load(place)
                    factor = splat(builder, load(builder, address, FLOAT, _FLOAT_BYTES))
                    builder.store(builder.add(address, a_step), place)
                    for vector in range(num_vectors):
                        cell = cells.cell(row, vector)
                        builder.store(fma(builder, factor, b[vector], builder.load(cell)), cell)
            cells.finish()

        return types.void(*[types.int64] * 10), returning_none(codegen)

    return block


class _Cells:
    """The sums of a block, in registers, and the places in `out` that they belong to."""

    def __init__(self, builder, out_rows, num_vectors, valid):
        self._builder, self._out_rows, self._num_vectors = builder, out_rows, num_vectors
        count = len(out_rows) * num_vectors
        self._cells = [cgutils.alloca_once(builder, VECTOR) for _ in range(count)]
        self._mask = None
        if valid is not None:
            lanes = ir.Constant(ir.VectorType(INT64, LANES), list(range(LANES)))
            self._mask = builder.icmp_signed("<", lanes, splat(builder, valid))

    def cell(self, row, vector):
        """Return where a sum is kept."""
        return self._cells[row * self._num_vectors + vector]

    def start(self, accumulate):
        """Set the sums to what stands in `out`, or to zero."""
        builder = self._builder
        condition = builder.icmp_signed("!=", accumulate, INT64(0))
        with builder.if_else(condition) as (adding, overwriting):
            with adding:
                for row, vector in self._all():
                    place = self._place(row, vector)
                    builder.store(self.load(place, vector), self.cell(row, vector))
            with overwriting:
                for cell in self._cells:
                    builder.store(constant(0.0), cell)

    def finish(self):
        """Write the sums to `out`."""
        for row, vector in self._all():
            value = self._builder.load(self.cell(row, vector))
            place = self._place(row, vector)
            if self._is_masked(vector):
                pointer = self._builder.inttoptr(place, VECTOR.as_pointer())
                arguments = (value, pointer, INT32(_FLOAT_BYTES), self._mask)
                name = f"llvm.masked.store.v{LANES}f32.p0"
                call(self._builder, name, ir.VoidType(), *arguments)
            else:
                store(self._builder, value, place, align=_FLOAT_BYTES)

    def _all(self):
        """Return the indices of all sums."""
        rows = range(len(self._out_rows))
        return [(row, vector) for row in rows for vector in range(self._num_vectors)]

    def _is_masked(self, vector):
        """Say whether a vector may reach beyond the last column."""
        return self._mask is not None and vector == self._num_vectors - 1

    def _place(self, row, vector):
        """Return the address in `out` of a sum."""
        return self._builder.add(self._out_rows[row], INT64(vector * VECTOR_BYTES))

    def load(self, place, vector):
        """Read a vector from an address, without what lies beyond the last column."""
        if not self._is_masked(vector):
            return load(self._builder, place, align=_FLOAT_BYTES)
        pointer = self._builder.inttoptr(place, VECTOR.as_pointer())
        arguments = (pointer, INT32(_FLOAT_BYTES), self._mask, constant(0.0))
        return call(self._builder, f"llvm.masked.load.v{LANES}f32.p0", VECTOR, *arguments)
