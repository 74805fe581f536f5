"""Reading text many bytes at a time: masks of 64 bytes, words of 8.

Each function exists twice: as an intrinsic that becomes a few vector instructions on any processor
LLVM knows, and in plain Python for runs without the compiler (NUMBA_DISABLE_JIT=1). All take a
uint8 array and an index; they do not check that 8 or 64 bytes follow it. The functions that write
LLVM code run only while a kernel is compiled, where coverage is not measured.
"""

from typing import Any

import numpy as np
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from seqtools.types import Uint8Array

_BLOCK = 64
_TAB, _CARRIAGE_RETURN, _NEWLINE, _SPACE = 9, 13, 10, 32


def _load_word_plain(text: Uint8Array, index: int) -> np.uint64:
    """Return the 8 bytes from `index` as a little-endian integer."""
    return np.uint64(int.from_bytes(text[index : index + 8].tobytes(), "little"))


def _separator_mask_plain(text: Uint8Array, index: int) -> np.uint64:
    """Return a mask whose bit i says that byte `index` + i is ASCII white space."""
    block = text[index : index + _BLOCK].tolist()
    bits = (
        1 << i for i, byte in enumerate(block) if byte == _SPACE or _TAB <= byte <= _CARRIAGE_RETURN
    )
    return np.uint64(sum(bits))


def _newline_mask_plain(text: Uint8Array, index: int) -> np.uint64:
    """Return a mask whose bit i says that byte `index` + i is a line feed."""
    block = text[index : index + _BLOCK].tolist()
    return np.uint64(sum(1 << i for i, byte in enumerate(block) if byte == _NEWLINE))


def _lowest_bit_plain(mask: np.uint64) -> np.uint64:
    """Return the index of the lowest bit that is set; `mask` is not 0."""
    value = int(mask)
    return np.uint64((value & -value).bit_length() - 1)


def _count_bits_plain(mask: np.uint64) -> np.uint64:
    """Return how many bits are set."""
    return np.uint64(int(mask).bit_count())


def _prefetch_plain(slots: Any, index: int) -> None:
    """Do nothing: fetching ahead is a matter of speed alone."""
    del slots, index


def _pointer(
    context: Any, builder: Any, array_type: Any, array: Any, index: Any
) -> Any:  # pragma: no cover
    """Return the address of an array's element."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


@intrinsic
def _load_word_compiled(typing_context: Any, text: Any, index: Any) -> Any:  # pragma: no cover
    """Load 8 bytes from any address."""
    del typing_context

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        import llvmlite.ir as ir

        pointer = _pointer(context, builder, signature.args[0], *arguments)
        word = builder.bitcast(pointer, ir.IntType(64).as_pointer())
        return builder.load(word, align=1)

    return types.uint64(text, index), code


def _block_of(
    context: Any, builder: Any, signature: Any, arguments: Any
) -> tuple[Any, Any]:  # pragma: no cover
    """Load 64 bytes from any address; return them and a function that repeats a byte 64 times."""
    import llvmlite.ir as ir

    vector = ir.VectorType(ir.IntType(8), _BLOCK)
    pointer = _pointer(context, builder, signature.args[0], *arguments)
    block = builder.load(builder.bitcast(pointer, vector.as_pointer()), align=1)
    return block, lambda byte: ir.Constant(vector, [byte] * _BLOCK)


@intrinsic
def _separator_mask_compiled(typing_context: Any, text: Any, index: Any) -> Any:  # pragma: no cover
    """Compare 64 bytes with the ASCII white space."""
    del typing_context

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        import llvmlite.ir as ir

        block, repeat = _block_of(context, builder, signature, arguments)
        from_tab = builder.sub(block, repeat(_TAB))
        control = builder.icmp_unsigned("<=", from_tab, repeat(_CARRIAGE_RETURN - _TAB))
        space = builder.icmp_unsigned("==", block, repeat(_SPACE))
        return builder.bitcast(builder.or_(control, space), ir.IntType(_BLOCK))

    return types.uint64(text, index), code


@intrinsic
def _newline_mask_compiled(typing_context: Any, text: Any, index: Any) -> Any:  # pragma: no cover
    """Compare 64 bytes with the line feed."""
    del typing_context

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        import llvmlite.ir as ir

        block, repeat = _block_of(context, builder, signature, arguments)
        return builder.bitcast(
            builder.icmp_unsigned("==", block, repeat(_NEWLINE)), ir.IntType(_BLOCK)
        )

    return types.uint64(text, index), code


@intrinsic
def _lowest_bit_compiled(typing_context: Any, mask: Any) -> Any:  # pragma: no cover
    """Count trailing zeros."""
    del typing_context, mask

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature
        return builder.cttz(arguments[0], cgutils.true_bit)

    return types.uint64(types.uint64), code


@intrinsic
def _count_bits_compiled(typing_context: Any, mask: Any) -> Any:  # pragma: no cover
    """Count the bits that are set."""
    del typing_context, mask

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), code


@intrinsic
def _prefetch_compiled(typing_context: Any, slots: Any, index: Any) -> Any:  # pragma: no cover
    """Ask for the cache line of an element."""
    del typing_context

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        import llvmlite.ir as ir

        pointer = _pointer(context, builder, signature.args[0], *arguments)
        byte_pointer = ir.IntType(8).as_pointer()
        number = ir.IntType(32)
        declared = ir.FunctionType(ir.VoidType(), [byte_pointer, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, declared, "llvm.prefetch.p0")
        flags = [ir.Constant(number, value) for value in (0, 3, 1)]
        builder.call(function, [builder.bitcast(pointer, byte_pointer), *flags])
        return context.get_dummy_value()

    return types.void(slots, index), code


_IS_PLAIN: bool = config.DISABLE_JIT
load_word: Any = _load_word_plain if _IS_PLAIN else _load_word_compiled
separator_mask: Any = _separator_mask_plain if _IS_PLAIN else _separator_mask_compiled
newline_mask: Any = _newline_mask_plain if _IS_PLAIN else _newline_mask_compiled
lowest_bit: Any = _lowest_bit_plain if _IS_PLAIN else _lowest_bit_compiled
count_bits: Any = _count_bits_plain if _IS_PLAIN else _count_bits_compiled
prefetch: Any = _prefetch_plain if _IS_PLAIN else _prefetch_compiled
