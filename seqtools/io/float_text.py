"""Floats as decimal text, in large blocks."""

from seqtools.types import Float32Array


def format_rows(rows: Float32Array) -> list[bytes]:
    """Write each row as numbers separated by spaces; reading them gives the same float32.

    Parameters
    ----------
    rows : float32 array, shape (N, D)

    Returns
    -------
    list of bytes, length N
    """
    pattern = b" ".join([b"%.9g"] * rows.shape[1])
    return [pattern % tuple(row) for row in rows.tolist()]
