"""Rows of a table: looked up, and added to."""

from numba import njit


@njit(cache=True, nogil=True)
def gather_rows(table, ids, out):
    """Copy rows of a table: out[n] = table[ids[n]].

    Parameters
    ----------
    table : float array, shape (V, D)
    ids : int32 or int64 array, shape (N,)
    out : float array, shape (N, D)
    """
    for n in range(ids.shape[0]):
        row = ids[n]
        for d in range(table.shape[1]):
            out[n, d] = table[row, d]


@njit(cache=True, nogil=True)
def add_rows(x, ids, out_table):
    """Add rows to rows of a table, in order: out_table[ids[n]] += x[n].

    Parameters
    ----------
    x : float array, shape (N, D)
    ids : int32 or int64 array, shape (N,)
        A row that is named more than once gets all of them.
    out_table : float array, shape (V, D)
    """
    for n in range(ids.shape[0]):
        row = ids[n]
        for d in range(x.shape[1]):
            out_table[row, d] += x[n, d]
