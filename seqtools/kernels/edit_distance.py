"""Alignment of two sequences with the fewest substitutions, deletions and insertions.

Levenshtein 1965, with the recurrence of Wagner and Fischer 1974 (Journal of the ACM 21). Several
alignments have the fewest errors; the one taken is that of rapidfuzz, and so of jiwer: what both
sequences begin and end with is set apart, and then, from the end, a deletion goes before an
insertion, and an insertion before a substitution or a match. So counts agree, not just sums.
"""

from numba import njit

MATCH, SUBSTITUTION, DELETION, INSERTION = 0, 1, 2, 3
NUM_OPERATIONS = 4


@njit(cache=True, nogil=True)
def align_sequences(reference, hypothesis, table, out_operations):
    """Write the operations that turn a reference into a hypothesis; return their number.

    Parameters
    ----------
    reference, hypothesis : int arrays, shapes (M,) and (N,)
    table : int32 array
        Scratch of at least (M + 1) (N + 1).
    out_operations : uint8 array, shape (M + N,) at least
        Receives MATCH, SUBSTITUTION, DELETION or INSERTION, in order.

    Returns
    -------
    int64
    """
    start, num_ends = 0, 0
    shorter = min(reference.shape[0], hypothesis.shape[0])
    while start < shorter and reference[start] == hypothesis[start]:
        start += 1
    while num_ends < shorter - start and reference[-1 - num_ends] == hypothesis[-1 - num_ends]:
        num_ends += 1
    rows = reference.shape[0] - start - num_ends
    columns = hypothesis.shape[0] - start - num_ends
    _fill(reference, hypothesis, start, rows, columns, table)
    # Backwards from the end, into the end of the output.
    place = out_operations.shape[0]
    for _ in range(num_ends):
        place -= 1
        out_operations[place] = MATCH
    place = _trace(reference, hypothesis, start, rows, columns, table, place, out_operations)
    for _ in range(start):
        place -= 1
        out_operations[place] = MATCH
    number = out_operations.shape[0] - place
    for index in range(number):
        out_operations[index] = out_operations[place + index]
    return number


@njit(cache=True, nogil=True)
def _fill(reference, hypothesis, start, rows, columns, table):
    """Fill the table of distances between beginnings."""
    width = columns + 1
    for column in range(width):
        table[column] = column
    for row in range(1, rows + 1):
        word, above, here = reference[start + row - 1], (row - 1) * width, row * width
        table[here] = row
        for column in range(1, width):
            cost = table[above + column - 1] + (word != hypothesis[start + column - 1])
            cost = min(cost, table[above + column] + 1)
            table[here + column] = min(cost, table[here + column - 1] + 1)


@njit(cache=True, nogil=True)
def _trace(reference, hypothesis, start, row, column, table, place, out_operations):
    """Write the operations of the table's part, from `place` down; return where they start."""
    width = column + 1
    while row > 0 or column > 0:
        place -= 1
        if column == 0 or (row > 0 and _is_one_more(table, row * width + column, width)):
            row -= 1
            out_operations[place] = DELETION
        elif row == 0 or (column > 1 and _is_one_less(table, row * width + column - 1, width)):
            column -= 1
            out_operations[place] = INSERTION
        else:
            row, column = row - 1, column - 1
            differ = reference[start + row] != hypothesis[start + column]
            out_operations[place] = SUBSTITUTION if differ else MATCH
    return place


@njit(cache=True, nogil=True)
def _is_one_more(table, cell, width):
    """Say whether a cell's distance is one more than that of the cell above."""
    return table[cell] == table[cell - width] + 1


@njit(cache=True, nogil=True)
def _is_one_less(table, cell, width):
    """Say whether a cell's distance is one less than that of the cell above."""
    return table[cell] == table[cell - width] - 1
