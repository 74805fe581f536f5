"""Plain twin of seqtools.kernels.cooccurrence_rows, from the description of the format.

LEB128: DWARF Debugging Information Format, version 5, section 7.6.
"""

from itertools import groupby


def leb128(number):
    """Return a whole number as bytes of seven bits, the lowest first."""
    if number < 128:
        return bytes([number])
    return bytes([number % 128 + 128]) + leb128(number // 128)


def encode(entries):
    """Return sorted (row, column, weight) as the bytes of their rows."""
    content = b""
    for row, in_row in groupby(entries, key=lambda entry: entry[0]):
        body, next_column = b"", 0
        for _, column, weight in in_row:
            body += leb128(column - next_column) + leb128(weight)
            next_column = column + 1
        content += row.to_bytes(4, "little") + len(body).to_bytes(4, "little") + body
    return content
