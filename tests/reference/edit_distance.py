"""Plain twin of the edit distance, from its definition (Levenshtein 1965)."""

from functools import cache


def distance(reference, hypothesis):
    """Return the fewest substitutions, deletions and insertions."""

    @cache
    def of(m, n):
        if m == 0 or n == 0:
            return m + n
        substituted = of(m - 1, n - 1) + (reference[m - 1] != hypothesis[n - 1])
        return min(substituted, of(m - 1, n) + 1, of(m, n - 1) + 1)

    return of(len(reference), len(hypothesis))


def apply(operations, reference, hypothesis):
    """Follow operations along both sides; return what of each they walk over, and the errors."""
    m = n = errors = 0
    for operation in operations:
        match = operation == 0
        m += operation in (0, 1, 2)
        n += operation in (0, 1, 3)
        if operation in (0, 1):
            assert (reference[m - 1] == hypothesis[n - 1]) == match
        errors += not match
    return m, n, errors
